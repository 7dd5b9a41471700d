"""Dropout: which cells are kept, and the others set to 0 (Srivastava et al. 2014)."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from tfstep.engine.axis import NO_AXIS, Shape, Spec
from tfstep.engine.node import Literal
from tfstep.engine.op import Array, Cell, Const, Op, Primitive, TermSpec, Why, op
from tfstep.text import Bilingual, Template

TITLE = Bilingual("Dropout", "丢弃")

DRAW = """def keep_mask(done, seed, of, rate, shape):
    # Which cells are kept with this update, each by a number of its own, and 1 / (1 − rate) there.
    digest = hashlib.sha256(of.encode()).digest()
    start = [seed, int(done), int.from_bytes(digest[:8], "big")]
    bits = np.random.PCG64(np.random.SeedSequence(start))
    drawn = (bits.random_raw(math.prod(shape)) >> np.uint64(11)) * 2.0**-53
    return np.where(drawn.reshape(shape) < rate, 0.0, 1 / (1 - rate))
"""


class KeepMask(Primitive):
    """What every cell is multiplied by: 0 with probability ``rate``, else 1 / (1 − rate), so that the mean stays.

    A function of the seed, the path and the number of updates done, and of nothing else: the same update has the same
    mask whenever it is looked at. Shapes: done scalar, an integer → ``shape``, of ``dtype``.
    """

    about_zh = (
        "每个单元格要乘的数：以概率 rate 为 0，否则为 1 / (1 − rate)，使平均值不变。它只取决于种子、路径和已做的更新次数："
        "同一次更新无论何时看，掩码都相同。"
    )
    shapes_zh = "done 标量（整数） → `shape`"
    code = {
        "numpy": "keep_mask({done}, {seed}, {of}, {rate}, {shape}).astype({dtype})",
        "torch": "torch.from_numpy(keep_mask({done}, {seed}, {of}, {rate}, {shape}).astype({dtype}))",
    }
    helper = {"numpy": DRAW, "torch": DRAW}
    formula = Template(
        "0 with probability {rate}, else 1 / (1 − {rate})", "以概率 {rate} 为 0，否则为 1 / (1 − {rate})"
    )

    def infer(self, *args: Spec | Literal, shape: Shape, dtype: str, **attrs: Any) -> Spec:
        """The asked shape."""
        return Spec(shape, np.dtype(dtype), (NO_AXIS,) * len(shape))

    def forward(self, done: Array, *, seed: int, of: str, rate: float, shape: Shape, dtype: str) -> Array:
        digest = hashlib.sha256(of.encode()).digest()
        bits = np.random.PCG64(np.random.SeedSequence([seed, int(done), int.from_bytes(digest[:8], "big")]))
        raw = np.asarray(bits.random_raw(int(np.prod(shape))))
        drawn = (raw >> np.uint64(11)) * 2.0**-53
        return np.where(drawn.reshape(shape) < rate, 0.0, 1 / (1 - rate)).astype(dtype)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        kept = bool(self.forward(args[0], **attrs)[cell])
        if not kept:
            note = Bilingual("drawn: this cell is dropped in this update", "抽签：这次更新丢弃这个单元格")
            return Why("drawn", (TermSpec((Const(0.0, "0"),)),), note=note)
        note = Bilingual("drawn: this cell is kept in this update", "抽签：这次更新保留这个单元格")
        share = Const(float(np.dtype(attrs["dtype"]).type(1 - attrs["rate"])), f"1 − {attrs['rate']:g}", -1)
        return Why("drawn", (TermSpec((share,)),), note=note)


keep_mask = op(KeepMask)


class Dropout(Op):
    """Numbers of which some are dropped, the others made larger for it. Shapes: x, keep (…) → (…)."""

    about_zh = "丢弃一部分数，其余相应放大。"
    purpose = Bilingual(
        "In training some cells are 0, drawn anew with every update, so that none is relied upon alone.",
        "训练时随机让一些单元格为 0，每次更新重新抽取，使网络不依赖任何单独一个。",
    )
    formula = "{x} · {keep}"
    vjp_formula = {"x": "{g} · {keep}"}

    def forward(self, x: Array, keep: Array) -> Array:
        return x * keep

    def vjp_x(self, g: Array, y: Array, x: Array, keep: Array) -> Array:
        return g * keep


dropout = op(Dropout)
