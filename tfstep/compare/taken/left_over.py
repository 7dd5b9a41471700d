"""Weights that no name tells, where others of theirs are not ours: by their size, where nothing else has it, else so that
most of theirs is found."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from tfstep.compare.book import Book, Entry
from tfstep.compare.layout import Layout, layouts
from tfstep.compare.walk import walk
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.models.config import ModelConfig

MOST = 4  # weights of a size, up to which every way to give them out is tried


def left_over(
    book: Book,
    plan: Plan,
    values: dict[str, np.ndarray],
    nodes: list[Node],
    taken: dict[str, str],
    config: ModelConfig,
) -> None:
    """Take over the weights that are left, where some are theirs already: a run has all its weights of one start."""
    open_ = [node for node in nodes if node.kind == "parameter" and node.path not in taken]
    if not open_ or not any(plan.paths[path].kind == "parameter" for path in taken):
        return
    found = walk(book, plan, values, until="forward")
    used, kinds = found.names | set(taken.values()), {e.note.kind for e in book.entries} & {"weight"} or {"tensor"}
    free = [
        e
        for e in book.entries
        if e.number and not e.trivial and e.of is None and not e.is_new and e.name not in used and e.note.kind in kinds
    ]  # fmt: skip
    steps = {node.spec.size for node in plan.steps if node.phase == "forward"}
    by_size: dict[int, list[Node]] = defaultdict(list)
    for node in open_:
        by_size[node.spec.size].append(node)
    best = len(found.names)
    for size, alike in by_size.items():
        theirs = [e for e in free if e.array.size == size]
        alone = len(alike) == len(theirs) == 1 and size not in steps and len(_fit(alike[0], theirs[0], config)) == 1
        for node in alike[:MOST]:
            best = _tried(book, plan, values, node, theirs[:MOST], taken, config, best - alone)


def _tried(
    book: Book,
    plan: Plan,
    values: dict[str, np.ndarray],
    node: Node,
    theirs: list[Entry],
    taken: dict[str, str],
    config: ModelConfig,
    best: int,
) -> int:
    """Take the one with which most of theirs is found, itself left out, if that is more than ``best``; returns how much."""
    start = values[node.path]
    for entry in theirs:
        if entry.name in taken.values():
            continue
        for layout in _fit(node, entry, config):
            mine = {**values, node.path: layout.back(entry.array)}
            count = len(walk(book, plan, mine, until="forward").names - {entry.name})
            if count > best:
                best, start = count, mine[node.path]
                taken[node.path] = entry.name
    values[node.path] = start
    return best


def _fit(node: Node, entry: Entry, config: ModelConfig) -> tuple[Layout, ...]:
    return layouts(node, config, entry.array.shape)
