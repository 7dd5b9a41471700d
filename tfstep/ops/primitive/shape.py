"""Moving numbers without changing them: reshape, transpose, broadcast, split, concat, slice."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfstep.engine.accel import elementwise as fast
from tfstep.engine.axis import NO_AXIS, Axis, Shape, Spec
from tfstep.engine.cases.leading import aligned, from_the_end
from tfstep.engine.node import Literal
from tfstep.engine.op import Array, Cell, Const, Op, Primitive, Ref, TermSpec, Why, op
from tfstep.text import Bilingual, Template

TITLE = Bilingual("Shapes", "形状")


class Reshape(Primitive):
    """The same numbers, row by row, in another shape of the same size."""

    about_zh = "同样的数，按行顺序换一个形状。"
    purpose = Bilingual("The same numbers, arranged differently.", "同样的数，换一种排列。")
    code = dict.fromkeys(("numpy", "torch"), "{x}.reshape({shape})")

    formula = "reshape({x})"
    vjp_formula = {"x": "reshape({g})"}

    def line(self, library: str, attrs: Mapping[str, Any]) -> str:
        """``x.reshape(2, 3)``; of no axis ``x.reshape(())``."""
        return _bare(super().line(library, attrs), "shape", attrs)

    def infer(self, *args: Spec | Literal, shape: Shape) -> Spec:
        """The asked shape; an axis keeps its name where sizes line up from either end."""
        (x,) = args
        assert isinstance(x, Spec)
        names: list[Axis] = [NO_AXIS] * len(shape)
        for k in range(min(len(shape), x.ndim)):
            if shape[k] != x.shape[k]:
                break
            names[k] = x.axes[k]
        for k in range(1, min(len(shape), x.ndim) + 1):
            if shape[-k] != x.shape[-k]:
                break
            names[-k] = x.axes[-k]
        unnamed = [k for k, axis in enumerate(names) if not axis.name]
        gone = [axis for axis in x.axes if axis.name and axis not in names]
        if len(unnamed) == 1 and gone:  # axes laid one behind the other: called by the innermost, which runs fastest
            sizes = [n for n, axis in zip(x.shape, x.axes, strict=True) if axis in gone]
            whole = math.prod(sizes) == shape[unnamed[0]]
            names[unnamed[0]] = gone[-1].laid_out(math.prod(sizes[:-1])) if whole else gone[-1].bare()
        return x.like(shape, tuple(names))

    def forward(self, x: Array, *, shape: Shape) -> Array:
        return np.reshape(x, shape)

    def leading(self, args: Sequence[Any], ranks: Sequence[int], attrs: dict[str, Any]) -> Array:
        """The cases before the asked shape."""
        return args[0].reshape(len(args[0]), *attrs["shape"])

    def vjp_x(self, g: Array, y: Array, x: Array, *, shape: Shape) -> Array:
        return reshape(g, shape=x.shape)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        flat = int(np.ravel_multi_index(cell, attrs["shape"])) if cell else 0
        back = np.unravel_index(flat, args[0].shape) if args[0].shape else ()
        return Why("view", view=Ref(0, tuple(int(i) for i in back)))


reshape = op(Reshape)


class Transpose(Primitive):
    """Axes in another order: axis k of the result is axis order[k] of x."""

    about_zh = "换轴的顺序：结果的第 k 轴是 x 的第 order[k] 轴。"
    code = {"numpy": "{x}.transpose({order})", "torch": "{x}.permute({order})"}

    formula = "{x}ᵀ"
    vjp_formula = {"x": "{g}ᵀ"}

    def line(self, library: str, attrs: Mapping[str, Any]) -> str:
        """``x.transpose(1, 0)``."""
        return _bare(super().line(library, attrs), "order", attrs)

    def infer(self, *args: Spec | Literal, order: tuple[int, ...]) -> Spec:
        """Shape and axes in the new order."""
        (x,) = args
        assert isinstance(x, Spec)
        return x.like(tuple(x.shape[k] for k in order), tuple(x.axes[k] for k in order))

    def forward(self, x: Array, *, order: tuple[int, ...]) -> Array:
        return x.transpose(order)

    def leading(self, args: Sequence[Any], ranks: Sequence[int], attrs: dict[str, Any]) -> Array:
        """The cases stay in front."""
        return args[0].transpose(0, *(k + 1 for k in attrs["order"]))

    def vjp_x(self, g: Array, y: Array, x: Array, *, order: tuple[int, ...]) -> Array:
        return transpose(g, order=tuple(order.index(k) for k in range(len(order))))

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        order = attrs["order"]
        return Why("view", view=Ref(0, tuple(cell[order.index(k)] for k in range(len(order)))))


transpose = op(Transpose)


def _bare(line: str, name: str, attrs: Mapping[str, Any]) -> str:
    """A line with these sizes as arguments of their own."""
    told = attrs.get(name)
    return line.replace(f"{{{name}}}", ", ".join(map(str, told))) if isinstance(told, tuple) and told else line


class SplitHeads(Op):
    """A projection cut into heads. Shapes: x (batch, position, heads·d) → (batch, head, position, d)."""

    about_zh = "把投影切成几个头。"
    formula = "split({x})"
    vjp_formula = {"x": "concat({g})"}
    kernel_x = fast.split_heads_x

    def forward(self, x: Array, *, heads: int) -> Array:
        batch, position, width = x.shape
        return transpose(reshape(x, shape=(batch, position, heads, width // heads)), order=(0, 2, 1, 3))

    def vjp_x(self, g: Array, y: Array, x: Array, *, heads: int) -> Array:
        return concat_heads(g)


split_heads = op(SplitHeads)


class ConcatHeads(Op):
    """The heads side by side again. Shapes: x (batch, head, position, d) → (batch, position, heads·d)."""

    about_zh = "把各个头重新并排接起来。"
    formula = "concat({x})"
    vjp_formula = {"x": "split({g})"}
    kernel = fast.concat_heads

    def forward(self, x: Array) -> Array:
        batch, heads, position, d = x.shape
        return reshape(transpose(x, order=(0, 2, 1, 3)), shape=(batch, position, heads * d))

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return split_heads(g, heads=x.shape[1])


concat_heads = op(ConcatHeads)


class Take(Primitive):
    """A slice along one axis. Shapes: x (…, n, …) → (…, stop − start, …), every ``step``-th."""

    about_zh = "沿一个轴切片。"
    shapes_zh = "x (…, n, …) → (…, stop − start, …)，每隔 `step` 个取一个"
    leading = from_the_end
    formula = "{x}[{start}:{stop}:{step}]"
    vjp_formula = {"x": Template("{g} where it was taken from, else 0", "取出之处为 {g}，其余为 0")}

    def infer(self, *args: Spec | Literal, axis: int, start: int, stop: int, step: int = 1) -> Spec:
        """The slice's length along the axis."""
        (x,) = args
        assert isinstance(x, Spec)
        axis %= x.ndim
        n = len(range(start, stop, step))
        bare = tuple(Axis(a.name) if k == axis else a for k, a in enumerate(x.axes))
        return x.like(tuple(n if k == axis else m for k, m in enumerate(x.shape)), bare)

    def line(self, library: str, attrs: Mapping[str, Any]) -> str:
        """``x[…, start:stop]``, the axis counted from the last where that is nearer."""
        return "{x}[" + sliced(**attrs) + "]"

    def forward(self, x: Array, *, axis: int, start: int, stop: int, step: int = 1) -> Array:
        return x[(slice(None),) * (axis % x.ndim) + (slice(start, stop, step),)]

    def vjp_x(self, g: Array, y: Array, x: Array, *, axis: int, start: int, stop: int, step: int = 1) -> Array:
        return unslice(g, axis=axis, start=start, stop=stop, step=step, size=x.shape[axis])

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        axis = attrs["axis"] % len(cell)
        at = attrs["start"] + cell[axis] * attrs.get("step", 1)
        return Why("view", view=Ref(0, (*cell[:axis], at, *cell[axis + 1 :])))


