"""How wide a text is in a terminal, where a Chinese character takes two cells, and how it is fitted into a width."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import combining, east_asian_width

from tfstep.view.text.symbols import plain

_PIECE = re.compile(r"[^\S\n]+|[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]+")
_NEVER_FIRST = "，。；：、！？）”’》…"  # what Chinese does not let a line begin with


@lru_cache(4096)
def _cells(character: str) -> int:
    return 0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1


def width(text: str) -> int:
    """The terminal cells that a text takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def left(text: str, cells: int) -> str:
    """The text with spaces after it, ``cells`` wide; a wider text stays as it is."""
    return text + " " * (cells - width(text))


def right(text: str, cells: int) -> str:
    """The text with spaces before it, ``cells`` wide; a wider text stays as it is."""
    return " " * (cells - width(text)) + text


def clip(text: str, cells: int) -> str:
    """The text cut to at most ``cells`` cells, with ``…`` where something is cut off."""
    if width(text) <= cells:
        return text
    mark = plain("…")[: max(0, cells)]
    kept, used = "", len(mark)
    for character in text:
        used += _cells(character)
        if used > cells:
            break
        kept += character
    return kept + mark


def pieces(text: str) -> list[str]:
    """The text in the parts that a line may be broken between: words, spaces, Chinese characters."""
    return _PIECE.findall(text)


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
