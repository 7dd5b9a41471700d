"""Two mistakes between one recorded array and the next: neither gives their numbers alone, both together do.

The few steps in question are taken out of the plan, so that a pair is tried in a moment.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np

from tfstep.compare.book import Book, Entry
from tfstep.compare.plant import Blended, Patch, Way, planted, together
from tfstep.compare.walk import walk
from tfstep.engine.node import Literal, Node, Role
from tfstep.engine.plan import Plan
from tfstep.engine.tape import Tape, Traced

if TYPE_CHECKING:
    from tfstep.compare.search import Search, Tried

SECONDS = 8.0
ENOUGH = 8  # pairs that are looked at more closely
CELLS = 100_000  # of these steps together


def two(search: Search, steps: list[Node], missing: list[Entry]) -> Tried | None:
    """The two mistakes, one after the other, with which most of the missing arrays are found; None if there are none.

    ``steps`` are those in question, as `Search.in_a_row` gives them. Both may be in one step, where it can be set
    otherwise in two ways: a rope of other pairs and another base.
    """
    until = time.thread_time() + SECONDS
    later = _ways(search, steps) if len(steps) > 1 else []
    known = [way for group in later for way in group]
    found = _found(search, steps, known, _pairs(search, later), missing, until)
    if found is not None:
        return found
    for node in search.suspects():
        own = [way for way in _ways(search, [node])[0] if isinstance(way.patches.get(node.path), Blended)]
        if own:
            paths = {path for way in own for path in way.patches}
            here = [each for each in search.plan.nodes if each.path in paths]
            one = (pair for pair in combinations(own, 2) if _two_settings(*(way.patches[node.path] for way in pair)))
            found = _found(search, here, own, one, missing, until)
            if found is not None:
                return found
    return None


def _two_settings(one: Patch, then: Patch) -> bool:
    """Whether two mistakes in how a step is set are of two settings: in either order they give the same."""
    if not (isinstance(one, Blended) and isinstance(then, Blended)) or one.made is not then.made:
        return False
    first, second = one.change(one.own), then.change(then.own)
    return bool(one.change(second) == then.change(first) not in (first, second))


def _ways(search: Search, steps: list[Node]) -> list[list[Way]]:
    """The known mistakes of each of these steps, as far as they change no other."""
    paths = {node.path for node in steps}
    return [[way for way in search.ways_at(node) if way.patches.keys() <= paths or len(steps) == 1] for node in steps]


def _found(
    search: Search,
    steps: list[Node],
    known: list[Way],
    pairs: Iterable[tuple[Way, Way]],
    missing: list[Entry],
    until: float,
) -> Tried | None:
    """The pair of the known mistakes in these steps with which most of the missing arrays are found."""
    if sum(node.spec.size for node in steps) > CELLS:
        return None
    plan = _taken_out(search, steps)
    leaves = {plan.nodes[slot].path: np.asarray(value) for slot, value in plan.leaves.items()}
    book = search.book.only({entry.name for entry in missing})
    paths = {node.path for node in steps}
    best = list[tuple[int, Way, Way]]()
    alone, most = None, 0
    for way in known:  # one mistake that gives as much is no two
        gained = len(_named(search, plan, leaves, book, paths, way.patches))
        alone, most = (way, gained) if gained > most else (alone, most)
    if alone is not None:
        tried = search.attempt(alone)
        if tried is not None and not tried.lost and tried.gained >= {entry.name for entry in missing}:
            return tried
    for one, then in pairs:
        if time.thread_time() > until or search.late:
            break
        search.told(*search.far)
        search.tried += 1
        patches = together(one.patches, then.patches)
        named = _named(search, plan, leaves, book, paths, patches) if patches is not None else set()
        if len(named) > most:
            best.append((len(named), one, then))
            if {one.key, then.key} <= set(search.keys):
                break
    found: Tried | None = None
    for _, one, then in sorted(best, key=lambda each: -each[0])[:ENOUGH]:
        patches = together(one.patches, then.patches) or {}
        tried = search.attempt(Way(one.kind, one.path, one.detail, patches, one.key))
        if tried is not None and not tried.lost and (found is None or len(tried.gained) > len(found.gained)):
            found, tried.then = tried, then
    return found


def _named(
    search: Search,
    plan: Plan,
    leaves: dict[str, np.ndarray],
    book: Book,
    paths: set[str],
    patches: Mapping[str, Patch],
) -> set[str]:
    """The arrays that are one of these steps once they are made otherwise."""
    try:
        made = planted(plan, patches, search.scenario.model)
        with np.errstate(all="ignore"):
            there = walk(book, made, leaves, until="forward")
    except (KeyError, ValueError, AttributeError, IndexError, TypeError):
        return set()
    return {hit.entry.name for s, hits in there.found.items() for hit in hits if made.nodes[s].path in paths}


def _pairs(search: Search, known: list[list[Way]]) -> Iterator[tuple[Way, Way]]:
    """Every mistake with every one of a later step; those that were made in another layer come first."""
    found = [
        pair
        for k, earlier in enumerate(known)
        for later in known[k + 1 :]
        for pair in product(earlier, later)
        if not pair[0].patches.keys() & pair[1].patches.keys()
    ]
    return iter(sorted(found, key=lambda pair: -sum(way.key in search.keys for way in pair)))


def _taken_out(search: Search, steps: list[Node]) -> Plan:
    """A plan of these steps alone, which begins with the numbers that they read."""
    tape, made = Tape(), dict[int, Traced]()
    for node in steps:
        for s in node.slots:
            if s not in made:
                source = search.plan.nodes[s]
                value = np.asarray(search.walk.values[s] if search.walk.values[s] is not None else search.walk.ours(s))
                made[s] = tape.leaf(source.path, "constant", source.spec, value, Role(source.role.name))
        assert node.op is not None
        args = [s if isinstance(s, Literal) else made[s] for s in node.inputs]
        made[node.slot] = tape.record(node.op, args, node.attrs, node.spec)
        done = tape.nodes[made[node.slot].slot]
        done.kind, done.phase = node.kind, node.phase
        tape.name(done, node.path)
    return tape.plan()
