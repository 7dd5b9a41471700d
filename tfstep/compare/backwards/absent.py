"""Gradients that are not there: of arrays whose gradient was asked for, and did not come back.

Only a recording that asked for it tells that there is none (`Note.grad`); what was merely not recorded accuses nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from tfstep.address.roles import GRAD
from tfstep.compare.backwards.judged import SLACK, open_forward, size_of_all
from tfstep.compare.backwards.lacking import lacking_of
from tfstep.compare.backwards.settled import again, always, blame, enter_cause
from tfstep.compare.book import Entry
from tfstep.compare.layout import role
from tfstep.compare.recorded.note import CUT, LOST
from tfstep.compare.tolerance import allowed
from tfstep.compare.walk import PLAIN
from tfstep.engine.node import Node
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.search import Search


def absent(search: Search) -> bool:
    """Whether a gradient of ours that is not 0 does not come back in theirs: where it stops is the cause.

    The same made in several layers, and all that is frozen, is one cause.
    """
    if not any(e.note.grad for e in search.book.entries) or open_forward(search) or not _goes_back(search):
        return False
    stops = [(node, g, *_why(search, node)) for node, g in sorted(_stops(search), key=lambda each: each[1].slot)]
    if not stops:
        return False
    alike = [
        (g, at, entry) for _, g, at, entry, how in stops if (how, _place(at)) == (stops[0][4], _place(stops[0][2]))
    ]
    before = {e.name for e in lacking_of(search)} | _gone(search)
    paths, own = dict[str, Entry](), search.plan.gradient
    for g, at, entry in alike:
        stands = own(at) or g
        if stands.path not in paths:
            paths[stands.path] = entry
            blame(search, stands, entry, float(np.abs(search.walk.ours(g.slot)).max(initial=0.0)))
        search.overrides[g.path] = always(np.zeros(g.shape))(g)
    search.walk = again(search)
    explained = before - {e.name for e in lacking_of(search)} - _gone(search)
    (path, entry), *others = paths.items()
    text = Bilingual("{name}: {how}", "{name}：{how}", name=entry.name, how=stops[0][4])
    enter_cause(search, "grad-missing", path, text, len(explained), before, entry)
    search.causes[-1] = replace(search.causes[-1], also=tuple(path for path, _ in others))
    return True


def not_said(search: Search) -> list[str]:
    """The parameters of theirs without a gradient, of a recording that has those of others and does not say why."""
    if any(e.note.grad for e in search.book.entries) or not _goes_back(search):
        return []
    scale, names, having = size_of_all(search), list[str](), False
    for node in search.plan.nodes:
        g = search.plan.gradient(node) if node.kind == "parameter" else None
        entries = _entries(search, node) if g is not None else []
        having |= any(_has(search, e) for e in entries)
        if g is not None and entries and not any(_has(search, e) for e in entries) and _counts(search, g, scale):
            names.append(entries[0].name)
    return names if having else []


def _place(node: Node) -> str:
    """What tells the same mistake in another layer; all that is frozen is one."""
    return "" if node.kind == "parameter" else role(node.path)


def _goes_back(search: Search) -> bool:
    """Whether theirs learns at all, and has the loss of ours, or one gradient: else nothing tells what another should be."""
    nodes, found = search.plan.nodes, search.walk.found
    return any(e.note.grad in (LOST, CUT) or e.of is not None for e in search.book.entries) and any(
        nodes[slot].path == "loss" or (nodes[slot].phase == "backward" and any(not h.entry.trivial for h in hits))
        for slot, hits in found.items()
    )


def _entries(search: Search, node: Node) -> list[Entry]:
    """The arrays of theirs that are this tensor as a whole, and tell something or were taken over as it."""
    walked = search.walk
    taken = search.taken.get(node.path)
    found = [search.book.by_name[taken]] if taken is not None else []
    for hit in walked.found.get(node.slot, ()):
        entry = hit.entry
        if entry.of is not None or entry.is_new or entry.array.size != node.spec.size:
            continue
        if entry.trivial and node.kind != "parameter":
            continue
        if hit.layout.relation not in PLAIN and _is_plain_elsewhere(search, node, entry):
            continue
        found.append(entry)
    return found


def _is_plain_elsewhere(search: Search, node: Node, entry: Entry) -> bool:
    """Whether an array that is laid out otherwise than this tensor is another one of ours just as it is."""
    return any(
        slot != node.slot and hit.entry is entry and hit.layout.relation in PLAIN
        for slot in search.walk.places.get(entry.name, ())
        for hit in search.walk.found.get(slot, ())
    )


def _has(search: Search, entry: Entry) -> bool:
    return entry.name + GRAD in search.book.by_name


def _is_gone(search: Search, entries: list[Entry]) -> bool:
    """Whether all of these were asked for their gradient, and none has one."""
    return bool(entries) and all(e.note.grad and not _has(search, e) for e in entries)


def _stops(search: Search) -> Iterator[tuple[Node, Node]]:
    """Where a gradient on its way back from the loss comes to a tensor that has none, and is none of those that need none:
    that tensor, and its gradient in ours."""
    plan, scale = search.plan, size_of_all(search)
    open_, seen = [plan.paths["loss"].slot] if "loss" in plan.paths else [], set[int]()
    while open_:
        node = plan.nodes[slot := open_.pop()]
        if slot in seen or node.kind in ("input", "constant"):
            continue
        seen.add(slot)
        entries = _entries(search, node)
        if any(e.note.kind == "input" for e in entries):
            continue  # their module begins here
        g = plan.gradient(node)
        if not _is_gone(search, entries) or node.kind == "view" or not _due(search, node, entries):
            open_ += node.slots
        elif g is not None and _counts(search, g, scale) and not _came(search, g):
            yield node, g


def _counts(search: Search, g: Node, scale: float) -> bool:
    """Whether a gradient of ours is more than rounding, and not known to be missing."""
    size = float(np.abs(search.walk.ours(g.slot)).max(initial=0.0))
    return g.path not in search.overrides and size > allowed(search.book.level, SLACK) * max(size, scale)


def _due(search: Search, node: Node, entries: list[Entry]) -> bool:
    """Whether a tensor of theirs ought to have a gradient: it requires one, or what it is made of does. A parameter that
    requires none is frozen: that is no mistake where ours is frozen, too."""
    if node.kind == "parameter":
        return search.plan.new(node) is not None or not search.scenario.train.freeze
    if any(e.note.grad in (LOST, CUT) for e in entries):
        return True
    return any(
        e.note.grad == LOST or _has(search, e)
        for before in search.plan.upstream(node.slot)
        for e in _entries(search, search.plan.nodes[before])
    )


def _came(search: Search, g: Node) -> bool:
    """Whether what ours makes of a gradient is in theirs as well: then it came back, past an array that is a copy."""
    plan, walked = search.plan, search.walk
    open_, seen = [g.slot], set[int]()
    while open_:
        for s in plan.consumers[open_.pop()]:
            node = plan.nodes[s]
            if s in seen or node.phase != "backward" or s in walked.wrong or node.path in search.overrides:
                continue
            seen.add(s)
            of = {e.name for e in _entries(search, plan.base(node))} if node.role.name == "gradient" else set()
            if any(hit.entry.of in of and not hit.entry.trivial for hit in walked.found.get(s, ())):
                return True
            open_.append(s)
    return False


def _gone(search: Search) -> set[str]:
    """The arrays without a gradient of which ours is not 0."""
    scale, found = size_of_all(search), set[str]()
    for node in search.plan.nodes:
        g = search.plan.gradient(node) if node.phase not in ("backward", "update") and node.kind != "input" else None
        if g is None or not _is_gone(search, entries := _entries(search, node)) or not _counts(search, g, scale):
            continue
        found |= {e.name for e in entries if e.note.kind != "input"}
    return found


FROZEN = Bilingual(
    "it requires no gradient, it is frozen; where that is meant, let the scenario say so under train: freeze",
    "不求梯度，被冻结了；如果本意如此，请在场景的 train: freeze 里写明",
)
LOST_HERE = Bilingual(
    "no gradient comes back here: what follows reads it detached (detach(), .data, .item(), by way of NumPy)",
    "梯度传不到这里：后面用到它时已经 detach 了（detach()、.data、.item()，或绕道 NumPy）",
)
CUT_HERE = Bilingual(
    "it requires no gradient, though what it is computed from does: no_grad()",
    "不求梯度，而它的输入要求梯度：在 no_grad() 下计算",
)
CUT_BEFORE = Bilingual(
    "it requires no gradient: what it is computed from is detached before (detach(), .data, by way of NumPy)",
    "不求梯度：它的输入先被 detach 了（detach()、.data，或绕道 NumPy）",
)


def _why(search: Search, node: Node) -> tuple[Node, Entry, Bilingual]:
    """The tensor at which their graph is cut, what they call it, and how it is cut.

    What requires no gradient because nothing before it does is not where it is cut: that is further up.
    """
    while True:
        entries = _entries(search, node)
        kept = {e.note.grad for e in entries}
        if LOST in kept or CUT in kept:
            return node, entries[0], LOST_HERE if LOST in kept else CUT_HERE
        if node.kind == "parameter":
            return node, entries[0], FROZEN
        further = _made_of(search, node)
        if further is None:
            return node, entries[0], CUT_BEFORE
        node = further


def _made_of(search: Search, node: Node) -> Node | None:
    """Of what this is made of a step without a gradient that ought to have one, the one that is recorded next."""
    plan, open_, seen = search.plan, list(node.slots), set[int]()
    while open_:
        before = plan.nodes[s := open_.pop(0)]
        if s in seen or before.op is None:
            continue
        seen.add(s)
        entries = _entries(search, before)
        if not entries:
            open_ += before.slots
        elif _is_gone(search, entries) and _due(search, before, entries):
            return before
    return None
