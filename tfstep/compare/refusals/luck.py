"""A mistake that gives some of their arrays, and is not the one that was made: what it gives it gives by luck."""

from __future__ import annotations

from collections.abc import Set

from tfstep.compare.book import Book, Entry
from tfstep.compare.layout import fits
from tfstep.compare.names import called_like
from tfstep.compare.plant import Way, elsewhere
from tfstep.compare.walk import Walk
from tfstep.engine.node import Node


def by_luck(
    book: Book, there: Walk, made: Walk, way: Way, gained: Set[str], suspects: list[Node], missing: list[Entry]
) -> bool:
    """Whether a mistake gives arrays of theirs, but not the one that is called like the step which it is of: where they
    wrote that down, and it is another, what is found further on is found by luck. So is one coarse number behind larger
    arrays that it does not give, and one of all digits where such an array is called like a step on the way to it.

    ``there`` is the walk in which the steps are under suspicion, ``made`` that with the mistake.
    """
    plan = there.plan
    alike = {e.name: [n.path for n in suspects if n.spec.size == e.array.size] for e in missing}
    here = {path for path, patch in way.patches.items() if patch is not elsewhere}
    if all(book.by_name[name].array.size == 1 for name in gained):
        here |= {node.path for node in suspects if node.slot >= plan.paths[way.path].slot}
    own = {name for name, paths in alike.items() if called_like(name, paths) in here}
    itself = {
        hit.entry.name
        for path in here & made.plan.paths.keys()
        for hit in made.found.get(made.plan.paths[path].slot, ())
    }
    proved = not gained.isdisjoint(itself) and not gained <= itself  # under another name, and what comes of it as well
    return (bool(own) and own.isdisjoint(gained) and not proved) or _one_number(
        book, there, way, gained, suspects, missing
    )


def _one_number(
    book: Book, there: Walk, way: Way, gained: Set[str], suspects: list[Node], missing: list[Entry]
) -> bool:
    """Whether all that a mistake gives is a number of few digits, and arrays that may be steps between are others; or one
    that may be an earlier step whose inputs are theirs."""
    plan = there.plan
    if book.level == "float64" or any(book.by_name[name].array.size > 1 for name in gained):
        return False
    changed = {plan.paths[path].slot for path in way.patches if path in plan.paths}
    between = {*changed, *plan.downstream(changed)}
    sizes = {e.array.size: e.array.shape for e in missing if e.array.size > 1}
    before = {s for slot in changed for s in plan.upstream(slot)} - changed
    return any(
        (
            n.slot in between
            or (n.slot in before and all(there.found.get(s) or plan.nodes[s].op is None for s in n.slots))
        )
        and n.spec.size in sizes
        and fits(n, book.config, sizes[n.spec.size])
        for n in suspects
    )
