"""Running the command line: languages, faults, closed pipes and the exit status."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Sequence

import click

from tfstep import reach
from tfstep.errors import TfstepError, refusal
from tfstep.faces.cli.faults import usage_message
from tfstep.faces.cli.group import PROGRAM
from tfstep.faces.cli.output import leave, say
from tfstep.faces.cli.settings import Settings, asked_language
from tfstep.faces.cli.watching import Bar
from tfstep.files import written
from tfstep.text import Bilingual, set_language
from tfstep.view.text.symbols import set_ascii
from tfstep.work import watched

NAME = "tfstep"
DONE, REFUTED, AT_FAULT, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status.

    0: done; 1: a check or a comparison said no; 2: the user's input is at fault; 130: interrupted.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    set_language(asked_language(arguments))
    set_ascii(False)
    _prepare_streams()
    reach.hold(True)
    written.clear()
    bar = Bar()
    try:
        try:
            with watched(bar):
                status = _run(list(arguments))
        finally:
            bar.close()
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            _leave_pipe()
        return status
    except BrokenPipeError:
        _leave_pipe()
        return DONE
    except click.UsageError as error:
        say(usage_message(error))
        return AT_FAULT
    except TfstepError as error:
        say(error)
        return AT_FAULT
    except (click.Abort, KeyboardInterrupt):
        say(_interrupted(arguments))
        return INTERRUPTED
    except OSError as error:
        say(_reason(error))
        _leave_pipe()
        return AT_FAULT
    finally:
        reach.hold(False)


def _interrupted(arguments: Sequence[str]) -> Bilingual:
    """What is true of a command that was broken off; of files only where one was asked for."""
    if not written and not any(each.startswith(("-o", "--output")) for each in arguments):
        return Bilingual("interrupted", "已中断")
    if not written:
        return Bilingual("interrupted; no file was written", "已中断；没有写入任何文件")
    files = ", ".join(map(str, dict.fromkeys(written)))
    return Bilingual("interrupted; written whole by then: {files}", "已中断；此前已完整写入：{files}", files=files)


def _run(arguments: list[str]) -> int:
    if "_TFSTEP_COMPLETE" in os.environ:  # the shell asks what could follow
        PROGRAM.main(prog_name=NAME)
    try:
        with PROGRAM.make_context(NAME, arguments, obj=Settings()) as context:
            status = PROGRAM.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    return status if isinstance(status, int) else DONE


def _prepare_streams() -> None:
    """Never fail on a character that a stream cannot encode, nor on a stream that is not there."""
    codecs.register_error("tfstep", escaped)
    if sys.stdin is None:
        sys.stdin = _nowhere()
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="tfstep")


def escaped(error: UnicodeError) -> tuple[str, int]:
    """Characters that a stream cannot encode, as JSON and Python escape them: JSON stays JSON in every locale."""
    assert isinstance(error, UnicodeEncodeError)
    data = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[k]:02x}{data[k + 1]:02x}" for k in range(0, len(data), 2)), error.end


def _leave_pipe() -> None:
    """Nobody takes standard output any more: let what is left of it go nowhere, also at the interpreter's end."""
    leave(sys.stdout)


def _nowhere() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8")


def _reason(error: OSError) -> Bilingual:
    where = f"{error.filename}: " if error.filename else ""
    return Bilingual("{where}{reason}", "{where}{reason}", where=where, reason=refusal(error))
