"""``%load_ext tfstep``: the debugger's language in a notebook, and scenarios written in its cells."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Protocol

from tfstep.commands.language.session import Session
from tfstep.engine.surface.above import Displayed
from tfstep.errors import CommandError, TfstepError
from tfstep.faces.notebook import style
from tfstep.faces.notebook.html import html
from tfstep.scenario.scenario import Scenario, load, load_text
from tfstep.session.results import Explained, Result
from tfstep.text import Bilingual, locale_language, set_language
from tfstep.view.python.line import one_line
from tfstep.view.python.words import words
from tfstep.view.result.lines import lines
from tfstep.view.text.spans import Line, line, plain


class Shell(Protocol):
    """What of IPython's shell is used here; IPython itself is not imported."""

    user_ns: dict[str, Any]

    def register_magic_function(self, func: Callable[..., Any], magic_kind: str, magic_name: str) -> None: ...


class Said(Displayed):
    """What the debugger answered to one line."""

    def __init__(self, session: Session, result: Result) -> None:
        self.result = result
        notes: list[Line] = [line(str(each)) for each in session.asides]
        self.lines = (*notes, *lines(result, session.trace))
        self.run = session.trace


@html.register
def _html(shown: Said) -> str:
    return style.output(style.lines(shown.lines))


@words.register
def _words(shown: Said) -> str:
    return "\n".join(plain(each).rstrip() for each in shown.lines)


@one_line.register
def _line(shown: Said) -> str:
    return f"<Said {type(shown.result).__name__}>"


class Magics:
    """The magics of one notebook and the session that they speak to."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.session: Session | None = None

    def line(self, text: str) -> Any:
        """``%tfstep load NAME [VARIANT]`` opens a scenario, any other line is the debugger's: ``%tfstep why CELL``.

        NAME may be a variable that holds a scenario, a session or a dictionary.
        """
        return self._answered(lambda: self._line(text.strip()))

    def cell(self, text: str, body: str) -> Any:
        """``%%tfstep [VARIANT]``: the cell is the text of a scenario, which is opened and returned."""
        return self._answered(lambda: self._opened(load_text(body, "cell", text.strip() or None)))

    def _line(self, text: str) -> Any:
        word, _, rest = text.partition(" ")
        if word in ("load", "open"):
            name, _, variant = rest.strip().partition(" ")
            return self._load(name, variant.strip() or None)
        if self.session is None:
            raise CommandError(
                Bilingual(
                    "no scenario is open; `%tfstep load wo-ai-ni` opens one, and so does a cell `%%tfstep`",
                    "还没有打开场景；`%tfstep load wo-ai-ni` 或 `%%tfstep` 单元可以打开",
                )
            )
        result = self.session.run(text)
        if isinstance(result, Explained):
            return (
                result.explanation if result.explanation.trace else self.session.trace.explain(result.explanation.cell)
            )
        return Said(self.session, result)

    def _load(self, name: str, variant: str | None) -> Scenario:
        held = self.shell.user_ns.get(name)
        if isinstance(held, Session):
            self.session = held
            return held.scenario
        if isinstance(held, dict):
            held = Scenario.from_dict(held, name=name)
        scenario = held if isinstance(held, Scenario) else load(name)
        return self._opened(scenario.with_variant(variant) if variant else scenario)

    def _opened(self, scenario: Scenario) -> Scenario:
        self.session = Session(scenario)
        self.shell.user_ns["session"] = self.session
        return scenario

    def _answered(self, ask: Callable[[], Any]) -> Any:
        """The answer, or what is wrong, without a traceback."""
        try:
            return ask()
        except TfstepError as error:
            sys.stderr.write(f"{error}\n")
            return None


def load_ipython_extension(shell: Shell) -> None:
    """Called by ``%load_ext tfstep``."""
    set_language(locale_language())
    magics = Magics(shell)
    shell.register_magic_function(magics.line, "line", "tfstep")
    shell.register_magic_function(magics.cell, "cell", "tfstep")
