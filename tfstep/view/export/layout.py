"""Lines laid out in columns. Every text that is shown passes through `span`, which makes it fit to be shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tfstep.view.text.spans import Line, Span, line_width
from tfstep.view.text.symbols import plain
from tfstep.view.text.width import width

GAP = Span("  ")


def span(text: object, role: str = "") -> Span:
    """A part of a line, out of any text."""
    return Span(plain(str(text)), role)


def line(*parts: str | Span) -> Line:
    """A line of texts and of parts with a role."""
    return tuple(part if isinstance(part, Span) else span(part) for part in parts)


def left(part: Span, cells: int) -> Line:
    """A part with spaces after it."""
    return (part, Span(" " * max(0, cells - width(part.text))))


def right(part: Span, cells: int) -> Line:
    """A part with spaces before it."""
    return (Span(" " * max(0, cells - width(part.text))), part)


def indented(lines: Iterable[Line], by: int = 2) -> list[Line]:
    """Lines moved to the right; empty ones stay empty."""
    return [(Span(" " * by), *each) if each else each for each in lines]


def table(rows: Sequence[Sequence[Span]], align: str, gap: Span = GAP) -> list[Line]:
    """Rows of cells under each other; ``align`` has one of ``<`` ``>`` for each column."""
    if not rows:
        return []
    widths = [max(width(row[k].text) for row in rows) for k in range(len(align))]
    return [
        tuple(
            part
            for k, cell in enumerate(row)
            for part in ((gap,) if k else ()) + (left if align[k] == "<" else right)(cell, widths[k])
        )
        for row in rows
    ]


def beside(one: Sequence[Line], other: Sequence[Line], gap: int = 4) -> list[Line]:
    """Two blocks of lines next to each other."""
    wide = max(map(line_width, one), default=0) + gap
    lines = []
    for k in range(max(len(one), len(other))):
        first = one[k] if k < len(one) else ()
        second = other[k] if k < len(other) else ()
        lines.append((*first, Span(" " * (wide - line_width(first))), *second) if second else first)
    return lines
