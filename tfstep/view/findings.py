"""What studies of a run have found, as lines: comparisons, reasons, curves, maps, checks, words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

from tfstep.engine.trace import Trace
from tfstep.session.results import Checked, Compared, Drawn, Generated, Plotted, Reasoned, Result, Swept
from tfstep.text import Text
from tfstep.view.chart import chart
from tfstep.view.landscape import map_lines, sweep_lines
from tfstep.view.reasons import at_this_step, reasons_lines
from tfstep.view.report import decoding
from tfstep.view.report.checks import report
from tfstep.view.report.comparison import comparison
from tfstep.view.report.layout import line, span
from tfstep.view.report.numbers import brief
from tfstep.view.spans import Line

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
        more = Text(
            "… and {n} more; `tfstep diff` lists all",
            "…… 还有 {n} 行；`tfstep diff` 列出全部",
            n=len(told) - DIFFERENCES,
        )
        yield line(span(more, "dim"))
    yield from at_this_step(result, cells)


@lines.register
def _reasoned(result: Reasoned, trace: Trace, cells: int) -> Iterator[Line]:
    yield from reasons_lines(result.reasons, trace)


@lines.register
def _plotted(result: Plotted, trace: Trace, cells: int) -> Iterator[Line]:
    title = Text("{title} over {n} updates", "{title}，共 {n} 次更新", title=result.title, n=int(result.updates[-1]))
    ends = " → ".join(brief(float(x), 5) for x in result.values[[0, -1], 0]) if result.values.shape[1] == 1 else ""
    yield line(span(title, "accent"), f"   {ends}")
    if result.updates.size > 1:
        yield from chart(result.updates, [*result.values.T], cells)


@lines.register
def _swept(result: Swept, trace: Trace, cells: int) -> Iterator[Line]:
    yield from sweep_lines(result.sweep, cells)


@lines.register
def _drawn(result: Drawn, trace: Trace, cells: int) -> Iterator[Line]:
    yield from map_lines(result.landscape)


@lines.register
def _checked(result: Checked, trace: Trace, cells: int) -> Iterator[Line]:
    yield from report(result.report)


@lines.register
def _generated(result: Generated, trace: Trace, cells: int) -> Iterator[Line]:
    yield from decoding.words(result.words)
    yield from decoding.sentence(result.words)
