"""Mistakes that only gradients show: of the loss, and of the backward pass itself."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain as chain_of
from typing import TYPE_CHECKING, Any

import numpy as np

from tfstep.compare.backwards.absent import absent
from tfstep.compare.backwards.clipped import clipped, divided, divisor
from tfstep.compare.backwards.judged import SLACK, Pair, chain, judged, largest, size_of_all, within
from tfstep.compare.backwards.known import reached, ways
from tfstep.compare.backwards.lacking import lacking_of, named
from tfstep.compare.backwards.left_out import left_out
from tfstep.compare.backwards.settled import again, always, blame, enter_cause, settle
from tfstep.compare.backwards.summed import factors
from tfstep.compare.book import Entry
from tfstep.compare.layout import layouts
from tfstep.compare.names import affinity
from tfstep.compare.plant import Way, planted
from tfstep.compare.tolerance import allowed, apart
from tfstep.compare.walk import Override, Walk, computed
from tfstep.engine.node import Node
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.search import Search


ENOUGH = 1e-6
NOTHING = 1e-12
ONE = 1e-5  # how far, as a share of it, each cell's ratio may be from the one that all have
ROWS = 8  # that are looked at first
USUAL = 2  # the times a gradient that nobody set to zero is added up: the second step shows it


def losses(search: Search) -> None:
    """Mistakes of the loss that only its gradients show."""
    from tfstep.compare.causes.table import ways as known_ways

    node = search.plan.paths.get("loss")
    if node is None or node.op is None or search.walk.found.get(node.slot) or "loss" in search.patches:
        return
    if search.own_loss or "loss" in search.pins or _written_down(search):
        return  # no known mistake gives their number
    lacking = lacking_of(search)
    if not lacking:
        return
    before = search.walk.names
    best: tuple[int, Way, Any, Walk] | None = None
    each = [n for s in node.slots if (n := search.plan.nodes[s]).op is not None and n.op.name == "label_loss"]
    for way in (way for made in (*each, node) for way in known_ways(search.step(made))):
        if search.stopped():
            break
        try:
            plan = planted(search.plan, way.patches, search.scenario.model, search.scenario.train)
        except (KeyError, ValueError, IndexError, TypeError):
            continue
        search.tried += 1
        there = again(search, plan)
        gained = len(there.names - before) - 2 * len(before - there.names)
        if gained > 0 and _gives_first(search, there, lacking) and (best is None or gained > best[0]):
            best = gained, way, plan, there
    if best is not None:
        gained, way, plan, there = best
        blame(search, node, None, float(apart(search.walk.ours(node.slot), there.get("loss")).max()))
        enter_cause(search, way.kind, "loss", way.detail, gained, {e.name for e in lacking}, None)
        search.plan, search.walk = plan, there
        search.patches |= dict(way.patches)


def _gives_first(search: Search, there: Walk, lacking: list[Entry]) -> bool:
    """Whether along a walk the first of their gradients that is not ours is theirs: those after it are computed from
    theirs, and agree whatever the loss is. Where only new parameters are there, all of them are."""
    pairs = _pairs(search, lacking)
    if not pairs:
        return {e.name for e in lacking} <= there.names
    node, entry, _, _ = pairs[0]
    slot = there.plan.paths[node.path].slot
    return min(there.wrong, default=slot) >= slot and any(hit.entry is entry for hit in there.found.get(slot, ()))


def _written_down(search: Search) -> bool:
    """Whether a number alone that is none of ours ends the forward pass, or is called a loss."""
    numbers = [e for e in search.book.entries if e.number and e.of is None and not e.is_new and e.note.kind != "weight"]
    open_ = search.open_names()
    return any(
        e.array.size == 1 and e.name in open_ and (e is numbers[-1] or affinity(e.name, "loss") >= 1) for e in numbers
    )


def gradients(search: Search) -> None:
    """Gradients: added to old ones, clipped, or with a branch left out."""
    _of_micro_batches(search)
    known = (-1, -1)
    while (len(search.faults), len(search.overrides)) != known:
        known = len(search.faults), len(search.overrides)
        if absent(search):
            continue
        lacking = [e for e in lacking_of(search) if e.of is not None]
        pairs = _pairs(search, lacking)
        if not pairs:
            return
        if search.stopped() or not (
            _seeded(search, pairs, lacking)
            or _scaled(search, pairs, lacking)
            or left_out(search, pairs, lacking)
            or _known(search, pairs, lacking)
            or _scaled(search, pairs, lacking, last=True)
            or _seeded(search, pairs, lacking, last=True)
        ):
            _unknown(search, pairs)
            return


def _of_micro_batches(search: Search) -> None:
    """What a training loop has as gradients where several batches make an update: their sum so far, of losses that are
    divided first or of gradients that are. Both are right, and neither is a gradient of ours."""
    parts, before = search.scenario.train.accumulate, len(lacking_of(search))
    if parts < 2 or not before:
        return

    def summed(path: str, share: float) -> Override:
        node, so_far = search.plan.paths[f"{path}.grad"], search.leaves[f"{path}.accumulated_before"]
        return lambda args, get: so_far + share * _usual(node, args)

    weights = [
        n.path for n in search.plan.nodes if f"{n.path}.accumulated" in search.plan.paths and n.kind == "parameter"
    ]
    handed = {f"{path}.accumulated": _handed(f"{path}.grad") for path in weights}
    for seed, share in (
        ({"loss.grad": always(np.asarray(1 / parts))(search.plan.paths["loss"])}, 1.0),
        ({}, 1 / parts),
    ):
        ways = {**seed, **handed, **{f"{path}.grad": summed(path, share) for path in weights}}
        if len(lacking_of(search, again(search, overrides=ways))) < before:
            search.overrides |= ways
            search.walk = again(search)
            return


def _handed(path: str) -> Override:
    return lambda args, get: get(path)


def _pairs(search: Search, lacking: list[Entry]) -> list[Pair]:
    """For each gradient that is not ours, and can be judged: our node, theirs, and both numbers in our layout."""
    scale = size_of_all(search)
    return [pair for pair in _all_pairs(search, lacking) if judged(search, pair, scale)]


def _all_pairs(search: Search, lacking: list[Entry]) -> list[Pair]:
    found = []
    names = {e.name for e in lacking}
    for slot, (entry, layout) in search.walk.wrong.items():
        if entry.name in names:
            found.append((search.plan.nodes[slot], entry, search.walk.ours(slot), layout.back(entry.array)))
    there = {entry.name for _, entry, _, _ in found}
    for entry in lacking:
        if entry.name in there or entry.of is None:
            continue
        if (own := named(search, entry)) is not None:
            found.append((own, entry, search.walk.ours(own.slot), entry.array.reshape(own.shape)))
            continue
        if entry.of not in search.book.by_name:
            found += _parallel(search, entry)
            continue
        for slot, hits in search.walk.found.items():
            node = search.plan.gradient(search.plan.nodes[slot])
            original = min((h.entry.order for h in hits), default=-1)
            hit = next((h for h in hits if h.entry.name == entry.of and h.entry.order == original), None)
            if (
                node is not None
                and hit is not None
                and entry.array.shape == hit.entry.array.shape
                and hit.layout.ours == node.shape
            ):
                found.append((node, entry, search.walk.ours(node.slot), hit.layout.back(entry.array)))
                break
    return sorted(found, key=lambda each: each[0].slot)


def _parallel(search: Search, entry: Entry) -> list[Pair]:
    """The gradient of a weight of ours that this one, of whatever it is, is a number of times; none if several are."""
    nodes = [n for n in search.plan.nodes if n.spec.size == entry.array.size > 2 and _is_parameter(search, n)]
    found = []
    for node in nodes:
        ours = search.walk.ours(node.slot)
        turned = (each.back(entry.array) for each in layouts(node, search.scenario.model, entry.array.shape))
        found += [(node, entry, ours, theirs) for theirs in turned if one_ratio(ours, theirs) is not None][:1]
    return found if len(found) == 1 else []


def one_ratio(ours: np.ndarray, theirs: np.ndarray) -> float | None:
    """The one number that theirs / ours is everywhere."""
    size = float(np.abs(ours).max(initial=0.0))
    if not size or several_ratios(some_rows(ours), some_rows(theirs), size):
        return None
    ratio = _ratios(ours, theirs, size)
    if not ratio.size:
        return None
    middle = float(np.median(ratio))
    return middle if np.abs(ratio - middle).max() <= ONE * abs(middle) and middle else None


def some_rows(x: np.ndarray) -> np.ndarray:
    """A few rows of an array."""
    return x[:: -(-len(x) // ROWS)] if x.ndim else x


def several_ratios(ours: np.ndarray, theirs: np.ndarray, size: float) -> bool:
    """Whether a few cells tell that theirs / ours is no one number. ``size`` is the largest number of all of ours."""
    ratio = _ratios(ours, theirs, size)
    return bool(ratio.size) and not float(np.ptp(ratio)) <= 4 * ONE * float(np.abs(ratio).min())


def _ratios(ours: np.ndarray, theirs: np.ndarray, size: float) -> np.ndarray:
    """theirs / ours, where ours is not next to nothing."""
    real = np.abs(ours) > 1e-6 * size
    return np.asarray(theirs[real] / ours[real])


def _seeded(search: Search, pairs: list[Pair], lacking: list[Entry], last: bool = False) -> bool:
    """The gradient of the loss itself is a whole number, not 1: the backward pass ran as often, and all were added; or one
    part of it, and the loss was divided. Where nothing else is known (``last``) so it is with the first that there is."""
    for node, entry, ours, theirs in pairs[: 1 if last else None]:
        first = last and (entry.note.kind == "grad" or not _before(search, node))
        times = (one_ratio(ours, theirs) if node.path == "loss.grad" or first else None) or 0.0
        whole, n = round(times), 0 if _is_parameter(search, node) else divisor(times)
        if n or (whole > 1 and abs(times - whole) <= 1e-4):
            text = Bilingual(
                "∂{of} is {n} times ours, and with it every gradient that follows: the backward pass ran {n} times",
                "∂{of} 是我方的 {n} 倍，其后的所有梯度也都是：反向传播执行了 {n} 次",
                of=search.plan.base(node).path,
                n=whole,
            )
            kind, text = ("loss-reduction", divided(n)) if n else ("grad-accumulated", text)
            made = {node.path: _times(1 / n if n else whole)}
            follow = _following(search, node, entry)
            every = lacking + [e for e in follow if e not in lacking]
            far = float(apart(ours, theirs).max())
            settle(search, kind, node, text, [entry, *follow], every, made, far)
            return True
    return False


def _following(search: Search, node: Node, entry: Entry) -> list[Entry]:
    """The gradients of theirs that follow from this one as ours do, and so are as many times ours as it is."""
    found = {
        hit.entry.name: hit.entry
        for slot, hits in search.walk.found.items()
        if search.plan.nodes[slot].phase == "backward" and slot > node.slot
        for hit in hits
        if hit.entry is not entry and hit.entry.of is not None
    }
    return list(found.values())


def _before(search: Search, node: Node) -> bool:
    """Whether any gradient of theirs comes before this one and is ours."""
    return any(
        search.plan.nodes[slot].phase == "backward" and slot < node.slot and not hits[0].entry.trivial
        for slot, hits in search.walk.found.items()
    )


def _scaled(search: Search, pairs: list[Pair], lacking: list[Entry], last: bool = False) -> bool:
    """All gradients of parameters times one number, so added several times; or clipped."""
    pairs = [p for p in pairs if _is_parameter(search, p[0])]
    if not pairs:
        return False
    level = search.book.level
    factor = _middle_ratio(pairs[0][2], pairs[0][3])
    whole = factor > 1 and round(factor) > 1 and abs(factor - round(factor)) < 1e-4
    same = [p for p in pairs if _is_times(p, factor, level)] if whole else []
    every = [p for p in pairs if np.abs(p[2]).max(initial=0.0) > NOTHING]
    least = max(NOTHING, allowed(level, SLACK) * size_of_all(search))  # below it a gradient is rounding
    agree = [
        n
        for n in _parameter_grads(search)
        if any(not h.entry.trivial and h.entry.size > least for h in search.walk.found.get(n.slot, ()))
    ]
    if not whole or agree or len(same) < max(1, len(every)):
        several = len(pairs) > 1 and bool(divisor(factor)) and _by_the_loss(search, factor) is None
        return clipped(search, pairs, lacking, _parameter_grads(search), last or several)
    node, _, ours, theirs = same[0]
    found, far = [p[1] for p in same], float(apart(ours, theirs).max())
    text = Bilingual(
        "gradients are {n} times ours: not set to zero before the backward pass",
        "梯度是我方的 {n} 倍：反向传播之前没有清零",
        n=round(factor),
    )
    at = _by_the_loss(search, factor)
    if at is not None and factor > USUAL:  # the number of labels, say: as the gradient of a sum is
        seed, how, value = at
        both = Bilingual(
            "{how}, which makes every gradient {n} times ours; {n} backward passes added up would, too",
            "{how}，于是每个梯度都是我方的 {n} 倍；反向传播累加了 {n} 次也会如此",
            how=how,
            n=round(factor),
        )
        settle(search, "loss-reduction", seed, both, found, lacking, {seed.path: always(value)}, far)
        return True
    times = {n.path: _times(factor) for n in _parameter_grads(search)} | {p[0].path: always(p[3]) for p in same}
    settle(search, "grad-accumulated", node, text, found, lacking, times, far)
    return True


def _middle_ratio(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The ratio of theirs to ours that most of the large numbers have."""
    size = float(np.vdot(ours, ours))
    return float(np.vdot(ours, theirs)) / size if size else 1.0


