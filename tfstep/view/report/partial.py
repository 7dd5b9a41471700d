"""A sum that is walked through term by term: the term we are at, those around it, each with the sum up to it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from tfstep.engine.trace import Trace
from tfstep.session.place import Position, step_text
from tfstep.session.terms import Partial
from tfstep.text import Bilingual
from tfstep.view.report.explanation import SUMMARY, in_cell, term_row
from tfstep.view.text.number import brief
from tfstep.view.text.spans import Line, Span, line, span, table


def term_lines(trace: Trace, partial: Partial) -> Iterator[Line]:
    """The term we are at, and the sum so far."""
    said = Bilingual(
        "term {k} of {n} of {cell}",
        "{cell} 的第 {k}/{n} 项",
        k=partial.number,
        n=partial.of,
        cell=in_cell(trace, partial.explanation.cell),
    )
    yield line(span(said, "accent"))
    yield from table([[*_row(trace, partial), *_so_far(partial)]], "<<<><>")


def terms_around(trace: Trace, step: Position, partial: Partial, nearby: int) -> Iterator[Line]:
    """The terms around the one we are at, one a line."""
    first, last = max(1, partial.number - nearby), min(partial.of, partial.number + nearby)
    yield line(span(in_cell(trace, partial.explanation.cell), "name"))
    rows = []
    for k in range(first, last + 1):
        each = replace(partial, number=k)
        mark = span("→" if k == partial.number else "")
        rows.append([mark, span(f"{step_text(step)}.{k}", "dim"), *_row(trace, each), *_so_far(each)])
    yield from table(rows, "<><<<><>")


def _row(trace: Trace, partial: Partial) -> list[Span]:
    return term_row(trace, partial.term, partial.number == 1)


def _so_far(partial: Partial) -> list[Span]:
    name = Bilingual("total", "合计") if partial.number == partial.of else Bilingual("so far", "累计")
    return [span(name, "dim"), span(brief(partial.total, SUMMARY), "strong")]
