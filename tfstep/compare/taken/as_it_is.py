"""A step that no known mistake explains: theirs is taken as it is, and what comes after is judged from there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfstep.compare import shown
from tfstep.compare.book import Entry
from tfstep.compare.layout import Layout, layouts
from tfstep.compare.names import affinity
from tfstep.compare.taken.otherwise import unsure
from tfstep.compare.unseen import called, called_before, same_weights, started
from tfstep.compare.walk import walk
from tfstep.engine.node import Node

if TYPE_CHECKING:
    from tfstep.compare.search import Search

NEAREST = 12  # steps at which an unknown mistake is looked for
PATIENCE = 28  # steps without an array of theirs after which it is given up
SMALL = 1 << 12  # cells of a step from which only the two likeliest arrays are tried as it
CANDIDATES = 6
EXACT = 1e-12  # differences below which all agree alike
Taken = tuple[tuple[int, float, int, int, int], Node, Entry, Layout]
"""How much goes on with an array taken as a step, how well its name fits, how exactly it goes on; step, array, layout."""


def as_it_is(search: Search, suspects: list[Node], missing: list[Entry]) -> bool:
    """No known mistake gives their numbers: take theirs as they are at the step where most goes on from there.

    False where nothing tells which of theirs it would be.
    """
    if started(search, suspects, missing):
        return True
    ends = [n for n in suspects[NEAREST:] if n.path == "loss"] if same_weights(search) else []
    found = list[Taken]()
    for node in (*suspects[:NEAREST], *called(suspects[NEAREST:], missing), *ends):
        alike = [e for e in missing if e.array.size == node.spec.size]
        few = 2 if node.spec.size > SMALL else CANDIDATES
        likely = sorted(alike, key=lambda e: (-affinity(e.name, node.path), e.order))[:few]
        found += [each for entry in likely if not (found and search.late) for each in _taken(search, node, entry)]
    first = next((e for e in missing if e.array.size > 1), None)
    near = _best(found) if found else None
    behind = near is None or not near[0][0] or near[2] is not first
    if first is not None and behind and not search.late:  # it may stand further on than that
        far = [n for n in suspects[NEAREST:] if n.spec.size == first.array.size]
        found += [each for n in far for each in _taken(search, n, first) if each[0][0]]
    if not found:
        return False
    score, node, entry, layout = _best(found)
    last = max(
        (e.order for e in search.book.entries if e.number and e.of is None and e.note.kind != "weight"), default=-1
    )
    if not score[0] and score[1] < 1 and entry.order != last:
        return False  # something of their own that we have no step for
    if node.slot in unsure(search):
        search.starts[node.path] = entry.name
    else:
        _accuse(search, suspects, node, entry, layout)
    search.pins[node.path] = (entry, layout)
    search.walk = walk(search.book, search.plan, search.leaves, search.walk, search.pins, until="forward")
    return True


def _taken(search: Search, node: Node, entry: Entry) -> Iterator[Taken]:
    """An array taken as a step, in either of two layouts, with how much speaks for it."""
    for layout in layouts(node, search.scenario.model, entry.array.shape)[:2]:
        there = walk(
            search.book,
            search.plan,
            search.leaves,
            search.walk,
            {**search.pins, node.path: (entry, layout)},
            patience=PATIENCE,
            until="forward",
            changes=frozenset([node.path]),
            enough=search.enough,
        )
        gained = search.informative(there) - search.informative(search.walk) - {entry.name}
        far = max((h.max_abs for hits in there.found.values() for h in hits if h.entry.name in gained), default=0.0)
        off = math.ceil(math.log10(max(far, EXACT)))  # a norm of what was normed already is nearly that
        yield (len(gained), affinity(entry.name, node.path), -off, -node.slot, -entry.order), node, entry, layout


def _best(found: list[Taken]) -> Taken:
    return max(found, key=lambda each: each[0])


def _accuse(search: Search, suspects: list[Node], node: Node, entry: Entry, layout: Layout) -> None:
    """The step is wrong, in a way that is not known."""
    search.faults.append(shown.first(search, node, entry))
    earlier = called_before(search, suspects, node, entry)
    if earlier is not None:
        search.faults.append(shown.first(search, *earlier))
    if not search.causes:
        said = {each.in_("en") for each in search.findings}
        whats = shown.beside(search, *(earlier or (node, entry)))
        search.findings += [each for each in whats if each.in_("en") not in said]
