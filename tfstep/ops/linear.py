"""Matrix products and the linear layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfstep.engine.accel import linear as fast
from tfstep.engine.arrays.products import product
from tfstep.engine.axis import NO_AXIS, Spec
from tfstep.engine.cases.leading import aligned
from tfstep.engine.node import Literal
from tfstep.engine.op import Array, Cell, Op, Primitive, Ref, TermSpec, Why, op
from tfstep.ops.primitive.elementwise import project
from tfstep.ops.primitive.reduce import broadcast_to, count, sum_, unbroadcast
from tfstep.ops.primitive.shape import reshape
from tfstep.text import Bilingual, Template

TITLE = Bilingual("Matrix products and linear layers", "矩阵乘法与线性层")


def transpose_if(x: np.ndarray, flip: bool) -> np.ndarray:
    """The last two axes swapped, where asked."""
    return np.swapaxes(x, -1, -2) if flip else x


class Matmul(Primitive):
    """Matrix product over the last two axes; leading axes broadcast.

    Shapes: a (…, n, k), b (…, k, m) → (…, n, m). With ``at`` a is read as aᵀ, with ``bt`` b as bᵀ.
    """

    about_zh = "最后两个轴上的矩阵乘法，前面的轴广播；at、bt 表示把 a、b 转置来用。"
    purpose = Bilingual("A matrix product: each cell is a row times a column.", "矩阵乘法：每个单元格是一行乘一列。")
    formula = "{a}{at} {b}{bt}"
    operator = "@"
    vjp_formula = {"a": "{g} {b}ᵀ", "b": "{a}ᵀ {g}"}
    kernel, kernel_a, kernel_b = fast.matmul, fast.matmul_a, fast.matmul_b

    def infer(self, *args: Spec | Literal, at: bool = False, bt: bool = False) -> Spec:
        """Rows of a, columns of b."""
        a, b = args
        assert isinstance(a, Spec)
        assert isinstance(b, Spec)
        rows, inner = (-1, -2) if at else (-2, -1)
        inner_b, columns = (-1, -2) if bt else (-2, -1)
        if a.ndim < 2 or b.ndim < 2 or a.shape[inner] != b.shape[inner_b]:
            raise ValueError(f"matmul: {a.shape} @ {b.shape}")
        lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        names = a.axes[:-2] if a.ndim >= b.ndim else b.axes[:-2]
        shape = (*lead, a.shape[rows], b.shape[columns])
        row, column = a.axes[rows], b.axes[columns] or NO_AXIS
        rows_of_parameters = (row.name, a.axes[inner].name) == ("in", "out")
        if row.name == column.name and (row.name == "batch" or rows_of_parameters or row.labels):  # as in Q Kᵀ
            row, column = row.renamed("query"), column.renamed("key")
        return Spec(shape, np.result_type(a.dtype, b.dtype), (*names, row, column))

    def line(self, library: str, attrs: Mapping[str, Any]) -> str:
        """``a @ b``, with what is read transposed turned."""
        turn = ".swapaxes(-1, -2)"
        return "{a}" + turn * bool(attrs.get("at")) + " @ {b}" + turn * bool(attrs.get("bt"))

    def forward(self, a: Array, b: Array, *, at: bool = False, bt: bool = False) -> Array:
        return product(transpose_if(a, at), transpose_if(b, bt))

    def leading(self, args: Sequence[Any], ranks: Sequence[int], attrs: dict[str, Any]) -> Array:
        """Rows by one matrix that is the same in all cases are rows of one product."""
        (a, b), at, bt = args, attrs.get("at", False), attrs.get("bt", False)
        if at or b.ndim != 2 or not a.flags.c_contiguous:
            return aligned(self, args, ranks, attrs)
        product = np.matmul(a.reshape(-1, a.shape[-1]), transpose_if(b, bt))
        return product.reshape(*a.shape[:-1], product.shape[-1])

    def vjp_a(self, g: Array, y: Array, a: Array, b: Array, *, at: bool = False, bt: bool = False) -> Array:
        if at:
            return unbroadcast(matmul(b, g, at=bt, bt=True), a)
        return unbroadcast(matmul(g, b, bt=not bt), a)

    def vjp_b(self, g: Array, y: Array, a: Array, b: Array, *, at: bool = False, bt: bool = False) -> Array:
        if bt:
            return unbroadcast(matmul(g, a, at=True, bt=at), b)
        return unbroadcast(matmul(a, g, at=not at), b)

    def vjp_notation(self, argument: str, attrs: dict[str, Any]) -> str:
        """With transposed operands the products turn round."""
        at, bt = attrs.get("at", False), attrs.get("bt", False)
        if argument == "a":
            return ("{b}" + "ᵀ" * bt + " {g}ᵀ") if at else ("{g} {b}" + "ᵀ" * (not bt))
        return ("{g}ᵀ {a}" + "ᵀ" * at) if bt else ("{a}" + "ᵀ" * (not at) + " {g}")

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        a, b = args
        at, bt = attrs.get("at", False), attrs.get("bt", False)
        n, m = cell[-2:]
        parts = []
        for k in range(a.shape[-2 if at else -1]):
            left = project((*cell[:-2], k, n) if at else (*cell[:-2], n, k), a)
            right = project((*cell[:-2], m, k) if bt else (*cell[:-2], k, m), b)
            parts.append(TermSpec((Ref(0, left), Ref(1, right))))
        return Why("dot", tuple(parts))


matmul = op(Matmul)


class GroupedMatmul(Op):
    """Matrix product of many query heads with fewer key or value heads, each of which serves ``times`` in a row.

    Shapes: a (batch, groups·times, n, k), b (batch, groups, k, m), or (batch, groups, m, k) with ``bt``, →
    (batch, groups·times, n, m). Ainslie et al. 2023, grouped-query attention.
    """

    about_zh = "查询头多、键或值头少的矩阵乘法：每个键/值头供连续 times 个查询头使用（分组查询注意力）。"
    shapes_zh = (
        "a (batch, groups·times, n, k)，b (batch, groups, k, m)，有 `bt` 时 b 为 (batch, groups, m, k) "
        "→ (batch, groups·times, n, m)"
    )
    formula = Template(
        "{a} {b}{bt}, each head of {b} for {times}",
        "{a} {b}{bt}，{b} 每个头供 {times} 个头用",
    )
    vjp_formula = {"a": "{g} {b}ᵀ", "b": Template("Σ over the group of {a}ᵀ {g}", "组内求和 {a}ᵀ {g}")}

    def forward(self, a: Array, b: Array, *, times: int, bt: bool = False) -> Array:
        return matmul(a, repeat_heads(b, times=times), bt=bt)

    def vjp_a(self, g: Array, y: Array, a: Array, b: Array, *, times: int, bt: bool = False) -> Array:
        return matmul(g, repeat_heads(b, times=times), bt=not bt)

    def vjp_b(self, g: Array, y: Array, a: Array, b: Array, *, times: int, bt: bool = False) -> Array:
        each = matmul(g, a, at=True) if bt else matmul(a, g, at=True)
        batch, groups, n, m = b.shape
        return sum_(reshape(each, shape=(batch, groups, times, n, m)), axis=2, keepdims=False)


grouped_matmul = op(GroupedMatmul)


class RepeatHeads(Op):
    """Each head ``times`` in a row. Shapes: x (batch, groups, position, d) → (batch, groups·times, position, d)."""

    about_zh = "每个头连续重复 times 次。"
    formula = Template("each head of {x}, {times} times", "{x} 每个头重复 {times} 次")
    vjp_formula = {"x": Template("Σ {g} over the group", "{g} 组内求和")}

    def forward(self, x: Array, *, times: int) -> Array:
        batch, groups, n, d = x.shape
        wide = broadcast_to(reshape(x, shape=(batch, groups, 1, n, d)), shape=(batch, groups, times, n, d))
        return reshape(wide, shape=(batch, groups * times, n, d))

    def vjp_x(self, g: Array, y: Array, x: Array, *, times: int) -> Array:
        batch, groups, n, d = x.shape
        return sum_(reshape(g, shape=(batch, groups, times, n, d)), axis=2, keepdims=False)


repeat_heads = op(RepeatHeads)


def rows(x: Array) -> Array:
    """All leading axes as one: (…, n) → (rows, n)."""
    return x if len(x.shape) == 2 else reshape(x, shape=(count(x.shape[:-1], None), x.shape[-1]))


class Linear(Op):
    """Linear layer. Shapes: x (…, in), W (in, out), b (out) → (…, out)."""

    about_zh = "线性层。"
    formula = "{x} {W} + {b}"
    vjp_formula = {
        "x": "{g} {W}ᵀ",
        "W": "{x}ᵀ {g}",
        "b": Template("Σ {g} over batch and position", "{g} 对批次和位置求和"),
    }
    kernel, kernel_x, kernel_W, kernel_b = fast.linear, fast.linear_x, fast.linear_W, fast.sum_rows

    def forward(self, x: Array, W: Array, b: Array) -> Array:
        from tfstep.engine.tape import named

        return named("matmul", matmul(x, W)) + b

    def vjp_x(self, g: Array, y: Array, x: Array, W: Array, b: Array) -> Array:
        return matmul(g, W, bt=True)

    def vjp_W(self, g: Array, y: Array, x: Array, W: Array, b: Array) -> Array:
        return matmul(rows(x), rows(g), at=True)

    def vjp_b(self, g: Array, y: Array, x: Array, W: Array, b: Array) -> Array:
        return sum_(rows(g), axis=0, keepdims=False)


linear = op(Linear)


class LinearNoBias(Op):
    """Linear layer without bias. Shapes: x (…, in), W (in, out) → (…, out)."""

    about_zh = "没有偏置的线性层。"
    formula = "{x} {W}"
    vjp_formula = {"x": "{g} {W}ᵀ", "W": "{x}ᵀ {g}"}
    kernel, kernel_x, kernel_W = fast.matmul, fast.linear_x, fast.linear_W

    def forward(self, x: Array, W: Array) -> Array:
        return matmul(x, W)

    def vjp_x(self, g: Array, y: Array, x: Array, W: Array) -> Array:
        return matmul(g, W, bt=True)

    def vjp_W(self, g: Array, y: Array, x: Array, W: Array) -> Array:
        return matmul(rows(x), rows(g), at=True)


linear_no_bias = op(LinearNoBias)
