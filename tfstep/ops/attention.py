"""What attention needs beyond matrix products: the scale, the mask, the softmax (Vaswani et al. 2017, eq. 1)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfstep.engine.accel import attention as fast
from tfstep.engine.accel.elementwise import scale as scaled
from tfstep.engine.axis import Spec
from tfstep.engine.cases.leading import aligned
from tfstep.engine.node import Literal
from tfstep.engine.op import Array, Cell, Const, Op, Primitive, Ref, TermSpec, Why, op
from tfstep.engine.tape import named
from tfstep.ops.primitive.choice import maximum, minimum, positive, where
from tfstep.ops.primitive.elementwise import project
from tfstep.ops.primitive.functions import exp, log, sigmoid, tanh
from tfstep.ops.primitive.reduce import max_, sum_
from tfstep.ops.primitive.shape import reshape
from tfstep.text import Bilingual, Template

TITLE = Bilingual("Attention", "注意力")

PADDING, CAUSAL, WINDOW, CHUNK, DOCUMENT, CUSTOM = (
    1,
    2,
    4,
    8,
    16,
    32,
)  # why a cell of a mask is masked; sums where several hold
_REASONS = {
    PADDING: Bilingual("padding: the key is <pad>, which means nothing", "填充：这个键是 <pad>，没有意义"),
    CAUSAL: Bilingual(
        "causal: the key comes after the query, which must not see it", "因果：这个键排在查询之后，查询不能看到它"
    ),
    WINDOW: Bilingual("window: the key is too far away from the query", "窗口：这个键离查询太远，在窗口之外"),
    CHUNK: Bilingual("chunk: the key is in another chunk than the query", "分块：这个键和查询不在同一块"),
    DOCUMENT: Bilingual("another document: the key belongs to another text", "另一篇文档：这个键属于另一篇文本"),
    CUSTOM: Bilingual("custom: the scenario's own mask says false here", "自定义：场景自己的掩码在这里是 false"),
    PADDING + CAUSAL: Bilingual(
        "padding and causal: the key is <pad>, and comes after the query", "填充兼因果：这个键是 <pad>，又排在查询之后"
    ),
}


def _several(reason: int) -> Bilingual:
    """Several reasons, one after the other."""
    if reason in _REASONS:
        return _REASONS[reason]
    last = 1 << (reason.bit_length() - 1)
    return Bilingual("{a}; {b}", "{a}；{b}", a=_several(reason - last), b=_REASONS[last])


REASONS = {reason: _several(reason) for reason in range(1, 2 * CUSTOM)}


class Scale(Op):
    """Scores over √d_k, so that their spread does not grow with d_k. Shapes: x (…) → (…).

    Source: Vaswani et al. 2017, section 3.2.1.
    """

    about_zh = "分数除以 √d_k，使其离散程度不随 d_k 增大。"
    formula = "{x} / √{d_k}"
    vjp_formula = {"x": "{g} / √{d_k}"}
    kernel = kernel_x = scaled

    def forward(self, x: Array, *, d_k: int) -> Array:
        return x / d_k**0.5

    def vjp_x(self, g: Array, y: Array, x: Array, *, d_k: int) -> Array:
        return g / d_k**0.5


scale = op(Scale)


class MaskFill(Primitive):
    """Scores with every masked cell replaced by one very negative value. Shapes: x (batch, head, query, key),
    mask (batch, 1, query, key) of reasons (0 visible, else a sum of 1 padding, 2 causal, 4 window …) → as x."""

    about_zh = "被遮住的分数一律换成同一个绝对值很大的负数；mask 里记着原因（0 可见，1 填充，2 因果，3 两者）。"
    shapes_zh = "x (batch, head, query, key), mask (batch, 1, query, key)（原因） → 同 x"
    code = {"numpy": "np.where({mask}, {x}.dtype.type({value}), {x})", "torch": "{x}.masked_fill({mask} != 0, {value})"}

    formula = Template("{x}, but {value} where masked", "{x}，被遮处换成 {value}")
    vjp_formula = {"x": Template("{g}, but 0 where masked", "{g}，被遮处为 0")}
    kernel, kernel_x = fast.mask_fill, fast.mask_fill_x
    leading = aligned

    def infer(self, *args: Spec | Literal, value: float) -> Spec:
        """The shape of x."""
        assert isinstance(args[0], Spec)
        return args[0]

    def forward(self, x: Array, mask: Array, *, value: float) -> Array:
        return np.where(mask, x.dtype.type(value), x)

    def vjp_x(self, g: Array, y: Array, x: Array, mask: Array, *, value: float) -> Array:
        return where(mask, 0.0, g)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        x, mask = args
        reason = int(mask[project(cell, mask)])
        if not reason:
            return Why("visible", (TermSpec((Ref(0, cell),)),))
        value = float(x.dtype.type(attrs["value"]))
        return Why("masked", (TermSpec((Const(value, str(Bilingual("mask value", "掩码值"))),)),), note=REASONS[reason])


mask_fill = op(MaskFill)


class Softmax(Op):
    """Softmax over the last axis. Shapes: x (…, n) → y (…, n), each row sums to 1."""

    about_zh = "沿最后一个轴做 softmax，每行之和为 1。"
    shapes_zh = "x (…, n) → y (…, n)，每行之和为 1"
    code = {"torch": "torch.softmax({x}, dim=-1)"}
    formula = "softmax({x})"
    probabilities = True
    vjp_formula = {"x": "{y} · ({g} − Σ {g} · {y})"}
    kernel, kernel_x = fast.softmax, fast.softmax_x

    def forward(self, x: Array) -> Array:
        shift = named("shift", x - named("max", max_(x)))
        e = named("exp", exp(shift))
        return e / named("sum", sum_(e))

    def remark(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Bilingual | None:
        row = args[0][cell[:-1]]
        if not np.isneginf(row).all():
            return None
        return Bilingual(
            "nothing is left in this row: all {n} scores are −inf, so max is −inf, and −inf − (−inf) is NaN, here "
            "first. A mask value of −1e9 would give every key the same weight, 1/{n} = {equal:.4g}; "
            "either way the row means nothing; `mask: {{empty: zero}}` gives it 0",
            "这一行没有可看的位置：{n} 个分数全是 −inf，最大值也是 −inf，而 −inf − (−inf) 得 NaN，NaN 就从这里开始。"
            "若掩码值取 −1e9，则每个键的权重相同，都是 1/{n} = {equal:.4g}；"
            "但无论哪种，这一行都没有意义；`mask: {{empty: zero}}` 让它取 0",
            n=row.size,
            equal=1 / row.size,
        )

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        average = named("average", sum_(named("g_y", g * y)))
        return y * named("above", g - average)


softmax = op(Softmax)


class LogSoftmax(Op):
    """Logarithm of the softmax over the last axis, kept from rounding to log 0. Shapes: x (…, n) → (…, n)."""

    about_zh = "沿最后一个轴的 softmax 的对数，不会舍入成 log 0。"
    code = {"torch": "torch.log_softmax({x}, dim=-1)"}
    formula = "log softmax({x})"
    vjp_formula = {"x": "{g} − exp({y}) · Σ {g}"}

    def forward(self, x: Array) -> Array:
        shift = named("shift", x - named("max", max_(x)))
        return shift - named("logsumexp", log(named("sum", sum_(named("exp", exp(shift))))))

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g - named("p", exp(y)) * named("sum", sum_(g))


log_softmax = op(LogSoftmax)


class SoftCap(Op):
    """Numbers kept within ±cap, bent smoothly towards it. Shapes: x (…) → (…). Source: Gemma Team 2024, section 2."""

    about_zh = "把数平滑地限制在 ±cap 之内：cap · tanh(x / cap)。"
    formula = "{cap} · tanh({x} / {cap})"
    vjp_formula = {"x": "{g} · (1 − tanh²({x} / {cap}))"}

    def forward(self, x: Array, *, cap: float) -> Array:
        return cap * named("tanh", tanh(x / cap))

    def vjp_x(self, g: Array, y: Array, x: Array, *, cap: float) -> Array:
        t = named("tanh", tanh(x / cap))
        return g * named("slope", 1 - t * t)


soft_cap = op(SoftCap)


class Clip(Op):
    """Numbers cut off at ±bound. Shapes: x (…) → (…). Source: MosaicML 2023, MPT's `clip_qkv`."""

    about_zh = "把数截在 ±bound 之内：太大的取 bound，太小的取 −bound。"
    formula = "min(max({x}, −{bound}), {bound})"
    vjp_formula = {"x": Template("{g} where |{x}| ≤ {bound}, else 0", "|{x}| ≤ {bound} 处为 {g}，其余为 0")}

    def forward(self, x: Array, *, bound: float) -> Array:
        return minimum(maximum(x, -bound), bound)

    def vjp_x(self, g: Array, y: Array, x: Array, *, bound: float) -> Array:
        below = named("below", where(positive(x - bound), 0.0, g))
        return where(positive(-bound - x), 0.0, below)


