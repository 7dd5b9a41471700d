"""What is shown of a wrong array: what they call it, and where no cause is known the ratio, the difference, the rank, the
zeros."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tfstep.compare.diagnosis import First
from tfstep.compare.layout import layouts
from tfstep.compare.names import affinity, axis_called
from tfstep.compare.tolerance import HIDDEN, apart
from tfstep.engine.node import Node
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.book import Entry
    from tfstep.compare.search import Search, Tried
    from tfstep.compare.walk import Walk

CLOSE = 1e-6
ALMOST = 1e-4  # from 1: a ratio that is printed as 1 though it is not


def distance(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest |ours − theirs|, masked cells of both left out."""
    far = apart(ours, theirs)
    far = np.where((ours <= -HIDDEN) & (theirs <= -HIDDEN), 0.0, far)
    return float(far.max(initial=0.0))


def off(search: Search, node: Node, entry: Entry | None, tried: Tried | None) -> float:
    """How far a step is off: their array of it from ours; where that is of a later step, what the mistake makes of it."""
    ours = search.walk.ours(node.slot)
    made = tried.plan.paths.get(node.path) if tried is not None else None
    if tried is not None and made is not None and made.shape == node.shape:
        at = tried.walk.found.get(made.slot, ())
        if entry is None or (entry.array.size == node.spec.size and not any(hit.entry is entry for hit in at)):
            return distance(ours, tried.walk.ours(made.slot))
    ways = layouts(node, search.scenario.model, entry.array.shape) if entry is not None else ()
    far = [distance(ours, each.back(entry.array)) for each in ways if entry is not None]
    return min(far, default=float("nan"))


def beside(search: Search, node: Node, entry: Entry) -> list[Bilingual]:
    """Sentences about an array of theirs beside the step that it is to be; at least one."""
    ways = layouts(node, search.scenario.model, entry.array.shape)
    if ways:
        return what(search.walk.ours(node.slot), ways[0].back(entry.array), node)
    return [
        Bilingual(
            "its shape is {theirs}, ours is {ours}",
            "对方的形状是 {theirs}，我方的是 {ours}",
            theirs="×".join(map(str, entry.array.shape)),
            ours="×".join(map(str, node.shape)),
        )
    ]


def what(ours: np.ndarray, theirs: np.ndarray, node: Node) -> list[Bilingual]:
    """Sentences about theirs beside ours; at least one."""
    found: list[Bilingual] = []
    if np.isnan(theirs).any():
        found.append(
            Bilingual(
                "{n} of {of} of their numbers are NaN",
                "对方的 {of} 个数里有 {n} 个是 NaN",
                n=int(np.isnan(theirs).sum()),
                of=theirs.size,
            )
        )
    plain = np.isfinite(ours) & np.isfinite(theirs) & (np.abs(ours) < HIDDEN) & (np.abs(theirs) < HIDDEN)
    u, v = ours[plain], theirs[plain]
    if ours.size == 1 and u.size:
        return [*found, *_one_number(float(u[0]), float(v[0]), node)]
    if not u.size:
        return found or [Bilingual("no number of both is finite", "双方没有一个数同时是有限的")]
    with np.errstate(all="ignore"):
        ratio = v / u
    usable = np.abs(u) > 1e-9 * np.abs(u).max(initial=0.0)
    if usable.any() and _constant(ratio[usable]):
        found.append(_one_ratio(ratio[usable], bool(plain.all() and usable.all())))
    elif _constant(v - u):
        found.append(
            Bilingual(
                "theirs − ours is {d:.8g} in every cell", "每一格的 对方 − 我方 都是 {d:.8g}", d=float(np.median(v - u))
            )
        )
    else:
        found += _along(ours, theirs, node)
    zeros = int(((theirs == 0) & (ours != 0)).sum())
    if zeros:
        found.append(
            Bilingual(
                "{n} of {of} of theirs are 0 where ours are not",
                "对方 {of} 个数里有 {n} 个为 0，而我方不为 0",
                n=zeros,
                of=theirs.size,
            )
        )
    if ours.ndim >= 2 and plain.all() and min(ours.shape[-2:]) > 1:
        matrix = (theirs - ours).reshape(-1, ours.shape[-1])
        rank = int(
            np.linalg.matrix_rank(matrix, tol=1e-8 * max(np.abs(matrix).max(initial=0.0), 1e-300) * max(matrix.shape))
        )
        if 0 < rank < min(matrix.shape):
            found.append(
                Bilingual(
                    "the difference has rank {r} of {most}",
                    "差的秩为 {r}（满秩 {most}）",
                    r=rank,
                    most=min(matrix.shape),
                )
            )
    if not found or found == []:
        cosine = float(u @ v / max(np.linalg.norm(u) * np.linalg.norm(v), 1e-300))
        found.append(
            Bilingual(
                "largest difference {d:.6g}, cosine {c:.6f}",
                "最大差 {d:.6g}，余弦 {c:.6f}",
                d=float(np.abs(v - u).max()),
                c=cosine,
            )
        )
    return found


