"""Mistakes of which nothing later shows: a bias that all keys lack is nothing to a softmax, and what a module does to its
result before it gives it back is read by no step of ours.

Arrays that are none of ours accuse nobody by themselves: right code has its own. They do where a known mistake gives
their numbers to the bit of rounding and everything else stays found, where they bear the very path of a step of ours,
or where they are what the module gives back.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tfstep.address.roles import GRAD, path_parts
from tfstep.compare.backwards.lacking import lacking_of
from tfstep.compare.book import Entry
from tfstep.compare.diagnosis import PROPOSED
from tfstep.compare.layout import Layout, fits, layouts, source
from tfstep.compare.names import affinity, called_like
from tfstep.compare.plant import forward_nodes
from tfstep.compare.taken.otherwise import open_leaves, starts_otherwise
from tfstep.compare.walk import walk
from tfstep.engine.node import Node
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.search import Search, Tried

SECONDS = 3.0  # of processor time: arrays of their own are many
FEW = 8  # steps that an array is tried as
BACK = 4  # steps before one that were not recorded, in which the mistake may have been made
SURELY = 2.0  # an affinity from which a name says what an array is


def taken_back(search: Search) -> tuple[Tried | None, list[Entry]]:
    """The mistake that gives arrays of theirs which are none of ours, though all that comes of it agrees; and these."""
    steps = _not_found(search)
    missing = search.missing(steps)
    if not missing:
        return None, []
    whole = search.until
    search.until = min(whole, time.thread_time() + SECONDS)
    tried = search.best_within(_tried_at(search, steps, missing), missing, BACK)
    search.until = whole
    return (tried if tried is not None and _stays(search, tried) else None), missing


def given_back(search: Search) -> tuple[Tried | None, list[Entry]]:
    """The mistake that gives what the module gives back, where that is none of ours; and what that is."""
    for entry in _results(search):
        ends = [node for node in _made_from(search, entry) if fits(node, search.scenario.model, entry.array.shape)]
        tried = search.best(ends, [entry]) if ends else None
        if tried is not None and entry.name in tried.gained and _stays(search, tried):
            return tried, [entry]
    return None, []


def gone_on(search: Search) -> tuple[Tried | None, list[Entry]]:
    """The mistake that gives the loss they go back from, where that is computed from ours and is another; and that."""
    entry = _other_loss(search)
    if entry is not None:
        tried = search.best([search.plan.paths["loss"]], [entry])
        if tried is not None and entry.name in tried.gained and _stays(search, tried):
            return tried, [entry]
    return None, []


def _other_loss(search: Search) -> Entry | None:
    """A number that they call the loss, or go back from, written down behind the one that is our loss, and another. Where
    the scenario was proposed from their run, nothing says that theirs is to be ours."""
    node, book = search.plan.paths.get("loss"), search.book.by_name
    found = search.walk.found.get(node.slot, []) if node is not None else []
    if not found or search.scenario.name == PROPOSED:
        return None
    first, names = min(hit.entry.order for hit in found), search.open_names()
    part = float(found[0].entry.array.reshape(())) / search.scenario.train.accumulate  # of a micro-batch, divided first
    later = [
        e
        for e in search.book.entries
        if e.order > first and e.array.size == 1 and e.name in names and not np.isclose(e.array, part, rtol=1e-4).all()
    ]
    ends = [e for e in later if e.name == "loss" or _goes_back_from(book.get(e.name + GRAD))]
    return ends[-1] if ends else None


def _goes_back_from(grad: Entry | None) -> bool:
    """Whether a gradient is that of the number which the gradients are of: 1."""
    return grad is not None and grad.array.size == 1 and float(grad.array.reshape(())) == 1.0


def lost_to_nan(search: Search) -> tuple[Node, Entry] | None:
    """A step whose numbers were lost in theirs, though what comes of it agrees: it is not taken for theirs."""
    steps = _not_found(search)
    gone = [e for e in search.missing(steps) if np.isnan(e.array).any()]
    lost = [(n, e) for n in steps for e in gone if e.array.size == n.spec.size and _reads_found(search, n)]
    return max(lost, key=lambda each: affinity(each[1].name, each[0].path), default=None)


def goes_on(search: Search) -> Iterator[tuple[Node, Entry, Bilingual]]:
    """What is none of ours, no known mistake, and yet no array of their own: it bears the very path of a step of ours, or
    the module gives it back where ours ends."""
    other = _other_loss(search)
    if other is not None and _goes_back_from(search.book.by_name.get(other.name + GRAD)):  # no mean that is logged
        said = Bilingual(
            "{name} is computed from our loss, and is another number",
            "{name} 由我方的损失算出，却是另一个数",
            name=other.name,
        )
        yield search.plan.paths["loss"], other, said
    for entry in _results(search):
        for node in _made_from(search, entry)[:1]:
            if fits(node, search.scenario.model, entry.array.shape) and not _follows(search, node, entry):
                said = Bilingual(
                    "the module gives back {name}, which is none of ours; {path}, from which it is computed, agrees",
                    "模块返回的 {name} 不是我方的任何张量；算出它的 {path} 是一致的",
                    name=entry.name,
                    path=node.path,
                )
                yield node, entry, said
                return
            ours = next(_behind(search, node, entry), None) if same_weights(search) else None
            if ours is not None and not _follows(search, ours, entry):
                said = Bilingual(
                    "the module gives back {name}, computed from {path}, which agrees; ours makes {ours} of that, which is not "
                    "{name}",
                    "模块返回由 {path} 算出的 {name}，{path} 是一致的；场景由它算出的 {ours} 却不是 {name}",
                    name=entry.name,
                    path=node.path,
                    ours=ours.path,
                )
                yield ours, entry, said
                return
    steps = {node.path: node for node in _not_found(search)}
    for name in sorted(search.open_names() & steps.keys(), key=lambda name: search.book.by_name[name].order):
        entry = search.book.by_name[name]
        if not fits(steps[name], search.scenario.model, entry.array.shape):
            continue
        said = Bilingual(
            "{name} is not what ours is, though all that comes of it agrees",
            "{name} 与我方不同，虽然由它算出的一切都一致",
            name=name,
        )
        yield steps[name], entry, said


def unjudged(search: Search) -> list[str]:
    """What theirs ends with and ours has no step for: what the module gives back, or behind the last array that is ours
    what is called logits, or like a step of ours of which nothing is found; and no other way to say what a step of ours
    is, as probabilities are."""
    ends, entries, book = _results(search), search.book.entries, search.book.by_name
    if not any(e.note.result for e in entries):
        steps = (book[name] for name in search.walk.names if name in book)
        last = max(
            (e.order for e in steps if e.array.size > 1 and e.note.kind != "weight" and e.of is None), default=-1
        )
        open_, paths = search.open_names(), ["out.logits", *(n.path for n in search.suspects())]
        later = (e for e in entries if e.order > last and e.name in open_ and e.array.size > 1)
        ends = [e for e in later if max(affinity(e.name, path) for path in paths) >= SURELY]
    return [e.name for e in ends if not any(_follows(search, node, e) for node in _made_from(search, e))]


def called_alike(search: Search) -> list[str]:
    """The arrays that are none of ours though they have the name and the shape of a step of ours that is not found."""
    steps, open_ = _not_found(search), search.open_names()
    return [
        e.name
        for e in search.missing(steps)
        if e.name in open_
        and any(affinity(e.name, n.path) >= SURELY and fits(n, search.scenario.model, e.array.shape) for n in steps)
    ]


def called(steps: list[Node], missing: list[Entry]) -> list[Node]:
    """Those of these steps that an array of their size is surely called like, and like no other of them."""
    found = set[str]()
    for entry in missing:
        alike = [n.path for n in steps if n.spec.size == entry.array.size]
        path = called_like(entry.name, alike)
        if path and affinity(entry.name, path) >= SURELY:
            found.add(path)
    return [n for n in steps if n.path in found]


def called_before(search: Search, suspects: list[Node], node: Node, entry: Entry) -> tuple[Node, Entry] | None:
    """The first of the steps that a step comes of which an array, of whatever lengths, written down before that of the
    step, is surely called like; and this array: it is none of ours either, as nothing of what comes of it is."""
    before, names = set(search.plan.upstream(node.slot)), search.open_names()
    steps = {n.path: n for n in suspects}
    found = list[tuple[Node, Entry]]()
    for each in search.book.entries:
        path = called_like(each.name, list(steps)) if each.name in names and each.order < entry.order else ""
        if path and affinity(each.name, path) >= SURELY and each.array.ndim == len(steps[path].shape):
            found.append((steps[path], each))
    return min((each for each in found if each[0].slot in before), key=lambda each: each[0].slot, default=None)


def nameless(search: Search) -> list[str]:
    """Gradients and new weights that have the shape of ours and are none, of what was not recorded."""
    sizes = {n.spec.size for n in search.plan.nodes if n.kind == "parameter"}
    return [
        e.name
        for e in lacking_of(search)
        if not e.trivial and e.array.size in sizes and path_parts(e.name).of not in search.book.by_name
    ]


def same_weights(search: Search) -> bool:
    """Whether both runs begin alike: all weights are theirs, one at least tells something, and no input is another."""
    own = [n for n in search.plan.nodes if n.kind == "parameter"]
    hits = {n.path: search.walk.found.get(n.slot, ()) for n in own}
    if open_leaves(search) or not all(hits[n.path] or n.path in search.taken for n in own):
        return False
    return bool(search.taken) or any(not h.entry.trivial for found in hits.values() for h in found)


def _not_found(search: Search) -> list[Node]:
    """The steps of the forward pass that are not found in theirs, though what comes of them may be."""
    found = [
        node
        for node in forward_nodes(search.plan)
        if node.op is not None
        and node.kind == "step"
        and node.path in search.known_paths
        and node.path not in search.pins
        and not search.walk.found.get(node.slot)
    ]
    return search.asked(found, search.walk)


def _reads_found(search: Search, node: Node) -> bool:
    return all(search.walk.found.get(s) or search.plan.nodes[s].op is None for s in node.slots)


def _tried_at(search: Search, steps: list[Node], missing: list[Entry]) -> list[Node]:
    """Where the mistake may have been made: at the steps that the arrays are likeliest to be, and shortly before."""
    own, config, nodes = {n.slot for n in steps}, search.scenario.model, search.plan.nodes
    likely: dict[int, Node] = {}
    for entry in missing:
        near = [n for n in steps if n.spec.size == entry.array.size and fits(n, config, entry.array.shape)]
        near.sort(key=lambda n: (-affinity(entry.name, n.path), not _reads_found(search, n), n.slot))
        likely |= {n.slot: n for n in near[:FEW]}
    for node in list(likely.values()):
        level = [node]
        for _ in range(BACK):
            level = [nodes[s] for each in level for s in each.slots if s in own]
            likely |= {n.slot: n for n in level}
    makers = (nodes[source(search.plan, nodes[s])] for n in list(likely.values()) for s in n.slots)
    likely |= {n.slot: n for n in makers if n.op is not None and n.kind == "step" and n.path in search.known_paths}
    return [likely[slot] for slot in sorted(likely)]


def _stays(search: Search, tried: Tried) -> bool:
    """Whether with a mistake planted everything stays found but the step itself, of which they then have both."""
    if not tried.lost:
        return True
    node = search.plan.paths[tried.way.path]
    copies = {hit.entry.name for hit in search.walk.found.get(node.slot, ())}
    return tried.lost <= copies and not any(_called_another(search, tried, name) for name in tried.gained)


def _called_another(search: Search, tried: Tried, name: str) -> bool:
    """Whether an array is called like another step that is not found than the one that it is with a mistake planted."""
    given = [tried.plan.nodes[slot].path for slot in tried.walk.places.get(name, ())]
    as_given = max((affinity(name, path) for path in given), default=0.0)
    return any(affinity(name, n.path) > as_given for n in _not_found(search) if n.path not in given)


def _results(search: Search) -> list[Entry]:
    """What the module gives back, where none of it is ours."""
    found, open_ = search.walk.names | set(search.taken.values()), search.open_names()
    results = [e for e in search.book.entries if e.note.result]
    if any(e.name in found for e in results):
        return []  # one of several: attention averaged over its heads beside its result
    return [e for e in results if e.name in open_]


def _made_from(search: Search, entry: Entry) -> list[Node]:
    """The steps of ours that the arrays are from which it was computed, the nearest first."""
    walked, book = search.walk, search.book.by_name
    level, seen, nodes = [entry.name], {entry.name}, list[Node]()
    while level and not nodes:
        level = [name for each in level if each in book for name in book[each].note.inputs if name not in seen]
        seen |= set(level)
        slots = {s for name in level for s in walked.places.get(name, ())}
        nodes = [n for s in slots if (n := walked.plan.nodes[s]).op is not None and n.phase == "forward"]
    return sorted(nodes, key=lambda n: -n.slot)


def _behind(search: Search, node: Node, entry: Entry) -> Iterator[Node]:
    """The steps of ours behind one that are not found in theirs and have the shape of what is given back."""
    after = search.plan.downstream({search.plan.paths[node.path].slot})
    yield from (n for n in _not_found(search) if n.slot in after and fits(n, search.scenario.model, entry.array.shape))


def _follows(search: Search, node: Node, entry: Entry) -> bool:
    """Whether what is given back is only another way to say what ours ends with: its probabilities, or their logarithm."""
    x = np.asarray(search.walk.ours(node.slot))
    e = np.exp(x - x.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    theirs = np.asarray(entry.array)
    return any(
        y.size == theirs.size and np.allclose(y.reshape(-1), theirs.reshape(-1), rtol=1e-3, atol=1e-6)
        for y in (p, np.log(np.maximum(p, 1e-300)))
    )


def started(search: Search, suspects: list[Node], missing: list[Entry]) -> bool:
    """Whether theirs starts from an input that is not ours and not recorded: what they make of it is then taken as it is,
    where its name tells what it is, and what comes after is judged."""
    found: dict[str, tuple[Entry, Layout]] = {}
    for node in (each for each in suspects if starts_otherwise(search, each)):
        near = [(affinity(e.name, node.path), -e.order, e) for e in missing if e.array.size == node.spec.size]
        score, _, entry = max(near, default=(0.0, 0, None), key=lambda each: each[:2])
        fit = layouts(node, search.scenario.model, entry.array.shape) if entry is not None else ()
        if score >= 1 and fit and entry is not None and entry not in [each for each, _ in found.values()]:
            found[node.path] = entry, fit[0]
    if not found:
        return False
    tried = [
        (walk(search.book, search.plan, search.leaves, search.walk, {**search.pins, **pins}, until="forward"), pins)
        for pins in (found, _handed_on(search, suspects, found))
    ]
    later, found = max(tried, key=lambda each: len(each[0].names))  # the first of equals
    if not later.names - search.walk.names:
        return False
    search.pins |= found
    search.starts |= {path: entry.name for path, (entry, _) in found.items()}
    search.walk = later
    return True


def _handed_on(
    search: Search, suspects: list[Node], found: dict[str, tuple[Entry, Layout]]
) -> dict[str, tuple[Entry, Layout]]:
    """The same arrays as the last of the steps through which each goes on alone in the same size: q may be rotated already."""
    later: dict[str, tuple[Entry, Layout]] = {}
    for path, (entry, layout) in found.items():
        node = search.plan.paths[path]
        for other in suspects:
            alone = [s for s in other.slots if search.plan.nodes[s].kind == "step"] == [node.slot]
            if alone and other.spec.size == node.spec.size:
                node = other
        fit = layouts(node, search.scenario.model, entry.array.shape)
        later |= {node.path: (entry, fit[0])} if fit else {path: (entry, layout)}
    return later
