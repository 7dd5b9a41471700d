"""Which gradients can be judged: those of which a difference is one of their own step, and no consequence of another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tfstep.compare.book import FEW, Entry
from tfstep.compare.plant import is_aside
from tfstep.compare.tolerance import allowed, apart
from tfstep.engine.node import Node

if TYPE_CHECKING:
    from tfstep.compare.search import Search

Pair = tuple[Node, Entry, np.ndarray, np.ndarray]
SLACK = 8.0  # times the rounding of one step: what a long way of gradients that were not recorded adds up to


def size_of_all(search: Search) -> float:
    """How large the gradients of this run are: what is below their rounding tells nothing."""
    book = search.book
    if book.gradients is None:
        sizes = [largest(e.array) for e in book.entries if e.of is not None and e.number]
        if not sizes and any(e.is_new for e in book.entries):  # ours, where they kept none
            news = [n for n in search.plan.nodes if n.role.name == "new"]
            grads = [search.plan.gradient(search.plan.base(n)) for n in news]
            sizes = [largest(search.walk.ours(g.slot)) for g in grads if g is not None]
        book.gradients = float(np.median([size for size in sizes if np.isfinite(size)] or [0.0]))
    return book.gradients


def largest(x: np.ndarray) -> float:
    """The largest of all |x|, without a copy of them."""
    return max(float(x.max(initial=0.0)), -float(x.min(initial=0.0)))


def within(ours: np.ndarray, theirs: np.ndarray, most: float) -> bool:
    """Whether two arrays are nowhere further apart than this; a few cells are looked at first."""
    few = max(1, ours.size // FEW)
    some = apart(ours.reshape(-1)[::few], theirs.reshape(-1)[::few])
    return bool(some.max(initial=0.0) <= most and apart(ours, theirs).max(initial=0.0) <= most)


def judged(search: Search, pair: Pair, scale: float) -> bool:
    """Whether a difference is one of this step: more than rounding, and no consequence of a step that is not known.

    What follows from a mistake of the forward pass that is not mended is none; nor is NaN where they had it before, nor
    what is of a tensor that only a mistake has.
    """
    node, _, ours, theirs = pair
    if is_aside(node):
        return False
    size, finite = largest(ours), np.isfinite(largest(theirs))
    if not finite and np.isnan(theirs).any() and _has_nan(search):
        return False
    if not np.isfinite(size):
        size = float(np.abs(ours[np.isfinite(ours)]).max(initial=0.0))
    if finite and within(ours, theirs, allowed(search.book.level, SLACK) * max(size, scale)):
        return False
    if node.role.name != "gradient":
        return True
    uses = [search.plan.nodes[s] for s in search.plan.consumers[search.plan.base(node).slot]]
    if any(use.path in search.pins for use in uses if use.phase == "forward"):
        return False
    return not chain(search, node) or not open_forward(search)


def named_otherwise(search: Search) -> Iterator[tuple[Node, Entry]]:
    """Gradients that bear a path of ours and are another array, zeros that something else is as well: where all the rest
    agrees they are the mistake."""
    scale = size_of_all(search)
    for entry in search.book.entries:
        node = search.walk.plan.paths.get(entry.name)
        if node is None or node.op is None or node.role.name != "gradient" or not entry.number:
            continue
        if node.slot in search.walk.places.get(entry.name, ()) or entry.array.shape != node.shape:
            continue
        ours = search.walk.ours(node.slot)
        if judged(search, (node, entry, ours, entry.array), scale):
            yield node, entry


def _has_nan(search: Search) -> bool:
    return any(np.isnan(e.array).any() for e in search.book.entries if e.number and e.of is None and not e.is_new)


def open_forward(search: Search) -> bool:
    """Whether something of the forward pass is still otherwise and not mended."""
    return bool(search.pins) or bool(search.missing(search.suspects()))


def chain(search: Search, node: Node) -> set[int]:
    """The steps of the backward pass on which a gradient rests that are not recorded: a mistake may lie in any of them."""
    walked, found = search.walk, set[int]()
    open_ = list(node.slots)
    while open_:
        s = open_.pop()
        source = search.plan.nodes[s]
        if (
            s in found
            or source.phase != "backward"
            or s in walked.wrong
            or walked.found.get(s)
            or source.path in search.overrides
        ):
            continue
        found.add(s)
        open_ += source.slots
    return found
