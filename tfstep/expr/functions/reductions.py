"""Functions along axes: sums, means, softmax, distances, the largest and its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfstep.engine.axis import NO_AXIS, Spec
from tfstep.engine.op import Op
from tfstep.engine.tape import Traced
from tfstep.errors import ExpressionError
from tfstep.expr.builder import BOOL, WHOLE, Builder, Value
from tfstep.expr.functions.primitives import Question
from tfstep.expr.functions.table import Axes, Counted, Real, add
from tfstep.ops import attention
from tfstep.ops.primitive import choice, elementwise, functions, reduce
from tfstep.ops.primitive.shape import transpose
from tfstep.text import Bilingual


def _axes(at: Builder, x: Traced, axis: Axes) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(x.ndim))
    found = tuple(at.axis(a, x.ndim) for a in (axis if isinstance(axis, tuple) else (axis,)))
    if len(set(found)) < len(found):
        raise at.error(Bilingual("an axis is named twice", "同一个轴出现了两次"))
    return found


def _nothing(at: Builder, x: Traced) -> ExpressionError:
    """For what needs a number at least."""
    return at.error(Bilingual("there is no number to choose from: {shape}", "没有可选的数：{shape}", shape=x.shape))


def _reduce(at: Builder, op: Op, x: Traced, axis: Axes, keepdims: bool, empty: bool = True) -> Traced:
    axes = _axes(at, x, axis)
    if not empty and any(x.shape[a] == 0 for a in axes):
        raise _nothing(at, x)
    return at.apply(op, x, axis=axes, keepdims=keepdims)


@add(Bilingual("sum, of all or along axes", "求和（全部，或沿某些轴）"))
def _sum(at: Builder, x: Counted, axis: Axes = None, keepdims: bool = False) -> Value:
    return _reduce(at, reduce.sum_, x, axis, keepdims)


@add(Bilingual("mean, of all or along axes", "平均值（全部，或沿某些轴）"))
def _mean(at: Builder, x: Real, axis: Axes = None, keepdims: bool = False) -> Traced:
    return _reduce(at, reduce.mean, x, axis, keepdims)


@add(Bilingual("largest, of all or along axes", "最大值（全部，或沿某些轴）"))
def _max(at: Builder, x: Counted, axis: Axes = None, keepdims: bool = False) -> Value:
    return _reduce(at, reduce.max_, x, axis, keepdims, empty=False)


@add(Bilingual("smallest, of all or along axes", "最小值（全部，或沿某些轴）"))
def _min(at: Builder, x: Counted, axis: Axes = None, keepdims: bool = False) -> Value:
    negated = at.apply(elementwise.neg, x)
    return at.apply(elementwise.neg, _reduce(at, reduce.max_, negated, axis, keepdims, empty=False))


@add(Bilingual("variance (divided by n)", "方差（除以 n）"))
def _var(at: Builder, x: Real, axis: Axes = None, keepdims: bool = False) -> Traced:
    centred = at.apply(elementwise.sub, x, _mean(at, x, axis, True))
    return _mean(at, at.apply(functions.pow, centred, 2), axis, keepdims)


@add(Bilingual("standard deviation (divided by n)", "标准差（除以 n）"))
def _std(at: Builder, x: Real, axis: Axes = None, keepdims: bool = False) -> Value:
    return at.apply(functions.deviation, _var(at, x, axis, keepdims))


@add(Bilingual("length: the root of the sum of squares", "范数（长度）：平方和的平方根"))
def _norm(at: Builder, x: Real, axis: Axes = None, keepdims: bool = False) -> Traced:
    squares = at.apply(functions.pow, x, 2)
    return at.apply(functions.root, _reduce(at, reduce.sum_, squares, axis, keepdims))


@add(Bilingual("cosine of the angle between vectors", "向量夹角的余弦"))
def _cosine(at: Builder, a: Real, b: Real, axis: int = -1) -> Value:
    at.broadcast("cosine", a, b)
    along = _reduce(at, reduce.sum_, at.apply(elementwise.mul, a, b), axis, False)
    lengths = at.apply(elementwise.mul, _norm(at, a, axis), _norm(at, b, axis))
    return at.apply(elementwise.div, along, lengths)


@add(Bilingual("entropy of distributions in nats: −Σ p log p", "分布的熵（单位 nat）：−Σ p log p"))
def _entropy(at: Builder, p: Real, axis: int = -1) -> Value:
    safe = at.apply(choice.where, at.apply(choice.positive, p), p, 1.0)
    terms = at.apply(elementwise.mul, p, at.apply(functions.log, safe))
    return at.apply(elementwise.neg, _reduce(at, reduce.sum_, terms, axis, False))


def _last(op: Op) -> Callable[..., Value]:
    """A function of the last axis, along any."""

    def build(at: Builder, x: Real, axis: int = -1) -> Value:
        along = at.axis(axis, x.ndim)
        if x.shape[along] == 0:
            raise _nothing(at, x)
        if along == x.ndim - 1:
            return at.apply(op, x)
        order = list(range(x.ndim))
        order[along], order[-1] = order[-1], order[along]
        turned = at.apply(op, at.apply(transpose, x, order=tuple(order)))
        return at.apply(transpose, turned, order=tuple(order))

    return build


add(Bilingual("exp(x) over its sum: weights that sum to 1", "exp(x) 除以其和：权重之和为 1"), "softmax")(
    _last(attention.softmax)
)
add(Bilingual("the logarithm of softmax", "softmax 的对数"), "log_softmax")(_last(attention.log_softmax))


def _chosen(name: str, compute: Callable[..., Any], dtype: np.dtype) -> Callable[..., Value]:
    """A question that reduces axes."""

    def shape(x: Spec, axis: tuple[int, ...], keepdims: bool) -> Spec:
        spec = reduce.sum_.infer(x, axis=axis, keepdims=keepdims)
        return Spec(spec.shape, dtype, spec.axes)

    question = Question(name, lambda x, axis, keepdims: compute(x, axis=axis, keepdims=keepdims), shape)

    def build(at: Builder, x: Traced, axis: Axes = None, keepdims: bool = False) -> Value:
        return _reduce(at, question, x, axis, keepdims)

    return build


add(Bilingual("whether any holds", "是否有任何一个成立"), "any")(_chosen("any", np.any, BOOL))
add(Bilingual("whether all hold", "是否全部成立"), "all")(_chosen("all", np.all, BOOL))


def _place(name: str, compute: Callable[..., Any]) -> Callable[..., Value]:
    """The place of a number along one axis, or among all."""

    def shape(x: Spec, axis: int | None) -> Spec:
        kept = () if axis is None else tuple(k for k in range(x.ndim) if k != axis)
        return Spec(tuple(x.shape[k] for k in kept), WHOLE, tuple(x.axes[k] for k in kept))

    question = Question(name, compute, shape)

    def build(at: Builder, x: Counted, axis: int | None = None) -> Value:
        if x.spec.size == 0:
            raise _nothing(at, x)
        return at.apply(question, x, axis=None if axis is None else at.axis(at.whole(axis, "axis"), x.ndim))

    return build


add(
    Bilingual("where the largest stands (counted over all, or along an axis)", "最大值的位置（在全部中，或沿一个轴）"),
    "argmax",
)(_place("argmax", np.argmax))
add(
    Bilingual("where the smallest stands (counted over all, or along an axis)", "最小值的位置（在全部中，或沿一个轴）"),
    "argmin",
)(_place("argmin", np.argmin))


def _bare(x: Spec, axis: int) -> Spec:
    return x.like(x.shape, tuple(NO_AXIS if k == axis else a for k, a in enumerate(x.axes)))


_SORT = Question("sort", lambda x, axis: np.sort(x, axis=axis), _bare)
_ARGSORT = Question(
    "argsort",
    lambda x, axis: np.argsort(x, axis=axis, kind="stable"),
    lambda x, axis: Spec(x.shape, WHOLE, _bare(x, axis).axes),
)
_TOPK = Question(
    "topk",
    lambda x, k: np.flip(np.sort(x, axis=-1), -1)[..., :k],
    lambda x, k: x.like((*x.shape[:-1], k), (*x.axes[:-1], NO_AXIS)),
)


@add(Bilingual("in ascending order along an axis", "沿一个轴从小到大排序"))
def _sort(at: Builder, x: Counted, axis: int = -1) -> Value:
    return at.apply(_SORT, x, axis=at.axis(axis, x.ndim))


@add(Bilingual("the places in ascending order along an axis", "沿一个轴从小到大的位置"))
def _argsort(at: Builder, x: Counted, axis: int = -1) -> Value:
    return at.apply(_ARGSORT, x, axis=at.axis(axis, x.ndim))


@add(Bilingual("the k largest along the last axis, largest first", "最后一轴上最大的 k 个，从大到小"))
def _topk(at: Builder, x: Counted, k: int) -> Value:
    at.axis(-1, x.ndim)
    if not 1 <= k <= x.shape[-1]:
        raise at.error(Bilingual("k is from 1 to {n}", "k 须在 1 到 {n} 之间", n=x.shape[-1]))
    return at.apply(_TOPK, x, k=k)
