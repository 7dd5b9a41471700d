"""Running a page: its commands in order, in a folder of their own, and what each of its blocks prints."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from unittest import mock

import click

from making.blocks import Block, blocks
from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.faces.cli.group import PROGRAM
from tfstep.faces.cli.main import main
from tfstep.faces.cli.settings import Settings
from tfstep.faces.script import show_result
from tfstep.lessons.format.catalog import load_lesson
from tfstep.scenario.scenario import load
from tfstep.text import language, set_language
from tfstep.view.text.spans import Line, plain

RESIDUE = 1e-12  # what rounding leaves of a 0
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[-+]\d+)?")
_WORDS = re.compile(r"(-?\d+(?:\.\d+)?(?:e[-+]\d+)?)|\s+")
LOCALES = {"en": "en_US.UTF-8", "zh": "zh_CN.UTF-8"}
OTHER_PROGRAMS = ("python3", ".venv/bin/python", ".venv/bin/pip", ".ci/run", ".", "git", "python", "source", "pip")


class PageError(Exception):
    """A command of a page does not do what the page says."""


def filled(page: str, language: str, name: str) -> str:
    """The page with what its commands print. Raises PageError where a command fails."""
    for block, output in reversed(list(run(page, language, name))):
        if (shows := block.shows) is not None:
            shown = _shortened(output, shows)
            if _rounded(shown) != _rounded(shows.body):
                page = page[: shows.start] + shown + page[shows.end :]
    return page


def run(page: str, speech: str, name: str) -> Iterator[tuple[Block, str]]:
    """Each block of a page that runs, with what it prints. Raises PageError where a command fails."""
    before, here = language(), Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        state = {
            "LC_ALL": LOCALES[speech],
            "XDG_STATE_HOME": folder,
            "XDG_CONFIG_HOME": folder,
            "XDG_DATA_HOME": folder,
            "NO_COLOR": "1",
        }
        try:
            os.chdir(folder)
            with mock.patch.dict(os.environ, state):
                yield from _run(page, speech, name)
        finally:
            os.chdir(here)
            set_language(before)


def _run(page: str, speech: str, name: str) -> Iterator[tuple[Block, str]]:
    session, opened = None, None
    for block in blocks(page):
        set_language(speech)
        where = f"{name}:{block.line}"
        if block.file is not None:
            Path(block.file).write_text(block.body, "utf-8")
        elif block.language == "sh":
            yield block, _shell(block, where)
        elif block.language == "python":
            yield block, _python(block, where)
        elif block.language == "tfstep":
            if block.session is None:
                raise PageError(f"{where}: no session is open")
            if session is None or block.session != opened:
                opened = block.session
                session = Session(load(*opened))
            yield block, _debugged(session, block, where)


def _shell(block: Block, where: str) -> str:
    printed, status = "", 0
    for line in block.lines:
        if line.split()[0] != "tfstep":
            if line.split()[0] not in OTHER_PROGRAMS:
                raise PageError(f"{where}: {line}: not a program that a page may show")
            continue
        command, *pipes = (shlex.split(each) for each in line.split(" | "))
        if _interactive(command[1:]):
            continue
        status, output = _command(command[1:])
        for pipe in pipes:
            output, status = _piped(output, pipe, where), 2 if status == 2 else 0
        printed += output
    if status != block.status:
        raise PageError(f"{where}: exit status {status}\n{printed[-600:]}")
    return printed


def _command(arguments: list[str]) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), mock.patch("sys.stdin", io.StringIO()):
        status = main(arguments)
    return status, out.getvalue()


def _interactive(arguments: list[str]) -> bool:
    """Whether a person must sit there; then the line is only parsed. Raises the fault where it is wrong."""
    if not arguments:
        return True
    name, *rest = arguments
    if not (name == "run" or (name == "repl" and "--batch" not in rest) or (name == "learn" and _plays(rest))):
        return False
    command = PROGRAM.get_command(click.Context(PROGRAM), name)
    assert command is not None
    with command.make_context(f"tfstep {name}", rest, obj=Settings()) as parsed:
        if scenario := parsed.params.get("scenario"):
            load(scenario, parsed.params["variant"])
        elif lesson := parsed.params.get("lesson"):
            load_lesson(lesson)
    return True


def _plays(rest: list[str]) -> bool:
    return "--check" not in rest and any(not each.startswith("-") for each in rest)


def _piped(output: str, pipe: list[str], where: str) -> str:
    lines = output.splitlines(keepends=True)
    match pipe:
        case ["head", "-n", n]:
            return "".join(lines[: int(n)])
        case ["tail", "-n", n]:
            return "".join(lines[-int(n) :])
        case ["grep", word]:
            return "".join(line for line in lines if word in line)
    raise PageError(f"{where}: no pipe {' '.join(pipe)}")


def _python(block: Block, where: str) -> str:
    out, names = io.StringIO(), dict[str, object]()
    with contextlib.redirect_stdout(out):
        exec(compile("\n" * (block.line) + block.body, where, "exec"), names)
    return out.getvalue()


def _debugged(session: Session, block: Block, where: str) -> str:
    printed: list[str] = []

    def show(found: Iterable[Line]) -> None:
        printed.extend(plain(line).rstrip() for line in found)

    refused = False
    for line in block.lines:
        if refused:
            raise PageError(f"{where}: {line}: stands behind a command that is refused")
        try:
            show_result(session, session.run(line), show)
        except TfstepError as error:
            refused = True
            printed.extend(str(error).splitlines())
    if refused != block.refused:
        raise PageError(f"{where}: refused: {refused}\n" + "\n".join(printed))
    return "".join(f"{line}\n" for line in printed)


def _rounded(output: str) -> list[str]:
    """An output as it is the same on every machine: numbers to nine digits, what is left of rounding as 0."""
    return [word if not _NUMBER.fullmatch(word) else _nine(float(word)) for word in _WORDS.split(output) if word]


def _nine(number: float) -> str:
    return "0" if abs(number) < RESIDUE else f"{number:.9g}"


def _shortened(output: str, shows: Block) -> str:
    """What is shown of an output: all of it, or its first lines and a mark that there are more."""
    lines = output.splitlines(keepends=True)
    most = next((int(word) for word in shows.words if word.isdigit()), len(lines))
    return "".join(lines[:most]) + ("…\n" if most < len(lines) else "")
