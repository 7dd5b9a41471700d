"""The loss: which labels count, against which word, summed or averaged, of logits or of something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from msgspec.structs import replace

from tfstep.compare.causes.table import Made, Step, cause, equation
from tfstep.compare.plant import Patch, Site
from tfstep.engine.node import Node
from tfstep.engine.op import Array
from tfstep.ops.attention import log_softmax, softmax
from tfstep.ops.loss import cross_entropy, kept_rows
from tfstep.ops.primitive.index import take_per_row
from tfstep.ops.primitive.reduce import mean, sum_
from tfstep.text import Bilingual

OF_LABELS = ("cross_entropy", "label_loss")
"""Steps whose inputs are logits and labels: the whole loss, or what each label costs where labels are smoothed or weigh
differently; the sum of these is a step of its own."""

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


def _against(step: Step, labels: np.ndarray, keep: np.ndarray) -> Mapping[str, Patch]:
    """The loss against these labels, of these rows."""
    if _is_weighed(step):
        return _made(step, _wanted(step, labels), keep, _shares(step, labels, keep))
    kept = _numbers(keep)
    return {step.node.path: lambda at: cross_entropy(at.args[0], at.constant(labels), keep=kept)}


def _numbers(keep: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.flatnonzero(keep.ravel()))


def _is_weighed(step: Step) -> bool:
    """Whether what each label costs is a step, which is summed up in another."""
    return step.node.op is not None and step.node.op.name == "label_loss"


def _total(step: Step) -> Node:
    """The step that sums up what the labels cost."""
    (slot,) = (s for s in step.plan.consumers[step.node.slot] if step.plan.nodes[s].phase == "forward")
    return step.plan.nodes[slot]


def _place(step: Step) -> str:
    """Where a mistake in what a label costs is said to be: there if they wrote that down, else in the loss itself."""
    each = step.node
    mine = (e for e in step.book.entries if e.number and e.of is None and not e.is_new and e.note.kind != "weight")
    open_ = (e for e in mine if e.array.size == each.spec.size and not step.walk.places.get(e.name))
    return each.path if step.walk.found.get(each.slot) or any(open_) else _total(step).path


def _wanted(
    step: Step, labels: np.ndarray, smoothing: float | None = None, weights: np.ndarray | None = None
) -> np.ndarray:
    """What is wanted of every row (row, word): ours, or with another smoothing, or with other weights of the words."""
    epsilon = step.node.attrs["smoothing"] if smoothing is None else smoothing
    each = np.asarray(step.arg(2) if weights is None else weights)
    one = np.eye(len(each))[labels.ravel()]
    return np.asarray(((1 - epsilon) * one + epsilon / len(each)) * each)


def _shares(
    step: Step, labels: np.ndarray, keep: np.ndarray, weights: np.ndarray | None = None, reduction: str = ""
) -> np.ndarray:
    """What every row (row, 1) counts for: in our own reduction, or in this one."""
    total = _total(step)
    shares, divisor = (np.asarray(step.walk.values[s]) for s in total.slots[1:])
    each = np.asarray(step.arg(2) if weights is None else weights)
    of = np.where(keep, each[labels], 0.0)
    own = "sentences" if np.ptp(shares) > 0 or shares.flat[0] != 1 else "sum" if float(divisor) == 1 else "mean"
    reduction = reduction or own
    if reduction == "sentences":
        sums = of.sum(1, keepdims=True)
        return np.broadcast_to(1 / np.where(sums > 0, sums, 1) / max(int((sums > 0).sum()), 1), keep.shape).reshape(
            -1, 1
        )
    return np.full((keep.size, 1), 1.0 if reduction == "sum" else 1 / of.sum())


def _made(
    step: Step,
    wanted: np.ndarray,
    keep: np.ndarray,
    shares: np.ndarray,
    of: Callable[[Array], Array] = log_softmax,
) -> dict[str, Patch]:
    """The loss −Σ share · wanted · log softmax(logits) over these rows, in its two steps."""
    kept = _numbers(keep)

    def each(at: Site) -> Array:
        rows, _ = kept_rows(at.args[0], at.args[1], kept)
        return sum_(of(rows) * at.constant(-wanted[list(kept)]))

    def whole(at: Site) -> Array:
        return sum_(at.args[0] * at.constant(shares[list(kept)]), axis=None, keepdims=False)

    return {step.node.path: each, _total(step).path: whole}


def _once(step: Step, *ways: Rows) -> Iterator[Made]:
    """Each of these ways that counts any row, is not ours, and was not there before."""
    own, kept = _labels(step), _kept(step)
    seen = {(kept.tobytes(), own[kept].tobytes())}
    for text, labels, keep in ways:
        key = (keep.tobytes(), labels[keep].tobytes())
        if keep.any() and key not in seen:
            seen.add(key)
            made = _against(step, labels, keep)
            yield (text, made, _place(step)) if _is_weighed(step) else (text, made)


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


@cause("labels-unshifted", ops=OF_LABELS)
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


@cause("labels-shifted-twice", ops=OF_LABELS)
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


@cause("pads-counted", ops=OF_LABELS)
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
        if n > keep.sum() and not _is_weighed(step):
            share = float(keep.sum() / n)
            yield _all_rows(keep, n), lambda at, share=share: at.usual() * share


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
    yield BITS, lambda at: at.usual() / float(np.log(2))
    yield MINUS, lambda at: at.usual() * -1.0
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


TWICE = Bilingual("cross-entropy of softmax(logits): softmax twice", "对 softmax(logits) 求交叉熵：softmax 了两次")
BARE = Bilingual("−p[label] in place of −log p[label]", "−p[标签]，而不是 −log p[标签]")
BITS = Bilingual("bits in place of nats: / log 2", "以 2 为底：除以 log 2")
MINUS = Bilingual("the sign is missing: + log p", "少了负号：+ log p")
SMOOTHED = (0.1, 0.05, 0.2, 0.01, 0.15, 0.3)
"""The usual shares of label smoothing."""


def _others(labels: np.ndarray, epsilon: float, words: int) -> np.ndarray:
    """What is wanted of every row where a label's share goes to all words but itself."""
    one = np.eye(words)[labels.ravel()]
    return np.asarray((1 - epsilon) * one + epsilon / (words - 1) * (1 - one))


