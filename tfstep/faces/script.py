"""Running lines without a person: scripts and single commands, their results as plain lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tfstep.commands.language.script import ScriptError, play
from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.session.results import Quit, Result
from tfstep.view.result.lines import WIDTH, lines
from tfstep.view.text.spans import Line
from tfstep.view.text.spans import line as spans_line

Show = Callable[[Iterable[Line]], None]
Say = Callable[[object], None]


def show_result(session: Session, result: Result, show: Show, cells: int = WIDTH) -> None:
    """Show one result."""
    show(spans_line(str(each)) for each in session.asides)
    show(lines(result, session.trace, cells))


def run_scripts(session: Session, files: Sequence[str], commands: Sequence[str], show: Show, say: Say) -> bool | None:
    """Run files, then commands. True: all went well; False: one failed, was told, and ended it; None: `quit`."""
    try:
        for file in files:
            for result in play(session, file):
                show_result(session, result, show)
        for line in commands:
            result = session.run(line)
            if isinstance(result, Quit):
                return None
            show_result(session, result, show)
    except ScriptError as error:
        for result in error.results:
            show_result(session, result, show)
        say(error)
        return False
    except TfstepError as error:
        say(error)
        return False
    return True
