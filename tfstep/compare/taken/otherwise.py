"""Where a run starts otherwise than ours, and nothing that was recorded tells how: there nobody is accused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.compare.layout import source
from tfstep.compare.plant import forward_nodes
from tfstep.engine.node import Node

if TYPE_CHECKING:
    from tfstep.compare.search import Search


def open_leaves(search: Search) -> list[str]:
    """The inputs that are not theirs as far as can be told: not recorded, and nothing found that is made of them. So
    are weights, where those of theirs that are recorded are not ours."""
    walked = search.walk
    kinds = {"input", *(["parameter"] if _other_weights(search) else [])}
    leaves = [n for n in walked.plan.nodes if n.kind in kinds and n.dtype.kind == "f" and n.path not in search.taken]
    return [
        n.path
        for n in leaves
        if not walked.found.get(n.slot)
        and not any(
            h.entry.array.size > 1 and not h.entry.trivial
            for s in walked.plan.consumers[n.slot]
            for h in walked.found.get(s, ())
        )
    ]


def _other_weights(search: Search) -> bool:
    """Whether theirs started from weights of its own: some are recorded, and none of them is as the scenario has it."""
    nodes = [n for n in search.walk.plan.nodes if n.kind == "parameter"]
    ours = (hit for n in nodes if n.path not in search.taken for hit in search.walk.found.get(n.slot, ()))
    return any(n.path in search.taken for n in nodes) and all(hit.entry.trivial for hit in ours)


def starts_otherwise(search: Search, node: Node) -> bool:
    """Whether a step, or that whose result it hands on, reads a leaf that is not theirs as far as can be told."""
    nodes, leaves = search.plan.nodes, set(open_leaves(search))
    return any(nodes[s].path in leaves for s in nodes[source(search.plan, node)].slots)


def unsure(search: Search) -> set[int]:
    """The steps that nothing tells of: computed of a weight that is not theirs as far as can be told, and nothing of
    theirs is found in between."""
    plan, found = search.walk.plan, search.walk.found
    slots = {plan.paths[path].slot for path in open_leaves(search) if plan.paths[path].kind == "parameter"}
    for node in forward_nodes(plan) if slots else ():
        if not (found.get(node.slot) or node.path in search.pins) and slots.intersection(node.slots):
            slots.add(node.slot)
    return slots
