"""The line debugger: one command after another, with completion and history on a terminal, plain on a pipe."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfstep.commands.language.line import without_quotes
from tfstep.commands.language.script import STDIN, ScriptError, join_lines, opens, read_script
from tfstep.commands.language.session import Session
from tfstep.errors import CommandError, TfstepError
from tfstep.faces import sign, stopped
from tfstep.faces.recovery import begin, leave, left_behind
from tfstep.faces.script import Say, Show, run_scripts, show_result
from tfstep.session.results import Quit
from tfstep.session.speaker import PERSON, Speaker, script
from tfstep.session.study.origin import first_broken
from tfstep.text import Bilingual
from tfstep.view.result.lines import WIDTH
from tfstep.view.text.spans import line as spans_line
from tfstep.work import present, watched

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

PROMPT, MORE = "(tfstep) ", "      … "


def repl(
    session: Session,
    show: Show,
    say: Say,
    files: Sequence[str] = (),
    commands: Sequence[str] = (),
    batch: bool = False,
) -> int:
    """Run files and commands, then, unless ``batch``, what the user types. Returns the exit status.

    0: done; 1: in batch, a command failed or an `expect` did not hold. Not in batch a failed script is told
    and the user goes on from there.
    """
    if batch and not files and not commands:
        files = [STDIN]
    if batch:
        for file in files:
            if file != STDIN:
                read_script(file)  # what cannot be read is told before anything is run
        before = len(session.history)
        session.leftovers = [replace(each, stays=True) for each in left_behind(session)]
        done = run_scripts(session, files, commands, show, say)
        if done is not False and len(session.history) == before:
            raise CommandError(
                Bilingual(
                    "nothing to run: --batch takes lines from -x FILE, -c COMMAND or standard input",
                    "没有可运行的内容：--batch 从 -x 文件、-c 命令或标准输入读取",
                )
            )
        return 1 if done is False else 0
    if (offer := begin(session)) is not None:
        say(offer)
    if sys.stdin.isatty() and sys.stdout.isatty():
        lines = [*str(_welcome(session)).splitlines(), *([str(found)] if (found := first_broken(session)) else [])]
        show(map(spans_line, lines))
    try:
        status = _debug(session, show, say, files, commands)
    except BaseException:  # the diary stays where it is
        if (unsaved := leave(session)) is not None:
            say(unsaved)
        raise
    if (unsaved := leave(session)) is not None:
        say(unsaved)
    return status


def _welcome(session: Session) -> Bilingual:
    return Bilingual(
        "{heading} · {n} steps\n`help` lists the commands, Tab completes, `quit` leaves",
        "{heading} · 共 {n} 步\n`help` 列出命令，Tab 补全，`quit` 退出",
        heading=session.scenario.heading,
        n=session.steps_total,
    )


def _debug(session: Session, show: Show, say: Say, files: Sequence[str], commands: Sequence[str]) -> int:
    done = run_scripts(session, files, commands, show, say)
    if done is None:
        return 0
    failed = done is False
    for line in _typed(session):
        failed = not _one(session, line, show, say) or failed
        if session.left:
            return 0
    return 1 if failed and not sys.stdin.isatty() else 0


def _one(session: Session, line: str, show: Show, say: Say) -> bool:
    """One line of the user's; an error is told and nothing else."""
    from click import Abort

    from tfstep.faces.cli.watching import Bar

    bar, before = Bar(yes=_agreed()), stopped.state(session)
    try:
        try:
            with session.spoken_by(_who()), watched(bar):
                result = session.run(line)
        finally:
            bar.close()
        session.left = isinstance(result, Quit)
        show_result(session, result, show, _columns())
    except ScriptError as error:
        for each in error.results:
            show_result(session, each, show, _columns())
        say(error)
        return False
    except TfstepError as error:
        say(error)
        return False
    except Abort:  # Ctrl-C or Ctrl-D at a question: no
        sys.stderr.write("\n")
        say(stopped.stopped(before, stopped.state(session)))
    except KeyboardInterrupt:
        say(stopped.stopped(before, stopped.state(session)))
    return True


def _columns() -> int:
    """How wide results may be: as wide as the terminal, where there is one, and no wider than is read well."""
    return min(WIDTH, get_terminal_size().columns) if sys.stdout.isatty() else WIDTH


def _agreed() -> bool:
    """Whether `--yes` stands on the command line."""
    from tfstep.faces.cli.watching import Bar

    whole = present()
    return isinstance(whole, Bar) and whole.yes


def _who() -> Speaker:
    """Who types: a person at a terminal, else it is a script that is read."""
    return PERSON if sys.stdin.isatty() else script(STDIN)


def _typed(session: Session) -> Iterator[str]:
    """The lines of standard input: with completion and history where a person sits there."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="backslashreplace")  # bytes that are no text are refused, not fatal
        yield from (line for _, line in join_lines(enumerate((line.rstrip("\r\n") for line in sys.stdin), 1)))
        return
    prompt = _prompt(session)
    while True:
        try:
            text = prompt.prompt(PROMPT)
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        yield one_line(text)


def one_line(text: str) -> str:
    """What was typed in several lines as one."""
    lines = text.rstrip("\n").split("\n")
    if opens(lines[0]):
        ended = lines if lines[-1].strip() == "end" else [*lines, "end"]
        return next(line for _, line in join_lines(enumerate(ended, 1)))
    return " ".join(line.removesuffix("\\") for line in lines).rstrip()


def goes_on(text: str) -> bool:
    """Whether a line is not whole yet: a backslash at its end, an open bracket, `commands 1` without its `end`. An
    empty line ends it."""
    if text.endswith("\n"):
        return False
    first, *more = text.split("\n")
    if opens(first):
        return not more or more[-1].strip() != "end"
    bare = without_quotes(text)
    return text.endswith("\\") or any(bare.count(left) > bare.count(right) for left, right in ("()", "[]"))


def _prompt(session: Session) -> PromptSession[str]:
    from pathlib import Path

    from platformdirs import user_state_path
    from prompt_toolkit import PromptSession
    from prompt_toolkit.application import get_app
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    from tfstep.faces.completion import Completion

    folder = Path(user_state_path("tfstep"))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "history").touch(mode=0o600)  # what was typed is its owner's
        history: FileHistory | InMemoryHistory = FileHistory(str(folder / "history"))
    except OSError:
        history = InMemoryHistory()
    prompt: PromptSession[str] = PromptSession(
        history=history,
        completer=Completion(session),
        complete_while_typing=False,
        multiline=Condition(lambda: goes_on(get_app().current_buffer.text)),
        prompt_continuation=MORE,
    )
    if sign.asked():
        _give_signs(prompt)
    return prompt


def _give_signs(prompt: PromptSession[str]) -> None:
    """Say whenever a line that is edited is drawn, and how many keys were typed by then."""
    keys = 0

    def typed(_: object) -> None:
        nonlocal keys
        keys += 1

    def drawn(_: object) -> None:
        rows, columns = prompt.app.output.get_size()
        prompt.app.output.write_raw(sign.sign(keys, columns, rows))
        prompt.app.output.flush()

    prompt.app.key_processor.after_key_press += typed
    prompt.app.after_render += drawn