def _smoothed(wanted: np.ndarray, keep: np.ndarray) -> Patch:
    """The mean loss of the rows that count, of which so much is wanted."""
    kept = _numbers(keep)

    def made(at: Site) -> Array:
        rows, _ = kept_rows(at.args[0], at.args[1], kept)
        each = sum_(log_softmax(rows) * at.constant(-wanted[list(kept)]))
        return mean(each, axis=None, keepdims=False)

    return made


def _to_others(words: int) -> Bilingual:
    return Bilingual("ε / {m} for each of the {m} other words, not ε / {n} for each of all {n}",
                     "ε / {m} 分给其余 {m} 个词，而不是 ε / {n} 分给全部 {n} 个词", m=words - 1, n=words)  # fmt: skip


@cause("loss-input", ops=("label_loss",))
def label_loss_input(step: Step) -> Iterator[Made]:
    """Smoothing and class weights: missing, others, or laid on something else; softmax twice."""
    labels, keep, weights = _labels(step), _kept(step), np.asarray(step.arg(2))
    epsilon, n = float(step.node.attrs["smoothing"]), len(weights)
    own, even, one = _wanted(step, labels), np.ones(n), np.eye(n)[labels.ravel()]
    said, plain = weights[labels].reshape(-1, 1), Bilingual("no class weights", "没有用类别权重")
    ways: list[tuple[Bilingual, np.ndarray, np.ndarray]] = []
    if np.ptp(weights) > 0:
        ways.append((plain, _wanted(step, labels, weights=even), even))
    if epsilon:
        none = Bilingual("labels are not smoothed: ε = 0, not {e:g}", "标签没有平滑：ε = 0，而不是 {e:g}", e=epsilon)
        ways.append((none, _wanted(step, labels, 0.0), weights))
        ways.append((_to_others(n), _others(labels, epsilon, n) * weights, weights))
        pad = _filler(step)
        if n > 2 and not keep.all():
            words = np.where(np.arange(n) == pad, 0.0, epsilon / (n - 2))
            text = Bilingual("ε / {m} for each other word that is no pad", "ε / {m} 分给填充词以外的其余各词", m=n - 2)
            ways.append((text, np.where(one > 0, 1 - epsilon, words) * weights, weights))
        text = Bilingual("1 for the label, not 1 − ε", "标签本身是 1，而不是 1 − ε")
        ways.append((text, (one + epsilon / n) * weights, weights))
        for other in SMOOTHED:
            if other != epsilon:
                text = Bilingual("ε = {e:g}, not {own:g}", "ε = {e:g}，而不是 {own:g}", e=other, own=epsilon)
                ways.append((text, _wanted(step, labels, other), weights))
    if epsilon and np.ptp(weights) > 0:
        text = Bilingual("neither smoothed nor weighted", "既没有平滑，也没有用类别权重")
        ways.append((text, one, even))
        text = Bilingual("weight[label] for all words of a row", "一行的所有词都乘 weight[标签]")
        ways.append((text, own / weights * said, weights))
        text = Bilingual("weights on the labels alone, not on ε", "权重只乘在标签上，ε 那一份没有乘")
        ways.append((text, (1 - epsilon) * one * weights + epsilon / n, weights))
    for text, wanted, of in ways:
        yield text, _made(step, wanted, keep, _shares(step, labels, keep, of)), _place(step)
    shares = _shares(step, labels, keep)
    yield TWICE, _made(step, own, keep, shares, lambda x: log_softmax(softmax(x))), _place(step)
    yield BARE, _made(step, own, keep, shares, softmax), _place(step)


