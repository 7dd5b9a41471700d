"""What is done while no key comes, so that no key has to wait for it."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from textual.timer import Timer

from tfstep.commands.language.registry import all_commands
from tfstep.view.frame.frame import Frame

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger

QUIET = 0.15  # seconds without a new Frame after which nobody is in a hurry


class IdleWork:
    """Loads the commands once the first Frame is painted, and after an edit computes what that left stale."""

    def __init__(self, app: Debugger) -> None:
        self.app = app
        self._timer: Timer | None = None

    def begin(self) -> None:
        """The first Frame is on its way."""
        self.app.set_timer(QUIET, self._load)

    def after(self, frame: Frame) -> None:
        """A Frame was drawn; where it could not say how many tensors an edit moved, find out later."""
        if self._timer is not None:
            self._timer.stop()
        waits = frame.since is not None and frame.since.moved is None
        self._timer = self.app.set_timer(QUIET, self._settle) if waits else None

    def _load(self) -> None:
        all_commands()
        gc.freeze()  # what is loaded stays: no Frame has to wait until all of it was looked through

    def _settle(self) -> None:
        if not self.app.busy.command and self.app.camera.settle():
            self.app.redraw()
