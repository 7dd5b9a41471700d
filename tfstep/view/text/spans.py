"""Lines of text whose parts say what they are; a face decides how that looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tfstep.view.text import symbols
from tfstep.view.text.width import characters, clip, pieces, width


class Span(Struct, frozen=True):
    """Some text with a role (``name``, ``number``, ``dim``, ``accent``, ``good``, ``bad`` …).

    ``link`` is the cell or path that it stands for, to be followed; ``chosen`` marks the one that is followed next.
    """

    text: str
    role: str = ""
    link: str | None = None
    chosen: bool = False


Line = tuple[Span, ...]
GAP = Span("  ")


def span(text: object, role: str = "") -> Span:
    """A part of a line, out of any text, made fit to be shown."""
    return Span(symbols.plain(str(text)), role)


def line(*parts: Span | str | None) -> Line:
    """A line of spans; bare strings have no role, None is left out."""
    return tuple(part if isinstance(part, Span) else span(part) for part in parts if part is not None)


def plain(spans: Line) -> str:
    """The words of a line alone."""
    return "".join(span.text for span in spans)


def with_plain_symbols(spans: Line) -> Line:
    """The line with its symbols spelled out where that was asked for: before it is measured."""
    return tuple(replace(span, text=symbols.plain(span.text)) for span in spans) if symbols.is_ascii() else spans


def line_width(spans: Line) -> int:
    """The terminal cells of a line."""
    return sum(width(span.text) for span in spans)


def clipped(spans: Line, cells: int) -> Line:
    """A line shortened to ``cells`` cells."""
    kept, used = [], 0
    for span in with_plain_symbols(spans):
        n = width(span.text)
        if used + n > cells:
            kept.append(replace(span, text=clip(span.text, cells - used)))
            break
        kept.append(span)
        used += n
    return tuple(kept)


def apart(spans: Line, column: int) -> Line:
    """The line with no wide character across this column, where something else ends beneath it: a space moves it on."""
    kept, at = [], 0
    for span in spans:
        text = ""
        for character in characters(span.text):
            cells = width(character)
            text += f" {character}" if at < column < at + cells else character
            at += cells
        kept.append(replace(span, text=text))
    return tuple(kept)


def ends(left: Line, right: Line, cells: int) -> Line:
    """A line with one part at its left end and one at its right; the left one gives way."""
    left, right = with_plain_symbols(left), clipped(right, cells)
    left = clipped(left, max(0, cells - line_width(right) - 2))
    gap = cells - line_width(left) - line_width(right)
    return (*left, Span(" " * gap), *right)


def flow(parts: Iterable[Line], cells: int, indent: int = 0) -> list[Line]:
    """Parts that are never broken, one after the other in as many lines as they need."""
    lines: list[Line] = []
    now: list[Span] = []
    used = 0
    for part in map(with_plain_symbols, parts):
        n = line_width(part)
        if now and used + n > cells:
            lines.append(tuple(now))
            now, used = [Span(" " * indent)], indent
        now.extend(part)
        used += n
    return [*lines, tuple(now)] if now else lines


def folded(spans: Line, cells: int, indent: int = 0) -> list[Line]:
    """A line in as many lines as it needs, broken at spaces and between Chinese characters, and within a word (a long
    path) that no line can hold."""
    return flow(
        (
            (replace(span, text=part),)
            for span in spans
            for piece in pieces(span.text)
            for part in _held(piece, cells - indent)
        ),
        cells,
        indent,
    )


def _held(piece: str, cells: int) -> Iterable[str]:
    """A piece in parts that a line can hold."""
    if width(piece) <= cells or cells < 1:
        return (piece,)
    return (piece[k : k + cells] for k in range(0, len(piece), cells))


def padded(part: Span, cells: int, align: str = "<") -> Line:
    """A part with spaces after it (``<``) or before it (``>``)."""
    gap = Span(" " * max(0, cells - width(part.text)))
    return (part, gap) if align == "<" else (gap, part)


def indented(lines: Iterable[Line], by: int = 2) -> list[Line]:
    """Lines moved to the right; empty ones stay empty."""
    return [(Span(" " * by), *each) if each else each for each in lines]


def table(rows: Sequence[Sequence[Span]], align: str, gap: Span = GAP) -> list[Line]:
    """Rows of cells under each other; ``align`` has one of ``<`` ``>`` for each column."""
    if not rows:
        return []
    widths = [max(width(row[k].text) for row in rows) for k in range(len(align))]
    return [
        tuple(part for k, cell in enumerate(row) for part in ((gap,) if k else ()) + padded(cell, widths[k], align[k]))
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
