"""Half precision in training: copies of master weights, the scale of the loss, and updates that are left out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfstep.engine.arrays.half import rounded
from tfstep.engine.axis import Spec
from tfstep.engine.cases.leading import aligned
from tfstep.engine.node import Literal
from tfstep.engine.op import Array, Cell, Const, Op, Primitive, Ref, TermSpec, Why, op
from tfstep.engine.tape import named
from tfstep.ops.primitive.choice import positive, where
from tfstep.text import Bilingual, Template

HALF = """def half(x, to):
    # the nearest numbers that float16 or bfloat16 has, kept as float32; of another type x as it is
    if to not in ("float16", "bfloat16"):
        return x
    x = np.asarray(x, np.float32)
    with np.errstate(all="ignore"):
        if to == "float16":
            return x.astype(np.float16).astype(np.float32)
        bits = np.ascontiguousarray(x).view(np.uint32)
        near = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
        return np.where(np.isnan(x), x, near.view(np.float32).reshape(x.shape))
"""
"""The same as `rounded`, in a program without tfstep."""

HALF_TORCH = """def half(x, to):
    # the nearest numbers that float16 or bfloat16 has, kept as float32; gradients are rounded, too
    return x.to(getattr(torch, to)).to(x.dtype)
"""
"""The same in PyTorch, whose autograd takes a gradient through both casts."""

TITLE = Bilingual("Half precision", "半精度")


class Round(Primitive):
    """The nearest numbers of a half type. The gradient goes back as it comes. Shapes: x (…) → (…).

    Source: Micikevicius et al. 2018, section 3.1: the float32 master weights, rounded for a pass.
    """

    about_zh = "半精度类型中最近的数；梯度原样传回。"
    purpose = Bilingual(
        "The pass reads a rounded copy; training changes the float32 weights, where small updates are not lost.",
        "前向和反向读取舍入后的副本；训练改变的是 float32 主权重，小的更新不会丢失。",
    )
    operator = "round"
    leading = aligned
    formula = "{to}({x})"
    vjp_formula = {"x": "{g}"}
    code = {"numpy": "half({x}, {to})", "torch": "half({x}, {to})"}
    helper = {"numpy": HALF, "torch": HALF_TORCH}

    def infer(self, *args: Spec | Literal, to: str) -> Spec:
        """As x."""
        (x,) = args
        assert isinstance(x, Spec)
        return x

    def forward(self, x: Array, *, to: str) -> Array:
        return rounded(x, to).astype(x.dtype, copy=False)

    def vjp_x(self, g: Array, y: Array, x: Array, *, to: str) -> Array:
        return g

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        x = float(args[0][cell])
        y = float(rounded(args[0][cell], attrs["to"]))
        own = (TermSpec((Ref(0, cell),)),) if math.isfinite(y) else ()
        moved = Const(y - x if own else y, str(Bilingual("rounding", "舍入")))
        return Why("rounded", (*own, TermSpec((moved,))))


round_to = op(Round)


class ScaledLoss(Op):
    """The loss times a factor, so that small gradients do not become 0 in float16. Shapes: loss, scale scalars → scalar.

    Source: Micikevicius et al. 2018, section 3.2.
    """

    about_zh = "损失乘以一个倍数，使小的梯度在 float16 中不致变成 0。"
    shapes_zh = "loss, scale 标量 → 标量"
    formula = "{loss} · {scale}"
    vjp_formula = {"loss": "{g} · {scale}"}

    def forward(self, loss: Array, scale: Array) -> Array:
        return loss * scale

    def vjp_loss(self, g: Array, y: Array, loss: Array, scale: Array) -> Array:
        return g * scale


scaled_loss = op(ScaledLoss)


class Unscaled(Op):
    """The gradient without the factor of the loss. Shapes: g (…), scale scalar → (…)."""

    about_zh = "去掉损失倍数后的梯度。"
    shapes_zh = "g (…), scale 标量 → (…)"
    formula = "{g} / {scale}"

    def forward(self, g: Array, scale: Array) -> Array:
        return g / scale


unscaled = op(Unscaled)


class Overflow(Primitive):
    """Whether a gradient has a cell that is infinite or NaN: 1, else 0. Shapes: (…), one for each parameter → scalar."""

    about_zh = "有没有哪个梯度的单元格是无穷大或 NaN：有为 1，没有为 0。"
    shapes_zh = "每个参数一个 (…) → 标量（整数）"
    formula = Template("1 if any gradient is infinite or NaN, else 0", "有梯度为无穷大或 NaN 时为 1，否则为 0")
    code = {
        "numpy": "np.asarray(int(not all(np.isfinite(g).all() for g in [{xs}])))",
        "torch": "torch.tensor(int(not all(torch.isfinite(g).all() for g in [{xs}])))",
    }

    def infer(self, *args: Spec | Literal) -> Spec:
        """A whole number."""
        return Spec((), np.dtype(np.int64), ())

    def forward(self, *gs: Array) -> Array:
        return np.asarray(int(not all(np.isfinite(g).all() for g in gs)))

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        for k, g in enumerate(args):
            broken = np.argwhere(~np.isfinite(g))
            if len(broken):
                return Why("overflow", (TermSpec((Ref(k, tuple(map(int, broken[0])), 0),)),))
        return Why("overflow", (TermSpec((Const(0.0, "0"),)),))


overflow = op(Overflow)


class Kept(Op):
    """What the update made; after an overflow what there was: the update is left out. Shapes: new, old (…) → (…).

    Source: Micikevicius et al. 2018, section 3.2; so does PyTorch's GradScaler.
    """

    about_zh = "更新的结果；溢出时保持原样，即跳过这次更新。"
    shapes_zh = "new, old (…), overflow 标量（整数） → (…)"
    formula = Template("{old} after an overflow, else {new}", "溢出时取 {old}，否则取 {new}")

    def forward(self, new: Array, old: Array, overflow: Array) -> Array:
        return where(positive(overflow), old, new)


kept = op(Kept)


class InARow(Op):
    """How many updates have had no overflow since the scale last changed. Shapes: before, overflow scalars → scalar."""

    about_zh = "自倍数上次改变以来，连续几次更新没有溢出。"
    shapes_zh = "before, overflow 标量（整数） → 标量"
    formula = Template(
        "0 after an overflow or at {every}, else {before} + 1", "溢出或满 {every} 时归 0，否则 {before} + 1"
    )

    def forward(self, before: Array, overflow: Array, *, every: int) -> Array:
        return where(positive(overflow), 0 * before, where(positive(before - (every - 2)), 0 * before, before + 1))


in_a_row = op(InARow)


class NextScale(Op):
    """The factor of the next loss: smaller after an overflow, larger after ``every`` updates without. Shapes: scalars.

    Source: PyTorch's GradScaler.
    """

    about_zh = "下一次损失的倍数：溢出后变小，连续 every 次没有溢出后变大。"
    shapes_zh = "标量"
    formula = Template(
        "{scale} · {backoff} after an overflow, · {growth} after {every} without",
        "溢出后 {scale} · {backoff}，连续 {every} 次没有溢出后 · {growth}",
    )

    def forward(
        self, scale: Array, before: Array, overflow: Array, *, growth: float, backoff: float, every: int
    ) -> Array:
        larger = named("larger", where(positive(before - (every - 2)), scale * growth, scale))
        return where(positive(overflow), scale * backoff, larger)


next_scale = op(NextScale)