def _is_times(pair: Pair, factor: float, level: str) -> bool:
    """Whether theirs is so many times ours in every cell; in a coarse type but for the rounding of the largest."""
    _, _, ours, theirs = pair
    if level != "float64":
        return _gives(round(factor) * ours, theirs, ours, level)
    ratio = one_ratio(ours, theirs)
    return ratio is not None and abs(ratio - factor) <= 1e-4 * abs(factor)


def _by_the_loss(search: Search, factor: float) -> tuple[Node, Bilingual, np.ndarray] | None:
    """The first gradient after the loss, which they did not record, where a mistake in it alone makes all so many times
    ours: with how it is told, and its numbers."""
    loss = search.plan.paths.get("loss.grad")
    for s in search.plan.consumers[loss.slot] if loss is not None else ():
        node = search.plan.nodes[s]
        if node.slot in search.walk.wrong or search.walk.found.get(s):
            continue
        ours = search.walk.ours(s)
        for kind, text, value in ways(node, search.walk.arguments(node)):
            if kind == "loss-reduction" and _gives(factor * ours, value, ours, search.book.level):
                return node, text, value
    return None


def _is_parameter(search: Search, node: Node) -> bool:
    return node.role.name == "gradient" and search.plan.base(node).kind == "parameter"


def _parameter_grads(search: Search) -> list[Node]:
    return [n for n in search.plan.nodes if _is_parameter(search, n)]


