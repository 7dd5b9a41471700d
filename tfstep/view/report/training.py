"""What training did: the loss as a curve, and at some updates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tfstep.text import Bilingual
from tfstep.view.text.chart import WIDEST, chart
from tfstep.view.text.number import brief
from tfstep.view.text.spans import Line, line, span, table

ROWS = 10


def training(losses: Sequence[float], cells: int = 80) -> Iterator[Line]:
    """``losses[k]`` is the loss after k updates."""
    yield line(span(Bilingual("loss over the updates", "损失随更新次数的变化"), "accent"))
    yield from chart(np.arange(len(losses)), [np.array(losses)], min(cells, WIDEST))
    last = len(losses) - 1
    rows = [[span(Bilingual("after", "更新次数"), "dim"), span(Bilingual("loss", "损失"), "dim")]]
    rows += [[span(k), span(brief(losses[k], 6))] for k in sorted({last * i // ROWS for i in range(ROWS + 1)})]
    yield from table(rows, ">>")
