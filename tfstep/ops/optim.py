"""The updates of SGD, SGD with momentum, Adam and AdamW, each of its tensors a step, and what is done to gradients first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfstep.engine.accel import elementwise as fast
from tfstep.engine.axis import Spec
from tfstep.engine.node import Literal
from tfstep.engine.op import Array, Cell, Const, Op, Primitive, TermSpec, Why, op
from tfstep.engine.tape import named
from tfstep.ops.primitive.choice import maximum, minimum, positive, where
from tfstep.ops.primitive.functions import root, sqrt
from tfstep.ops.primitive.reduce import sum_
from tfstep.ops.primitive.shape import accumulate
from tfstep.text import Bilingual, Template

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
        "torch": "1 - {beta} ** float({t})",  # which takes the type of what it meets
    }

    formula = "1 − {beta}^{t}"

    def line(self, library: str, attrs: Mapping[str, Any]) -> str:
        """A number of Python is a float64 as it is."""
        return super().line("torch" if attrs.get("dtype") == "float64" else library, attrs)

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


class Step(Op):
    """One step downhill by the rate of this update, which a schedule gives. Shapes: p, g (…), lr scalar → (…)."""

    name = "sgd_step"
    about_zh = "按这一次更新的学习率（由调度给出）沿下坡走一步。"
    shapes_zh = "p, g (…), lr 标量 → (…)"
    formula = "{p} − {lr} · {g}"

    def forward(self, p: Array, g: Array, lr: Array) -> Array:
        return p - lr * g


sgd_step = op(Step)


class AdamDirection(Op):
    """Where Adam goes, before the rate: the mean gradient over its own size. Shapes: (…), (…) → (…).

    Source: Kingma & Ba 2015, algorithm 1.
    """

    about_zh = "Adam 的方向（尚未乘学习率）：平均梯度除以它自己的大小。"
    formula = "{m_hat} / (√{v_hat} + {eps})"

    def forward(self, m_hat: Array, v_hat: Array, *, eps: float) -> Array:
        return m_hat / named("denominator", sqrt(v_hat) + eps)


adam_direction = op(AdamDirection)


class AdamDenominator(Op):
    """The size that Adam divides the mean gradient by. Shapes: v_hat (…) → (…). Kingma & Ba 2015, algorithm 1."""

    about_zh = "Adam 的除数：平均梯度要除以它。"
    formula = "√{v_hat} + {eps}"

    def forward(self, v_hat: Array, *, eps: float) -> Array:
        return sqrt(v_hat) + eps


adam_denominator = op(AdamDenominator)


class CoupledDecay(Op):
    """The gradient and what pulls the parameter towards 0: that of ½ λ p² added to the loss. Shapes: g, p (…) → (…).

    Source: PyTorch's SGD and Adam; in Adam the pull is divided by √v̂ as well (Loshchilov & Hutter 2019, section 2).
    """

    about_zh = "梯度加上把参数拉向 0 的部分，相当于损失加上 ½ λ p²；在 Adam 中，这一部分也要除以 √v̂。"
    formula = "{g} + {decay} · {p}"

    def forward(self, g: Array, p: Array, *, decay: float) -> Array:
        return g + decay * p


coupled_decay = op(CoupledDecay)


class DecoupledDecay(Op):
    """The parameter made smaller by itself, beside the gradient. Shapes: p (…), lr a number or scalar → (…).

    Source: Loshchilov & Hutter 2019 (AdamW), algorithm 2, with λ times the learning rate as PyTorch has it.
    """

    about_zh = "参数自身缩小，与梯度无关；按 PyTorch 的写法，λ 乘以学习率。"
    shapes_zh = "p (…), lr 一个数或标量 → (…)"
    formula = "{p} · (1 − {lr} · {decay})"

    def forward(self, p: Array, lr: Array, *, decay: float) -> Array:
        return p * (1 - lr * decay)


decoupled_decay = op(DecoupledDecay)


class Fresh(Primitive):
    """The share of a new gradient in a dampened velocity: all of it at update 1, then 1 − dampening.

    Shapes: t scalar, an integer → scalar of ``dtype``.
    """

    about_zh = "带阻尼的速度里新梯度所占的份额：第 1 次更新取全部，之后取 1 − dampening。"
    shapes_zh = "t 标量（整数） → 标量"
    code = {
        "numpy": "np.asarray(1.0 if int({t}) == 1 else 1 - {dampening}, {dtype})",
        "torch": "(1.0 if int({t}) == 1 else 1 - {dampening})",
    }
    formula = Template("1 at update 1, then 1 − {dampening}", "第 1 次更新为 1，之后为 1 − {dampening}")

    def infer(self, *args: Spec | Literal, dampening: float, dtype: str) -> Spec:
        """A scalar."""
        return Spec((), np.dtype(dtype), ())

    def forward(self, t: Array, *, dampening: float, dtype: str) -> Array:
        return np.asarray(1.0 if int(t) == 1 else 1 - dampening, dtype)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        one = TermSpec((Const(1.0, "1"),))
        if int(args[0]) == 1:
            return Why("sum", (one,))
        return Why("sum", (one, TermSpec((Const(-1.0, "−1"), Const(attrs["dampening"], "τ")))))


fresh = op(Fresh)


class DampedVelocity(Op):
    """The velocity where a new gradient counts for less; the first, at update 1, counts whole.

    Shapes: v, g (…), t scalar, an integer → (…). Source: PyTorch's SGD with dampening.
    """

    about_zh = "新梯度打了折扣的速度；但第 1 次更新的梯度算全部（PyTorch 的做法）。"
    shapes_zh = "v, g (…), t 标量（整数） → (…)"
    formula = Template(
        "{momentum} · {v} + (1 − {dampening}) · {g}, at update 1: {g}",
        "{momentum} · {v} + (1 − {dampening}) · {g}，第 1 次更新为 {g}",
    )

    def forward(self, v: Array, g: Array, t: Array, *, momentum: float, dampening: float) -> Array:
        return momentum * v + named("fresh", fresh(t, dampening=dampening, dtype=str(g.dtype))) * g


damped_velocity = op(DampedVelocity)


class Nesterov(Op):
    """The gradient and a look ahead along the velocity. Shapes: g, v (…) → (…).

    Source: Nesterov 1983, as Sutskever et al. 2013 and PyTorch's SGD write it.
    """

    about_zh = "梯度再加上沿速度方向的前瞻。"
    formula = "{g} + {momentum} · {v}"

    def forward(self, g: Array, v: Array, *, momentum: float) -> Array:
        return g + momentum * v


nesterov = op(Nesterov)


class ClipValue(Op):
    """Every cell of a gradient kept within ±most, which may turn the direction. Shapes: g (…) → (…)."""

    about_zh = "梯度的每个单元格限制在 ±most 之内；方向可能因此改变。"
    formula = "min(max({g}, −{most}), {most})"

    def forward(self, g: Array, *, most: float) -> Array:
        return minimum(named("from_below", maximum(g, -most)), most)


clip_value = op(ClipValue)


class GlobalNorm(Op):
    """The length of all gradients as one long vector. Shapes: (…), one for each parameter that learns → scalar.

    Source: Pascanu, Mikolov & Bengio 2013, section 3.2.
    """

    about_zh = "把所有梯度看作一个长向量，它的长度。"
    shapes_zh = "每个要学习的参数一个 (…) → 标量"
    formula = Template("√(Σ g²) over every cell of every gradient", "√(Σ g²)，对所有梯度的所有单元格求和")

    def forward(self, *gs: Array) -> Array:
        sizes = [sum_(g * g, axis=None, keepdims=False) for g in gs]
        return root(named("sum", accumulate(*sizes) if len(sizes) > 1 else sizes[0]))


global_norm = op(GlobalNorm)


class ClipShare(Op):
    """What is left of gradients that are too long together: 1 where they are not. Shapes: norm scalar → scalar.

    Source: Pascanu, Mikolov & Bengio 2013, with PyTorch's 10⁻⁶ below the line.
    """

    about_zh = "梯度合起来太长时剩下的比例；不太长时为 1。分母里的 10⁻⁶ 是 PyTorch 的写法。"
    shapes_zh = "norm 标量 → 标量"
    formula = "min(1, {most} / ({norm} + 10⁻⁶))"

    def forward(self, norm: Array, *, most: float) -> Array:
        return minimum(named("ratio", most / (norm + 1e-6)), 1.0)


clip_share = op(ClipShare)


class Accumulated(Op):
    """The gradients of the micro-batches so far, each divided by how many there are. Shapes: before, g (…) → (…).

    The mean of means: where micro-batches have unequal numbers of labels, each label of a short one counts for more.
    """

    about_zh = (
        "至今各微批的梯度之和，每个先除以微批的个数。这是平均的平均：各微批标签数不等时，短批里的每个标签分量更重。"
    )
    formula = "{before} + {g} / {parts}"

    def forward(self, before: Array, g: Array, *, parts: int) -> Array:
        return before + g / parts


accumulated = op(Accumulated)


class NextPart(Op):
    """The number of this micro-batch, from that of the one before: 1 … parts, then 1 again. Shapes: scalar → scalar."""

    about_zh = "由上一个微批的序号得到这一个的：1 到 parts，再回到 1。"
    shapes_zh = "标量 → 标量"
    formula = Template("{before} + 1, after {parts}: 1", "{before} + 1，{parts} 之后回到 1")

    def forward(self, before: Array, *, parts: int) -> Array:
        return where(positive(before - (parts - 1)), before - (parts - 1), before + 1)


next_part = op(NextPart)


class Held(Op):
    """What the update made, taken over with the last micro-batch only; until then what there was.

    Shapes: new, old (…), part scalar, an integer → (…).
    """

    about_zh = "更新的结果，只在最后一个微批时采用；在那之前保持原样。"
    shapes_zh = "new, old (…), part 标量（整数） → (…)"
    formula = Template("{new} with micro-batch {parts}, else {old}", "第 {parts} 个微批时取 {new}，否则取 {old}")

    def forward(self, new: Array, old: Array, part: Array, *, parts: int) -> Array:
        return where(positive(part - (parts - 1)), new, old)


held = op(Held)
