"""``%load_ext tfstep``: the debugger's language in a notebook, and scenarios written in its cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from msgspec.structs import replace

from tfstep.commands.language.session import Session
from tfstep.engine.surface.above import Displayed
from tfstep.errors import CommandError, TfstepError
from tfstep.faces.notebook import style
from tfstep.faces.notebook.html import html
from tfstep.scenario.file.catalog import shipped
from tfstep.scenario.scenario import Scenario, load, load_text
from tfstep.session.results import Explained, Nothing, Result
from tfstep.text import LANGUAGES, Bilingual, locale_language, set_language
from tfstep.view.python.line import one_line
from tfstep.view.python.words import words


class Shell(Protocol):
    """What of IPython's shell is used here; IPython itself is not imported."""

    user_ns: dict[str, Any]

    def register_magic_function(self, func: Callable[..., Any], magic_kind: str, magic_name: str) -> None: ...


class Said(Displayed):
    """What the debugger answered to one line, and what it remarked beside it."""

    def __init__(self, result: Result, remarks: Sequence[Bilingual]) -> None:
        self.result = result
        self.remarks = [str(each) for each in remarks]


@html.register
def _html(shown: Said) -> str:
    return style.output(*map(style.quiet, shown.remarks)) + html(shown.result)


@words.register
def _words(shown: Said) -> str:
    return "\n".join([*shown.remarks, words(shown.result)])


@one_line.register
def _line(shown: Said) -> str:
    return one_line(shown.result)


class Magics:
    """The magics of one notebook and the session that they speak to."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.session: Session | None = None

    def line(self, text: str) -> Any:
        """``%tfstep load NAME [VARIANT]`` opens a scenario, any other line is the debugger's: ``%tfstep why CELL``.

        ``%tfstep lang zh`` shows everything in Chinese, ``%tfstep lang en`` in English; at first it is the locale's.

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
            if not name:
                raise CommandError(
                    Bilingual(
                        "load what? Those that ship: {names}",
                        "要打开哪个？自带的有：{names}",
                        names=" ".join(shipped()),
                    )
                )
            return self._load(name, variant.strip() or None)
        if word == "lang":
            if rest.strip() not in LANGUAGES:
                raise CommandError(
                    Bilingual("a language is en or zh: `%tfstep lang zh`", "语言是 en 或 zh：`%tfstep lang zh`")
                )
            return set_language(rest.strip())
        if self.session is None:
            raise CommandError(
                Bilingual(
                    "no scenario is open; `%tfstep load wo-ai-ni` opens one, and so does a cell `%%tfstep`",
                    "还没有打开场景；`%tfstep load wo-ai-ni` 或 `%%tfstep` 单元格可以打开",
                )
            )
        result = self.session.run(text)
        if isinstance(result, Explained):
            return replace(result.explanation, trace=self.session.trace)
        if self.session.asides:
            return Said(result, self.session.asides)
        return None if isinstance(result, Nothing) else result

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
        """The answer. Raises UsageError, which IPython shows without a traceback, and which ends a run of all cells."""
        try:
            return ask()
        except TfstepError as error:
            from IPython.core.error import UsageError

            raise UsageError(str(error)) from None


def load_ipython_extension(shell: Shell) -> None:
    """Called by ``%load_ext tfstep``."""
    set_language(locale_language())
    magics = Magics(shell)
    shell.register_magic_function(magics.line, "line", "tfstep")
    shell.register_magic_function(magics.cell, "cell", "tfstep")
