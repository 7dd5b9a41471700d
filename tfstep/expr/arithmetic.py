"""The operators: on tensors they are ops, on bare numbers they are worked out at once."""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np

from tfstep.engine.tape import Traced
from tfstep.expr.builder import BOOL, Builder, Static, Value
from tfstep.expr.functions.primitives import TESTS
from tfstep.expr.syntax.parser import EXACT
from tfstep.ops.linear import matmul
from tfstep.ops.primitive.elementwise import add, div, mul, neg, sub
from tfstep.ops.primitive.functions import pow
from tfstep.ops.primitive.shape import reshape
from tfstep.text import Bilingual

_OPS = {"+": add, "-": sub, "*": mul, "/": div, "**": pow}
_FOLD: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def arithmetic(at: Builder, sign: str, a: Value, b: Value) -> Value:
    """``a + b`` and the like. Whole numbers stay whole under + and −; elsewhere they become float64."""
    if sign == "@":
        return product(at, at.tensor(a), at.tensor(b))
    convert = at.number if sign in "+-" else at.floating
    x, y = convert(a), convert(b)
    if not isinstance(x, Traced) and not isinstance(y, Traced):
        return fold_numbers(at, sign, x, y)
    if sign in "+-" and (_real(x) or _real(y)):
        x, y = at.floating(x), at.floating(y)
    at.broadcast(sign, x, y)
    return at.apply(_OPS[sign], x, y)


def _real(x: Traced | Static) -> bool:
    return x.dtype.kind == "f" if isinstance(x, Traced) else isinstance(x, float)


def fold_numbers(at: Builder, sign: str, a: Static, b: Static) -> Static:
    """Two bare numbers, with NumPy's rules for division by zero; whole numbers stay whole while they are exact."""
    if sign == "**":
        return _power(at, a, b)
    with np.errstate(all="ignore"):
        if sign == "/":
            return float(np.float64(a) / np.float64(b))
        result = _FOLD[sign](a, b)
    return float(result) if isinstance(result, int) and abs(result) > EXACT else result


def _power(at: Builder, a: Static, b: Static) -> Static:
    with np.errstate(all="ignore"):
        result = float(np.float64(a) ** np.float64(b))
    if np.isinf(result) and abs(a) != np.inf and a != 0:
        raise at.error(
            Bilingual(
                "{a:g} ** {b:g} is beyond float64 (1.8e308)", "{a:g} ** {b:g} 超出 float64 的范围（1.8e308）", a=a, b=b
            )
        )
    whole = isinstance(a, int) and isinstance(b, int) and b >= 0 and abs(result) <= EXACT
    return int(a) ** int(b) if whole else result


def product(at: Builder, a: Traced, b: Traced) -> Traced:
    """The matrix product; a vector counts as a row on the left, as a column on the right, as in NumPy."""
    if a.ndim == 0 or b.ndim == 0:
        raise at.error(
            Bilingual("@ multiplies matrices and vectors; for single numbers write *", "@ 用于矩阵与向量；单个数请用 *")
        )
    x, y = at.real(a), at.real(b)
    left = x if x.ndim > 1 else at.apply(reshape, x, shape=(1, x.shape[0]))
    right = y if y.ndim > 1 else at.apply(reshape, y, shape=(y.shape[0], 1))
    if left.shape[-1] != right.shape[-2]:
        raise at.error(
            Bilingual(
                "{a} @ {b}: the last axis on the left ({n}) must be as long as the {place} on the right ({m}){hint}",
                "{a} @ {b}：左边最后一轴（{n}）须与右边{place}（{m}）等长{hint}",
                a=a.shape,
                b=b.shape,
                n=left.shape[-1],
                m=right.shape[-2],
                place=Bilingual("last but one", "倒数第二轴") if b.ndim > 1 else Bilingual("only one", "唯一的轴"),
                hint=Bilingual("; with .T on the right it fits", "；右边加 .T 即可")
                if b.ndim > 1 and b.shape[-1] == left.shape[-1]
                else Bilingual("", ""),
            )
        )
    at.broadcast("@", *(at.tape.stand_in(t.spec.like(t.shape[:-2], t.axes[:-2])) for t in (left, right)))
    result = at.apply(matmul, left, right)
    shape = (*result.shape[:-2], *result.shape[-2:-1] * (a.ndim > 1), *result.shape[-1:] * (b.ndim > 1))
    return result if shape == result.shape else at.apply(reshape, result, shape=shape)


def negative(at: Builder, value: Value) -> Value:
    """``-a``."""
    x = at.number(value)
    return at.apply(neg, x) if isinstance(x, Traced) else -x


def compare(at: Builder, sign: str, a: Value, b: Value) -> Value:
    """``a < b`` and the like; shapes, and lists of numbers, are equal or not as a whole."""
    if isinstance(a, tuple) and isinstance(b, tuple) and sign in ("==", "!="):
        return (a == b) == (sign == "==")
    x, y = at.number(a), at.number(b)
    if not isinstance(x, Traced) and not isinstance(y, Traced):
        return bool(fold_numbers(at, sign, x, y))
    at.broadcast(sign, x, y)
    return at.apply(TESTS[sign], x, y)


def logic(at: Builder, sign: str, a: Value, b: Value) -> Value:
    """``a and b``, ``a or b``, cell by cell."""
    x, y = truth(at, a), truth(at, b)
    if isinstance(x, bool) and isinstance(y, bool):
        return (x and y) if sign == "and" else (x or y)
    at.broadcast(sign, x, y)
    return at.apply(TESTS[sign], x, y)


def negation(at: Builder, value: Value) -> Value:
    """``not a``, cell by cell."""
    x = truth(at, value)
    return at.apply(TESTS["not"], x) if isinstance(x, Traced) else not x


def truth(at: Builder, value: Value) -> Traced | bool:
    """A value as yes or no, cell by cell: a number is yes where it is not 0."""
    if isinstance(value, int | float):
        return bool(value)
    x = at.tensor(value)
    return x if x.dtype == BOOL else at.apply(TESTS["!="], x, 0)