@cause("pads-counted", ops=("label_loss",))
def smoothed_pads(step: Step) -> Iterator[Made]:
    """Pads left out of the labels' part, and counted in the part that is shared among all words."""
    labels, keep, weights = _labels(step), _kept(step), np.asarray(step.arg(2))
    epsilon, n = float(step.node.attrs["smoothing"]), len(weights)
    if not epsilon or keep.all():
        return
    said = keep.reshape(-1, 1) * (1 - epsilon) * np.eye(n)[labels.ravel()]
    shares = _shares(step, labels, keep)
    text = Bilingual("pads count in the part that is smoothed", "平滑的那一份把填充词也算了进去")
    for every in (np.full(shares.shape, shares.max()), np.full(shares.shape, 1 / keep.size)):
        yield text, _made(step, (said + epsilon / n) * weights, np.ones_like(keep), every), _place(step)


@cause("loss-reduction", ops=("shared_sum",))
def shared_reduction(step: Step) -> Iterator[Made]:
    """What is summed up over another divisor, or sentence by sentence."""
    shares = np.asarray(step.arg(1)) / np.asarray(step.arg(2))
    each = step.input(0)
    ways: list[tuple[Bilingual, np.ndarray | float]] = [(Bilingual("Σ in place of the mean", "求和而不是平均"), 1.0)]
    if each.op is not None and each.op.name == "label_loss":
        labels = replace(step, node=each)
        keep, ids = _kept(labels), _labels(labels)
        n, batch, even = int(keep.sum()), len(keep), np.ones(np.asarray(labels.arg(2)).shape)
        kept = keep.ravel()
        text = Bilingual("divided by the {n} words, not by the sum of their weights",
                         "除以 {n} 个词，而不是它们的权重之和", n=n)  # fmt: skip
        ways.append((text, 1 / n))
        text = Bilingual(
            "Σ over words, mean over the {batch} sentences", "词上求和，再对 {batch} 个句子平均", batch=batch
        )
        ways.append((text, 1 / batch))
        text = Bilingual("mean of the sentences' means", "先按句平均，再对句子平均")
        for weights in (None, even):
            ways.append((text, _shares(labels, ids, keep, weights, "sentences")[kept]))
        text = Bilingual("mean over all words, not of the sentences' means", "对所有词平均，而不是先按句平均")
        ways.append((text, _shares(labels, ids, keep, None, "mean")[kept]))
    else:
        n, batch, last = each.spec.size, each.shape[0] if each.shape else 1, each.shape[-1] if each.shape else 1
        ways += [
            (Bilingual("mean over all {n} numbers", "对全部 {n} 个数求平均", n=n), 1 / n),
            (
                Bilingual("Σ over the rest, mean over the {n} of the batch", "其余求和，批次的 {n} 个上平均", n=batch),
                1 / batch,
            ),
            (Bilingual("Σ over features, mean over rows", "特征上求和，行上平均"), last / n),
            (Bilingual("Σ over rows, mean over features", "行上求和，特征上平均"), 1 / last),
        ]
    seen = [shares]
    for text, factor in ways:
        made = np.broadcast_to(factor, shares.shape).astype(shares.dtype)
        if not any(np.allclose(made, other) for other in seen):
            seen.append(made)
            yield text, _shared(made)
    yield MINUS, lambda at: at.usual() * -1.0
    yield BITS, lambda at: at.usual() / float(np.log(2))


