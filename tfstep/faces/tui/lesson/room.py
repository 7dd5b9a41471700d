"""How the screen is divided between a lesson and the debugger."""

from __future__ import annotations

from msgspec import Struct

BESIDE_FROM = 100  # columns from which the text stands beside the matrices; else it stands under them


class Room(Struct, frozen=True):
    """The size of the lesson's pane, and whether it stands beside the debugger."""

    beside: bool
    width: int
    height: int

    @property
    def indent(self) -> int:
        """The cells left free on either side of the text."""
        return 2 if self.beside else 1

    @property
    def cells(self) -> int:
        """The room for a line of text."""
        return self.width - 2 * self.indent

    @property
    def above(self) -> int:
        """The lines left free above the text."""
        return 1 if self.beside else 0

    @classmethod
    def of(cls, width: int, height: int) -> Room:
        """The room on a screen of this size."""
        if width >= BESIDE_FROM:
            return cls(True, max(42, min(width * 5 // 12, 76)), height)
        return cls(False, width, max(6, min(height * 9 // 20, height - 12)))
