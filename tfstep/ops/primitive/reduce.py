"""Reductions: sum, mean and max along axes; broadcasting, and the sum that undoes it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from tfstep.engine.arrays.sums import added
from tfstep.engine.axis import NO_AXIS, Shape, Spec
from tfstep.engine.cases.leading import from_the_end
from tfstep.engine.node import Literal
from tfstep.engine.op import Array, Cell, Const, Primitive, Ref, TermSpec, Why, op
from tfstep.ops.primitive.shape import reshape
from tfstep.text import Bilingual, Template

TITLE = Bilingual("Along an axis", "沿轴归约")

Axes = int | tuple[int, ...] | None
Reduce = Callable[..., np.ndarray]
_max: Reduce = np.maximum.reduce


def reduced_axes(ndim: int, axis: Axes) -> Collection[int]:
    """The axes that a reduction removes, counted from 0."""
    if axis is None:
        return range(ndim)
    return {a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))}


def cells_under(cell: Cell, shape: tuple[int, ...], axis: Axes, keepdims: bool) -> list[Cell]:
    """The cells of the operand that go into one cell of a reduction."""
    gone = reduced_axes(len(shape), axis)
    kept = iter([i for k, i in enumerate(cell) if k not in gone] if keepdims else cell)
    ranges = [range(n) if k in gone else (next(kept),) for k, n in enumerate(shape)]
    return list(itertools.product(*ranges))


class BroadcastTo(Primitive):
    """Broadcast to a shape: axes of size 1 are repeated."""

    about_zh = "广播到一个形状：大小为 1 的轴重复多次。"
    code = {"numpy": "np.broadcast_to({x}, {shape})", "torch": "torch.broadcast_to({x}, {shape})"}

    formula = "{x}"
    vjp_formula = {"x": "Σ {g}"}

    def infer(self, *args: Spec | Literal, shape: Shape) -> Spec:
        """The asked shape."""
        (x,) = args
        assert isinstance(x, Spec)
        return x.like(shape, (NO_AXIS,) * (len(shape) - x.ndim) + x.axes)

    def forward(self, x: Array, *, shape: Shape) -> Array:
        return np.broadcast_to(x, shape)

    def leading(self, args: Sequence[Any], ranks: Sequence[int], attrs: dict[str, Any]) -> Array:
        """The cases before the asked shape."""
        (x,), (rank,), shape = args, ranks, attrs["shape"]
        return np.broadcast_to(x.reshape(len(x), *(1,) * (len(shape) - rank), *x.shape[1:]), (len(x), *shape))

    def vjp_x(self, g: Array, y: Array, x: Array, *, shape: Shape) -> Array:
        return unbroadcast(g, x)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        shape = args[0].shape
        tail = cell[len(cell) - len(shape) :]
        return Why("view", view=Ref(0, tuple(0 if n == 1 else i for i, n in zip(tail, shape, strict=True))))


broadcast_to = op(BroadcastTo)


class Reduction(Primitive):
    """A primitive that removes axes, or keeps them with size 1 (``keepdims``)."""

    leading = from_the_end

    def line(self, library: str, attrs: Mapping[str, Any]) -> str:
        """Where no axis stays, nothing is said of it; where all go, none is named."""
        line = super().line(library, attrs)
        if attrs.get("keepdims", True):
            return line
        line = line.replace(", keepdims={keepdims}", "").replace(", keepdim={keepdims}", "")
        return line if attrs.get("axis", -1) is not None else line.replace("axis={axis}", "").replace("dim={dims}", "")

    def infer(self, *args: Spec | Literal, axis: Axes = -1, keepdims: bool = True) -> Spec:
        """The shape without the reduced axes."""
        (x,) = args
        assert isinstance(x, Spec)
        gone = reduced_axes(x.ndim, axis)
        if keepdims:
            return x.like(tuple(1 if k in gone else n for k, n in enumerate(x.shape)))
        kept = [k for k in range(x.ndim) if k not in gone]
        return x.like(tuple(x.shape[k] for k in kept), tuple(x.axes[k] for k in kept))


def _again(g: Array, x: Array, axis: Axes, keepdims: bool) -> Array:
    """g spread over the axes that the reduction removed."""
    if not keepdims:
        gone = reduced_axes(len(x.shape), axis)
        g = reshape(g, shape=tuple(1 if k in gone else n for k, n in enumerate(x.shape)))
    return broadcast_to(g, shape=x.shape)


class Sum(Reduction):
    """Sum along axes. Shapes: x (…, n) → y (…, 1), or (…) without ``keepdims``."""

    about_zh = "沿轴求和。"
    shapes_zh = "x (…, n) → y (…, 1)，没有 `keepdims` 时为 (…)"
    code = {"numpy": "{x}.sum(axis={axis}, keepdims={keepdims})", "torch": "{x}.sum(dim={dims}, keepdim={keepdims})"}

    name = "sum"
    formula = "Σ {x}"
    vjp_formula = {"x": "{g}"}

    def forward(self, x: Array, *, axis: Axes = -1, keepdims: bool = True) -> Array:
        return added(x, axis=axis, keepdims=keepdims)

    def vjp_x(self, g: Array, y: Array, x: Array, *, axis: Axes = -1, keepdims: bool = True) -> Array:
        return _again(g, x, axis, keepdims)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        cells = cells_under(cell, args[0].shape, attrs.get("axis", -1), attrs.get("keepdims", True))
        return Why("sum", tuple(TermSpec((Ref(0, c),)) for c in cells))


sum_ = op(Sum)


class Mean(Reduction):
    """Mean along axes. Shapes: x (…, n) → y (…, 1), or (…) without ``keepdims``."""

    about_zh = "沿轴求平均。"
    shapes_zh = "x (…, n) → y (…, 1)，没有 `keepdims` 时为 (…)"
    code = {"numpy": "{x}.mean(axis={axis}, keepdims={keepdims})", "torch": "{x}.mean(dim={dims}, keepdim={keepdims})"}

    formula = "mean {x}"
    vjp_formula = {"x": "{g} / n"}

    def forward(self, x: Array, *, axis: Axes = -1, keepdims: bool = True) -> Array:
        return added(x, axis=axis, keepdims=keepdims) / count(x.shape, axis)

    def vjp_x(self, g: Array, y: Array, x: Array, *, axis: Axes = -1, keepdims: bool = True) -> Array:
        return _again(g / count(x.shape, axis), x, axis, keepdims)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        axis = attrs.get("axis", -1)
        n = Const(float(count(args[0].shape, axis)), "n", -1)
        cells = cells_under(cell, args[0].shape, axis, attrs.get("keepdims", True))
        return Why("mean", tuple(TermSpec((Ref(0, c), n)) for c in cells))


mean = op(Mean)


def count(shape: tuple[int, ...], axis: Axes) -> int:
    """How many cells go into one cell of a reduction."""
    n = 1
    for k in reduced_axes(len(shape), axis):
        n *= shape[k]
    return n


class Max(Reduction):
    """Largest along axes. Shapes: x (…, n) → y (…, 1), or (…) without ``keepdims``. Ties share the gradient."""

    about_zh = "沿轴取最大；并列时平分梯度。"
    shapes_zh = "x (…, n) → y (…, 1)，没有 `keepdims` 时为 (…)"
    code = {"numpy": "{x}.max(axis={axis}, keepdims={keepdims})", "torch": "{x}.amax(dim={dims}, keepdim={keepdims})"}

    name = "max"
    formula = "max {x}"
    vjp_formula = {"x": Template("{g} where {x} = {y}, shared among ties", "{x} = {y} 处为 {g}，并列者平分")}

    def forward(self, x: Array, *, axis: Axes = -1, keepdims: bool = True) -> Array:
        return _max(x, axis=axis, keepdims=keepdims)

    def vjp_x(self, g: Array, y: Array, x: Array, *, axis: Axes = -1, keepdims: bool = True) -> Array:
        hit = largest(x, axis=axis)
        return _again(g, x, axis, keepdims) * (hit / sum_(hit, axis=axis))

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        x = args[0]
        cells = cells_under(cell, x.shape, attrs.get("axis", -1), attrs.get("keepdims", True))
        values = [x[c] for c in cells]
        bad = [c for c, v in zip(cells, values, strict=True) if v != v]
        best = bad[0] if bad else max(zip(values, [-k for k in range(len(cells))], cells, strict=True))[2]
        return Why("max", (TermSpec((Ref(0, best),)),))


max_ = op(Max)


class Largest(Primitive):
    """1 where a cell is the largest along the axes, else 0. Shapes: x (…, n) → (…, n)."""

    about_zh = "沿轴最大的单元格为 1，其余为 0。"
    code = {
        "numpy": "({x} == {x}.max(axis={axis}, keepdims=True)).astype({x}.dtype)",
        "torch": "({x} == {x}.amax(dim={dims}, keepdim=True)).to({x}.dtype)",
    }

    formula = "{x} = max {x}"
    leading = from_the_end

    def infer(self, *args: Spec | Literal, axis: Axes = -1) -> Spec:
        """The operand's shape."""
        assert isinstance(args[0], Spec)
        return args[0]

    def forward(self, x: Array, *, axis: Axes = -1) -> Array:
        return (x == np.maximum.reduce(x, axis=axis, keepdims=True)).astype(x.dtype)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        hit = float(self.forward(args[0], **attrs)[cell])
        return Why("test", (TermSpec((Const(hit, f"{hit:g}"),)),))


largest = op(Largest)


def unbroadcast(g: Array, like: Array) -> Array:
    """g summed over the axes along which an operand shaped ``like`` was broadcast."""
    shape = like.shape
    if g.shape == shape:
        return g
    extra = len(g.shape) - len(shape)
    g = sum_(g, axis=tuple(k for k in range(len(g.shape)) if k < extra or shape[k - extra] == 1))
    return reshape(g, shape=shape) if extra else g
