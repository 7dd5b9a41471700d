"""Which step of theirs is wrong: their arrays held against our steps, one after the other, and mended in thought.

1. Their weights and inputs are taken over, and our plan is walked with their numbers wherever they are found.
2. What is not found, and nothing after it, is under suspicion. Every known mistake is planted there, and the one
   with which most of their later arrays agree is the cause. The walk goes on with the mistake planted, to the next.
3. Where no mistake is known that gives their numbers, theirs are taken as they are, and the walk goes on.
4. The gradients and the update are walked last, with all mistakes of the forward pass planted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from msgspec import Struct, field

from tfstep.compare import shown
from tfstep.compare.book import Book, Entry, Hit
from tfstep.compare.causes import after
from tfstep.compare.causes.table import Step, ways
from tfstep.compare.diagnosis import Cause, Diagnosis, First, Match
from tfstep.compare.insides import inner
from tfstep.compare.layout import Layout, fits, layouts, role
from tfstep.compare.names import affinity
from tfstep.compare.plant import AIDE, Patch, Way, forward_nodes, planted
from tfstep.compare.recording import Recording, RecordingError, of
from tfstep.compare.start import start
from tfstep.compare.walk import Override, Walk, walk
from tfstep.engine.plan import Node, Plan
from tfstep.engine.trace import Trace
from tfstep.errors import TfstepError
from tfstep.scenario.scenario import Scenario
from tfstep.text import Bilingual

Told = Callable[[int, int], None]
MOST_MISTAKES = 8  # of one pass, in sequence
PATIENCE = 14  # steps without an array of theirs after which a planted mistake is given up
NEAREST = 12  # steps at which an unknown mistake is looked for
LARGE = 200_000  # cells from which mistakes are given up early


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
    faults: list[First] = field(default_factory=list)
    findings: list[Bilingual] = field(default_factory=list)
    tried: int = 0
    narrow: Book | None = None  # the arrays that are still open

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
            and not e.name.endswith(".new")
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

    def attempt(self, way: Way) -> Tried | None:
        """Plant a mistake and look what is found then that was not; None where it does not fit."""
        self.tried += 1
        try:
            plan = planted(self.plan, way.patches, self.scenario.model)
        except (KeyError, ValueError, AttributeError, IndexError, TypeError):
            return None  # shapes or parts that this model has not
        patience = PATIENCE if self.plan.cells > LARGE else 0
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
        wanted = {entry.name for entry in missing}
        found: list[Tried] = []
        last = None
        for k, node in enumerate(suspects):
            if last is not None and k > last + 10:
                break
            self.told(k, len(suspects))
            for way in self.ways(node):
                tried = self.attempt(way)
                if tried is None:
                    continue
                found.append(tried)
                last = k if last is None else last
                if wanted <= tried.gained:
                    return self._simplest(found)
        return self._simplest(found) if found else None

    def _simplest(self, found: list[Tried]) -> Tried:
        return min(found, key=lambda each: (-len(each.gained), len(each.way.patches)))


def diagnose(given: Scenario | Trace | str, theirs: object, told: Told = lambda done, of: None) -> Diagnosis:
    """Hold somebody's own run against a scenario: which step is computed otherwise, and how.

    ``theirs`` is a mapping of arrays by name in the order of the run, a `Recording`, a file or a folder.
    Raises TfstepError where there is nothing to compare.
    """
    scenario, leaves = _ours(given)
    kept = of(theirs)
    book = Book.of(kept, scenario.model)
    _usable(book)
    plan = scenario.program.plan
    values, taken = start(book, plan, leaves, scenario.model)
    first = walk(book, plan, values, until="forward", told=told)
    search = Search(scenario, kept, book, values, plan, first, told, taken)
    forward(search)
    backward(search)
    return finished(search)


def _ours(given: object) -> tuple[Scenario, dict[str, np.ndarray]]:
    """The scenario, and the numbers of its leaves."""
    if isinstance(given, str):
        from tfstep.scenario.scenario import load

        given = load(given)
    if isinstance(given, Trace) and isinstance(given.plan.origin, Scenario):
        numbers = {n.path: given.value(n.slot) for n in given.plan.nodes if n.op is None}
        return given.plan.origin, numbers
    if isinstance(given, Scenario):
        program = given.program
        return given, {program.plan.nodes[slot].path: np.asarray(v) for slot, v in program.leaves.items()}
    raise TfstepError(
        Bilingual(
            "{found} is neither a scenario nor a trace of one; tfstep.load(…) makes a scenario",
            "{found} 既不是场景，也不是场景的 trace；用 tfstep.load(…) 载入场景",
            found=repr(given).splitlines()[0][:60],
        )
    )


def _usable(book: Book) -> None:
    """Raises RecordingError where nothing can be compared."""
    numbers = [e for e in book.entries if e.number and e.array.size]
    if not numbers:
        raise RecordingError(
            Bilingual(
                "nothing to compare: no array of real numbers among the {n} recorded",
                "没有可比较的内容：记录的 {n} 个数组里没有实数数组",
                n=len(book.entries),
            )
        )
    if all(np.isnan(e.array).all() for e in numbers):
        raise RecordingError(
            Bilingual("nothing to compare: every number is NaN", "没有可比较的内容：所有数都是 NaN"),
        )


def forward(search: Search) -> None:
    """Find the mistakes of the forward pass, one after the other."""
    for _ in range(MOST_MISTAKES):
        suspects = search.suspects()
        if not search.missing(suspects):
            return
        inner(search.book, search.walk)
        missing = search.missing(suspects)
        if not missing:
            return
        search.narrow = search.book.only(search.open_names() | {hit.entry.name for _, hit in search.walk.inside})
        tried = search.best(suspects, missing)
        if tried is None or not {entry.name for entry in missing} <= tried.gained:
            other = after.dropout(search, suspects, missing) or after.rounding(search, suspects, missing)
            if other is not None and (tried is None or len(other.gained) > len(tried.gained)):
                tried = other
        if tried is None:
            if not unknown(search, suspects, missing):
                return
            continue
        accept(search, tried, missing)


def accept(search: Search, tried: Tried, missing: list[Entry]) -> None:
    """A mistake is the cause: go on with it planted."""
    way = tried.way
    wanted = {entry.name for entry in missing} | tried.gained
    there = walk(search.book, tried.plan, search.leaves, pins=search.pins, until="forward")
    name = _their_name(search, tried, there)
    entry = search.book.by_name.get(name)
    node = search.plan.paths[way.path]
    search.faults.append(_first(search, node, entry, tried))
    line = entry.note.line if entry is not None else ""
    cause = Cause(way.kind, way.path, way.detail, len(tried.gained), len(wanted), name, line)
    if way.key in search.keys:
        k = search.keys.index(way.key)
        old = search.causes[k]
        search.causes[k] = Cause(
            old.kind,
            old.path,
            old.detail,
            old.explains + len(tried.gained),
            old.of,
            old.name,
            old.line,
            (*old.also, way.path),
        )
    else:
        search.keys.append(way.key)
        search.causes.append(cause)
    search.plan, search.walk = tried.plan, there
    search.patches |= dict(way.patches)


def _their_name(search: Search, tried: Tried, there: Walk) -> str:
    """What they call the wrong array: the one that is the step with the mistake, else the first that is found by it."""
    node = tried.plan.paths.get(tried.way.path)
    if node is not None:
        for hit in there.found.get(node.slot, ()):
            if hit.entry.name in tried.gained:
                return hit.entry.name
        own = [(affinity(hit.entry.name, node.path), hit.entry) for hit in there.found.get(node.slot, ())]
        earlier = [search.plan.nodes[s].path for s in search.plan.paths[tried.way.path].slots]
        named = [(a, e) for a, e in own if a > max((affinity(e.name, path) for path in earlier), default=0.0)]
        if named:
            return max(named, key=lambda each: (each[0], each[1].order))[1].name
    ordered = sorted(tried.gained, key=lambda name: search.book.by_name[name].order)
    return ordered[0] if ordered else ""


def _first(search: Search, node: Node, entry: Entry | None, tried: Tried | None = None) -> First:
    """The step that differs, with the names of its inputs in theirs, and how far it is off."""
    walked = search.walk
    names = []
    for s in node.slots:
        hits = walked.found.get(s, ())
        source = walked.plan.nodes[s]
        best = max(hits, key=lambda hit: affinity(hit.entry.name, source.path), default=None)
        if best is not None:
            names.append(best.entry.name)
    most = float("nan")
    if entry is not None:
        for layout in layouts(node, search.scenario.model, entry.array.shape):
            far = shown.distance(walked.ours(node.slot), layout.back(entry.array))
            most = far if np.isnan(most) else min(most, far)
    return First(node.path, entry.name if entry else "", tuple(names), most, entry.note.line if entry else "")


def unknown(search: Search, suspects: list[Node], missing: list[Entry]) -> bool:
    """No known mistake gives their numbers: take theirs as they are at the step where most goes on from there.

    False where nothing tells which of theirs it would be.
    """
    config = search.scenario.model
    best: tuple[tuple[float, float, float, float], Node, Entry, Layout] | None = None
    for node in suspects[:NEAREST]:
        near = [e for e in missing if e.array.size == node.spec.size]
        for entry in sorted(near, key=lambda e: (-affinity(e.name, node.path), e.order))[:2]:
            for layout in layouts(node, config, entry.array.shape)[:2]:
                pins = {**search.pins, node.path: (entry, layout)}
                there = walk(
                    search.narrow or search.book,
                    search.plan,
                    search.leaves,
                    search.walk,
                    pins,
                    until="forward",
                    changes=frozenset([node.path]),
                )
                gained = len(search.informative(there) - search.informative(search.walk))
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
    search.faults.append(_first(search, node, entry))
    if not search.causes:
        search.findings += shown.what(search.walk.ours(node.slot), layout.back(entry.array), node)
    search.pins[node.path] = (entry, layout)
    search.walk = walk(search.book, search.plan, search.leaves, pins=search.pins, until="forward")
    return True


def backward(search: Search) -> None:
    """Gradients and the update, with the mistakes of the forward pass planted."""
    wanted = [e for e in search.book.entries if e.of is not None or e.name.endswith(".new")]
    extra = (
        {e.name for e in search.missing(list(search.plan.steps))}
        if search.plan is search.scenario.program.plan
        else set()
    )
    if not wanted and not extra:
        return
    plan = search.scenario.program.plan
    if search.patches:
        plan = planted(plan, search.patches, search.scenario.model, search.scenario.train)
    leaves = {**{plan.nodes[s].path: v for s, v in plan.leaves.items()}, **search.leaves}
    search.plan, search.leaves = plan, leaves
    search.walk = walk(search.book, plan, leaves, pins=search.pins)
    after.losses(search)
    after.gradients(search)
    after.updates(search)


def finished(search: Search) -> Diagnosis:
    """The diagnosis, with every array that was found under its likeliest path."""
    inner(search.book, search.walk)
    matched = list(_matched(search))
    names = {match.name for match in matched}
    taken = set(search.taken.values())
    unmatched = tuple(e.name for e in search.book.entries if e.name not in names and e.name not in taken)
    found = search.informative(search.walk)
    real = {n for n in found if search.book.by_name[n].note.kind != "weight"}
    if not real and not search.causes and not search.faults:
        _nothing(search)
    faults = sorted(search.faults, key=lambda f: search.plan.paths[f.path].slot) if search.faults else []
    remarks = list(search.kept.remarks)
    if search.taken:
        remarks.insert(
            0,
            Bilingual(
                "{n} of our weights and inputs are theirs: {names}",
                "有 {n} 个权重和输入取自对方：{names}",
                n=len(search.taken),
                names=", ".join(list(search.taken)[:6]) + (" …" if len(search.taken) > 6 else ""),
            ),
        )
    return Diagnosis(
        search.scenario.name,
        search.scenario.variant,
        not faults,
        tuple(matched),
        unmatched,
        faults[0] if faults else None,
        tuple(search.causes),
        tuple(search.findings),
        tuple(remarks),
        tuple(faults),
        search.tried,
    )


def _nothing(search: Search) -> None:
    names = [e.name for e in search.book.entries if e.number][:6]
    raise RecordingError(
        Bilingual(
            "nothing to compare: none of {names} is a tensor of {scenario}; record the input x and the weights, too, or "
            "use those of the scenario",
            "没有可比较的内容：{names} 都不是 {scenario} 的张量；请把输入 x 和权重一并记录，或使用场景自己的",
            names=", ".join(names),
            scenario=search.scenario.name,
        )
    )


def _matched(search: Search) -> Iterator[Match]:
    """Each array with the one path that goes best with its name, else with its order."""
    candidates: dict[str, list[tuple[str, Hit]]] = {}
    for slot, hits in sorted(search.walk.found.items()):
        path = search.walk.plan.nodes[slot].path
        if path in search.known_paths:
            for hit in hits:
                candidates.setdefault(hit.entry.name, []).append((path, hit))
    for path, hit in search.walk.inside:
        candidates.setdefault(hit.entry.name, []).append((path, hit))
    used: set[str] = set()
    for entry in search.book.entries:
        options = candidates.get(entry.name)
        if not options:
            source = [path for path, name in search.taken.items() if name == entry.name]
            if source:
                yield Match(entry.name, source[0], "taken over", 0.0)
            continue
        order = {path: -k for k, (path, _) in enumerate(options)}
        path, hit = max(options, key=lambda each: (affinity(entry.name, each[0]), each[0] not in used, order[each[0]]))
        used.add(path)
        relation = hit.layout.relation
        if hit.coarse:
            relation += f", rounded to {hit.coarse}"
        if entry.trivial and len(order) > 1:
            relation += ", ambiguous"
        yield Match(entry.name, path, relation, hit.max_abs)


__all__ = ["Diagnosis", "Mapping", "diagnose"]
