"""A weight of a recorded module that is used by nothing: the product with it was left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfstep.compare.book import Entry
from tfstep.compare.plant import forward_nodes, planted
from tfstep.compare.walk import walk
from tfstep.engine.node import Node
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.search import Search


def unused(search: Search) -> tuple[Node, Entry, Bilingual] | None:
    """The step whose weight theirs never reads, with that weight; the step is then left out of ours, too. None unless
    more of theirs is found so, or the module gives back what this step reads."""
    for node, source, entry in _idle(search):
        patches = {**search.patches, node.path: lambda at: at.args[0]}
        plan = planted(search.plan, {node.path: patches[node.path]}, search.scenario.model)
        there = walk(
            search.book, plan, search.leaves, search.walk, search.pins, until="forward", changes=frozenset({node.path})
        )
        gained = search.informative(there) - search.informative(search.walk)
        ends = any(hit.entry.note.result for hit in search.walk.found.get(source, ()))
        if not (gained or ends):
            continue
        search.plan, search.walk, search.patches = plan, there, patches
        said = Bilingual(
            "{name} is recorded and used by nothing: {path} is left out",
            "记录了 {name}，却没有用到：缺少 {path} 这一步",
            name=entry.name,
            path=node.path,
        )
        return node, entry, said
    return None


def _idle(search: Search) -> Iterator[tuple[Node, int, Entry]]:
    """The linear steps that keep the width and are not found in theirs, the slot they read, and their weight if no
    call of theirs has it."""
    book, walked = search.book, search.walk
    read = {name for e in book.entries for name in e.note.inputs}
    if not read:
        return  # nothing is known of what was read
    for node in forward_nodes(search.plan):
        if node.op is None or walked.found.get(node.slot) or not search.known_paths.get(node.path):
            continue
        weights = [n for s in node.slots if (n := search.plan.nodes[s]).kind == "parameter" and len(n.shape) == 2]
        others = [s for s in node.slots if search.plan.nodes[s].kind != "parameter"]
        if len(weights) != 1 or len(others) != 1 or search.plan.nodes[others[0]].shape != node.shape:
            continue
        names = {hit.entry.name for hit in walked.found.get(weights[0].slot, ())} | {search.taken.get(weights[0].path)}
        entries = [e for e in book.entries if e.name in names and e.note.kind == "weight"]
        if len(entries) == 1 and entries[0].name not in read and walked.found.get(others[0]):
            yield node, others[0], entries[0]