def _times(factor: float) -> Callable[[Node], Override]:
    return lambda node: lambda args, get: factor * _usual(node, args)


def _usual(node: Node, args: list[Any]) -> np.ndarray:
    """What a step gives by itself."""
    return computed(node, args)


def _known(search: Search, pairs: list[Pair], lacking: list[Entry]) -> bool:
    """A derivative that is written otherwise than it should be: here, or in a step before it that was not recorded."""
    for node, entry, ours, theirs in pairs:
        own_step = ((kind, text, node.path, value, value) for kind, text, value in factors(search, node, theirs))
        for kind, text, path, own, value in chain_of(reached(search, node), own_step):
            search.tried += 1
            if search.stopped():
                return False
            if not _gives(value, theirs, ours, search.book.level):
                continue
            path, own = _place(search, node, path, own, value)
            if path != node.path and _contradicted(search, path, own, lacking):
                continue
            at = search.plan.paths[path]
            if _of_hidden_rows(search, at, own):  # the mask was added, which is as good
                search.overrides[path] = always(own)(at)
                search.walk = again(search)
                return True
            far = float(apart(ours, theirs).max())
            settle(search, kind, at, text, [entry], lacking, {path: always(own)}, far)
            return True
    return False


def _contradicted(search: Search, path: str, value: np.ndarray, lacking: list[Entry]) -> bool:
    """Whether gradients that agree no longer do so with a mistake in a step before them that was not recorded."""
    there = again(search, overrides={path: always(value)(search.plan.paths[path])})
    return not {e.name for e in lacking_of(search, there)} <= {e.name for e in lacking_of(search)}


