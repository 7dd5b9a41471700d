"""Gradients of the parameters that are cut before the update: by the norm of all, of each alone, or number by number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from tfstep.compare.backwards.judged import Pair
from tfstep.compare.backwards.settled import again, always, settle
from tfstep.compare.book import Entry
from tfstep.compare.tolerance import allowed, apart
from tfstep.compare.walk import Override
from tfstep.engine.node import Node
from tfstep.ops.optim import clip_share
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.search import Search

CLOSE = 1e-5
TINY = 1e-12
SPARE = 1e-6  # what PyTorch's clip_grad_norm_ adds to the norm
Two = tuple[np.ndarray, np.ndarray]
Cut = Callable[[np.ndarray], np.ndarray]


class Clip(Struct, frozen=True, eq=False):
    """One way to cut gradients: in words, and what becomes of one; ``sure`` where it takes more than one to tell it, ``round``
    where the limit is a number that one would write."""

    text: Bilingual
    cut: Cut
    sure: bool = True
    round: bool = True
    kind: str = "grad-clipped"


def length(gradients: Iterable[np.ndarray]) -> float:
    """The norm of all together."""
    return float(np.sqrt(sum(float((g * g).sum()) for g in gradients)))


def ways(pairs: Sequence[Two], whole: float, noise: float) -> Iterator[Clip]:
    """The ways to cut these gradients of ours that theirs suggest; ``whole`` is our norm."""
    long = [(length([one]), length([other])) for one, other in pairs]
    least = math.hypot(*(after for _, after in long)) / max(math.hypot(*(before for before, _ in long)), TINY)
    n = divisor(least)
    if n and not _is_round(least * whole, noise):
        yield Clip(divided(n), lambda g: least * g, sure=False, kind="loss-reduction")
    elif 0 < least < 1 - CLOSE:
        text = Bilingual(
            "gradients · {f:.6g}: clipped to a norm of {norm:.6g}, where it is {whole:.6g}",
            "梯度 · {f:.6g}：范数从 {whole:.6g} 裁剪到了 {norm:.6g}",
            f=least,
            norm=least * whole,
            whole=whole,
        )
        yield Clip(text, lambda g: least * g, sure=not n, round=_is_round(least * whole, 0.0))
    most = max((float(np.abs(other).max(initial=0.0)) for _, other in pairs), default=0.0)
    over = sum(int((np.abs(one) > most).sum()) for one, _ in pairs)
    most = _likely(most, noise)
    if most and 1 < over < sum(np.count_nonzero(one) for one, _ in pairs):
        text = Bilingual("every number of the gradients clipped to ±{v:.6g}", "梯度的每个数都裁剪到 ±{v:.6g}", v=most)
        yield Clip(text, lambda g: np.clip(g, -most, most))
    for spare in (0.0, SPARE):
        cut = [after * (before + spare) / before for before, after in long if after < before * (1 - CLOSE)]
        if len(cut) > 1:
            norm = _likely(float(np.median(cut)), noise)
            text = Bilingual(
                "the gradient of each parameter clipped to a norm of {norm:.6g} by itself",
                "每个参数的梯度各自裁剪到范数 {norm:.6g}",
                norm=norm,
            )
            yield Clip(text, _each(norm, spare))


def divisor(share: float) -> int:
    """The whole number that this is one part of, as a mean in place of a sum, or one of several small batches, has it;
    0 where there is none."""
    n = round(1 / share) if CLOSE < share < 0.75 else 0
    return n if n > 1 and abs(1 / share - n) < CLOSE else 0


def divided(n: int) -> Bilingual:
    """How it is told that all gradients are one part of so many."""
    return Bilingual(
        "every gradient is 1/{n} of ours: the loss was divided by {n} before the backward pass",
        "每个梯度都是我方的 1/{n}：反向传播之前，损失除以了 {n}",
        n=n,
    )


def _is_round(norm: float, noise: float) -> bool:
    """Whether a norm is one that somebody sets, but for rounding: of two digits."""
    return abs(float(f"{norm:.2g}") - norm) <= max(CLOSE * norm, noise)


def _likely(limit: float, noise: float) -> float:
    """The round number that a limit is but for rounding, else itself."""
    near = float(f"{limit:.3g}")
    return near if abs(near - limit) <= max(CLOSE * limit, noise) else limit


def _each(norm: float, spare: float) -> Cut:
    return lambda g: g * min(1.0, norm / max(length([g]) + spare, TINY))


def agrees(cut: np.ndarray, theirs: np.ndarray, whole: float, noise: float = 0.0) -> bool:
    """Whether a gradient that is cut so is theirs, but for rounding where all are ``whole`` long."""
    size = max(float(np.abs(theirs).max(initial=0.0)), CLOSE * whole)
    return bool((np.abs(cut - theirs) <= CLOSE * size + noise).all())


def told(pairs: Sequence[Two], whole: float, noise: float = 0.0) -> Iterator[Clip]:
    """The ways to cut ours that give all of theirs, whose numbers may be off by ``noise``."""
    for clip in ways(pairs, whole, noise):
        if all(agrees(clip.cut(one), other, whole, noise) for one, other in pairs):
            yield clip


def clipped(search: Search, pairs: list[Pair], lacking: list[Entry], parameters: list[Node], last: bool) -> bool:
    """Whether theirs of the parameters' gradients are ours after a clipping. One that the scenario has as well is no
    mistake: they recorded them after it. Before everything else was tried only what is sure is said."""
    both = [(ours, theirs) for _, _, ours, theirs in pairs]
    whole = length(search.walk.ours(node.slot) for node in parameters)
    noise = allowed(search.book.level) * whole  # of a gradient of which little is left of large terms
    given = {node.path: always(theirs) for node, _, _, theirs in pairs}
    own = own_cut(search, whole)
    if own is not None and all(agrees(own(ours), theirs, whole, noise) for ours, theirs in both):
        search.overrides |= {path: make(search.plan.paths[path]) for path, make in given.items()}
        search.overrides |= _as_they_are(search, parameters)
        search.walk = again(search)
        return True
    right = [(search.walk.ours(n.slot), _theirs(search, n)) for n in parameters if n not in [pair[0] for pair in pairs]]
    every = [*both, *((ours, theirs) for ours, theirs in right if theirs is not None)]
    found = next(told(every, whole, noise), None)
    if found is None or not (last or found.sure):
        return False
    node, _, ours, theirs = pairs[0]
    cuts = {each.path: always(found.cut(search.walk.ours(each.slot))) for each in parameters} | given
    if found.kind == "grad-clipped":
        search.overrides |= _as_they_are(search, parameters)
    settle(search, found.kind, node, found.text, [p[1] for p in pairs], lacking, cuts, float(apart(ours, theirs).max()))
    return True


def own_cut(search: Search, whole: float) -> Cut | None:
    """What the scenario's own clipping makes of a gradient, where all together are ``whole`` long; None where it clips none."""
    train = search.scenario.train
    if (train.clip_norm is None and train.clip_value is None) or train.accumulate > 1 or train.loss_scale is not None:
        return None
    share = 1.0 if train.clip_norm is None else float(clip_share.forward(np.asarray(whole), most=train.clip_norm))
    most = np.inf if train.clip_value is None else train.clip_value
    return lambda g: np.clip(share * g, -most, most)


def _theirs(search: Search, node: Node) -> np.ndarray | None:
    """Their gradient of a parameter that is as ours is; not that of something else which has the same numbers."""
    base = search.plan.base(node)
    own = {hit.entry.name for hit in search.walk.found.get(base.slot, ())} | {search.taken.get(base.path)}
    hits = [
        hit
        for hit in search.walk.found.get(node.slot, ())
        if hit.entry.of is not None and (hit.entry.of in own or hit.entry.of not in search.book.by_name)
    ]
    return hits[0].layout.back(hits[0].entry.array) if hits else None


def _as_they_are(search: Search, parameters: list[Node]) -> dict[str, Override]:
    """Our own clipping left out: what they recorded is clipped already."""
    found: dict[str, Override] = {}
    for node in parameters:
        cut = f"{search.plan.base(node).path}.clipped"
        if cut in search.plan.paths:
            found[cut] = _handed(node.path)
    return found


def _handed(path: str) -> Override:
    return lambda args, get: get(path)
