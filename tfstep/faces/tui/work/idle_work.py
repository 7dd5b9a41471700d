"""What is done while no key comes, so that no key has to wait for it."""

from __future__ import annotations

import gc
import time
from functools import partial
from typing import TYPE_CHECKING

from tfstep.commands.language.registry import all_commands

if TYPE_CHECKING:
    from tfstep.faces.tui.state.screen import Screen
    from tfstep.faces.tui.state.screen_state import ScreenState
    from tfstep.faces.tui.work.beside import Beside, Cancel

SLICE = 0.02  # seconds for which is computed what a Frame lacks, until a key is looked for
BREATH = 0.001  # and between them
TOLD = 0.25  # seconds after which what is there meanwhile is shown
QUIET = 0.15  # seconds without a new Frame after which nobody is in a hurry


class IdleWork:
    """Loads the commands once the first Frame is painted, and after an edit computes what that left stale: what the Frame
    shows at once, and piece by piece, so that a key finds nothing but a piece before it; the rest after a while."""

    def __init__(self, state: ScreenState, screen: Screen, beside: Beside) -> None:
        self.state, self.screen, self.beside = state, screen, beside
        self._cancel: Cancel | None = None
        self._drawn = 0  # Frames
        self._since = 0.0  # the seconds when the last one was

    def begin(self) -> None:
        """The first Frame is on its way."""
        self.beside.later(QUIET, self._load)

    def after(self) -> None:
        """A Frame was drawn; where it could not say how many tensors an edit moved, find out later."""
        if not gc.isenabled():  # the first one, after which garbage is looked for, but not in what is loaded by then
            gc.freeze()
            gc.enable()
        if self._cancel is not None:
            self._cancel()
        self._drawn, self._since, self._cancel = self._drawn + 1, time.monotonic(), None
        if self.state.frame.coming:
            self.beside.painted(partial(self._breathe, self._drawn))
            return
        since = self.state.frame.since
        waits = since is not None and since.moved is None
        self._cancel = self.beside.later(QUIET, self._settle) if waits else None

    def _breathe(self, drawn: int) -> None:
        """Let the keys that wait come first."""
        if drawn == self._drawn:
            self._cancel = self.beside.later(BREATH, partial(self._go_on, drawn))

    def _go_on(self, drawn: int) -> None:
        """Compute a piece of what that Frame lacks; what runs beside the screen computes alone, and draws at its end."""
        if drawn != self._drawn or self.state.running:
            return
        if self.state.get_on(SLICE) or time.monotonic() - self._since > TOLD:
            self.screen.redraw()
        else:
            self._breathe(drawn)

    def _load(self) -> None:
        all_commands()
        gc.freeze()  # what is loaded stays: no Frame has to wait until all of it was looked through

    def _settle(self) -> None:
        if not self.state.running and self.state.camera.settle():
            self.screen.redraw()