def _of_hidden_rows(search: Search, at: Node, own: np.ndarray) -> bool:
    """Whether the gradient of masked scores is another only in rows that the mask hides whole: where it is added to the
    scores these go back to them, where cells are filled they do not. Every other row has no gradient at hidden cells."""
    if at.op is None or at.op.name != "mask_fill_vjp_x":
        return False
    whole = (np.asarray(search.walk.arguments(at)[1]) != 0).all(-1, keepdims=True)
    return bool(((own == search.walk.ours(at.slot)) | whole).all())


def _place(search: Search, node: Node, path: str, own: np.ndarray, value: np.ndarray) -> tuple[str, np.ndarray]:
    """Where a mistake is planted: in its own step, or in the sum of several in which it was made alike."""
    at = search.plan.paths[path]
    alone = search.walk.values[at.slot]
    search.walk.values[at.slot] = own
    made = np.asarray(node.op.forward(*search.walk.arguments(node), **node.attrs)) if node.op is not None else value
    search.walk.values[at.slot] = alone
    shares = node.op is not None and node.op.name == "accumulate" and at.slot in node.slots
    return (node.path, value) if shares and not np.array_equal(made, value) else (path, own)


def _gives(value: np.ndarray, theirs: np.ndarray, ours: np.ndarray, level: str) -> bool:
    """Whether a mistake gives their numbers, and tells more than that it is nearly what is right."""
    size = max(largest(theirs), 1e-300)
    most = max(ENOUGH, allowed(level, SLACK)) * size
    if not (np.isfinite(size) and within(value, theirs, most)):
        return False
    near, off = float(np.abs(value - theirs).max()), float(np.abs(ours - theirs).max())
    return near <= most and near <= 0.01 * off


def _unknown(search: Search, pairs: list[Pair]) -> None:
    """Gradients that none of the known mistakes gives: each is judged alone, from their gradients before it.

    Of those that rest on the same steps which they did not record only the first is said to differ.
    """
    from tfstep.compare import shown

    right: set[int] = set()
    for n in search.plan.nodes:
        if (
            n.phase == "backward"
            and n.slot not in search.walk.wrong
            and any(not h.entry.trivial for h in search.walk.found.get(n.slot, ()))
        ):
            right |= chain(search, n)
    accused: set[int] = set()
    for node, entry, ours, theirs in pairs:
        rests = chain(search, node) - right
        if rests & accused:
            continue
        accused |= rests
        blame(search, node, entry, float(apart(ours, theirs).max(initial=0.0)))
        if len(search.faults) == 1 and not search.causes:
            search.findings += shown.what(ours, theirs, node)