def _one_number(u: float, v: float, node: Node) -> Iterator[Bilingual]:
    """A number alone beside another; of the gradient of the loss also whether it is one of so many parts."""
    yield Bilingual(
        "{path} is {v:.8g} in place of {u:.8g}", "{path} 是 {v:.8g}，而不是 {u:.8g}", path=node.path, v=v, u=u
    )
    times = u / v if v else 0.0
    if node.path == "loss.grad" and round(times) > 1 and abs(times - round(times)) <= CLOSE * times:
        yield Bilingual(
            "that is ours / {n}, as where the loss is divided by {n} to accumulate the gradients of {n} batches",
            "即我方的 1/{n}；累积 {n} 个批次的梯度时，损失就会这样除以 {n}",
            n=round(times),
        )


def _one_ratio(ratio: np.ndarray, everywhere: bool) -> Bilingual:
    """What the ratio is, and in which cells; of one that is nearly 1, in how many digits."""
    cells = (
        Bilingual("in every cell", "在每一格")
        if everywhere
        else Bilingual("in the cells where both are numbers other than 0", "在双方都是非零数的各格")
    )
    far = float(np.abs(ratio - 1).max())
    if far < ALMOST:
        return Bilingual(
            "theirs / ours is 1 to {n} digits {cells}",
            "对方 / 我方 {cells}都是 1，到第 {n} 位数字为止",
            n=int(-np.log10(max(far, 1e-16))),
            cells=cells,
        )
    return Bilingual(
        "theirs / ours is {r:.8g} {cells}", "对方 / 我方 {cells}都是 {r:.8g}", r=float(np.median(ratio)), cells=cells
    )


def _constant(x: np.ndarray) -> bool:
    middle = np.median(x)
    return bool(x.size > 1 and np.abs(x - middle).max() <= CLOSE * abs(middle) and middle != 0)


def _along(ours: np.ndarray, theirs: np.ndarray, node: Node) -> list[Bilingual]:
    """A ratio or a difference that is the same along one axis."""
    found = []
    for k, axis in enumerate(node.spec.axes):
        if ours.shape[k] < 2:
            continue
        with np.errstate(all="ignore"):
            ratio, gap = theirs / ours, theirs - ours
        for values, what in (
            (ratio, Bilingual("theirs / ours", "对方 / 我方")),
            (gap, Bilingual("theirs − ours", "对方 − 我方")),
        ):
            spread = np.ptp(values, axis=k)
            if np.isfinite(values).all() and spread.max() <= CLOSE * np.abs(values).max() and np.abs(values).max() > 0:
                found.append(
                    Bilingual(
                        "{what} is the same along the axis {axis}",
                        "{what} 沿{axis}的轴不变",
                        what=what,
                        axis=axis_called(axis.name) if axis.name else str(k),
                    )
                )
    where = apart(ours, theirs) > CLOSE * np.abs(ours).max(initial=0.0)
    share = int(where.sum())
    if share and share < where.size:
        found.append(Bilingual("{n} of {of} cells differ", "{of} 格中有 {n} 格不同", n=share, of=where.size))
    return found


def their_name(search: Search, tried: Tried, there: Walk) -> str:
    """What they call the wrong array: the one that is the step with the mistake, else the first that is found by it."""
    node = tried.plan.paths.get(tried.way.path)
    if node is not None:
        for hit in there.found.get(node.slot, ()):
            if hit.entry.name in tried.gained:
                return hit.entry.name
        own = [(affinity(hit.entry.name, node.path), hit.entry) for hit in there.found.get(node.slot, ())]
        reads = search.plan.paths[tried.way.path].slots
        earlier = [search.plan.nodes[s].path for s in reads]
        named = [(a, e) for a, e in own if a > max((affinity(e.name, path) for path in earlier), default=0.0)]
        if named:
            return max(named, key=lambda each: (each[0], each[1].order))[1].name
        handed = [e for _, e in own if not search.walk.places.get(e.name, set()).isdisjoint(reads)]
        if len(handed) > 1:  # the step does nothing, and they wrote down what goes in and what comes out
            return max(handed, key=lambda entry: entry.order).name
    turned = _turned(search, tried, there)
    if turned:
        return turned
    ordered = sorted(tried.gained, key=lambda name: search.book.by_name[name].order)
    return ordered[0] if ordered else ""


def _turned(search: Search, tried: Tried, there: Walk) -> str:
    """The first of their arrays that was taken for another layout of the right one and is the wrong one as it lies, from
    the mistake on: K Qᵀ was found as Q Kᵀ, transposed. Empty where there is none."""
    before, start = search.plan.paths, tried.plan.paths[tried.way.path].slot
    for node in tried.plan.steps:
        if node.slot < start or node.phase != "forward" or node.path not in before:
            continue
        was = {(hit.entry.name, hit.layout) for hit in search.walk.found.get(before[node.path].slot, ())}
        named = {name for name, _ in was}
        for hit in there.found.get(node.slot, ()):
            if hit.entry.name in named and (hit.entry.name, hit.layout) not in was:
                return hit.entry.name
    return ""


def first(search: Search, node: Node, entry: Entry | None, tried: Tried | None = None) -> First:
    """The step that differs, with the names of its inputs in theirs, and how far it is off."""
    walked = search.walk
    names = []
    for s in node.slots:
        hits = walked.found.get(s, ())
        source = walked.plan.nodes[s]
        best = max(hits, key=lambda hit: affinity(hit.entry.name, source.path), default=None)
        if best is not None:
            names.append(best.entry.name)
    most = off(search, node, entry, tried)
    return First(node.path, entry.name if entry else "", tuple(names), most, entry.note.line if entry else "")
