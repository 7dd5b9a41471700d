"""What the model says, what it should say, and how far apart they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfstep.engine.axis import NO_AXIS, Axis
from tfstep.engine.tape import Scope, Traced
from tfstep.errors import did_you_mean
from tfstep.models.build_error import ModelBuildError
from tfstep.models.config import UNSAID, Inputs, LossConfig, ModelConfig, Sentences
from tfstep.models.parts.blocks import dense, norm
from tfstep.ops.activation import ACTIVATIONS
from tfstep.ops.attention import soft_cap, softmax
from tfstep.ops.embed import pool, unit
from tfstep.ops.loss import LOSSES, REDUCED, cross_entropy, label_loss, shared_sum, z_loss
from tfstep.ops.primitive.functions import exp, tanh
from tfstep.text import Bilingual


def output_head(root: Scope, x: Traced, vocab: Sequence[str], c: ModelConfig) -> Traced:
    """A score and a probability for every word. Shapes: x (batch, position, model) → (batch, position, vocab)."""
    at = root.scope("out")
    if c.head_transform:  # as BERT's head for masked words (Devlin et al. 2019)
        at.hidden = dense(at, x, "W_h", "b_h", c.d_embed or c.d_model, c, Axis("model"))
        at.act = ACTIVATIONS[c.activation](at.hidden)
        x = norm(at, "norm", at.act, c)
    elif c.d_embed not in (None, c.d_model) and c.widen == "first":
        x = at.hidden = dense(at, x, "W_h", "b_h", c.d_embed, c, Axis("model"), "head")
    s = dense(at, x, "W", "b", len(vocab), c, Axis("vocab", (vocab,)), "head")
    if c.logit_scale is not None:
        at.raw = s
        s = at.raw * c.logit_scale
    if c.logit_softcap is not None:
        setattr(at, "raw" if c.logit_scale is None else "scaled", s)
        s = soft_cap(s, cap=c.logit_softcap)
    at.logits = s
    at.probs = softmax(s)
    return at.logits


def pool_positions(root: Scope, x: Traced, side: Sentences, c: ModelConfig) -> Traced:
    """One vector a sentence. Shapes: x (batch, position, model) → (batch, model).

    first, last, mean: of the words that are no pads. tanh: tanh(x₀ W + b) of the first (Devlin et al. 2019, BERT).
    """
    at, names = root.scope("pooled"), (x.axes[0], Axis("model"))
    present = np.ones(side.ids.shape, bool) if (padding := side.padding) is None else ~padding
    if c.pooler == "mean":
        share = present / np.maximum(present.sum(1, keepdims=True), 1)
    else:
        place = side.ids.shape[1] - 1 - present[:, ::-1].argmax(1) if c.pooler == "last" else np.zeros(len(present))
        share = np.arange(side.ids.shape[1]) == place[:, None]
    weights = at.constant("share", share.astype(c.stored), x.axes[:2])
    y: Traced = pool(x, weights).with_axes(*names)
    if c.pooler == "tanh":
        at.row = y
        at.hidden = dense(at, y, "W", "b", c.d_model, c, Axis("model"))
        y = tanh(at.hidden)
    if c.pool_unit:
        at.raw = y
        y = unit(y)
    root.pooled = y
    return y


def objective(root: Scope, out: Traced, inputs: Inputs, loss: LossConfig) -> Traced | None:
    """Record the loss of the scenario, or nothing where it has none. ``out`` is the model's last output."""
    if loss.kind == "none":
        return None
    if loss.expression is not None:
        from tfstep.models.formula import equation  # and with it the expression language, where it is needed

        step = equation(root, "loss", loss.expression, ("loss",))
        if step.shape or step.dtype.kind != "f":
            raise ModelBuildError(
                ("loss",),
                Bilingual(
                    "the loss has shape {shape} and is made of {kind}; it must be one real number, "
                    "such as sum(…) or mean(…)",
                    "损失的形状是 {shape}，由{kind}组成；它必须是一个实数，例如 sum(…) 或 mean(…)",
                    shape=step.shape,
                    kind=Bilingual("real numbers", "实数") if step.dtype.kind == "f" else Bilingual("integers", "整数"),
                ),
            )
        return step
    at = root.scope("loss")
    if loss.of is not None:
        if loss.of not in root.tape.paths:
            raise ModelBuildError(
                ("loss", "of"),
                Bilingual(
                    "the model has no tensor {path!r}{near}",
                    "模型里没有张量 {path!r}{near}",
                    path=loss.of,
                    near=did_you_mean(loss.of, root.tape.paths),
                ),
            )
        out = root.tape.find(loss.of)
    distance = LOSSES[loss.kind]
    if "labels" in distance.arguments:
        side = inputs.labels
        if side is None:
            raise ModelBuildError(
                ("loss",),
                Bilingual(
                    "cross_entropy needs `input.labels`; give them, or choose another loss",
                    "cross_entropy 需要 `input.labels`；请给出标签，或改用别的损失",
                ),
            )
        _of_labels(root, at, out, side, loss)
    elif "target" not in distance.arguments:
        root.loss = distance(out)
    else:
        goal = np.asarray(loss.target, out.dtype)
        if not fits(goal.shape, out.shape):
            raise ModelBuildError(
                ("loss", "target"),
                Bilingual(
                    "the target has shape {found}; what it is compared with has {wanted}",
                    "目标的形状是 {found}；与它比较的张量形状是 {wanted}",
                    found=goal.shape,
                    wanted=out.shape,
                ),
            )
        goal = np.array(np.broadcast_to(goal, out.shape))
        target = at.constant("target", goal, out.axes or (NO_AXIS,) * goal.ndim)
        if loss.kind not in REDUCED:
            root.loss = distance(out, target)
            return root.loss
        at.each = distance(out, target).with_axes(*target.axes)
        by = {"mean": goal.size, "batch": goal.shape[0] if goal.ndim else 1, "sum": 1}
        usual = "batch" if loss.kind == "kl" else "mean"
        root.loss = _brought_together(at, at.each, np.ones(goal.shape), by[loss.reduction or usual])
    return root.loss


