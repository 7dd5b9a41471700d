"""The state of a diagnosis: what of theirs is still open, which steps are under suspicion, what a planted mistake gives."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from msgspec import Struct, field

from tfstep.compare.book import Book, Entry
from tfstep.compare.causes.table import Step, ways
from tfstep.compare.diagnosis import Cause, First
from tfstep.compare.layout import Layout, fits, role
from tfstep.compare.names import affinity
from tfstep.compare.plant import AIDE, Patch, Way, forward_nodes, planted
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.walk import Override, Walk, walk
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.scenario.scenario import Scenario
from tfstep.text import Bilingual

Told = Callable[[int, int], None]
LONGEST = 30.0  # seconds for which mistakes are tried
CLOSE = 3
LARGE = 200_000  # cells from which a mistake is first looked for close by
PATIENCE = 14  # steps without an array of theirs after which a planted mistake is given up
NEAREST = 12  # steps at which an unknown mistake is looked for


class Tried(Struct, eq=False):
    """A mistake, planted: the plan with it, the walk along it, and the arrays that are found with it alone."""

    way: Way
    plan: Plan
    walk: Walk
    gained: frozenset[str]


class Search(Struct, eq=False):
    """A diagnosis being made."""

    scenario: Scenario
    kept: Recording
    book: Book
    leaves: dict[str, np.ndarray]
    plan: Plan
    walk: Walk
    told: Told
    taken: dict[str, str] = field(default_factory=dict)
    pins: dict[str, tuple[Entry, Layout]] = field(default_factory=dict)
    patches: dict[str, Patch] = field(default_factory=dict)
    overrides: dict[str, Override] = field(default_factory=dict)
    causes: list[Cause] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    wanted: list[frozenset[str]] = field(default_factory=list)  # for each cause what did not agree before it was mended
    faults: list[First] = field(default_factory=list)
    findings: list[Bilingual] = field(default_factory=list)
    tried: int = 0
    until: float = field(default_factory=lambda: time.monotonic() + LONGEST)
    narrow: Book | None = None  # the arrays that are still open

    @property
    def late(self) -> bool:
        """Whether it has taken as long as it may."""
        return time.monotonic() > self.until

    @property
    def known_paths(self) -> Mapping[str, Node]:
        """The tensors of the scenario itself."""
        return self.scenario.program.plan.paths

    # -- what is there ---------------------------------------------------------------------------------------

    def informative(self, found: Walk) -> set[str]:
        """The arrays that were found and tell something."""
        return {hit.entry.name for hits in found.found.values() for hit in hits if not hit.entry.trivial}

    def suspects(self) -> list[Node]:
        """The forward steps that are not found in theirs, nor anything that is computed from them."""
        reached = bytearray(len(self.plan.nodes))
        found = []
        for node in reversed(list(forward_nodes(self.plan))):
            before = {hit.entry.name for s in node.slots for hit in self.walk.found.get(s, ())}
            hits = [h for h in self.walk.found.get(node.slot, ()) if not h.entry.trivial and h.entry.name not in before]
            if hits or node.path in self.pins:
                reached[node.slot] = 1
            if reached[node.slot]:
                for s in node.slots:
                    reached[s] = 1
            elif node.op is not None and node.kind == "step" and not node.path.startswith(AIDE):
                found.append(node)
        side = [n for n in found if n.path == "out.probs"]
        if side and not any("prob" in name.lower() or role(name) == "p" for name in self.open_names()):
            found = [n for n in found if n not in side]
        return found[::-1]

    def open_names(self) -> set[str]:
        """Recorded floating arrays that are none of ours yet, gradients and masks left out."""
        outer = {h.entry.name for path, h in self.walk.inside if self._within(h.entry, path)}
        found = self.informative(self.walk) | {h.entry.name for hits in self.walk.found.values() for h in hits} | outer
        pinned = {entry.name for entry, _ in self.pins.values()}
        taken = set(self.taken.values())
        return {
            e.name
            for e in self.book.entries
            if e.number
            and not e.trivial
            and e.of is None
            and not e.is_new
            and e.name not in found
            and e.name not in pinned
            and e.name not in taken
            and e.note.kind != "weight"
        }

    def _within(self, entry: Entry, path: str) -> bool:
        """Whether an array is what happens inside a step, and not meant for the step itself."""
        last = max((e.order for e in self.book.entries if e.number and e.of is None), default=-1)
        return entry.order != last and affinity(entry.name, path.partition("/")[0]) < 1

    def missing(self, suspects: list[Node]) -> list[Entry]:
        """Of those the ones that may be one of the steps under suspicion."""
        names = self.open_names()
        sizes = {node.spec.size for node in suspects}
        config = self.scenario.model
        return [
            e
            for e in self.book.entries
            if e.name in names and e.array.size in sizes and any(fits(node, config, e.array.shape) for node in suspects)
        ]

    # -- trying ----------------------------------------------------------------------------------------------

    def step(self, node: Node) -> Step:
        """A step as the causes see it."""
        return Step(node, self.plan, self.walk, self.book, self.scenario.model, self.scenario.inputs)

    def ways(self, node: Node) -> Iterator[Way]:
        """Every known mistake at this step, in this layer alone or in all of them."""
        own = list(ways(self.step(node)))
        likes: dict[str, dict[str, Patch]] = {}
        roles: dict[str, dict[str, Patch]] = {}
        for other in self.like(node):
            for way in ways(self.step(other)):
                likes.setdefault(way.key, {}).update(way.patches)
                if role(other.path) == role(node.path):
                    roles.setdefault(way.key, {}).update(way.patches)
        for way in own:
            yield way
            for elsewhere in (likes, roles) if len(likes.get(way.key, ())) > len(roles.get(way.key, ())) else (likes,):
                if way.key in elsewhere:
                    yield Way(way.kind, way.path, way.detail, {**elsewhere[way.key], **way.patches}, way.key)

    def like(self, node: Node) -> list[Node]:
        """Later steps of the same kind, which the same code would make."""
        assert node.op is not None
        alike = ("add1", "add2", "add3")
        return [
            n
            for n in self.plan.steps
            if n.slot > node.slot
            and n.phase == "forward"
            and n.op is not None
            and n.op.name == node.op.name
            and not n.path.startswith(AIDE)
            and (
                role(n.path) == role(node.path)
                or "norm" in n.op.name
                or (role(n.path) in alike and role(node.path) in alike)
            )
        ]

    def attempt(self, way: Way, patience: int = PATIENCE) -> Tried | None:
        """Plant a mistake and look what is found then that was not; None where it does not fit."""
        self.tried += 1
        try:
            plan = planted(self.plan, way.patches, self.scenario.model)
        except (KeyError, ValueError, AttributeError, IndexError, TypeError):
            return None  # shapes or parts that this model has not
        with np.errstate(all="ignore"):
            there = walk(
                self.narrow or self.book,
                plan,
                self.leaves,
                self.walk,
                self.pins,
                patience=patience,
                until="forward",
                changes=frozenset(way.patches),
            )
        gained = self.informative(there) - self.informative(self.walk)
        return Tried(way, plan, there, frozenset(gained)) if gained else None

    def best(self, suspects: list[Node], missing: list[Entry]) -> Tried | None:
        """The mistake with which most of the missing arrays are found."""
        if self.plan.cells > LARGE:  # look close by first
            found = self._best(suspects, missing, CLOSE)
            if found is not None:
                return found
        return self._best(suspects, missing, PATIENCE)

    def _best(self, suspects: list[Node], missing: list[Entry], patience: int) -> Tried | None:
        wanted = {entry.name for entry in missing}
        found: list[Tried] = []
        last = None
        for k, node in enumerate([*suspects[:3], *self.makers(suspects[:3]), *suspects[3:]]):
            if last is not None and k > last + 10:
                break
            self.told(k, len(suspects))
            if self.late:
                break
            for way in self.ways(node):
                tried = self.attempt(way, patience)
                if tried is None:
                    continue
                found.append(tried)
                last = k if last is None else last
                if wanted <= tried.gained:
                    return self._simplest(found)
        return self._simplest(found) if found else None

    def makers(self, suspects: list[Node]) -> list[Node]:
        """The steps, found in theirs, whose results these read: something may have been done to them in between."""
        slots = sorted({s for node in suspects for s in node.slots}, reverse=True)
        nodes = [self.plan.nodes[s] for s in slots]
        return [n for n in nodes if n.kind == "step" and n not in suspects and not n.path.startswith(AIDE)]

    def _simplest(self, found: list[Tried]) -> Tried:
        return min(found, key=lambda each: (-len(each.gained), len(each.way.patches)))
