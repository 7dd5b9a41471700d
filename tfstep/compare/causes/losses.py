"""The loss: which labels count, against which word, summed or averaged, of logits or of something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tfstep.compare.causes.table import Made, Step, cause, equation
from tfstep.compare.plant import Patch, Site
from tfstep.engine.op import Array
from tfstep.ops.attention import log_softmax, softmax
from tfstep.ops.loss import cross_entropy, kept_rows, label_loss
from tfstep.ops.primitive.index import take_per_row
from tfstep.ops.primitive.reduce import mean, sum_
from tfstep.text import Bilingual

Rows = tuple[Bilingual, np.ndarray, np.ndarray]
"""How a mistake is told, the labels it holds the rows against, and which of the rows count: both (batch, position)."""


def _labels(step: Step) -> np.ndarray:
    """The labels (batch, position); where none counts, the word that fills up a row."""
    labels = np.asarray(step.arg(1))
    return np.where(labels < 0, _filler(step), labels)


def _filler(step: Step) -> int:
    side = step.inputs.target or step.inputs.source
    return 0 if side is None else side.pad if side.pad is not None else side.filler or 0


def _read(step: Step) -> np.ndarray | None:
    """The words that the rows of the logits were read with (batch, position), where they can also be said."""
    side = step.inputs.target or step.inputs.source
    if side is None or side.ids.shape != _labels(step).shape or side.ids.max(initial=0) >= step.arg(0).shape[-1]:
        return None
    return side.ids


def _against(labels: np.ndarray, keep: np.ndarray) -> Patch:
    kept = tuple(int(i) for i in np.flatnonzero(keep.ravel()))
    return lambda at: cross_entropy(at.args[0], at.constant(labels), keep=kept)


def _once(step: Step, *ways: Rows) -> Iterator[Made]:
    """Each of these ways that counts any row, is not ours, and was not there before."""
    own, kept = _labels(step), _kept(step)
    seen = {(kept.tobytes(), own[kept].tobytes())}
    for text, labels, keep in ways:
        key = (keep.tobytes(), labels[keep].tobytes())
        if keep.any() and key not in seen:
            seen.add(key)
            yield text, _against(labels, keep)


def _kept(step: Step) -> np.ndarray:
    labels = np.asarray(step.arg(1))
    keep = np.zeros(labels.size, bool)
    keep[list(step.node.attrs["keep"])] = True
    return keep.reshape(labels.shape)


def _moved(rows: np.ndarray, by: int, fill: int) -> np.ndarray:
    """The columns of (batch, position) moved to the left, or with a negative ``by`` to the right."""
    found = np.full_like(rows, fill)
    if by > 0:
        found[:, :-by] = rows[:, by:]
    else:
        found[:, -by:] = rows[:, :by]
    return found


def _but_last(keep: np.ndarray) -> np.ndarray:
    """The rows that count, the last of each sentence left out."""
    return np.asarray(keep & (np.arange(keep.shape[1]) < keep.shape[1] - 1))


@cause("labels-unshifted", ops=("cross_entropy",))
def unshifted(step: Step) -> Iterator[Made]:
    """Each word against itself, not against the next."""
    words = _read(step)
    if words is None:
        return
    every, said = np.ones_like(words, bool), words != _filler(step)
    own = Bilingual("each row against its own word, not the next", "每行对照的是它自己这个词，而不是下一个")
    yield from _once(
        step,
        (own, words, _kept(step)),
        (Bilingual("each row against its own word, all rows", "每行对照它自己这个词，全部行都算"), words, every),
        (own, words, said),
        (own, words, _but_last(every)),
        (own, words, _but_last(said)),
    )


@cause("labels-shifted-twice", ops=("cross_entropy",))
def shifted_twice(step: Step) -> Iterator[Made]:
    """Labels that are shifted already, shifted again."""
    labels, keep = _labels(step), _kept(step)
    if labels.shape[1] < 2:
        return
    every, rolled = np.ones_like(keep), np.roll(labels, -1, 1)
    after = Bilingual("each row against the word after the next", "每行对照的是下下个词")
    yield from _once(
        step,
        (after, rolled, _moved(keep, 1, 0)),
        (
            Bilingual("labels rolled once more, the first at the end", "标签又滚动了一位，第一个跑到末尾"),
            rolled,
            np.roll(keep, -1, 1),
        ),
        (after, rolled, _but_last(every)),
        (after, rolled, _but_last(keep)),
        (Bilingual("labels shifted the other way", "标签移反了方向"), np.roll(labels, 1, 1), _moved(keep, -1, 0)),
    )


@cause("pads-counted", ops=("cross_entropy",))
def pads(step: Step) -> Iterator[Made]:
    """Pads counted as words, or counted in the mean."""
    labels, keep, words = _labels(step), _kept(step), _read(step)
    if keep.all():
        return
    every = np.ones_like(keep)
    counted = Bilingual("pads count as words to be said", "填充词也被当成要预测的词")
    yield from _once(step, (counted, labels, every), (counted, labels, _but_last(every)))
    if words is not None:
        text = Bilingual(
            "the rows that count are those whose own word is no pad, not those whose label is none",
            "按各行自己的词是否为填充来决定计入哪些行，而不是按标签",
        )
        yield from _once(step, (text, labels, words != _filler(step)))
    for n in dict.fromkeys((keep.size, keep.size - len(keep))):
        if n > keep.sum():
            share = float(keep.sum() / n)
            text = Bilingual("divided by all {n} rows, pads too, in place of {m}",
                             "除以全部 {n} 行（含填充），而不是 {m}", n=n, m=int(keep.sum()))  # fmt: skip
            yield text, lambda at, share=share: at.usual() * share


@cause("loss-reduction", ops=("cross_entropy",))
def reduction(step: Step) -> Iterator[Made]:
    """Summed, averaged sentence by sentence, or divided by the batch."""
    keep = _kept(step)
    n, batch = int(keep.sum()), keep.shape[0]
    yield (
        Bilingual("Σ in place of the mean: {n} times", "求和而不是平均：{n} 倍", n=n),
        lambda at: at.usual() * float(n),
    )
    if batch > 1:
        yield (
            Bilingual(
                "Σ over words, mean over the {batch} sentences", "词上求和，再对 {batch} 个句子平均", batch=batch
            ),
            lambda at: at.usual() * (n / batch),
        )
        rows = [(int(k.sum()), i) for i, k in enumerate(keep) if k.any()]

        def of_means(at: Site) -> Array:
            total: Array = 0.0
            for _, i in rows:
                only = np.zeros_like(keep)
                only[i] = keep[i]
                kept = tuple(int(j) for j in np.flatnonzero(only.ravel()))
                part = cross_entropy(at.args[0], at.args[1], keep=kept)
                total = part + total
            return total / float(len(rows))

        yield Bilingual("mean of the sentences' means", "先按句平均，再对句子平均"), of_means
    yield Bilingual("bits in place of nats: / log 2", "以 2 为底：除以 log 2"), lambda at: at.usual() / float(np.log(2))
    yield Bilingual("the sign is missing: + log p", "少了负号：+ log p"), lambda at: at.usual() * -1.0
    vocab = step.arg(0).shape[-1]
    yield (
        Bilingual("mean over all {n} logits", "对全部 {n} 个 logit 求平均", n=n * vocab),
        lambda at: at.usual() / float(vocab),
    )


@cause("loss-reduction", ops=("mse", "half_mse", "sum_loss"))
def squares(step: Step) -> Iterator[Made]:
    """Mean, sum and half exchanged."""
    op = step.node.op
    assert op is not None
    x = step.arg(0)
    n = x.size
    rows = n // x.shape[-1] if x.ndim else 1
    right = {"mse": 1 / n, "half_mse": 0.5, "sum_loss": 1.0}[op.name]
    for text, factor in (
        (equation("Σ (y − t)²"), 1.0),
        (equation("½ Σ (y − t)²"), 0.5),
        (equation("mean (y − t)²"), 1 / n),
        (equation("½ mean (y − t)²"), 0.5 / n),
        (Bilingual("Σ over features, mean over rows", "特征上求和，行上平均"), 1 / rows),
        (Bilingual("½ Σ over features, mean over rows", "特征上求和取半，行上平均"), 0.5 / rows),
        (Bilingual("Σ over rows, mean over features", "行上求和，特征上平均"), rows / n),
    ):
        if not np.isclose(factor, right):
            yield text, lambda at, f=factor / right: at.usual() * f
    if len(step.node.slots) > 1:

        def absolute(at: Site) -> Array:
            from tfstep.ops.primitive.functions import abs as size

            return sum_(size(at.args[0] - at.args[1]), axis=None, keepdims=False)

        yield equation("Σ |y − t|"), absolute
        yield equation("mean |y − t|"), lambda at: absolute(at) / float(n)


SMOOTHED = (0.1, 0.05, 0.2, 0.01, 0.15, 0.3)
"""The usual shares of label smoothing."""


def _smoothed(epsilon: float, keep: tuple[int, ...], words: int) -> Patch:
    """The loss with smoothed labels, as torch.nn.functional.cross_entropy(label_smoothing=ε) has it."""
    even = np.ones(words)

    def made(at: Site) -> Array:
        each = label_loss(at.args[0], at.args[1], at.constant(even), keep=keep, smoothing=epsilon)
        return mean(each, axis=None, keepdims=False)

    return made


@cause("loss-input", ops=("cross_entropy",))
def loss_input(step: Step) -> Iterator[Made]:
    """Cross-entropy of probabilities, the probability itself, or labels that are smoothed."""
    keep = tuple(step.node.attrs["keep"])
    said = Bilingual("cross-entropy of softmax(logits): softmax twice", "对 softmax(logits) 求交叉熵：softmax 了两次")

    def twice(at: Site) -> Array:
        return cross_entropy(softmax(at.args[0]), at.args[1], keep=keep)

    yield said, twice
    if "out.probs" in step.plan.paths:  # which they may have from the same softmax
        yield said, {step.node.path: twice, "out.probs": lambda at: softmax(softmax(at.args[0]))}

    for epsilon in SMOOTHED:
        text = Bilingual("labels smoothed: {epsilon:g} of each is shared among all words",
                         "标签做了平滑：每个标签拿出 {epsilon:g} 平分给所有词", epsilon=epsilon)  # fmt: skip
        yield text, _smoothed(epsilon, keep, step.arg(0).shape[-1])

    def bare(function: Callable[[Array], Array]) -> Patch:
        def made(at: Site) -> Array:
            rows, ids = kept_rows(at.args[0], at.args[1], keep)
            return mean(take_per_row(function(rows), ids), axis=None, keepdims=False) * -1.0

        return made

    yield Bilingual("−p[label] in place of −log p[label]", "−p[标签]，而不是 −log p[标签]"), bare(softmax)
    yield Bilingual("−logits[label]: no softmax", "−logits[标签]：没有 softmax"), bare(lambda x: x)
    yield (
        Bilingual("cross-entropy of log softmax(softmax(logits))", "对 log softmax(softmax(logits)) 求交叉熵"),
        lambda at: cross_entropy(log_softmax(softmax(at.args[0])), at.args[1], keep=keep),
    )
