"""Texts brought to exactly one width: shortened where they are longer, filled up where they are shorter."""

from __future__ import annotations

from tfstep.view.text import width


def left(text: str, cells: int) -> str:
    """The text in exactly ``cells`` cells, at the left of them."""
    return width.left(width.clip(text, cells), cells)


def right(text: str, cells: int) -> str:
    """The text in exactly ``cells`` cells, at the right of them."""
    return width.right(width.clip(text, cells), cells)
