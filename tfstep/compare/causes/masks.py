"""Masks: missing, inverted, added, multiplied, too late, shifted, over the wrong axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps

import numpy as np

from tfstep.compare.causes.table import Cause, Made, Step, cause
from tfstep.compare.plant import Patch, Site
from tfstep.engine.op import Array
from tfstep.ops.attention import CAUSAL, PADDING, mask_fill, softmax
from tfstep.ops.primitive.choice import where
from tfstep.text import Bilingual

ADDED = (-1e4,)  # what BERT's first code adds


def _mask(at: Site) -> np.ndarray:
    slot = at.args[1].slot
    return np.asarray(at.tape.leaves[slot])


class Filled:
    """Filled where another mask says, with our value or another one."""

    def __init__(self, change: Callable[[np.ndarray], np.ndarray], value: float | None = None) -> None:
        self.change, self.value = change, value

    def __call__(self, at: Site) -> Array:
        """The masked scores."""
        change, value = self.change, self.value
        mask = np.broadcast_to(change(_mask(at)), np.broadcast_shapes(_mask(at).shape, change(_mask(at)).shape))
        return mask_fill(
            at.args[0], at.constant(np.array(mask, np.int8)), value=at.attrs["value"] if value is None else value
        )


def _added(change: Callable[[np.ndarray], np.ndarray]) -> Patch:
    return lambda at: at.args[0] + at.constant(change(_mask(at)).astype(float))


def _times(change: Callable[[np.ndarray], np.ndarray]) -> Patch:
    return lambda at: at.args[0] * at.constant(change(_mask(at)).astype(float))


def either(function: Cause) -> Cause:
    """Each of these masks with our value; where it hides a row whole also added to the scores, which the row keeps below
    it, with −∞, which makes the row NaN, and with rows of zeros, as PyTorch's scaled_dot_product_attention has them."""

    @wraps(function)
    def each(step: Step) -> Iterator[Made]:
        for made in function(step):
            yield made
            fill = made[1]
            if not isinstance(fill, Filled) or not np.isfinite(step.node.attrs["value"]):
                continue
            whole = (np.asarray(fill.change(step.arg(1))) != 0).all(-1, keepdims=True)
            if not whole.any():
                continue
            for value in dict.fromkeys((float(step.node.attrs["value"]), *ADDED)):
                said = Bilingual(
                    "{how}; {value:g} is added there", "{how}；在那里加上 {value:g}", how=made[0], value=value
                )
                yield said, _added(_where_hidden(fill.change, value))
            yield Bilingual("{how}, filled with −∞", "{how}，填的是 −∞", how=made[0]), Filled(fill.change, -np.inf)
            if step.has("weights"):
                zeros: dict[str, Patch] = {step.node.path: fill, step.at("weights"): _zeros(whole)}
                yield (
                    Bilingual("{how}; a row that is hidden whole gives 0", "{how}；整行被遮住时得 0", how=made[0]),
                    zeros,
                )

    return each


