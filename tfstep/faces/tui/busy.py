"""Commands that take a while: they run beside the screen, which stays alive, tells how far they are, and stops them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from textual.timer import Timer

from tfstep.commands.line import split
from tfstep.commands.registry import find
from tfstep.errors import TfstepError
from tfstep.text import Text
from tfstep.view.number import plain
from tfstep.view.spans import Line, Span, line

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger

LONG = ("train", "sweep", "landscape", "check", "plot")
BAR = 24
T = TypeVar("T")


class Busy:
    """The command that is running, if there is one."""

    def __init__(self, app: Debugger) -> None:
        self.app = app
        self.command = ""
        self.stopping = False
        self._done, self._all, self._loss = 0, 0, 0.0
        self._timer: Timer | None = None

    def takes(self, command: str) -> bool:
        """Whether a line is to run beside the screen."""
        return long(command)

    def begin(self, command: str) -> None:
        """Run a command; `Debugger.conclude` is told what came of it."""
        self.do(command, lambda: self.app.session.run(command), self.app.conclude)

    def do(self, name: str, work: Callable[[], T], then: Callable[[T | TfstepError], None]) -> None:
        """Do some work under this name, and tell ``then`` what came of it, be it an error."""
        self.command, self.stopping = name, False
        self._done = self._all = 0
        self.app.session.progress = self._progress
        self._timer = self.app.set_interval(0.1, self.tell)
        self.tell()
        self.app.run_worker(lambda: self._work(work, then), thread=True)

    def stop(self) -> None:
        """Ask it to stop after the present update."""
        self.stopping = True
        self.tell()

    def tell(self) -> None:
        """Say how far it is."""
        if self.command:
            self.app.tell(self._line())

    def _line(self) -> Line:
        full = round(BAR * self._done / self._all) if self._all else 0
        spans = [Span(self.command, "accent"), Span("  ")]
        if self._all:
            spans += [Span("━" * full, "good"), Span("─" * (BAR - full), "dim"), Span(f"  {self._done}/{self._all}")]
            spans += [Span(f"  {Text('loss', '损失')} ", "dim"), Span(plain(self._loss, sign=False), "strong")]
        hint = Text("  stopping …", "  正在停止…") if self.stopping else Text("  Esc stops it", "  Esc 停止")
        return line(*spans, Span(str(hint), "dim"))

    def _progress(self, done: int, of: int, loss: float) -> None:
        """Told by the training after each update, in its own thread."""
        self._done, self._all, self._loss = done, of, loss
        if self.stopping:
            raise KeyboardInterrupt

    def _work(self, work: Callable[[], T], then: Callable[[T | TfstepError], None]) -> None:
        came: T | TfstepError
        try:
            came = work()
        except TfstepError as error:
            came = error
        self.app.call_from_thread(self._end, lambda: then(came))

    def _end(self, then: Callable[[], None]) -> None:
        self.command = ""
        self.app.session.progress = None
        if self._timer is not None:
            self._timer.stop()
        then()


def long(command: str) -> bool:
    """Whether a line may take longer than a key press should."""
    try:
        word, rest = split(command)
        name = find(word).name if word else ""
    except TfstepError:  # it will be told when the line is run
        return False
    return name in LONG and not (name == "train" and rest.strip() in ("", "1"))
