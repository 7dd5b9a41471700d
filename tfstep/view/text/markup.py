"""Text made fit for HTML and SVG."""

from __future__ import annotations

from html import escape as _escape

from tfstep.text import printable


def escape(text: str, quote: bool = True) -> str:
    """The text for a page or a picture: its control characters by their code, its marks as entities."""
    return _escape(printable(text), quote)