take = op(Take)


def sliced(axis: int, start: int, stop: int, step: int = 1) -> str:
    """A slice along one axis as NumPy and PyTorch write it."""
    part = f"{start or ''}:{stop}" + (f":{step}" if step != 1 else "")
    return ", ".join(["...", part, *[":"] * (-axis - 1)]) if axis < 0 else ", ".join([*[":"] * axis, part])


class Unslice(Primitive):
    """A slice put back among zeros. Shapes: x (…, n, …) → (…, size, …)."""

    about_zh = "把切片放回去，其余为 0。"
    formula = Template("{x} at [{start}:{stop}:{step}], else 0", "[{start}:{stop}:{step}] 处为 {x}，其余为 0")
    leading = from_the_end
    vjp_formula = {"x": "{g}[{start}:{stop}:{step}]"}

    def infer(self, *args: Spec | Literal, axis: int, start: int, stop: int, step: int, size: int) -> Spec:
        """The full size along the axis."""
        (x,) = args
        assert isinstance(x, Spec)
        return x.like(tuple(size if k == axis % x.ndim else m for k, m in enumerate(x.shape)))

    helper = {
        "numpy": """def unslice(x, axis, start, stop, step, size):
    # a slice put back among zeros
    out = np.zeros((*x.shape[: axis % x.ndim], size, *x.shape[axis % x.ndim + 1 :]), x.dtype)
    out[(slice(None),) * (axis % x.ndim) + (slice(start, stop, step),)] = x
    return out
""",
        "torch": """def unslice(x, axis, start, stop, step, size):
    # a slice put back among zeros
    out = x.new_zeros((*x.shape[: axis % x.ndim], size, *x.shape[axis % x.ndim + 1 :]))
    return out.index_copy(axis, torch.arange(size)[list(range(size)[start:stop:step])], x)
""",
    }
    code = dict.fromkeys(("numpy", "torch"), "unslice({x}, {axis}, {start}, {stop}, {step}, {size})")

    def forward(self, x: Array, *, axis: int, start: int, stop: int, step: int, size: int) -> Array:
        axis %= x.ndim
        out = np.zeros((*x.shape[:axis], size, *x.shape[axis + 1 :]), x.dtype)
        out[(slice(None),) * axis + (slice(start, stop, step),)] = x
        return out

    def vjp_x(self, g: Array, y: Array, x: Array, *, axis: int, start: int, stop: int, step: int, size: int) -> Array:
        return take(g, axis=axis, start=start, stop=stop, step=step)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        axis = attrs["axis"] % len(cell)
        places = range(attrs["start"], attrs["stop"], attrs["step"])
        if cell[axis] not in places:
            return Why("nothing")
        return Why("view", view=Ref(0, (*cell[:axis], places.index(cell[axis]), *cell[axis + 1 :])))