clip = op(Clip)


class SoftmaxSink(Op):
    """Softmax over the last axis and one more score a head, whose share, the sink's, is left out.

    Shapes: x (batch, head, query, n), sinks (head) → as x; a row sums to 1 less what its sink takes. Xiao et al. 2023,
    as gpt-oss learns it.
    """

    about_zh = "沿最后一个轴、外加每头一个汇聚分数做 softmax；汇聚项的份额不用。"
    shapes_zh = "x (batch, head, query, n), sinks (head) → 同 x；每行之和为 1 减去汇聚项所占的份额"
    formula = "exp({x}) / (Σ exp({x}) + exp({sinks}))"
    probabilities = True
    vjp_formula = {
        "x": "{y} · ({g} − Σ {g} · {y})",
        "sinks": Template("−Σ share of the sink · Σ {g} · {y}", "−Σ 汇聚项的份额 · Σ {g} · {y}"),
    }

    def forward(self, x: Array, sinks: Array) -> Array:
        e, _, total = shares(x, sinks)
        return e / total

    def remark(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Bilingual | None:
        x, sinks = args
        row, sink = x[cell[:-1]], sinks[cell[1]]
        top = max(row.max(), sink)
        taken = np.exp(sink - top) / (np.exp(row - top).sum() + np.exp(sink - top))
        return Bilingual(
            "the sink of this head takes {taken:.3g} of the row; the words share the rest",
            "这个头的汇聚项拿走这一行的 {taken:.3g}，其余由各词分",
            taken=float(taken),
        )

    def vjp_x(self, g: Array, y: Array, x: Array, sinks: Array) -> Array:
        average = named("average", sum_(named("g_y", g * y)))
        return y * named("above", g - average)

    def vjp_sinks(self, g: Array, y: Array, x: Array, sinks: Array) -> Array:
        _, sink, total = shares(x, sinks)
        return -sum_(named("taken", sink / total) * named("g_y", g * y), axis=(0, 2, 3), keepdims=False)


softmax_sink = op(SoftmaxSink)


def shares(x: Array, sinks: Array) -> tuple[Array, Array, Array]:
    """Exp of the scores and of the sinks, both less the largest of the row, and their sum."""
    s = reshape(sinks, shape=(sinks.shape[0], 1, 1))
    top = named("max", maximum(max_(x), s))
    e = named("exp", exp(named("shift", x - top)))
    sink = named("sink", exp(s - top))
    return e, sink, named("sum", sum_(e) + sink)


class SigmoidGate(Op):
    """Numbers let through as far as their gates are open. Shapes: x, gate (…) → (…). Qiu et al. 2025."""

    about_zh = "数按各自的门开多大通过：x · σ(gate)。"
    formula = "{x} · σ({gate})"
    vjp_formula = {"x": "{g} · σ({gate})", "gate": "{g} · {x} · σ({gate}) (1 − σ({gate}))"}

    def forward(self, x: Array, gate: Array) -> Array:
        return x * named("sigmoid", sigmoid(gate))

    def vjp_x(self, g: Array, y: Array, x: Array, gate: Array) -> Array:
        return g * named("sigmoid", sigmoid(gate))

    def vjp_gate(self, g: Array, y: Array, x: Array, gate: Array) -> Array:
        s = named("sigmoid", sigmoid(gate))
        return g * x * named("slope", s * (1 - s))


sigmoid_gate = op(SigmoidGate)
