"""The signs of the screen: given once no message waits anywhere and what was changed is painted."""

from __future__ import annotations

from typing import Any

from textual.app import App

from tfstep.faces import sign

CALM = 2  # times that nothing waited, one paint after the other: what a widget posted may make another post


class Signs:
    """Counts the keys and gives the sign."""

    def __init__(self, pump: App[Any]) -> None:
        self.keys = 0
        self._pump = pump
        self._calm: int | None = None  # how often nothing waited since something was done; None where nothing was
        self._busy = False

    def later(self, busy: bool) -> None:
        """Something was done: give the sign once nothing is left to be."""
        begun, self._calm, self._busy = self._calm is not None, 0, busy
        if not begun:
            self._pump.call_after_refresh(self._look)

    def _look(self) -> None:
        pump = self._pump
        widgets = (each for screen in pump.screen_stack for each in screen.walk_children(with_self=True))
        waits = any(each.message_queue_size for each in (pump, *widgets))
        self._calm = 0 if waits else (self._calm or 0) + 1
        if self._calm < CALM:
            pump.call_after_refresh(self._look)
            return
        self._calm = None
        if pump._driver is not None:  # Textual has no public way to write behind what it has painted
            pump._driver.write(sign.sign(self.keys, *pump.size, busy=self._busy))
            pump._driver.flush()
