"""What is done while no key comes, so that no key has to wait for it."""

from __future__ import annotations

import gc

from tfstep.commands.language.registry import all_commands
from tfstep.faces.tui.state.screen import Screen
from tfstep.faces.tui.state.screen_state import ScreenState
from tfstep.faces.tui.work.beside import Beside, Cancel

QUIET = 0.15  # seconds without a new Frame after which nobody is in a hurry


class IdleWork:
    """Loads the commands once the first Frame is painted, and after an edit computes what that left stale."""

    def __init__(self, state: ScreenState, screen: Screen, beside: Beside) -> None:
        self.state, self.screen, self.beside = state, screen, beside
        self._cancel: Cancel | None = None

    def begin(self) -> None:
        """The first Frame is on its way."""
        self.beside.later(QUIET, self._load)

    def after(self) -> None:
        """A Frame was drawn; where it could not say how many tensors an edit moved, find out later."""
        if self._cancel is not None:
            self._cancel()
        since = self.state.frame.since
        waits = since is not None and since.moved is None
        self._cancel = self.beside.later(QUIET, self._settle) if waits else None

    def _load(self) -> None:
        all_commands()
        gc.freeze()  # what is loaded stays: no Frame has to wait until all of it was looked through

    def _settle(self) -> None:
        if not self.state.running and self.state.camera.settle():
            self.screen.redraw()