def _where_hidden(change: Callable[[np.ndarray], np.ndarray], value: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda m: value * (np.asarray(change(m)) != 0)


def _zeros(rows: np.ndarray) -> Patch:
    return lambda at: softmax(at.args[0]) * at.constant((~rows).astype(float))


@cause("mask-missing", "masked")
@either
def missing(step: Step) -> Iterator[Made]:
    """No mask at all, or one of the two reasons forgotten."""
    yield Bilingual("masked = scaled: nothing is masked", "masked = scaled：什么也没有遮"), lambda at: at.args[0]
    mask = step.arg(1)
    if (mask & PADDING).any():
        yield Bilingual("the padding mask is missing", "缺少填充掩码"), Filled(lambda m: m & CAUSAL)
    if (mask & PADDING).any() and (mask & CAUSAL).any():
        yield Bilingual("the causal mask is missing", "缺少因果掩码"), Filled(lambda m: m & PADDING)
        yield (
            Bilingual(
                "causal & padding in place of causal | padding: only what both hide is masked",
                "用了 causal & padding，而不是 causal | padding：两者都遮的才遮住",
            ),
            Filled(lambda m: ((m & CAUSAL) != 0) & ((m & PADDING) != 0)),
        )


@cause("mask-inverted", "masked")
@either
def inverted(step: Step) -> Iterator[Made]:
    """What is visible is masked."""
    yield Bilingual("masked where it should be seen: mask == 0", "把该看的遮住了：mask == 0"), Filled(lambda m: m == 0)
    mask = step.arg(1)
    if (mask & PADDING).any() and (mask & CAUSAL).any():
        yield (
            Bilingual("the padding mask is inverted", "填充掩码反了"),
            Filled(lambda m: ((m & PADDING) == 0) | ((m & CAUSAL) != 0)),
        )
        yield (
            Bilingual("the causal mask is inverted", "因果掩码反了"),
            Filled(lambda m: ((m & CAUSAL) == 0) | ((m & PADDING) != 0)),
        )
    rows = mask.shape[-1]
    if rows == mask.shape[-2] and (mask & CAUSAL).any():
        yield (
            Bilingual("the lower triangle with its diagonal is masked", "遮住了带对角线的下三角"),
            Filled(lambda m: np.broadcast_to(np.tril(np.ones(m.shape[-2:])), m.shape)),
        )
        past = np.tril(np.ones((rows, rows), bool), -1)
        yield (
            Bilingual(
                "the causal mask is inverted: the past is masked, tril(−1)", "因果掩码反了：遮住的是前面的词，tril(−1)"
            ),
            Filled(_padded(past)),
        )


def _where_masked(value: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda m: value * (m != 0)


def _padded(hidden: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """A mask that hides these cells and the pads."""
    return lambda m: ((m & PADDING) != 0) | hidden


def _rolled(by: int) -> Callable[[np.ndarray], np.ndarray]:
    """A mask with its pads so many places further on."""
    return lambda m: (m & CAUSAL) | np.roll(m & PADDING, by, -1)


@cause("mask-added", "masked")
def added(step: Step) -> Iterator[Made]:
    """The mask added as numbers: 0/1, or a value too small to hide anything."""
    yield Bilingual("scaled + mask (1 where masked)", "scaled + mask（被遮处为 1）"), _added(lambda m: m != 0)
    yield Bilingual("scaled + mask (1 where visible)", "scaled + mask（可见处为 1）"), _added(lambda m: m == 0)
    yield Bilingual("scaled − mask (1 where masked)", "scaled − mask（被遮处为 1）"), _added(lambda m: -1.0 * (m != 0))
    for value in (1e-9, -1e-9, -10.0, -50.0, -100.0, -1000.0, 1e9):
        yield (
            Bilingual("scaled + {value:g} where masked", "被遮处 scaled + {value:g}", value=value),
            _added(_where_masked(value)),
        )


@cause("mask-unasked", "masked", "weights")
def unasked(step: Step) -> Iterator[Made]:
    """A causal mask where this scenario has none."""
    own = step.node.path.rpartition(".")[2]
    n, m = step.node.shape[-2:]
    if (own == "weights" and step.has("masked")) or (own == "masked" and (step.arg(1) & CAUSAL).any()) or min(n, m) < 2:
        return
    value = float(step.node.attrs.get("value", -np.inf))
    text = Bilingual("masked causally, where nothing of the future is masked here", "遮住了后面的词，而这里不该遮")
    for k in dict.fromkeys((1, 1 + m - n)):
        late = np.triu(np.ones((n, m), bool), k)[None, None]

        def hidden(at: Site, late: np.ndarray = late) -> Array:
            if own == "masked":
                return mask_fill(at.args[0], at.constant((_mask(at) | (late * CAUSAL)).astype(np.int8)), value=value)
            return softmax(mask_fill(at.args[0], at.constant(late.astype(np.int8) * CAUSAL), value=value))

        yield text, hidden


@cause("mask-added", "masked", "weights")
def added_unasked(step: Step) -> Iterator[Made]:
    """A causal mask of ones and zeros added where this scenario has none: transformers' eager attention does so with a
    boolean mask of four axes, which its other kinds take as a mask."""
    own = step.node.path.rpartition(".")[2]
    n, m = step.node.shape[-2:]
    if (
        (own == "weights" and step.has("masked"))
        or (own == "masked" and (step.arg(1) & CAUSAL).any())
        or n != m
        or n < 2
    ):
        return
    seen = np.tril(np.ones((n, n)))[None, None]

    def made(at: Site) -> Array:
        scores = at.args[0] + at.constant(seen)
        return scores if own == "masked" else softmax(scores)

    yield (
        Bilingual(
            "scaled + mask: a causal mask of 1 (visible) and 0 is added",
            "scaled + mask：把 1（可见）和 0 的因果掩码加了上去",
        ),
        made,
    )


@cause("mask-unasked", "masked", "weights")
def cut(step: Step) -> Iterator[Made]:
    """Every place where positions do not grow by one taken for the beginning of another sequence, as transformers does
    with `position_ids` where it is given no attention mask and keeps no cache."""
    own = step.node.path.rpartition(".")[2]
    n, m = step.node.shape[-2:]
    if (own == "weights" and step.has("masked")) or n != m:
        return
    value = float(step.node.attrs.get("value", -np.inf))
    theirs = [e.array for e in step.book.entries if "position_ids" in e.name and not e.number and e.array.size % n == 0]
    for positions in ([] if step.inputs.positions is None else [step.inputs.positions]) + theirs[:1]:
        documents = np.cumsum(
            np.diff(positions.reshape(-1, n), axis=1, prepend=positions.reshape(-1, n)[:, :1] - 1) != 1, 1
        )
        other = (documents[:, None, :, None] != documents[:, None, None, :]).astype(np.int8)
        if not other.any() or len(other) not in (1, step.node.shape[0]):
            continue

        def hidden(at: Site, other: np.ndarray = other) -> Array:
            if own == "masked":
                return mask_fill(at.args[0], at.constant(_mask(at) | other), value=value)
            return softmax(mask_fill(at.args[0], at.constant(other), value=value))

        yield (
            Bilingual(
                "also hidden across every place where positions do not grow by one, as if a new sequence began there",
                "凡位置没有加一之处，其前后互相遮住，好像那里开始了另一个序列",
            ),
            hidden,
        )


@cause("mask-multiplied", "masked")
def multiplied(step: Step) -> Iterator[Made]:
    """Scores times the mask: a masked score is 0 and counts."""
    yield Bilingual("scaled · mask: 0 where masked", "scaled · mask：被遮处为 0"), _times(lambda m: m == 0)
    yield Bilingual("scaled · mask (1 where masked)", "scaled · mask（被遮处为 1）"), _times(lambda m: m != 0)
    yield (
        Bilingual("0 in place of −∞ where masked", "被遮处填 0，而不是 −∞"),
        lambda at: mask_fill(at.args[0], at.args[1], value=0.0),
    )
    value = float(step.node.attrs["value"])
    if np.isfinite(value):
        yield (
            Bilingual("scaled · {value:g} where masked", "被遮处 scaled · {value:g}", value=value),
            _times(lambda m: np.where(m != 0, value, 1.0)),
        )


@cause("mask-after-softmax", "masked")
def after_softmax(step: Step) -> Iterator[Made]:
    """Softmax over everything, then the mask."""
    if not step.has("weights"):
        return
    mask = step.arg(1)
    value = step.node.attrs["value"]

    def unmasked(at: Site) -> Array:
        return at.args[0]

    def zeroed(at: Site) -> Array:
        return softmax(at.args[0]) * at.constant((mask == 0).astype(float))

    def filled(at: Site) -> Array:
        return where(at.constant(np.broadcast_to(mask != 0, at.node.shape)), value, softmax(at.args[0]))

    def again(at: Site) -> Array:
        from tfstep.ops.primitive.reduce import sum_

        y = softmax(at.args[0]) * at.constant((mask == 0).astype(float))
        return y / (sum_(y) + 1e-9)

    yield (
        Bilingual(
            "weights = softmax(scaled) · mask: rows no longer sum to 1",
            "weights = softmax(scaled) · mask：各行之和不再是 1",
        ),
        {step.node.path: unmasked, step.at("weights"): zeroed},
    )
    yield (
        Bilingual(
            "{value:g} put into the weights after the softmax", "softmax 之后才把 {value:g} 填进权重", value=value
        ),
        {step.node.path: unmasked, step.at("weights"): filled},
    )
    del again  # softmax · mask, made to sum to 1 again, is what the mask before it gives


@cause("mask-shifted", "masked")
@either
def shifted(step: Step) -> Iterator[Made]:
    """The causal triangle one place off."""
    mask = step.arg(1)
    if not (mask & CAUSAL).any():
        return
    n, m = mask.shape[-2:]
    for k, text in (
        (0, Bilingual("the word itself is hidden too: triu(0)", "连自己也遮住了：triu(0)")),
        (2, Bilingual("one word of the future is seen: triu(2)", "能看到后面一个词：triu(2)")),
        (-1, Bilingual("the word before is hidden too: triu(−1)", "连前一个词也遮住了：triu(−1)")),
        (3, Bilingual("two words of the future are seen: triu(3)", "能看到后面两个词：triu(3)")),
    ):
        triangle = np.triu(np.ones((n, m), bool), k)
        yield text, Filled(_padded(triangle))


@cause("mask-shifted", "masked")
@either
def lengths_off(step: Step) -> Iterator[Made]:
    """Sentences counted one word too short, or too long."""
    text = Bilingual(
        "the last word of each sentence is hidden as if it were a pad: lengths one too short",
        "每句的最后一个词也被当成填充遮住了：句长少算了一",
    )
    yield text, Filled(lambda m: m | _next_to(m & PADDING, 1, PADDING))
    if (step.arg(1) & PADDING).any():
        text = Bilingual(
            "the first pad of each sentence is seen: lengths one too long",
            "每句的第一个填充没有遮住：句长多算了一",
        )
        yield text, Filled(lambda m: (m & CAUSAL) | (m & PADDING & _next_to(m & PADDING, -1, 0)))


def _next_to(pads: np.ndarray, by: int, end: int) -> np.ndarray:
    """For each key whether the key behind it (1) or before it (-1) is a pad; ``end`` for the one that has none."""
    moved = np.roll(pads, -by, -1)
    moved[..., -1 if by > 0 else 0] = end
    return moved


@cause("mask-shifted", "masked")
@either
def padding_shifted(step: Step) -> Iterator[Made]:
    """The padding mask one place off."""
    if not (step.arg(1) & PADDING).any():
        return
    for by in (1, -1):
        yield (
            Bilingual("the padding mask is {by:+d} place off", "填充掩码错开了 {by:+d} 位", by=by),
            Filled(_rolled(by)),
        )


def _of_another_sentence(batch: int) -> Iterator[Made]:
    """The masks of a batch dealt out to its sentences otherwise."""
    if batch < 2:
        return
    yield (
        Bilingual("the mask of the first sentence for all", "所有句子都用第一句的掩码"),
        Filled(lambda m: np.broadcast_to(m[:1], m.shape)),
    )
    text = Bilingual("the mask of another sentence of the batch", "用了同批另一句的掩码")
    yield text, Filled(lambda m: m[::-1])
    for by in (1, -1) if batch > 2 else ():
        yield text, Filled(_dealt(by))


def _dealt(by: int) -> Callable[[np.ndarray], np.ndarray]:
    """A mask with its sentences so many places further on."""
    return lambda m: np.roll(m, by, 0)


def _of_the_asking_side(step: Step, n: int, m: int) -> Iterator[Made]:
    """Pads of the words that ask, in attention that looks at others: over queries, or over keys, for those of the keys."""
    asking = step.inputs.target
    if not step.scope.endswith("cross.") or asking is None or asking.pad is None:
        return
    pads = asking.ids == asking.pad
    if not pads.any() or pads.shape[1] != n:
        return
    yield (
        Bilingual(
            "the target's pads hide queries (rows), where the source's are to hide keys",
            "用目标的填充遮查询（行），而该用源的填充遮键",
        ),
        Filled(lambda mask: np.broadcast_to(pads[:, None, :, None] * PADDING, (len(pads), 1, n, m))),
    )
    keys = np.pad(pads, ((0, 0), (0, max(0, m - n))))[:, :m]
    yield (
        Bilingual("the target's pads hide keys, where the source's are to", "用目标的填充遮键，而该用源的填充"),
        Filled(lambda mask: np.broadcast_to(keys[:, None, None] * PADDING, (len(keys), 1, n, m))),
    )


@cause("mask-axis", "masked")
@either
def axis(step: Step) -> Iterator[Made]:
    """The mask over queries in place of keys, or spread along the wrong axis."""
    mask = step.arg(1)
    batch, _, n, m = mask.shape
    if n == m:
        yield (
            Bilingual("mask transposed: over queries in place of keys", "掩码转置了：遮的是查询而不是键"),
            Filled(lambda m: np.swapaxes(m, -1, -2)),
        )
        if (mask & PADDING).any():
            pads = ((mask & PADDING) != 0)[:, :, 0]
            yield (
                Bilingual("padding hides queries (rows) in place of keys", "填充掩码遮的是查询（行）而不是键"),
                Filled(lambda m: (m & CAUSAL) | pads[..., None]),
            )
            yield (
                Bilingual("padding hides queries as well as keys", "填充掩码既遮键也遮查询"),
                Filled(lambda m: m | pads[..., None]),
            )
            if batch == n:
                yield (
                    Bilingual(
                        "padding of (batch, key) spread as (query, key)", "(批次, 键) 的填充掩码被当成 (查询, 键)"
                    ),
                    Filled(lambda m: np.broadcast_to(pads[:, 0][None, None], m.shape)),
                )
    yield from _of_another_sentence(batch)
    yield from _of_the_asking_side(step, n, m)
    heads = step.node.shape[1]
    if batch == heads and batch > 1:
        yield (
            Bilingual("mask of (batch, …) spread along the heads", "(批次, …) 的掩码沿头的轴展开了"),
            Filled(lambda m: np.broadcast_to(np.swapaxes(m, 0, 1), (batch, heads, n, m.shape[-1]))),
        )


@cause("mask-corner", "masked")
@either
def corner(step: Step) -> Iterator[Made]:
    """A causal mask for fewer queries than keys, aligned at the other corner."""
    mask = step.arg(1)
    n, m = mask.shape[-2:]
    if n == m or not (mask & CAUSAL).any():
        return
    for k in (1, 1 + m - n):
        triangle = np.triu(np.ones((n, m), bool), k)
        yield (
            Bilingual("causal aligned at the other corner: triu({k})", "因果掩码对齐到了另一个角：triu({k})", k=k),
            Filled(_padded(triangle)),
        )
