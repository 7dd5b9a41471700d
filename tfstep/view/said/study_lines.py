"""What studies of a run have found, as lines: comparisons, reasons, curves, maps, checks, words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

from tfstep.engine.trace import Trace
from tfstep.session.results import (
    Checked,
    Compared,
    Diagnosed,
    Drawn,
    Generated,
    Pictured,
    Plotted,
    Reasoned,
    Result,
    Swept,
)
from tfstep.text import Bilingual
from tfstep.view.cell.reasons import at_this_step, reasons_lines
from tfstep.view.export.layout import line, span
from tfstep.view.report import decoding
from tfstep.view.report.checks import report
from tfstep.view.report.comparison import comparison
from tfstep.view.report.diagnosis import diagnosis
from tfstep.view.said.pictures import picture
from tfstep.view.text.spans import Line

DIFFERENCES = 24  # lines of a comparison that are shown


@singledispatch
def lines(result: Result, trace: Trace, cells: int) -> Iterator[Line]:
    """The lines of a finding; none for any other result."""
    yield from ()


@lines.register
def _compared(result: Compared, trace: Trace, cells: int) -> Iterator[Line]:
    told = list(comparison(result.comparison, result.names))
    yield from told[:DIFFERENCES]
    if len(told) > DIFFERENCES:
        more = Bilingual(
            "… and {n} more; `tfstep diff` lists all",
            "…… 还有 {n} 行；`tfstep diff` 列出全部",
            n=len(told) - DIFFERENCES,
        )
        yield line(span(more, "dim"))
    yield from at_this_step(result, cells)


@lines.register
def _reasoned(result: Reasoned, trace: Trace, cells: int) -> Iterator[Line]:
    yield from reasons_lines(result.reasons, trace)


@lines.register(Plotted)
@lines.register(Pictured)
@lines.register(Swept)
@lines.register(Drawn)
def _pictured(result: Result, trace: Trace, cells: int) -> Iterator[Line]:
    yield from picture(result, cells)


@lines.register
def _checked(result: Checked, trace: Trace, cells: int) -> Iterator[Line]:
    yield from report(result.report)


@lines.register
def _diagnosed(result: Diagnosed, trace: Trace, cells: int) -> Iterator[Line]:
    yield from diagnosis(result.diagnosis)


@lines.register
def _generated(result: Generated, trace: Trace, cells: int) -> Iterator[Line]:
    yield from decoding.words(result.words)
    yield from decoding.sentence(result.words)
