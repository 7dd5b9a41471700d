"""Losses: what the model said against what it should have said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfstep.engine.accel import loss as fast
from tfstep.engine.op import Array, Cell, Op, op
from tfstep.engine.tape import named
from tfstep.ops.linear import rows
from tfstep.ops.primitive.choice import positive, where
from tfstep.ops.primitive.functions import abs as abs_
from tfstep.ops.primitive.functions import exp, log, relu, sigmoid
from tfstep.ops.primitive.index import minus_label, one_hot, scatter_rows, select, take_per_row, taken
from tfstep.ops.primitive.reduce import broadcast_to, count, max_, mean, sum_
from tfstep.ops.primitive.shape import reshape
from tfstep.text import Bilingual, Template

TITLE = Bilingual("Losses", "损失")

NO_LABEL = Bilingual(
    "no label counts, so the mean over them is 0/0: NaN, as in PyTorch; no gradient flows back, it is 0 everywhere",
    "没有任何标签计入，平均就是 0/0：得 NaN，与 PyTorch 相同；没有梯度流回，处处为 0",
)


class CrossEntropy(Op):
    """Mean over the kept labels of −log softmax(logits)[label].

    Shapes: logits (batch, position, vocab), labels (batch, position) → scalar. ``keep`` are the numbers of the
    rows, counted over batch and position, whose label is not <pad>: the others are left out, not multiplied by 0.
    """

    about_zh = "对保留下来的标签取 −log softmax(logits)[标签] 的平均。<pad> 行是挑出去的，不是乘以 0。"
    shapes_zh = "logits (batch, position, vocab), labels (batch, position) → 标量"
    code = {"torch": "torch.nn.functional.cross_entropy({logits}.flatten(0, -2)[{keep}], {labels}.flatten()[{keep}])"}
    formula = Template(
        "mean(log Σ exp({logits}) − {logits}[label])",
        "mean(log Σ exp({logits}) − {logits}[标签])",
    )
    vjp_formula = {"logits": "{g} · (softmax({logits}) − y) / n"}
    kernel, kernel_logits = fast.cross_entropy, fast.cross_entropy_logits

    def forward(self, logits: Array, labels: Array, *, keep: tuple[int, ...]) -> Array:
        kept, ids = kept_rows(logits, labels, keep)
        shift = named("shift", kept - named("max", max_(kept)))
        total = named("sum", sum_(named("exp", exp(shift))))
        picked = named("picked", take_per_row(shift, ids))
        return mean(named("logsumexp", log(total)) - picked, axis=None, keepdims=False)

    def line(self, library: str, attrs: Mapping[str, Any]) -> str:
        """Of the rows, the kept ones."""
        return super().line(library, attrs).replace("{keep}", taken(attrs.get("keep", ())))

    def vjp_logits(self, g: Array, y: Array, logits: Array, labels: Array, *, keep: tuple[int, ...]) -> Array:
        kept, ids = kept_rows(logits, labels, keep)
        e = named("exp", exp(named("shift", kept - named("max", max_(kept)))))
        p = named("p", e / named("sum", sum_(e)))
        back = scatter_rows(g * named("p_minus_y", minus_label(p, ids)) / len(keep), keep=keep, rows=rows_of(logits))
        return reshape(back, shape=logits.shape)


cross_entropy = op(CrossEntropy)


def kept_rows(logits: Array, labels: Array, keep: tuple[int, ...]) -> tuple[Array, Array]:
    """The rows of the logits that count, and their labels."""
    n = rows_of(logits)
    return select(rows(logits), keep=keep), named("label", select(reshape(labels, shape=(n,)), keep=keep))


def rows_of(x: Array) -> int:
    """How many rows the last axis has."""
    return count(x.shape[:-1], None)


class Mse(Op):
    """Mean over all elements of (x − target)². Shapes: x, target (…) → scalar."""

    about_zh = "所有元素 (x − target)² 的平均。"
    shapes_zh = "x, target (…) → 标量"
    formula = "mean ({x} − {target})²"
    vjp_formula = {"x": "2 {g} ({x} − {target}) / n"}

    def forward(self, x: Array, target: Array) -> Array:
        error = named("error", x - target)
        return mean(error * error, axis=None, keepdims=False)

    def vjp_x(self, g: Array, y: Array, x: Array, target: Array) -> Array:
        return g * (2 / count(x.shape, None)) * named("error", x - target)


mse = op(Mse)


class HalfMse(Op):
    """½ Σ (x − target)², as textbooks write it. Shapes: x, target (…) → scalar."""

    about_zh = "教科书的写法：½ Σ (x − target)²。"
    shapes_zh = "x, target (…) → 标量"
    formula = "½ Σ ({x} − {target})²"
    vjp_formula = {"x": "{g} ({x} − {target})"}

    def forward(self, x: Array, target: Array) -> Array:
        error = named("error", x - target)
        return sum_(0.5 * error * error, axis=None, keepdims=False)

    def vjp_x(self, g: Array, y: Array, x: Array, target: Array) -> Array:
        return g * named("error", x - target)


half_mse = op(HalfMse)


class Total(Op):
    """The sum of all elements, as a loss. Shapes: x (…) → scalar."""

    name = "sum_loss"
    about_zh = "以所有元素之和为损失。"
    shapes_zh = "x (…) → 标量"
    formula = "Σ {x}"
    vjp_formula = {"x": Template("{g} everywhere", "处处为 {g}")}

    def forward(self, x: Array) -> Array:
        return sum_(x, axis=None, keepdims=False)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return broadcast_to(g, shape=x.shape)


total = op(Total)


class LabelLoss(Op):
    """What each kept label costs: −Σ q · log softmax(logits), q being weights · ((1 − ε) · [word = label] + ε / vocab).

    Shapes: logits (batch, position, vocab), labels (batch, position), weights (vocab) → (kept, 1). Source: Szegedy et al.
    2016, section 7, with class weights as PyTorch has them: they weigh the smoothed words as well.
    """

    about_zh = (
        "每个计入的标签的损失：−Σ q · log softmax(logits)，其中 q = weights · ((1 − ε) · [词 = 标签] + ε / 词表大小)。"
        "类别权重的用法同 PyTorch：平滑到的词也乘权重。"
    )
    shapes_zh = "logits (batch, position, vocab), labels (batch, position), weights (vocab) → (计入的标签, 1)"
    formula = Template(
        "−Σ q · log softmax({logits}), q = {weights} · ((1 − {smoothing}) [label] + {smoothing}/n)",
        "−Σ q · log softmax({logits})，q = {weights} · ((1 − {smoothing}) [标签] + {smoothing}/n)",
    )
    vjp_formula = {"logits": "{g} · (softmax({logits}) · Σ q − q)"}

    def forward(
        self, logits: Array, labels: Array, weights: Array, *, keep: tuple[int, ...], smoothing: float
    ) -> Array:
        kept, q = _wanted(logits, labels, weights, keep, smoothing)
        shift = named("shift", kept - named("max", max_(kept)))
        log_p = named("log_p", shift - named("logsumexp", log(named("sum", sum_(named("exp", exp(shift)))))))
        return -sum_(q * log_p)

    def vjp_logits(
        self,
        g: Array,
        y: Array,
        logits: Array,
        labels: Array,
        weights: Array,
        *,
        keep: tuple[int, ...],
        smoothing: float,
    ) -> Array:
        kept, q = _wanted(logits, labels, weights, keep, smoothing)
        e = named("exp", exp(named("shift", kept - named("max", max_(kept)))))
        p = named("p", e / named("sum", sum_(e)))
        back = g * named("p_minus_q", p * named("q_sum", sum_(q)) - q)
        return reshape(scatter_rows(back, keep=keep, rows=rows_of(logits)), shape=logits.shape)


label_loss = op(LabelLoss)


def _wanted(
    logits: Array, labels: Array, weights: Array, keep: tuple[int, ...], smoothing: float
) -> tuple[Array, Array]:
    """The rows of the logits that count, and what is wanted of them: q."""
    kept, ids = kept_rows(logits, labels, keep)
    (n,) = weights.shape
    every = broadcast_to(weights, shape=(len(keep), n))
    said = named("said", one_hot(ids, named("weight", take_per_row(every, ids)), width=n))
    return kept, named("q", (1 - smoothing) * said + smoothing / n * every)


class SharedSum(Op):
    """Losses added up by shares, over a divisor; over 0, where no label counts, NaN. Shapes: x, share (…) → scalar."""

    about_zh = "各项损失按份额相加，再除以除数；没有标签计入时除以 0，得 NaN。"
    shapes_zh = "x, share (…) → 标量"
    formula = "Σ {share} · {x} / {divisor}"
    vjp_formula = {"x": "{g} · {share} / {divisor}"}

    def forward(self, x: Array, share: Array, divisor: Array) -> Array:
        return named("sum", sum_(share * x, axis=None, keepdims=False)) / divisor

    def remark(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Bilingual | None:
        return None if args[2] else NO_LABEL

    def vjp_x(self, g: Array, y: Array, x: Array, share: Array, divisor: Array) -> Array:
        return g / divisor * share


shared_sum = op(SharedSum)


class ZLoss(Op):
    """What keeps Σ exp(logits) near 1: times · the mean over the kept labels of (log Σ exp)².

    Shapes: logits (batch, position, vocab) → scalar. Source: Chowdhery et al. 2022 (PaLM), section 5.
    """

    about_zh = "让 Σ exp(logits) 保持在 1 附近：times · 各计入标签处 (log Σ exp)² 的平均。"
    shapes_zh = "logits (batch, position, vocab) → 标量"
    formula = "{times} · mean (log Σ exp({logits}))²"
    vjp_formula = {"logits": "{g} · 2 {times} · log Σ exp({logits}) · softmax({logits}) / n"}

    def forward(self, logits: Array, *, keep: tuple[int, ...], times: float) -> Array:
        _, _, z = _log_total(logits, keep)
        return times * named("mean", mean(z * z, axis=None, keepdims=False))

    def vjp_logits(self, g: Array, y: Array, logits: Array, *, keep: tuple[int, ...], times: float) -> Array:
        e, total, z = _log_total(logits, keep)
        back = g * (2 * times) * z * named("p", e / total) / len(keep)
        return reshape(scatter_rows(back, keep=keep, rows=rows_of(logits)), shape=logits.shape)


z_loss = op(ZLoss)


def _log_total(logits: Array, keep: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Of the kept rows: exp less the largest, its sum, and log Σ exp."""
    kept = select(rows(logits), keep=keep)
    top = named("max", max_(kept))
    e = named("exp", exp(named("shift", kept - top)))
    total = named("sum", sum_(e))
    return e, total, named("logsumexp", log(total) + top)


