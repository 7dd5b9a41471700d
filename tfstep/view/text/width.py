"""How wide a text is in a terminal, and how it is brought to a width.

A Chinese character takes two cells, and what a reader sees as one character (a letter with its marks, a family of
emoji) may be several of Unicode's: widths are those of whole characters, and none is cut in two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from tfstep.view.text.symbols import plain

_NEVER_FIRST = "，。；：、！？）”’》…"  # what Chinese does not let a line begin with
_WORD = re.compile(r"[^\S\n]+|\S+")
_BREAKING = ("\u2e80\u9fff", "\uf900\ufaff", "\uff00\uff60")  # first and last of what a line may break between

NARROW = (
    *("\u0020\u007e", "\u00a1\u00ac", "\u00ae\u02ff", "\u0391\u03c9", "\u1d40\u1d40"),
    *("\u2010\u2027", "\u2030\u205e", "\u2190\u22ff", "\u232b\u232b", "\u2500\u25fc"),
)
WIDE = ("\u3001\u3029", "\u4e00\u9fff", "\uff01\uff60")
"""First and last of characters of which each is one that a reader sees, one cell wide or two: for these nothing else
is loaded."""


class _Cells(dict[str, int]):
    """The cells of a character by itself; 0 where tables say it, or its neighbours. No pattern: one of so many characters
    takes longer to build than a screen to draw."""

    def __missing__(self, character: str) -> int:
        self[character] = cells = 1 if _within(character, NARROW) else 2 if _within(character, WIDE) else 0
        return cells


_cells = _Cells()


def _within(character: str, ranges: tuple[str, ...]) -> bool:
    return any(each[0] <= character <= each[1] for each in ranges)


@lru_cache(8192)
def _measured(text: str) -> int:
    cells = [_cells[each] for each in text]
    if all(cells):
        return sum(cells)
    import wcwidth

    return wcwidth.width(text)


def width(text: str) -> int:
    """The terminal cells that a text takes."""
    return len(text) if text.isascii() else _measured(text)


def characters(text: str) -> Iterator[str]:
    """The characters that a reader sees, each with its marks."""
    if text.isascii() or all(_cells[each] for each in text):
        return iter(text)
    import wcwidth

    return wcwidth.iter_graphemes(text)


def clip(text: str, cells: int) -> str:
    """The text cut to at most ``cells`` cells, with ``…`` where something is cut off."""
    if width(text) <= cells:
        return text
    mark = plain("…")[: max(0, cells)]
    kept, used = "", len(mark)
    for character in characters(text):
        used += width(character)
        if used > cells:
            break
        kept += character
    return kept + mark


def left(text: str, cells: int) -> str:
    """The text in exactly ``cells`` cells, at the left of them; cut where it is wider."""
    text = clip(text, cells)
    return text + " " * (cells - width(text))


def right(text: str, cells: int) -> str:
    """The text in exactly ``cells`` cells, at the right of them; cut where it is wider."""
    text = clip(text, cells)
    return " " * (cells - width(text)) + text


def pieces(text: str) -> list[str]:
    """The text in the parts that a line may be broken between: words, spaces, Chinese characters."""
    found: list[str] = []
    for word in _WORD.findall(text):
        if word.isascii() or word.isspace():
            found.append(word)
            continue
        for breaking, run in groupby(word, lambda each: _within(each, _BREAKING)):
            part = "".join(run)
            found += part if breaking else [part]
    return found


def wrap(text: str, cells: int) -> list[str]:
    """The text in lines of at most so many cells, broken at spaces and between Chinese characters.

    A word that is longer than a line stands on a line of its own.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in pieces(paragraph):
            if line.strip() and width(line + piece.rstrip()) > cells and piece[0] not in _NEVER_FIRST:
                lines.append(line.rstrip())
                line = ""
                if piece.isspace():
                    continue
            line += piece
        lines.append(line.rstrip())
    return lines
