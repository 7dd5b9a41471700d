"""An error's place under the text, also where characters are two cells wide."""

from __future__ import annotations


def caret(text: str, column: int) -> str:
    """The text, and a caret under the character at ``column`` (from 0): two lines."""
    import wcwidth  # no error is shown at the start

    line = "".join(c if c.isprintable() else " " for c in text)
    return f"{line}\n{' ' * wcwidth.width(line[:column])}^"
