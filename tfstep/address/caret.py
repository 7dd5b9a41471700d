"""An error's place under the text, also where characters are two cells wide."""

from __future__ import annotations

from unicodedata import combining, east_asian_width


def caret(text: str, column: int) -> str:
    """The text, and a caret under the character at ``column`` (from 0): two lines."""
    line = "".join(c if c.isprintable() else " " for c in text)
    before = line[:column]
    cells = sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in before)
    return f"{line}\n{' ' * cells}^"
