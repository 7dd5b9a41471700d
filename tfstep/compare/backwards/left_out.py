"""Gradients that lack something: the share of one use, a row, or all of it where a branch is detached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from tfstep.compare.backwards.judged import Pair
from tfstep.compare.backwards.lacking import lacking_of
from tfstep.compare.backwards.settled import again, always, settle
from tfstep.compare.book import FEW, Entry
from tfstep.compare.layout import role
from tfstep.compare.tolerance import apart
from tfstep.compare.walk import Walk
from tfstep.engine.node import Node
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.search import Search

ENOUGH = 1e-6
MANY = 8  # steps that are named
WRITTEN = Bilingual(
    "the rows that are read are written, not added: what comes to them by another use is gone",
    "读到的各行是写入而不是累加：经另一处用途传到这些行的那一份丢了",
)


def left_out(search: Search, pairs: list[Pair], lacking: list[Entry]) -> bool:
    """A gradient without one of its uses, without a row, or none at all."""
    for node, entry, ours, theirs in pairs:
        node = _handed(search, node)
        for text, made, gone in _less(search, node):
            y = made(search.walk)
            if y.shape == theirs.shape and _same(y, theirs, ours):
                far = float(apart(ours, theirs).max())
                if not _detached(search, node, entry, gone, y, lacking, far):
                    before = len(search.causes)
                    settle(search, "grad-missing", node, text, [entry], lacking, {node.path: always(y)}, far)
                    if gone and y.any() and len(search.causes) > before:
                        _as_one(search, gone)
                return True
        padded = _padded(search, node, ours, theirs)
        if padded is not None:
            changes, far = {node.path: always(theirs.copy())}, float(apart(ours, theirs).max())
            settle(search, "grad-missing", node, padded, [entry], lacking, changes, far)
            return True
    return False


def _as_one(search: Search, gone: list[str]) -> None:
    """The share of the same sort of steps that is missing elsewhere, too, is one mistake with it: what queries and keys
    read is detached in every attention."""
    last = len(search.causes) - 1
    alike = (
        k
        for k, paths in search.without.items()
        if {role(path) for path in paths} & {role(path) for path in gone}
        or {_scope(p) for p in paths} & {_scope(p) for p in gone}
    )
    k = next(alike, last)
    paths = (*search.without.get(k, ()), *(path for path in gone if path not in search.without.get(k, ())))
    search.without[k] = paths
    if k == last:
        return
    one, new = search.causes[k], search.causes.pop()
    search.causes[k] = replace(
        one, detail=_missing(paths), explains=one.explains + new.explains, also=(*one.also, new.path, *new.also)
    )


def _scope(path: str) -> str:
    return path.rpartition(".")[0]


def _missing(gone: Sequence[str]) -> Bilingual:
    names = ", ".join(gone[:MANY]) + (" …" if len(gone) > MANY else "")
    return Bilingual("the share that comes by {gone} is missing", "缺少经 {gone} 传来的那一份", gone=names)


def _handed(search: Search, node: Node) -> Node:
    """The gradient that one of the same numbers is handed on from: where a step does nothing, its own is that after it."""
    while len(node.slots) == 1:
        source = search.plan.nodes[node.slots[0]]
        if source.shape != node.shape or not np.array_equal(search.walk.ours(source.slot), search.walk.ours(node.slot)):
            break
        node = source
    return node


def _detached(
    search: Search, node: Node, entry: Entry, gone: list[str], y: np.ndarray, lacking: list[Entry], far: float
) -> bool:
    """Whether more is explained if nothing comes back to the steps by which a share is missing: their results are
    detached, so that their weights have no gradient either."""
    ends = [search.plan.gradient(search.plan.paths[path]) for path in gone if path in search.plan.paths]
    nodes = [end for end in ends if end is not None]
    if not gone or len(nodes) < len(gone):
        return False
    none = {end.path: always(np.zeros(end.shape)) for end in nodes}
    there = again(search, overrides={path: make(search.plan.paths[path]) for path, make in none.items()})
    here = again(search, overrides={node.path: always(y)(node)})
    left = lacking_of(search, there)
    if len(left) >= len(lacking_of(search, here)) or not any(h.entry is entry for h in there.found.get(node.slot, ())):
        return False
    text = Bilingual("no gradient comes here: a branch is detached", "这里没有梯度：有一支被 detach 了")
    settle(search, "grad-missing", nodes[0], text, [entry], lacking, none, far)
    return True


def _same(y: np.ndarray, theirs: np.ndarray, ours: np.ndarray) -> bool:
    size = float(np.abs(ours).mean())
    step = max(1, y.size // FEW)
    return all(
        bool((np.abs(a - b) <= ENOUGH * (np.abs(c) + size)).all())
        for a, b, c in ([x.reshape(-1)[::step] for x in (y, theirs, ours)], (y, theirs, ours))
    )


def _less(search: Search, node: Node) -> Iterator[tuple[Bilingual, Callable[[Walk], np.ndarray], list[str]]]:
    """Less than the whole gradient: nothing, or the sum without some of its uses, and which these are."""
    from itertools import combinations

    yield (
        Bilingual("no gradient comes here: a branch is detached", "这里没有梯度：有一支被 detach 了"),
        lambda w: np.zeros(node.shape),
        _read_by(search, node),
    )
    if node.op is None or node.op.name != "accumulate" or len(node.slots) > 8:
        return
    uses = list(node.slots)
    for n in range(len(uses) - 1, 0, -1):
        for kept in combinations(uses, n):
            gone = [search.plan.nodes[s].path.rpartition("/")[2] for s in uses if s not in kept]
            if not all(path in search.plan.paths for path in gone):
                continue  # a mistake that is known brought it along
            yield (
                _missing(gone),
                lambda w, kept=kept: np.sum([w.values[s] for s in kept], axis=0),  # type: ignore[misc]  # its own share
                gone,
            )
    for s in uses:
        read = search.plan.nodes[s]
        if read.op is not None and read.op.name == "gather_vjp_table":
            others = [other for other in uses if other != s]
            yield WRITTEN, partial(_written, slot=s, others=others), []


def _written(w: Walk, slot: int, others: list[int]) -> np.ndarray:
    """The sum of the other uses, in which the rows that were read are written over, each by its last use."""
    g, ids = w.arguments(w.plan.nodes[slot])[:2]
    value = np.array(np.sum([w.values[s] for s in others], axis=0))
    value[np.asarray(ids).reshape(-1)] = np.asarray(g).reshape(np.size(ids), -1)
    return value


def _read_by(search: Search, node: Node) -> list[str]:
    """The one step that reads the parameter whose gradient this is."""
    of = search.plan.base(node) if node.role.name == "gradient" else node
    steps = [search.plan.nodes[s] for s in search.plan.consumers[of.slot] if search.plan.nodes[s].phase == "forward"]
    return [steps[0].path] if of.kind == "parameter" and len(steps) == 1 else []


def _padded(search: Search, node: Node, ours: np.ndarray, theirs: np.ndarray) -> Bilingual | None:
    """What a gradient lacks whose rows of padding are left out: all of them, or of a tied table what is looked up."""
    rows = _rows_of_zeros(ours, theirs)
    if rows is not None:
        return Bilingual(
            "row {rows} of the gradient is 0, as padding_idx makes it",
            "梯度的第 {rows} 行为 0，是 padding_idx 造成的",
            rows=", ".join(map(str, rows)),
        )
    if ours.ndim != 2 or node.op is None or node.op.name != "accumulate":
        return None
    gone = (np.abs(ours - theirs) > ENOUGH * (np.abs(ours) + np.abs(ours).mean())).any(1)
    reads = [n for s in node.slots if (n := search.plan.nodes[s]).op is not None and n.op.name == "gather_vjp_table"]
    for some in [[one] for one in reads] + ([reads] if len(reads) > 1 else []):
        share = np.sum([search.walk.ours(n.slot) for n in some], axis=0)
        if gone.any() and _same(ours - np.where(gone[:, None], share, 0.0), theirs, ours):
            return Bilingual(
                "row {rows} lacks the share that comes by {gone}, as padding_idx makes it",
                "第 {rows} 行缺少经 {gone} 传来的那一份，是 padding_idx 造成的",
                rows=", ".join(map(str, np.flatnonzero(gone))),
                gone=", ".join(n.path.rpartition("/")[2] for n in some),
            )
    return None


def _rows_of_zeros(ours: np.ndarray, theirs: np.ndarray) -> list[int] | None:
    if ours.ndim != 2 or not (theirs[:, :1] == 0).any():
        return None
    gone = (theirs == 0).all(1) & (ours != 0).any(1)
    if not gone.any() or gone.all() or not _same(np.where(gone[:, None], 0.0, ours), theirs, ours):
        return None
    return [int(i) for i in np.flatnonzero(gone)]
