"""A mistake that gives some of their arrays, and is not the one that was made: what it gives it gives by luck."""

from __future__ import annotations

from collections.abc import Set

from tfstep.compare.book import Book, Entry
from tfstep.compare.layout import fits
from tfstep.compare.names import called_like
from tfstep.compare.plant import Way, elsewhere
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan


def by_luck(book: Book, plan: Plan, way: Way, gained: Set[str], suspects: list[Node], missing: list[Entry]) -> bool:
    """Whether a mistake gives arrays of theirs, but not the one that is called like the step which it is of: where they
    wrote that down, and it is another, what is found further on is found by luck. So is one coarse number behind larger
    arrays that it does not give, and one of all digits where such an array is called like a step on the way to it."""
    alike = {e.name: [n.path for n in suspects if n.spec.size == e.array.size] for e in missing}
    here = {path for path, patch in way.patches.items() if patch is not elsewhere}
    if all(book.by_name[name].array.size == 1 for name in gained):
        here |= {node.path for node in suspects if node.slot >= plan.paths[way.path].slot}
    own = {name for name, paths in alike.items() if called_like(name, paths) in here}
    return (bool(own) and own.isdisjoint(gained)) or _one_number(book, plan, way, gained, suspects, missing)


def _one_number(book: Book, plan: Plan, way: Way, gained: Set[str], suspects: list[Node], missing: list[Entry]) -> bool:
    """Whether all that a mistake gives is a number of few digits, and arrays that may be steps between are others."""
    if book.level == "float64" or any(book.by_name[name].array.size > 1 for name in gained):
        return False
    changed = {plan.paths[path].slot for path in way.patches if path in plan.paths}
    between = {*changed, *plan.downstream(changed)}
    sizes = {e.array.size: e.array.shape for e in missing if e.array.size > 1}
    return any(
        n.slot in between and n.spec.size in sizes and fits(n, book.config, sizes[n.spec.size]) for n in suspects
    )
