"""Functions of each number by itself: exp, tanh, relu, where, clip."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfstep.engine.op import Op
from tfstep.engine.tape import Traced
from tfstep.expr.arithmetic import truth
from tfstep.expr.builder import Builder, Value
from tfstep.expr.functions.primitives import Question, Test, same
from tfstep.expr.functions.table import Real, add
from tfstep.ops.activation import ACTIVATIONS
from tfstep.ops.primitive import choice, functions
from tfstep.text import Bilingual

_OPS: tuple[tuple[str, Op, Bilingual], ...] = (
    ("exp", functions.exp, Bilingual("e to the power of each number", "每个数的 e 次幂")),
    ("log", functions.log, Bilingual("natural logarithm", "自然对数")),
    ("sqrt", functions.sqrt, Bilingual("square root", "平方根")),
    ("abs", functions.abs, Bilingual("absolute value", "绝对值")),
    ("sin", functions.sin, Bilingual("sine of radians", "正弦（弧度）")),
    ("cos", functions.cos, Bilingual("cosine of radians", "余弦（弧度）")),
    ("tanh", functions.tanh, Bilingual("hyperbolic tangent", "双曲正切")),
    (
        "sigmoid",
        functions.sigmoid,
        Bilingual("the logistic function 1 / (1 + exp(-x))", "logistic 函数 1 / (1 + exp(-x))"),
    ),
    ("erf", functions.erf, Bilingual("the error function", "误差函数")),
)


def _of_one(op: Op) -> Callable[..., Value]:
    def build(at: Builder, x: Real) -> Value:
        return at.apply(op, x)

    return build


for _name, _op, _help in _OPS:
    add(_help, _name)(_of_one(_op))
for _name, _op in ACTIVATIONS.items():
    if len(_op.arguments) == 1 and _name not in {name for name, _, _ in _OPS}:
        _help = Bilingual("the activation {formula}", "激活函数 {formula}", formula=str(_op.formula).format(x="x"))
        add(_help, _name)(_of_one(_op))


def _asked(name: str, compute: Callable[..., np.ndarray]) -> Callable[..., Value]:
    question = Question(name, compute, same)

    def build(at: Builder, x: Real) -> Value:
        return at.apply(question, x)

    return build


add(Bilingual("the next whole number below", "向下取整"), "floor")(_asked("floor", np.floor))
add(Bilingual("the nearest whole number", "四舍五入到整数"), "round")(_asked("round", np.round))
add(Bilingual("-1, 0 or 1", "符号：-1、0 或 1"), "sign")(_asked("sign", np.sign))

ISNAN, ISINF = Test("isnan", "{a} is NaN", np.isnan), Test("isinf", "{a} is infinite", np.isinf)
_CLOSE = Test("isclose", "{a} ≈ {b}", np.isclose)
ISCLOSE = Question("isclose", np.isclose, lambda a, b, **_: _CLOSE.infer(a, b))


@add(Bilingual("which numbers are NaN", "哪些数是 NaN"))
def _isnan(at: Builder, x: Real) -> Value:
    return at.apply(ISNAN, x)


@add(Bilingual("which numbers are infinite", "哪些数是无穷"))
def _isinf(at: Builder, x: Real) -> Value:
    return at.apply(ISINF, x)


@add(Bilingual("where |a − b| ≤ atol + rtol·|b|", "哪些格满足 |a − b| ≤ atol + rtol·|b|"))
def _isclose(at: Builder, a: Real, b: Real, rtol: float = 1e-5, atol: float = 1e-8) -> Value:
    at.broadcast("isclose", a, b)
    return at.apply(ISCLOSE, a, b, rtol=rtol, atol=atol)


@add(Bilingual("a where the condition holds, else b", "条件成立处取 a，否则取 b"))
def _where(at: Builder, condition: Value, a: Value, b: Value) -> Value:
    holds, x, y = at.tensor(truth(at, condition)), at.number(a), at.number(b)
    if not (isinstance(x, Traced) and isinstance(y, Traced)) or x.dtype != y.dtype:
        x, y = at.real(x), at.floating(y)
    at.broadcast("where", holds, x, y)
    return at.apply(choice.where, holds, x, y)


@add(Bilingual("the larger of two, cell by cell", "逐格取较大者"))
def _maximum(at: Builder, a: Real, b: Value) -> Value:
    y = at.floating(b)
    at.broadcast("maximum", a, y)
    return at.apply(choice.maximum, a, y)


@add(Bilingual("the smaller of two, cell by cell", "逐格取较小者"))
def _minimum(at: Builder, a: Real, b: Value) -> Value:
    y = at.floating(b)
    at.broadcast("minimum", a, y)
    return at.apply(choice.minimum, a, y)


@add(Bilingual("x kept between low and high", "把 x 限制在 low 与 high 之间"))
def _clip(at: Builder, x: Real, low: float, high: float) -> Value:
    return at.apply(choice.clamp, x, low, high)
