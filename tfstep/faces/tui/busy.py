"""Commands that take a while: they run beside the screen, which stays alive, tells how far they are, and stops them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.timer import Timer

from tfstep.commands.line import split
from tfstep.commands.registry import find
from tfstep.errors import TfstepError
from tfstep.session.results import Result
from tfstep.text import Text
from tfstep.view.number import plain
from tfstep.view.spans import Line, Span, line

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger

LONG = ("train", "sweep", "landscape", "check", "plot")
BAR = 24


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
        try:
            word, rest = split(command)
            name = find(word).name if word else ""
        except TfstepError:  # it will be told when the line is run
            return False
        return name in LONG and not (name == "train" and rest.strip() in ("", "1"))

    def begin(self, command: str) -> None:
        """Run it; `Debugger.conclude` is told what came of it."""
        self.command, self.stopping = command, False
        self._done = self._all = 0
        self.app.session.progress = self._progress
        self._timer = self.app.set_interval(0.1, self.tell)
        self.tell()
        self.app.run_worker(self._work, thread=True)

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

    def _work(self) -> None:
        came: Result | TfstepError
        try:
            came = self.app.session.run(self.command)
        except TfstepError as error:
            came = error
        self.app.call_from_thread(self._end, came)

    def _end(self, came: Result | TfstepError) -> None:
        self.command = ""
        self.app.session.progress = None
        if self._timer is not None:
            self._timer.stop()
        self.app.conclude(came)