unslice = op(Unslice)


class Concat(Primitive):
    """Tensors one after the other along an axis."""

    about_zh = "沿一个轴把几个张量接起来。"
    code = {"numpy": "np.concatenate([{xs}], axis={axis})", "torch": "torch.cat([{xs}], dim={axis})"}

    formula = "concat({xs})"
    leading = from_the_end

    def infer(self, *args: Spec | Literal, axis: int = -1) -> Spec:
        """Sizes add up along the axis."""
        specs = [a for a in args if isinstance(a, Spec)]
        axis %= specs[0].ndim
        n = sum(s.shape[axis] for s in specs)
        return specs[0].like(tuple(n if k == axis else m for k, m in enumerate(specs[0].shape)))

    def forward(self, *xs: Array, axis: int = -1) -> Array:
        return np.concatenate(xs, axis=axis)

    def vjp(self, index: int) -> Any:
        """The VJP for part number ``index``: its slice of g."""

        def part(g: Array, y: Array, *xs: Array, axis: int = -1) -> Array:
            start = sum(x.shape[axis] for x in xs[:index])
            return take(g, axis=axis, start=start, stop=start + xs[index].shape[axis])

        return part

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        axis = attrs.get("axis", -1) % len(cell)
        at = cell[axis]
        for k, x in enumerate(args):
            if at < x.shape[axis]:
                return Why("view", view=Ref(k, (*cell[:axis], at, *cell[axis + 1 :])))
            at -= x.shape[axis]
        raise IndexError(cell)


concat = op(Concat)


class Accumulate(Primitive):
    """The gradients of several uses of one tensor, added up. Shapes: all alike."""

    about_zh = "一个张量用到多次时，把各次的梯度加起来。"
    purpose = Bilingual(
        "Used several times: its gradient is the sum over the uses.", "它被用了多次：梯度是各次使用之和。"
    )
    shapes_zh = "都相同"
    code = {"numpy": "{sum}", "torch": "{sum}"}

    formula = "{sum}"
    kernel = fast.accumulate
    leading = aligned

    def infer(self, *args: Spec | Literal) -> Spec:
        """The shape of any."""
        assert isinstance(args[0], Spec)
        return args[0]

    def forward(self, *xs: Array) -> Array:
        total = xs[0] + xs[1]
        for x in xs[2:]:
            total = total + x
        return total

    def vjp(self, index: int) -> Any:
        """Each use gets the whole g."""
        return lambda g, y, *xs: g

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why("sum", tuple(TermSpec((Ref(k, cell),)) for k in range(len(args))))


accumulate = op(Accumulate)


class Seed(Primitive):
    """Where the backward pass starts: ∂loss/∂loss = 1."""

    about_zh = "反向传播的起点：∂loss/∂loss = 1。"
    purpose = Bilingual("∂loss/∂loss = 1: the backward pass starts here.", "∂loss/∂loss = 1：反向传播由此开始。")
    code = {"numpy": "np.ones((), {dtype})", "torch": "torch.ones((), dtype={torch_dtype})"}

    formula = "1"

    def infer(self, *args: Spec | Literal, dtype: str) -> Spec:
        """A scalar."""
        return Spec((), np.dtype(dtype), ())

    def forward(self, *, dtype: str) -> Array:
        return np.ones((), dtype)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why("seed", (TermSpec((Const(1.0, "1"),)),))


seed = op(Seed)
