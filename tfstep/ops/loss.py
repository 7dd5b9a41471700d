"""Losses: what the model said against what it should have said."""

from __future__ import annotations

from tfstep.engine.accel import loss as fast
from tfstep.engine.op import Array, Op, op
from tfstep.engine.tape import named
from tfstep.ops.linear import rows
from tfstep.ops.primitive.functions import exp, log
from tfstep.ops.primitive.index import minus_label, scatter_rows, select, take_per_row
from tfstep.ops.primitive.reduce import broadcast_to, count, max_, mean, sum_
from tfstep.ops.primitive.shape import reshape
from tfstep.text import Bilingual, Template

TITLE = Bilingual("Losses", "损失")


class CrossEntropy(Op):
    """Mean over the kept labels of −log softmax(logits)[label].

    Shapes: logits (batch, position, vocab), labels (batch, position) → scalar. ``keep`` are the numbers of the
    rows, counted over batch and position, whose label is not <pad>: the others are left out, not multiplied by 0.
    """

    about_zh = "对保留下来的标签取 −log softmax(logits)[标签] 的平均。<pad> 行是挑出去的，不是乘以 0。"
    shapes_zh = "logits (batch, position, vocab), labels (batch, position) → 标量"
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
    return select(rows(logits), keep=keep), select(reshape(labels, shape=(n,)), keep=keep)


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


LOSSES: dict[str, Op] = {"cross_entropy": cross_entropy, "mse": mse, "half_mse": half_mse, "sum": total}
"""What `loss.kind` may be; what a loss compares with is its second operand: labels, a target, or nothing."""