class Bce(Op):
    """Binary cross-entropy of logits: max(x, 0) − x t + log(1 + exp(−|x|)), which is −t log σ(x) − (1 − t) log(1 − σ(x)).

    Shapes: x, target (…) → (…).
    """

    about_zh = "logits 的二元交叉熵：max(x, 0) − x t + log(1 + exp(−|x|))，即 −t log σ(x) − (1 − t) log(1 − σ(x))。"
    formula = "max({x}, 0) − {x} · {target} + log(1 + exp(−|{x}|))"
    vjp_formula = {"x": "{g} · (σ({x}) − {target})"}

    def forward(self, x: Array, target: Array) -> Array:
        return relu(x) - x * target + named("rest", log(1 + named("exp", exp(-abs_(x)))))

    def vjp_x(self, g: Array, y: Array, x: Array, target: Array) -> Array:
        return g * named("error", sigmoid(x) - target)


bce = op(Bce)


class Kl(Op):
    """Kullback–Leibler divergence, term by term: t · (log t − log softmax(x)), 0 where t is 0.

    Shapes: x, target (…, n) → (…, n).
    """

    about_zh = "KL 散度的各项：t · (log t − log softmax(x))，t 为 0 处取 0。"
    formula = "{target} · (log {target} − log softmax({x}))"
    vjp_formula = {"x": "softmax({x}) · Σ {g} · {target} − {g} · {target}"}

    def forward(self, x: Array, target: Array) -> Array:
        shift = named("shift", x - named("max", max_(x)))
        log_p = named("log_p", shift - named("logsumexp", log(named("sum", sum_(named("exp", exp(shift)))))))
        own = named("log_target", log(where(positive(target), target, 1.0)))
        return target * (own - log_p)

    def vjp_x(self, g: Array, y: Array, x: Array, target: Array) -> Array:
        e = named("exp", exp(named("shift", x - named("max", max_(x)))))
        wanted = named("g_target", g * target)
        return named("p", e / named("sum", sum_(e))) * named("total", sum_(wanted)) - wanted


kl = op(Kl)


LOSSES: dict[str, Op] = {
    "cross_entropy": cross_entropy,
    "mse": mse,
    "half_mse": half_mse,
    "sum": total,
    "bce": bce,
    "kl": kl,
}
"""What `loss.kind` may be; what a loss compares with is its second operand: labels, a target, or nothing."""
REDUCED = ("bce", "kl")
"""Those of which each term is a number of its own, that `loss.reduction` brings together."""