@cause("pads-counted", ops=("shared_sum",))
def shared_pads(step: Step) -> Iterator[Made]:
    """Labels that do not count, counted in the mean."""
    each = step.input(0)
    if each.op is None or each.op.name != "label_loss":
        return
    keep = _kept(replace(step, node=each))
    shares = np.asarray(step.arg(1)) / np.asarray(step.arg(2))
    if not keep.all() and not np.ptp(shares):
        yield _all_rows(keep, keep.size), _shared(np.full(shares.shape, 1 / keep.size, shares.dtype))


def _shared(shares: np.ndarray) -> Patch:
    return lambda at: sum_(at.args[0] * at.constant(shares), axis=None, keepdims=False)


def _all_rows(keep: np.ndarray, n: int) -> Bilingual:
    return Bilingual("divided by all {n} rows, pads too, in place of {m}",
                     "除以全部 {n} 行（含填充），而不是 {m}", n=n, m=int(keep.sum()))  # fmt: skip


@cause("loss-input", ops=("cross_entropy",))
def loss_input(step: Step) -> Iterator[Made]:
    """Cross-entropy of probabilities, the probability itself, or labels that are smoothed."""
    keep = tuple(step.node.attrs["keep"])

    def twice(at: Site) -> Array:
        return cross_entropy(softmax(at.args[0]), at.args[1], keep=keep)

    yield TWICE, twice
    if "out.probs" in step.plan.paths:  # which they may have from the same softmax
        yield TWICE, {step.node.path: twice, "out.probs": lambda at: softmax(softmax(at.args[0]))}

    labels, n = _labels(step), step.arg(0).shape[-1]
    for epsilon in SMOOTHED:
        text = Bilingual("labels smoothed: {epsilon:g} of each is shared among all words",
                         "标签做了平滑：每个标签拿出 {epsilon:g} 平分给所有词", epsilon=epsilon)  # fmt: skip
        yield text, _smoothed((1 - epsilon) * np.eye(n)[labels.ravel()] + epsilon / n, _kept(step))
        text = Bilingual("labels smoothed: {epsilon:g} of each is shared among the other words",
                         "标签做了平滑：每个标签拿出 {epsilon:g} 平分给其余的词", epsilon=epsilon)  # fmt: skip
        yield text, _smoothed(_others(labels, epsilon, n), _kept(step))

    def bare(function: Callable[[Array], Array]) -> Patch:
        def made(at: Site) -> Array:
            rows, ids = kept_rows(at.args[0], at.args[1], keep)
            return mean(take_per_row(function(rows), ids), axis=None, keepdims=False) * -1.0

        return made

    yield BARE, bare(softmax)
    yield Bilingual("−logits[label]: no softmax", "−logits[标签]：没有 softmax"), bare(lambda x: x)
    yield (
        Bilingual("cross-entropy of log softmax(softmax(logits))", "对 log softmax(softmax(logits)) 求交叉熵"),
        lambda at: cross_entropy(log_softmax(softmax(at.args[0])), at.args[1], keep=keep),
    )