def _of_labels(root: Scope, at: Scope, out: Traced, side: Sentences, loss: LossConfig) -> None:
    """Cross-entropy: one step where every label counts the same; else each label's loss, and what brings them together."""
    labels = at.constant("labels", side.ids, (Axis("batch"), Axis("position", side.words)))
    silent = [UNSAID, *([] if side.pad is None else [side.pad]), *(_id(word, side, "ignore") for word in loss.ignore)]
    counts = ~np.isin(side.ids, silent)
    keep = tuple(int(i) for i in np.flatnonzero(counts.ravel()))
    goal = root if not loss.z_loss else at
    name = "loss" if not loss.z_loss else "cross_entropy"
    if loss.plain and keep:
        setattr(goal, name, cross_entropy(out, labels, keep=keep))
    else:
        weights = np.ones(len(side.vocab))
        for word, weight in loss.class_weights.items():
            weights[_id(word, side, "class_weights")] = weight
        own = at.constant("class_weights", weights.astype(out.dtype), (Axis("vocab", (side.vocab,)),))
        at.each = label_loss(out, labels, own, keep=keep, smoothing=loss.smoothing)
        of_labels = np.where(counts, weights[np.where(counts, side.ids, 0)], 0.0)
        share, divisor = np.ones(len(keep)), of_labels.sum()
        if loss.reduction == "sentences":
            own_sum = of_labels.sum(1, keepdims=True)
            share = np.broadcast_to(1 / np.where(own_sum > 0, own_sum, 1), counts.shape)[counts]
            divisor = (own_sum > 0).sum()
        setattr(
            goal, name, _brought_together(at, at.each, share[:, None], 1 if loss.reduction == "sum" else float(divisor))
        )
    if loss.z_loss:
        at.z_loss = z_loss(out, keep=keep, times=loss.z_loss)
        root.loss = at.cross_entropy + at.z_loss
    if loss.perplexity:
        at.perplexity = exp(goal.tape.find(goal.path(name)))


def _brought_together(at: Scope, each: Traced, share: np.ndarray, divisor: float) -> Traced:
    """The sum of the losses by shares, over a divisor that is a tensor of its own."""
    shares = at.constant("share", share.astype(each.dtype), each.axes)
    half, at.tape.rounds = at.tape.rounds, ""  # a number of labels, which the kernels of a loss count in float32
    by = at.constant("divisor", np.asarray(divisor, each.dtype), ())
    at.tape.rounds = half
    found: Traced = shared_sum(each, shares, by)
    return found


def _id(word: str, side: Sentences, key: str) -> int:
    """The id of a word of the labels. Raises ModelBuildError where there is none."""
    if word not in side.vocab:
        raise ModelBuildError(
            ("loss", key),
            Bilingual(
                "the word {word!r} is not one of the labels' vocabulary{near}",
                "词 {word!r} 不在标签的词表中{near}",
                word=word,
                near=did_you_mean(word, list(side.vocab[:300])),
            ),
        )
    return list(side.vocab).index(word)


def fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether a target broadcasts to the shape of what it is compared with."""
    tail = wanted[len(wanted) - len(shape) :]
    return len(shape) <= len(wanted) and all(n in (1, m) for n, m in zip(shape, tail, strict=True))
