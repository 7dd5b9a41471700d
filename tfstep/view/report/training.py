"""What training did: the loss as a curve, and at some updates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tfstep.text import Bilingual
from tfstep.view.export.layout import line, span, table
from tfstep.view.export.numbers import brief
from tfstep.view.report.curve import curve
from tfstep.view.text.spans import Line

ROWS = 10


def training(losses: Sequence[float], cells: int = 80) -> Iterator[Line]:
    """``losses[k]`` is the loss after k updates."""
    yield line(span(Bilingual("loss over the updates", "损失随更新次数的变化"), "accent"))
    yield from curve(losses, cells)
    last = len(losses) - 1
    rows = [[span(Bilingual("after", "更新次数"), "dim"), span(Bilingual("loss", "损失"), "dim")]]
    rows += [[span(k), span(brief(losses[k], 6))] for k in sorted({last * i // ROWS for i in range(ROWS + 1)})]
    yield from table(rows, ">>")
