"""Commands that take a while: they run beside the screen, which stays alive, tells how far they are, and stops them."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from textual.timer import Timer

from tfstep.commands.language.line import split
from tfstep.commands.language.registry import find
from tfstep.errors import CommandError, TfstepError
from tfstep.session.change.updates import DATA_LOSS, LOSS
from tfstep.text import Bilingual
from tfstep.view.text.number import plain
from tfstep.view.text.spans import Line, Span, line

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger
    from tfstep.session.results import Result

LARGE = 2_000_000  # numbers of a model from which computing it is more than a key press
BAR = 24
T = TypeVar("T")


class Busy:
    """The command that is running, if there is one."""

    def __init__(self, app: Debugger) -> None:
        self.app = app
        self.command = ""
        self.stopping = self.leaving = False
        self._thread: int | None = None  # that of the work
        self._done, self._all, self._loss = 0, 0, 0.0
        self._timer: Timer | None = None

    def takes(self, command: str) -> bool:
        """Whether a line is to run beside the screen."""
        return long(command, self.large)

    def refuses(self) -> bool:
        """Whether something else has to wait; then that is told."""
        self.tell()
        return bool(self.command)

    @property
    def large(self) -> bool:
        """Whether the model is so large that computing all of it would hold up the screen."""
        return self.app.session.trace.plan.cells > LARGE

    def begin(self, command: str) -> None:
        """Run a command; `Debugger.conclude` is told what came of it."""
        session = self.app.session

        def work() -> Result:
            came = session.run(command)
            if self.large:  # what will be looked at first
                _ = session.current.value, session.current.grad
            return came

        self.do(command, work, self.app.conclude)

    def do(self, name: str, work: Callable[[], T], then: Callable[[T | TfstepError], None]) -> None:
        """Do some work under this name, and tell ``then`` what came of it, be it an error."""
        self.command, self.stopping, self.leaving = name, False, False
        self._done = self._all = 0
        self.app.session.progress = self._progress
        self._timer = self.app.set_interval(0.1, self.tell)
        self.tell()
        self.app.run_worker(lambda: self._work(work, then), thread=True)

    def stop(self) -> None:
        """Ask it to stop: a training after the present update, anything else where it is."""
        self.interrupt()
        self.tell()

    def leave(self) -> None:
        """Stop it, and then quit."""
        self.leaving = True
        self.stop()

    def interrupt(self) -> None:
        """What Ctrl-C is in the line debugger: a KeyboardInterrupt, in the thread of the work."""
        thread, told = self._thread, self._all > 0
        if thread is not None and not told and not self.stopping:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(KeyboardInterrupt))
        self.stopping = True

    def tell(self) -> None:
        """Say how far it is."""
        if self.command:
            self.app.tell(self._line())

    def _line(self) -> Line:
        full = round(BAR * self._done / self._all) if self._all else 0
        spans = [Span(self.command, "accent"), Span("  ")]
        if self._all:
            spans += [Span("━" * full, "good"), Span("─" * (BAR - full), "dim"), Span(f"  {self._done}/{self._all}")]
            of = DATA_LOSS if self.app.session.scenario.train.data else LOSS
            spans += [Span(f"  {of} ", "dim"), Span(plain(self._loss, sign=False), "strong")]
        hint = Bilingual("  stopping …", "  正在停止…") if self.stopping else Bilingual("  Esc stops it", "  Esc 停止")
        return line(*spans, Span(str(hint), "dim"))

    def _progress(self, done: int, of: int, loss: float) -> None:
        """Told by the training after each update, in its own thread."""
        self._done, self._all, self._loss = done, of, loss
        if self.stopping:
            raise KeyboardInterrupt

    def _work(self, work: Callable[[], T], then: Callable[[T | TfstepError], None]) -> None:
        came: T | TfstepError
        try:
            self._thread = threading.get_ident()
            came = work()
            self._thread = None
        except TfstepError as error:
            came = error
        except KeyboardInterrupt:
            came = CommandError(Bilingual("stopped; nothing has changed", "已停止；什么都没变"))
        self._thread = None
        with suppress(KeyboardInterrupt):  # one that came too late
            self.app.call_from_thread(self._end, lambda: then(came))

    def _end(self, then: Callable[[], None]) -> None:
        self.command = ""
        self.app.session.progress = None
        if self._timer is not None:
            self._timer.stop()
        if self.leaving:
            self.app.perform("quit")
        else:
            then()


def long(command: str, large: bool = False) -> bool:
    """Whether a line may take longer than a key press should; one that is no command is told so when it is run."""
    try:
        word, rest = split(command)
        return bool(word) and find(word).takes_long(rest, large)
    except TfstepError:
        return False
