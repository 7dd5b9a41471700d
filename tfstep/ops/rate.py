"""Schedules of the learning rate: what it is at each update."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfstep.engine.axis import Spec
from tfstep.engine.node import Literal
from tfstep.engine.op import Array, Cell, Const, Primitive, TermSpec, Why, op
from tfstep.text import Bilingual, Template

TITLE = Bilingual("Learning rate", "学习率")

SCHEDULES = ("constant", "linear", "cosine", "noam")
"""What `train.schedule.kind` may be."""

PROGRAM = """def rate(t, kind, lr, warmup, total, least, width, first):
    # The learning rate of update t = 1, 2, 3 …
    k = int(t) - 1 + first
    if kind == "noam":
        return lr * width**-0.5 * (min(k**-0.5, k * warmup**-1.5) if k else 0.0)
    if k < warmup:
        return lr * (k / warmup)
    if kind == "constant":
        return lr
    done = min(1.0, (k - warmup) / max(1, total - warmup))
    left = 1 - done if kind == "linear" else (1 + math.cos(math.pi * done)) / 2
    return lr * (least + (1 - least) * left)
"""


class ScheduledRate(Primitive):
    """The learning rate of update t = 1, 2, 3 …: a rise over ``warmup`` updates, then as its kind says.

    constant: lr. linear, cosine: from lr down to ``least`` · lr at update ``total``, straight or as half a cosine
    (Loshchilov & Hutter 2017, eq. 5). noam: lr · d_model^−½ · min(k^−½, k · warmup^−1.5) (Vaswani et al. 2017, eq. 3).
    Update 1 counts as k = ``first``. Shapes: t scalar, an integer → scalar of ``dtype``.
    """

    about_zh = (
        "第 t = 1, 2, 3 … 次更新的学习率：先在 warmup 次更新里上升，之后依种类而定。constant：lr。linear、cosine："
        "到第 total 次更新时降到 least · lr，走直线或半个余弦。noam：lr · d_model^−½ · min(k^−½, k · warmup^−1.5)。"
        "第 1 次更新算作 k = first。"
    )
    shapes_zh = "t 标量（整数） → 标量"
    code = {
        "numpy": "np.asarray(rate({t}, {kind}, {lr}, {warmup}, {total}, {least}, {width}, {first}), {dtype})",
        "torch": (
            "torch.tensor(rate({t}, {kind}, {lr}, {warmup}, {total}, {least}, {width}, {first}), dtype={torch_dtype})"
        ),
    }
    helper = {"numpy": PROGRAM, "torch": PROGRAM}
    formula = Template("lr({t}): {kind}, from {lr}", "lr({t})：{kind}，自 {lr}")

    def infer(self, *args: Spec | Literal, dtype: str, **attrs: Any) -> Spec:
        """A scalar."""
        return Spec((), np.dtype(dtype), ())

    def forward(self, t: Array, *, dtype: str, **attrs: Any) -> Array:
        lr, share, _ = rate(int(t), **attrs)
        return np.asarray(lr * share, dtype)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        rest = {name: value for name, value in attrs.items() if name != "dtype"}
        lr, share, text = rate(int(args[0]), **rest)
        return Why("product", (TermSpec((Const(lr, "lr"), Const(share, text))),))


scheduled_rate = op(ScheduledRate)


def rate(
    t: int, *, kind: str, lr: float, warmup: int, total: int, least: float, width: int, first: int
) -> tuple[float, float, str]:
    """The rate of update t as a product: lr, its share of it, and how that share is written with its numbers."""
    k = t - 1 + first
    if kind == "noam":
        share = width**-0.5 * (min(k**-0.5, k * warmup**-1.5) if k else 0.0)
        rising = k < warmup
        return lr, share, f"{width}^−½ · {k} · {warmup}^−1.5" if rising or not k else f"{width}^−½ · {k}^−½"
    if k < warmup:
        return lr, k / warmup, f"{k}/{warmup}"
    if kind == "constant":
        return lr, 1.0, "1"
    past, all_ = k - warmup, max(1, total - warmup)
    done = min(1.0, past / all_)
    left = 1 - done if kind == "linear" else (1 + math.cos(math.pi * done)) / 2
    way = f"1 − {past}/{all_}" if kind == "linear" else f"½(1 + cos π·{past}/{all_})"
    way = way if past <= all_ else "0"
    return lr, least + (1 - least) * left, way if not least else f"{least:g} + {1 - least:g} · ({way})"
