"""What training did: the loss as a curve, and at some updates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tfstep.session.change.updates import DATA_LOSS, LOSS
from tfstep.session.results import Plotted
from tfstep.text import Bilingual
from tfstep.view.result.pictures import picture
from tfstep.view.text.number import brief
from tfstep.view.text.spans import Line, line, span, table

ROWS = 10


def training(losses: Sequence[float], cells: int = 80, data: bool = False) -> Iterator[Line]:
    """``losses[k]`` is the loss after k updates, with ``data`` that over `train.data`; drawn as `plot` draws it."""
    curve = np.array(losses, float)
    yield from picture(Plotted(str(DATA_LOSS if data else LOSS), np.arange(curve.size), curve[:, None]), cells)
    last = len(losses) - 1
    rows = [[span(Bilingual("after", "更新次数"), "dim"), span(Bilingual("loss", "损失"), "dim")]]
    rows += [[span(k), span(brief(losses[k], 6))] for k in sorted({last * i // ROWS for i in range(ROWS + 1)})]
    yield from table(rows, ">>")
    broken = np.flatnonzero(~(curve < np.inf))
    if broken.size and not broken[0]:
        text = Bilingual(
            "the loss is {value} before the first update; `tfstep explain SCENARIO loss` says why",
            "第一次更新之前损失就是 {value}；`tfstep explain SCENARIO loss` 说明原因",
            value=float(curve[0]),
        )
        yield line(span(text, "bad"))
    elif broken.size:
        text = Bilingual(
            "the loss is {value} since update {update}; a smaller train.lr may keep it finite",
            "自第 {update} 次更新起损失为 {value}；把 train.lr 调小也许可以避免",
            value=float(curve[broken[0]]),
            update=int(broken[0]),
        )
        yield line(span(text, "bad"))
