"""Functions that move numbers, and those that make new ones: reshape, concat, zeros, arange."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfstep.engine.tape import Traced
from tfstep.expr.arithmetic import product
from tfstep.expr.builder import BOOL, WHOLE, Builder, Value
from tfstep.expr.functions.table import Counted, Real, add
from tfstep.ops.primitive import choice, elementwise, shape
from tfstep.text import Bilingual


def _sizes(at: Builder, sizes: Sequence[Value]) -> tuple[int, ...]:
    """``2, 3`` or ``[2, 3]`` or ``x.shape``. Raises ExpressionError for negative ones."""
    flat = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], tuple) else sizes
    found = tuple(at.whole(n, "size") for n in flat)
    if any(n < 0 for n in found):
        raise at.error(Bilingual("a size is not negative", "大小不能为负"))
    return found


@add(
    Bilingual(
        "the same numbers, row by row, in another shape; one size may be -1", "同样的数按行排成另一形状；可有一个 -1"
    )
)
def _reshape(at: Builder, x: Counted, *sizes: Value) -> Value:
    flat = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], tuple) else sizes
    asked = [at.whole(n, "size") for n in flat]
    rest = 1
    for n in asked:
        rest *= n if n != -1 else 1
    if asked.count(-1) == 1 and rest > 0 and x.spec.size % rest == 0:
        asked[asked.index(-1)] = x.spec.size // rest
        rest = x.spec.size
    if rest != x.spec.size or any(n < 0 for n in asked):
        raise at.error(
            Bilingual(
                "{n} numbers ({shape}) cannot be reshaped into {asked}",
                "{n} 个数（{shape}）无法改成形状 {asked}",
                n=x.spec.size,
                shape=x.shape,
                asked=tuple(asked),
            )
        )
    return at.apply(shape.reshape, x, shape=tuple(asked))


@add(Bilingual("axes in another order; reversed where none is given", "调换轴的次序；不给次序则全部颠倒"))
def _transpose(at: Builder, x: Counted, *order: Value) -> Value:
    flat = order[0] if len(order) == 1 and isinstance(order[0], tuple) else order
    axes = tuple(at.axis(at.whole(k, "axis"), x.ndim) for k in flat) or tuple(range(x.ndim))[::-1]
    if sorted(axes) != list(range(x.ndim)):
        raise at.error(Bilingual("each of the {n} axes is named once", "{n} 个轴须各出现一次", n=x.ndim))
    return at.apply(shape.transpose, x, order=axes)


@add(Bilingual("tensors one after the other along an axis", "沿一个轴把张量连接起来"))
def _concat(at: Builder, *xs: Real, axis: int = 0) -> Value:
    if not xs:
        raise at.error(Bilingual("there is nothing to join", "没有可连接的张量"))
    along = at.axis(axis, xs[0].ndim)
    rest = {(*x.shape[:along], *x.shape[along + 1 :]) if x.ndim > along else x.shape for x in xs}
    if len(rest) > 1 or len({x.ndim for x in xs}) > 1:
        raise at.error(
            Bilingual(
                "the shapes {shapes} differ elsewhere than along axis {axis}",
                "形状 {shapes} 在轴 {axis} 之外也不同",
                shapes=" , ".join(str(x.shape) for x in xs),
                axis=axis,
            )
        )
    return at.apply(shape.concat, *xs, axis=along)


@add(Bilingual("inner product of vectors, or product of matrices", "向量的内积，或矩阵的乘积"))
def _dot(at: Builder, a: Real, b: Real) -> Value:
    if a.ndim == 0 or b.ndim == 0:
        return at.apply(elementwise.mul, a, b)
    if a.ndim > 2 or b.ndim > 2:
        raise at.error(
            Bilingual(
                "dot takes vectors and matrices; for more axes write a @ b", "dot 只用于向量和矩阵；更多轴请写 a @ b"
            )
        )
    return product(at, a, b)


@add(Bilingual("the product of each number of a with each of b", "a 的每个数与 b 的每个数相乘"))
def _outer(at: Builder, a: Real, b: Real) -> Value:
    column = at.apply(shape.reshape, a, shape=(a.spec.size, 1))
    row = at.apply(shape.reshape, b, shape=(1, b.spec.size))
    return at.apply(elementwise.mul, column, row)


def _filled(at: Builder, sizes: tuple[int, ...], value: float, text: str) -> Traced:
    return at.constant(sizes, at.dtype, lambda: np.full(sizes, float(value)), text)


@add(Bilingual("zeros of a shape", "全 0，按给定形状"))
def _zeros(at: Builder, *sizes: Value) -> Value:
    return _filled(at, _sizes(at, sizes), 0, "0")


@add(Bilingual("ones of a shape", "全 1，按给定形状"))
def _ones(at: Builder, *sizes: Value) -> Value:
    return _filled(at, _sizes(at, sizes), 1, "1")


@add(Bilingual("one number everywhere in a shape", "按给定形状填满同一个数"))
def _full(at: Builder, shape: Value, value: float) -> Value:
    return _filled(at, _sizes(at, (shape,)), value, f"{value:g}")


def _corner(at: Builder, x: Traced, lower: bool, k: int) -> Value:
    if x.ndim < 2:
        raise at.error(Bilingual("it takes a matrix; the value has {n} axes", "需要矩阵；该值有 {n} 个轴", n=x.ndim))
    n, m = x.shape[-2:]
    kept = at.constant(
        (n, m), BOOL, lambda: np.tri(n, m, k, dtype=bool) if lower else ~np.tri(n, m, k - 1, dtype=bool), "corner"
    )
    return at.apply(choice.where, kept, x, 0.0)


@add(Bilingual("x with 0 above its diagonal, or above the k-th over it", "对角线（或其上方第 k 条）以上置 0"))
def _tril(at: Builder, x: Real, k: int = 0) -> Value:
    return _corner(at, x, lower=True, k=k)


@add(Bilingual("x with 0 below its diagonal, or below the k-th over it", "对角线（或其上方第 k 条）以下置 0"))
def _triu(at: Builder, x: Real, k: int = 0) -> Value:
    return _corner(at, x, lower=False, k=k)


@add(Bilingual("the identity matrix", "单位矩阵"))
def _eye(at: Builder, n: int) -> Value:
    (n,) = _sizes(at, (n,))
    return at.constant((n, n), at.dtype, lambda: np.eye(n), "I")


@add(
    Bilingual(
        "random numbers of a shape, normally distributed; the same seed gives the same numbers",
        "按给定形状的随机数，服从标准正态分布；种子相同则数相同",
    )
)
def _randn(at: Builder, *sizes: Value, seed: int = 0) -> Value:
    shape = _sizes(at, sizes)
    if seed < 0:
        raise at.error(Bilingual("the seed is not negative", "种子不能为负"))
    return at.constant(shape, at.dtype, lambda: np.random.default_rng(seed).standard_normal(shape), "randn")


@add(
    Bilingual(
        "whole numbers from 0 below n, or from n below stop", "从 0 到 n 之前的整数；给出 stop 则从 n 到 stop 之前"
    )
)
def _arange(at: Builder, n: int, stop: int | None = None, step: int = 1) -> Value:
    if step == 0:
        raise at.error(Bilingual("the step is not 0", "步长不能为 0"))
    span = range(n) if stop is None else range(n, at.whole(stop, "stop"), step)
    return at.constant((_length(span),), WHOLE, lambda: np.arange(span.start, span.stop, span.step), "arange")


def _length(span: range) -> int:
    """How many numbers a range has, however many these are."""
    return max(0, -(-(span.stop - span.start) // span.step))


@add(Bilingual("n numbers from start to stop, evenly spaced", "从 start 到 stop 均匀的 n 个数"))
def _linspace(at: Builder, start: float, stop: float, n: int) -> Value:
    (n,) = _sizes(at, (n,))
    return at.constant((n,), at.dtype, lambda: np.linspace(start, stop, n), "linspace")
