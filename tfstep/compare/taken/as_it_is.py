"""A step that no known mistake explains: theirs is taken as it is, and what comes after is judged from there."""

from __future__ import annotations

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


def as_it_is(search: Search, suspects: list[Node], missing: list[Entry]) -> bool:
    """No known mistake gives their numbers: take theirs as they are at the step where most goes on from there.

    False where nothing tells which of theirs it would be.
    """
    config = search.scenario.model
    if started(search, suspects, missing):
        return True
    best: tuple[tuple[float, float, float, float], Node, Entry, Layout] | None = None
    ends = [n for n in suspects[NEAREST:] if n.path == "loss"] if same_weights(search) else []
    for node in (*suspects[:NEAREST], *called(suspects[NEAREST:], missing), *ends):
        near = [e for e in missing if e.array.size == node.spec.size]
        few = 2 if node.spec.size > SMALL else CANDIDATES
        for entry in sorted(near, key=lambda e: (-affinity(e.name, node.path), e.order))[:few]:
            for layout in layouts(node, config, entry.array.shape)[:2]:
                pins = {**search.pins, node.path: (entry, layout)}
                if best is not None and search.late:
                    break
                there = walk(
                    search.book,
                    search.plan,
                    search.leaves,
                    search.walk,
                    pins,
                    patience=PATIENCE,
                    until="forward",
                    changes=frozenset([node.path]),
                    enough=search.enough,
                )
                gained = len(search.informative(there) - search.informative(search.walk) - {entry.name})
                score = (float(gained), affinity(entry.name, node.path), -float(node.slot), -float(entry.order))
                if best is None or score > best[0]:
                    best = score, node, entry, layout
    if best is None:
        return False
    score, node, entry, layout = best
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
