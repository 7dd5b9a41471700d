"""What theirs has of the backward pass and the update that is none of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.compare.book import Entry
from tfstep.compare.names import affinity
from tfstep.engine.node import Node

if TYPE_CHECKING:
    from tfstep.compare.search import Search
    from tfstep.compare.walk import Walk

SURELY = 2.0  # how well a name goes with the path that it means: Wq with W_Q


def lacking_of(search: Search, along: Walk | None = None) -> list[Entry]:
    """Gradients and new parameters that are none of ours, along this walk or another."""
    walked = along or search.walk
    names = set(walked.names)
    for slot, (entry, _) in walked.wrong.items():
        there = [s for s, hits in walked.found.items() if any(hit.entry is entry for hit in hits)]
        uses = search.plan.nodes[slot].path + "/"
        if entry.zeros or all(
            s > slot
            or search.plan.nodes[s].path.startswith(uses)
            or _is_of_a_view(search, s, slot)
            or _is_anothers(walked, s, entry)
            for s in there
        ):  # found only where it is handed on, as the share of one use, a copy, or another's 0
            names.discard(entry.name)
    for entry in search.book.entries:
        node = named(search, entry)
        if node is not None and not any(hit.entry is entry for hit in walked.found.get(node.slot, ())):
            names.discard(entry.name)  # the gradient of a weight that was not recorded itself
    return [
        e
        for e in search.book.entries
        if e.number
        and e.name not in names
        and (e.of is not None or e.is_new)
        and not (e.trivial and not any(entry is e for entry, _ in walked.wrong.values()))
    ]


def _is_of_a_view(search: Search, slot: int, whole: int) -> bool:
    """Whether a gradient of ours is that of a view of the parameter whose gradient is ``whole``: the share of one use."""
    nodes = search.plan.nodes
    if nodes[slot].role.name != "gradient":
        return False
    of = search.plan.base(nodes[slot])
    while of.kind == "view" and len(of.slots) == 1:
        of = nodes[of.slots[0]]
    return slot != whole and of is search.plan.base(nodes[whole])


def _is_anothers(walked: Walk, slot: int, entry: Entry) -> bool:
    """Whether a gradient of ours is, by its name, another of theirs: NAME.grad, where NAME was found to be the tensor."""
    node = walked.plan.nodes[slot]
    if node.role.name != "gradient":
        return False
    of = {hit.entry.name for hit in walked.found.get(walked.plan.base(node).slot, ())}
    return entry.of not in of and any(hit.entry.of in of for hit in walked.found[slot] if hit.entry is not entry)


def named(search: Search, entry: Entry) -> Node | None:
    """The gradient of a weight or an input that theirs must be by its name alone: it was not recorded itself."""
    if entry.of is None or entry.of in search.book.by_name or entry.trivial or not entry.number:
        return None
    leaves = [n for n in search.plan.nodes if n.op is None and affinity(entry.of, n.path) >= SURELY]
    nodes = [node for leaf in leaves if (node := search.plan.gradient(leaf)) is not None]
    size = [n for n in entry.array.shape if n != 1]
    return nodes[0] if len(nodes) == 1 and [n for n in nodes[0].shape if n != 1] == size else None
