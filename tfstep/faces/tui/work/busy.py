"""Commands that take a while: they run beside the screen, which stays alive, tells how far they are, and stops them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tfstep.cancel import Cancelled, Flag, stoppable
from tfstep.commands.language.line import split
from tfstep.commands.language.registry import find
from tfstep.commands.language.session import Session
from tfstep.errors import CommandError, TfstepError
from tfstep.faces.tui.state.screen import Screen
from tfstep.faces.tui.state.screen_state import ScreenState
from tfstep.faces.tui.work.beside import Beside, Cancel
from tfstep.session.change.updates import DATA_LOSS, LOSS
from tfstep.session.results import Result
from tfstep.text import Bilingual
from tfstep.view.text.number import plain
from tfstep.view.text.spans import Line, Span, line

BAR = 24
T = TypeVar("T")


class Busy:
    """The command that is running, if there is one."""

    def __init__(self, state: ScreenState, screen: Screen, beside: Beside) -> None:
        self.state, self.screen, self.beside = state, screen, beside
        self.leaving = False
        self._flag = Flag()
        self._done, self._all, self._loss = 0, 0, 0.0
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
        self.state.running, self.leaving, self._flag = name, False, Flag()
        self._done = self._all = 0
        session.progress = self._progress
        self._cancel = self.beside.every(0.1, self.tell)
        self.tell()
        flag, before = self._flag, _state(session)
        self.beside.in_thread(lambda: self._work(work, then, flag, before))

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
        self._flag.up = True

    def tell(self) -> None:
        """Say how far it is."""
        if self.state.running:
            self.beside.tell(self._line())

    def _line(self) -> Line:
        full = round(BAR * self._done / self._all) if self._all else 0
        spans = [Span(self.state.running, "accent"), Span("  ")]
        if self._all:
            spans += [Span("━" * full, "good"), Span("─" * (BAR - full), "dim"), Span(f"  {self._done}/{self._all}")]
            of = DATA_LOSS if self.state.session.scenario.train.data else LOSS
            spans += [Span(f"  {of} ", "dim"), Span(plain(self._loss, sign=False), "strong")]
        hint = Bilingual("  stopping …", "  正在停止…") if self._flag.up else Bilingual("  Esc stops it", "  Esc 停止")
        return line(*spans, Span(str(hint), "dim"))

    def _progress(self, done: int, of: int, loss: float) -> None:
        """Told by the training after each update, in its own thread."""
        self._done, self._all, self._loss = done, of, loss

    def _work(
        self,
        work: Callable[[], T],
        then: Callable[[T | TfstepError], None],
        flag: Flag,
        before: tuple[object, ...],
    ) -> None:
        came: T | TfstepError
        try:
            with stoppable(flag):
                came = work()
        except TfstepError as error:
            came = error
        except Cancelled:
            came = CommandError(_stopped(before, _state(self.state.session)))
        self.beside.from_thread(lambda: self._end(lambda: then(came)))

    def _end(self, then: Callable[[], None]) -> None:
        self.state.running = ""
        self.state.session.progress = None
        if self._cancel is not None:
            self._cancel()
        if self.leaving:
            self.screen.perform("quit")
        else:
            then()


def _state(session: Session) -> tuple[object, ...]:
    """What a line may leave behind, to be compared: how many changes there are of each variant stands last."""
    at = {name: journal.at for name, journal in session.journals.items() if journal.at}
    kept = (session.variant, id(session.trace), session.position, session.cell, tuple(session.points.all))
    return *kept, tuple(session.displays), tuple(session.values.named), at


def _stopped(before: tuple[object, ...], after: tuple[object, ...]) -> Bilingual:
    """What is true of a command that was stopped."""
    if before == after:
        return Bilingual("stopped; nothing has changed", "已停止；什么都没变")
    old, new = before[-1], after[-1]
    assert isinstance(old, dict)
    assert isinstance(new, dict)
    more = sum(new.values()) - sum(old.values())
    if more <= 0:
        return Bilingual("stopped; what was done by then stands", "已停止；此前已做的保留")
    return Bilingual(
        "stopped; what was done by then stands: changes made: {n} (`undo` takes them back)",
        "已停止；此前已做的保留：{n} 处改动（`undo` 可撤销）",
        n=more,
    )


def long(command: str, large: bool = False) -> bool:
    """Whether a line may take longer than a key press should; one that is no command is told so when it is run."""
    try:
        word, rest = split(command)
        return bool(word) and find(word).takes_long(rest, large)
    except TfstepError:
        return False
