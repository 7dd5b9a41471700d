"""Questions about a whole tensor, ready for a breakpoint: has_nan(it), saturated(it), dead(it)."""

from __future__ import annotations

import numpy as np

from tfstep.expr.builder import Builder, Value
from tfstep.expr.functions.primitives import Question, share, whole
from tfstep.expr.functions.table import Real, add
from tfstep.text import Bilingual


def _at_an_end(x: np.ndarray, above: float) -> bool:
    """Whether softmax rows or sigmoid, tanh cells have run into their ends, where the slope is almost 0.

    A row with a single number that is not 0 has no choice, as the first of a causal mask: it does not count.
    """
    if x.size == 0 or not np.all(np.abs(x) <= 1):
        return False
    if x.ndim and x.shape[-1] > 1 and np.all(x >= 0) and np.allclose(x.sum(-1), 1):
        free = np.count_nonzero(x, axis=-1) > 1
        return bool(np.any(free & (x.max(-1) > above)))
    ends = np.abs(x) > above
    if np.all(x >= 0):
        ends |= x < 1 - above
    return bool(np.any(ends))


def _idle(x: np.ndarray) -> float:
    """The share of features (cells of the last axis) that are 0 in every row."""
    if not x.size:
        return 0.0
    rows = x.reshape(-1, x.shape[-1] if x.ndim else 1)
    return float(np.mean(np.all(rows == 0, axis=0)))


_NAN = Question("has_nan", lambda x: np.any(np.isnan(x)), whole)
_INF = Question("has_inf", lambda x: np.any(np.isinf(x)), whole)
_SATURATED = Question("saturated", _at_an_end, whole)
_DEAD = Question("dead", _idle, share)
_VANISHING = Question("vanishing", lambda x, below: np.all(np.abs(x) < below), whole)
_CLOSE = Question("allclose", lambda a, b, rtol, atol: np.allclose(a, b, rtol=rtol, atol=atol), whole)


@add(Bilingual("whether a NaN is in it", "其中是否有 NaN"))
def _has_nan(at: Builder, t: Real) -> Value:
    return at.apply(_NAN, t)


@add(Bilingual("whether an infinity is in it", "其中是否有无穷"))
def _has_inf(at: Builder, t: Real) -> Value:
    return at.apply(_INF, t)


@add(
    Bilingual(
        "whether a softmax row has almost all in one place, or a sigmoid or tanh is almost at its end",
        "是否有 softmax 行几乎全集中于一处，或 sigmoid、tanh 几乎到头",
    )
)
def _saturated(at: Builder, t: Real, above: float = 0.99) -> Value:
    return at.apply(_SATURATED, t, above=above)


@add(
    Bilingual("the share of features that are 0 in every row (dead ReLU)", "在每一行都为 0 的特征所占比例（死亡 ReLU）")
)
def _dead(at: Builder, t: Real) -> Value:
    return at.apply(_DEAD, t)


@add(Bilingual("whether every number is almost 0, as a vanishing gradient", "是否每个数都几乎为 0（梯度消失）"))
def _vanishing(at: Builder, t: Real, below: float = 1e-7) -> Value:
    return at.apply(_VANISHING, t, below=below)


@add(Bilingual("whether |a − b| ≤ atol + rtol·|b| everywhere", "是否处处 |a − b| ≤ atol + rtol·|b|"))
def _allclose(at: Builder, a: Real, b: Real, rtol: float = 1e-5, atol: float = 1e-8) -> Value:
    at.broadcast("allclose", a, b)
    return at.apply(_CLOSE, a, b, rtol=rtol, atol=atol)
