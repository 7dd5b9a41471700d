"""The updates of SGD, SGD with momentum and Adam, each of its tensors a step."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfstep.engine.accel import elementwise as fast
from tfstep.engine.axis import Spec
from tfstep.engine.op import Array, Cell, Const, Op, Primitive, TermSpec, Why, op
from tfstep.engine.plan import Literal
from tfstep.engine.tape import named
from tfstep.ops.primitive.functions import sqrt
from tfstep.text import Bilingual

TITLE = Bilingual("Updates", "参数更新")


class Sgd(Op):
    """Stochastic gradient descent: one step downhill. Shapes: p, g (…) → (…); g is the gradient, or the velocity."""

    about_zh = "随机梯度下降：沿下坡走一步；g 是梯度，或速度。"
    shapes_zh = "p, g (…) → (…)；g 是梯度或速度"
    formula = "{p} − {lr} · {g}"
    kernel = fast.sgd

    def forward(self, p: Array, g: Array, *, lr: float) -> Array:
        return p - lr * g


sgd = op(Sgd)


class Velocity(Op):
    """The gradient with what is left of the earlier ones; it starts at 0. Shapes: v, g (…) → (…).

    Source: Polyak 1964, as Sutskever et al. 2013 and PyTorch's SGD write it, without dampening.
    """

    about_zh = "梯度加上此前剩下的部分；从 0 开始。"
    formula = "{momentum} · {v} + {g}"

    def forward(self, v: Array, g: Array, *, momentum: float) -> Array:
        return momentum * v + g


velocity = op(Velocity)


class AdamM(Op):
    """The running mean of the gradient; it starts at 0. Shapes: m, g (…) → (…). Kingma & Ba 2015, algorithm 1."""

    about_zh = "梯度的滑动平均；从 0 开始。"
    formula = "{beta} · {m} + (1 − {beta}) · {g}"

    def forward(self, m: Array, g: Array, *, beta: float) -> Array:
        return beta * m + (1 - beta) * g


adam_m = op(AdamM)


class AdamV(Op):
    """The running mean of the squared gradient; it starts at 0. Shapes: v, g (…) → (…). Kingma & Ba 2015."""

    about_zh = "梯度平方的滑动平均；从 0 开始。"
    formula = "{beta} · {v} + (1 − {beta}) · {g}²"

    def forward(self, v: Array, g: Array, *, beta: float) -> Array:
        return beta * v + (1 - beta) * named("square", g * g)


adam_v = op(AdamV)


class NextStep(Op):
    """The number of this update, from that of the one before. Shapes: t scalar, an integer → the same."""

    about_zh = "由上一次更新的序号得到这一次的。"
    shapes_zh = "t 标量（整数） → 同前"
    formula = "{t} + 1"

    def forward(self, t: Array) -> Array:
        return t + 1


next_step = op(NextStep)


class Remaining(Primitive):
    """1 − βᵗ: the share of gradients, and not of the 0 at the start, in a running mean at update t = 1, 2, 3.

    Shapes: t scalar, an integer → scalar of ``dtype``, computed in float64 and rounded once.
    """

    about_zh = "1 − βᵗ：第 t 次更新时，滑动平均里真正来自梯度（而非初值 0）的份额。"
    shapes_zh = "t 标量（整数） → 标量"
    code = {
        "numpy": "np.asarray(1 - {beta} ** float({t}), {dtype})",
        "torch": "torch.tensor(1 - {beta} ** float({t}), dtype=getattr(torch, {dtype}))",
    }

    formula = "1 − {beta}^{t}"

    def infer(self, *args: Spec | Literal, beta: float, dtype: str) -> Spec:
        """A scalar."""
        return Spec((), np.dtype(dtype), ())

    def forward(self, t: Array, *, beta: float, dtype: str) -> Array:
        return np.asarray(1 - beta ** float(t), dtype)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        power = Const(attrs["beta"], "β", float(args[0]))
        return Why("sum", (TermSpec((Const(1.0, "1"),)), TermSpec((Const(-1.0, "−1"), power))))


remaining = op(Remaining)


class BiasCorrect(Op):
    """A running mean without its start at 0. Shapes: m (…), t scalar, an integer that counts the updates from 1 → (…).

    Source: Kingma & Ba 2015, section 3.
    """

    about_zh = "除去初值 0 影响后的滑动平均。"
    shapes_zh = "m (…), t 标量（更新的序号，从 1 数起） → (…)"
    formula = "{m} / (1 − {beta}^{t})"

    def forward(self, m: Array, t: Array, *, beta: float) -> Array:
        return m / named("remaining", remaining(t, beta=beta, dtype=str(m.dtype)))


bias_correct = op(BiasCorrect)


class AdamNew(Op):
    """Adam's step: downhill along the mean gradient, by about lr whatever its size. Shapes: (…), (…), (…) → (…).

    Source: Kingma & Ba 2015, algorithm 1.
    """

    about_zh = "Adam 的一步：沿平均梯度下坡，步长约为 lr，与梯度大小无关。"
    formula = "{p} − {lr} · {m_hat} / (√{v_hat} + {eps})"

    def forward(self, p: Array, m_hat: Array, v_hat: Array, *, lr: float, eps: float) -> Array:
        return p - lr * m_hat / named("denominator", sqrt(v_hat) + eps)


adam_new = op(AdamNew)
