"""What work beside the keys needs of whoever draws: time, a thread, a line to tell how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tfstep.view.text.spans import Line

Cancel = Callable[[], None]


class Beside(Protocol):
    """Time, a thread, and a line."""

    def every(self, seconds: float, do: Callable[[], None]) -> Cancel:
        """Do something again and again; what is returned ends it."""

    def later(self, seconds: float, do: Callable[[], None]) -> Cancel:
        """Do something once nobody asked not to for so long; what is returned asks not to."""

    def painted(self, do: Callable[[], None]) -> None:
        """Do something once what was drawn is painted."""

    def in_thread(self, work: Callable[[], None]) -> None:
        """Work in a thread of its own."""

    def from_thread(self, do: Callable[[], None]) -> None:
        """From that thread: do something where the keys are."""

    def tell(self, message: Line) -> None:
        """Put a line in the status line, drawing nothing else."""
