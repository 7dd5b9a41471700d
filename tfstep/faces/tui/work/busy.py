"""Commands that take a while: they run beside the screen, which stays alive, tells how far they are, and stops them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tfstep.commands.language.line import split
from tfstep.commands.language.registry import find
from tfstep.errors import CommandError, TfstepError
from tfstep.faces import stopped
from tfstep.text import Bilingual
from tfstep.view.text.spans import Line, Span, line
from tfstep.work import NOTHING, Cancelled, Cost, Watcher, watched

if TYPE_CHECKING:
    from tfstep.commands.language.session import Session
    from tfstep.faces.tui.state.screen import Screen
    from tfstep.faces.tui.state.screen_state import ScreenState
    from tfstep.faces.tui.work.beside import Beside, Cancel
    from tfstep.session.results import Result

BAR = 24
T = TypeVar("T")


class Busy:
    """The command that is running, if there is one."""

    def __init__(self, state: ScreenState, screen: Screen, beside: Beside) -> None:
        self.state, self.screen, self.beside = state, screen, beside
        self.leaving = False
        self._meant = ""  # what was refused last for being long: entered again it is meant
        self._watching = _Watching(None, "", "")
        self._cancel: Cancel | None = None

    def takes(self, command: str) -> bool:
        """Whether a line is to run beside the screen."""
        return long(command, self.state.large)

    def refuses(self) -> bool:
        """Whether something else has to wait; then that is told."""
        self.tell()
        return bool(self.state.running)

    def begin(self, command: str) -> None:
        """Run a command; `Screen.conclude` is told what came of it."""
        session, large = self.state.session, self.state.large

        def work() -> Result:
            came = session.run(command)
            if large:  # what will be looked at first
                _ = session.current.value, session.current.grad
            return came

        self.do(command, work, self.screen.conclude)

    def do(self, name: str, work: Callable[[], T], then: Callable[[T | TfstepError], None]) -> None:
        """Do some work under this name, and tell ``then`` what came of it, be it an error."""
        session = self.state.session
        self.state.running, self.leaving = name, False
        self._watching = watching = _Watching(session, name, self._meant)
        self._cancel = self.beside.every(0.1, self.tell)
        self.tell()
        before = stopped.state(session)
        self.beside.in_thread(lambda: self._work(work, then, watching, before))

    def stop(self) -> None:
        """Ask it to stop: a training after the present update, anything else where it is."""
        self.interrupt()
        self.tell()

    def leave(self) -> None:
        """Stop it, and then quit."""
        self.leaving = True
        self.stop()

    def interrupt(self) -> None:
        """Raise the flag that the work asks at every step and every line."""
        self._watching.up = True

    def tell(self) -> None:
        """Say how far it is."""
        if self.state.running:
            self.beside.tell(self._line())

    def _line(self) -> Line:
        now = self._watching
        full = round(BAR * min(now.done + now.share, now.all) / now.all) if now.all else 0
        spans = [Span(self.state.running, "accent"), Span("  ")]
        if now.all:
            spans += [Span("━" * full, "good"), Span("─" * (BAR - full), "dim"), Span(f"  {now.done}/{now.all}")]
            spans += [Span(f"  {now.note}", "strong")]
        hint = Bilingual("  stopping …", "  正在停止…") if now.up else Bilingual("  Esc stops it", "  Esc 停止")
        return line(*spans, Span(str(hint), "dim"))

    def _work(
        self,
        work: Callable[[], T],
        then: Callable[[T | TfstepError], None],
        watching: _Watching,
        before: tuple[object, ...],
    ) -> None:
        came: T | TfstepError
        try:
            with watched(watching):
                came = work()
        except TfstepError as error:
            came = error
        except Cancelled:
            came = CommandError(stopped.stopped(before, stopped.state(self.state.session)))
        self._meant = watching.name if watching.asked else ""
        self.beside.from_thread(lambda: self._end(lambda: then(came)))

    def _end(self, then: Callable[[], None]) -> None:
        self.state.running = ""
        if self._cancel is not None:
            self._cancel()
        if self.leaving:
            self.screen.perform("quit")
        else:
            then()


class _Watching(Watcher):
    """Told, in its own thread, how far the work is. What is long begins when the same line is entered once more."""

    def __init__(self, session: Session | None, name: str, meant: str) -> None:
        super().__init__()
        self.session, self.name, self.meant, self.asked = session, name, meant, False
        self.done, self.all, self.note, self.share = 0, 0, NOTHING, 0.0

    def agree(self, cost: Cost) -> None:
        """Begin, or say what it would take. What a script does begins: it may have done other things by then."""
        if cost.large and self.meant != self.name and not (self.session and self.session.depth):
            self.asked = True
            raise CommandError(
                Bilingual(
                    "{cost}; the same once more begins it, Esc then stops it",
                    "{cost}；再执行一次即开始，之后可按 Esc 停止",
                    cost=cost.told(),
                )
            )

    def tell(self, done: int, of: int, note: Bilingual) -> None:
        """How far it is."""
        self.done, self.all, self.note, self.share = done, of, note, 0.0

    def within(self, share: float) -> None:
        """How far the present part of it is."""
        self.share = share


def long(command: str, large: bool = False) -> bool:
    """Whether a line may take longer than a key press should; one that is no command is told so when it is run."""
    try:
        word, rest = split(command)
        return bool(word) and find(word).takes_long(rest, large)
    except TfstepError:
        return False
