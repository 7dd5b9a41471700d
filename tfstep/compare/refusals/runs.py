"""Two runs in one recording: what belongs to the one cannot be held against a step of the other.

By names, ``q`` and ``q#2``, ``run1.q`` and ``run2.q``; or by numbers, whatever they are called: what is left over, array
by array, is to itself as what was found is to itself, our step of the one's inputs being the one's result.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tfstep.compare.book import Entry, Hit
from tfstep.compare.recorded.note import RecordingError
from tfstep.compare.tolerance import FLOOR, allowed, terms
from tfstep.engine.node import Node
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.search import Search

LEAST = 3  # arrays that make a second run
SLACK = 4.0  # how much more than one step's rounding a second run may be off


def _before_count(name: str) -> str:
    return name.partition("#")[0]


def _behind_run(name: str) -> str:
    return re.split(r"[./]", name, maxsplit=1)[-1]


def one_run(search: Search, matched: set[str]) -> None:
    """Raises RecordingError where what was found is one run, and what is left of the file another. A module that was
    recorded ran once, and what it does in a loop is no other run."""
    if any(search.kept.note(name).inputs for name in search.kept):
        return
    numbers = [
        e
        for e in search.book.entries
        if e.number
        and not e.trivial
        and e.of is None
        and not e.is_new
        and e.note.kind not in ("weight", "input", "grad")
    ]
    taken = set(search.taken.values())
    pinned = {entry.name for entry, _ in search.pins.values()}
    matched = matched | search.walk.names
    open_ = [e for e in numbers if e.name not in matched | taken]
    left = [e for e in open_ if e.name not in pinned]
    both = None
    if not (search.faults or search.causes):
        both = _by_name(numbers, left, matched)
    if both is None and len(left) >= LEAST:
        both = _by_content(search, numbers, left)
    if both is None:
        both = _by_copies(numbers, open_)
    if both is not None:
        one, other = both
        raise RecordingError(
            Bilingual(
                "two runs in one file: {one} is of one, {other} of another; record each in a file of its own",
                "一个文件里有两次运行：{one} 属于一次，{other} 属于另一次；请把每次运行记录在各自的文件里",
                one=one,
                other=other,
            )
        )


def _by_name(numbers: list[Entry], left: list[Entry], matched: set[str]) -> tuple[str, str] | None:
    """An array of each run, where what is left over is called as what was found."""
    shorten: Callable[[str], str]
    for shorten in (_before_count, _behind_run):
        first = {shorten(e.name): e.name for e in reversed(numbers) if e.name in matched}
        again = [e.name for e in left if first.get(shorten(e.name), e.name) != e.name]
        if len(again) >= max(LEAST, len(first) // 2):
            return first[shorten(again[0])], again[0]
    return None


def _hits(search: Search) -> dict[int, Hit]:
    """What of theirs each tensor is, pinned ones too."""
    found = {slot: hits[0] for slot, hits in search.walk.found.items() if hits}
    paths = search.walk.plan.paths
    pinned = {paths[path].slot: Hit(*pin, 0.0) for path, pin in search.pins.items() if path in paths}
    return {**found, **pinned}


def _by_content(search: Search, numbers: list[Entry], left: list[Entry]) -> tuple[str, str] | None:
    """An array of each run, where our steps hold among what is left over as they do among what was found.

    Two layers of one run are alike, too: where something of theirs is unexplained, a step with weights has to hold.
    """
    hits = _hits(search)
    there = search.walk.names | {entry.name for entry, _ in search.pins.values()}
    twins = _twins([e for e in numbers if e.name in there], left)
    held = list(_held(search, hits, twins))
    weighted = [node for node, _ in held if any(_parameter(search, s) for s in node.slots)]
    if len(held) >= 2 and (weighted or len(search.pins) == len(search.starts)) and 3 * len(twins) >= 2 * len(left):
        entry = held[0][1]
        return entry.name, twins[entry.name].name
    return None


def _parameter(search: Search, slot: int) -> bool:
    return search.walk.plan.nodes[slot].kind == "parameter"


def _twins(first: list[Entry], left: list[Entry]) -> dict[str, Entry]:
    """For each array of the first run the one of the second: of equal shape, in the same order."""
    by_shape: dict[tuple[int, ...], list[Entry]] = defaultdict(list)
    for entry in left:
        by_shape[entry.array.shape].append(entry)
    found = {}
    for entry in first:
        alike = by_shape[entry.array.shape]
        if alike:
            found[entry.name] = alike.pop(0)
    return found


def _held(search: Search, hits: Mapping[int, Hit], twins: Mapping[str, Entry]) -> Iterator[tuple[Node, Entry]]:
    """The steps that hold among the twins of what was found, each with the array that it is in the first run."""
    plan, values = search.walk.plan, search.walk.values
    share, seen = allowed(search.book.level, SLACK), set[str]()
    for node in plan.steps:
        hit = hits.get(node.slot)
        if node.phase != "forward" or node.op is None or hit is None or hit.entry.name not in twins:
            continue
        inputs = {s: hits[s] for s in node.slots if s in hits and hits[s].entry.name in twins}
        computed = {s for s in node.slots if plan.nodes[s].op is not None}
        if (
            not inputs
            or not computed <= inputs.keys()
            or hit.entry.name in {h.entry.name for h in inputs.values()} | seen
        ):
            continue
        args: list[Any] = [
            s.value if not isinstance(s, int) else inputs[s].layout.back(twins[inputs[s].entry.name].array)
            if s in inputs else values[s]
            for s in node.inputs
        ]  # fmt: skip
        with np.errstate(all="ignore"):
            ours = np.asarray(node.op.forward(*args, **node.attrs))
            theirs = hit.layout.back(twins[hit.entry.name].array)
            limit = share * terms(node, args, ours) + FLOOR[search.book.level]
            if ours.shape == theirs.shape and (np.abs(ours - theirs) <= limit).all():
                seen.add(hit.entry.name)
                yield node, hit.entry


def _by_copies(numbers: list[Entry], left: list[Entry]) -> tuple[str, str] | None:
    """An array of each run, where both have the same numbers up to a step that only one makes rightly: some arrays are
    there twice, and with what is left over these lie as the others do."""
    if not left:
        return None
    seen: dict[tuple[float, float, tuple[int, ...]], list[Entry]] = defaultdict(list)
    copies: dict[str, str] = {}
    for entry in numbers:
        known = seen[entry.size, entry.total, entry.array.shape]
        same = next((e for e in known if np.array_equal(e.array, entry.array, equal_nan=True)), None)
        if same is not None:
            copies[entry.name] = same.name
        else:
            known.append(entry)
    open_ = {entry.name for entry in left} | copies.keys()
    first, again = ([e for e in numbers if (e.name in open_) == other] for other in (False, True))
    shapes = iter([entry.array.shape for entry in first])
    alike = all(entry.array.shape in shapes for entry in again)
    if len(copies) >= LEAST and 2 * len(again) >= len(first) and alike:
        name = next(iter(copies))
        return copies[name], name
    return None
