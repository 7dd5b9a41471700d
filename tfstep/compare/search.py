"""The state of a diagnosis: what of theirs is still open, which steps are under suspicion, what a planted mistake gives."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from tfstep.compare.book import Book, Entry
from tfstep.compare.causes.table import Step, ways
from tfstep.compare.diagnosis import Cause, First
from tfstep.compare.layout import Layout, atoms, fits, placed_at, repeats, role
from tfstep.compare.names import affinity, of_probabilities
from tfstep.compare.plant import Blended, Patch, Way, forward_nodes, planted, together
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.refusals.luck import by_luck
from tfstep.compare.walk import Override, Walk, walk
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.scenario.scenario import Scenario
from tfstep.text import Bilingual

Told = Callable[[int, int], None]
LONGEST = 30.0  # seconds of processor time for which mistakes are tried: a busy machine changes no verdict
IN_THE_DARK = 5.0  # and where nothing of theirs is found at all
STOPPED = Bilingual(
    "stopped after {n:.0f} seconds: there may be more", "已到 {n:.0f} 秒上限，停止查找：可能还有别的错误", n=LONGEST
)
CLOSE = 3
IN_A_ROW = 5  # steps in which two mistakes at once are looked for
LARGE = 200_000  # cells from which a mistake is first looked for close by
PATIENCE = 14  # steps without an array of theirs after which a planted mistake is given up
IN_VAIN = 20  # arrays of theirs in a row that a planted mistake does not give, after which it is given up
FEW = 4  # steps for each array of theirs from which little was written down
WINDOW = 96  # nodes of a plan with a mistake that are made before all of it is


class Tried(Struct, eq=False):
    """A mistake, planted: the plan with it, the walk along it, the arrays found with it alone, and those found no more."""

    way: Way
    plan: Plan
    walk: Walk
    gained: frozenset[str]
    lost: frozenset[str] = frozenset()
    then: Way | None = None  # a second mistake that only together with the first gives their numbers


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
    starts: dict[str, str] = field(default_factory=dict)  # pins of which nothing is known: their input is not recorded
    given: Mapping[str, Patch] = field(default_factory=dict)  # what theirs has otherwise, and is no mistake
    patches: dict[str, Patch] = field(default_factory=dict)
    overrides: dict[str, Override] = field(default_factory=dict)
    own_loss: bool = False  # theirs is none of ours, and ours stands for it: it has the same gradients
    causes: list[Cause] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    wanted: list[frozenset[str]] = field(default_factory=list)  # for each cause what did not agree before it was mended
    lacking: dict[int, frozenset[str]] = field(default_factory=dict)  # likewise, of causes that only gradients show
    without: dict[int, tuple[str, ...]] = field(
        default_factory=dict
    )  # the steps by which a gradient does not come, of a cause
    faults: list[First] = field(default_factory=list)
    findings: list[Bilingual] = field(default_factory=list)
    tried: int = 0
    far: tuple[int, int] = 0, 0  # the step at which mistakes are tried, of how many
    until: float = field(default_factory=lambda: time.thread_time() + LONGEST)
    both: Callable[[Search, list[Node], list[Entry]], Tried | None] | None = None  # how two mistakes at once are found
    seen: tuple[Walk, set[str]] | None = None  # what was found along a walk
    often: int = 0
    given_up: tuple[Way, int] | None = None  # the mistake that was given up last, and up to which step it was followed

    @property
    def late(self) -> bool:
        """Whether it has taken as long as it may."""
        return time.thread_time() > self.until - (0 if self._known() else LONGEST - IN_THE_DARK)

    @property
    def known_paths(self) -> Mapping[str, Node]:
        """The tensors of the scenario itself."""
        return self.scenario.program.plan.paths

    def stopped(self) -> bool:
        """Whether no more mistakes are tried, as it has taken as long as it may; that is then said."""
        if self.late and STOPPED not in self.findings:
            self.findings.append(STOPPED)
        return self.late

    def informative(self, found: Walk) -> set[str]:
        """The arrays that were found to be tensors of the scenario, and tell something."""
        known, nodes = self.known_paths, found.plan.nodes
        return {
            hit.entry.name
            for slot, hits in found.found.items()
            if nodes[slot].path in known
            for hit in hits
            if not hit.entry.trivial
        }

    def suspects(self, there: Walk | None = None, least: int = 1) -> list[Node]:
        """The forward steps that are not found in theirs, nor anything of ``least`` cells that is computed from them."""
        there = there or self.walk
        reached = bytearray(len(there.plan.nodes))
        found = []
        for node in reversed(list(forward_nodes(there.plan))):
            before = {hit.entry.name for s in node.slots for hit in there.found.get(s, ()) if not self._one_head(node)}
            hits = [
                h
                for h in there.found.get(node.slot, ())
                if not h.entry.trivial and h.entry.name not in before and h.entry.array.size >= least
            ]
            if hits or node.path in self.pins:
                reached[node.slot] = 1
            if reached[node.slot]:
                for s in node.slots:
                    reached[s] = 1
            elif node.op is not None and node.kind == "step" and self._own(node):
                found.append(node)
            if reached[node.slot] and least > 1 and not there.found.get(node.slot) and self._named(node, there):
                found.append(node)
        return self.asked(found, there)[::-1]

    def _one_head(self, node: Node) -> bool:
        """Whether a step splits or merges heads of which there is one: nothing can be wrong with it."""
        return (
            self.scenario.model.heads == 1 and node.op is not None and node.op.name in ("split_heads", "concat_heads")
        )

    def asked(self, found: list[Node], there: Walk) -> list[Node]:
        """Without a loss that is their own, and probabilities beside it that nothing of theirs is called like: log p is none."""
        called = any(n.path == "out.probs" for n in found) and any(map(of_probabilities, self.open_names(there)))
        idle = {*(() if called else ("out.probs",)), *(("loss",) if self.own_loss else ())}
        return [n for n in found if n.path not in idle]

    def _own(self, node: Node) -> bool:
        """Whether a step is one of the scenario, and none that a planted mistake brought along."""
        return node.path in self.known_paths

    def _named(self, node: Node, there: Walk) -> bool:
        """Whether the inputs of a step are found, and something of theirs that is none of ours is called like it."""
        if node.op is None or node.kind != "step" or not self._own(node):
            return False
        if not all(there.found.get(s) or there.plan.nodes[s].op is None for s in node.slots):
            return False
        return any(
            e.name in self.open_names(there) and affinity(e.name, node.path) >= 1
            for e in self.book.by_size.get(node.spec.size, ())
        )

    def turn(self, cause: Cause) -> int:
        """When a cause is to be mended: in the order of the steps, what only gradients show after them as it was found."""
        node = self.plan.paths.get(cause.path)
        forward = node is not None and node.op is not None and node.phase == "forward"
        return node.slot if node is not None and forward else len(self.plan.nodes)

    def open_names(self, there: Walk | None = None) -> set[str]:
        """Recorded floating arrays that are none of ours yet, gradients and masks left out."""
        known = self.walk.names
        there = there or self.walk
        found = {h.entry.name for hits in there.found.values() for h in hits} | self._inside()
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
            and (there is self.walk or e.name not in known)
            and e.name not in pinned
            and e.name not in taken
            and e.note.kind != "weight"
        }

    def _inside(self) -> set[str]:
        """The arrays that are what happens inside of our steps."""
        return {h.entry.name for path, h in self.walk.inside if self._within(h.entry, path)}

    def _within(self, entry: Entry, path: str) -> bool:
        """Whether an array is what happens inside a step, and not meant for the step itself."""
        last = max((e.order for e in self.book.entries if e.number and e.of is None), default=-1)
        return entry.order != last and affinity(entry.name, path.partition("/")[0]) < 1

    def missing(self, suspects: list[Node], there: Walk | None = None) -> list[Entry]:
        """Of those the ones that may be one of the steps under suspicion, or a head or a sentence of one."""
        names = self.open_names(there)
        config = self.scenario.model
        whole: dict[int, list[Node]] = {}
        parts = set()
        for node in suspects:
            whole.setdefault(node.spec.size, []).append(node)
            parts |= {
                tuple(sorted(n for k, (_, n) in enumerate(made) if k != i and n > 1))
                for made in (atoms(node, config),)
                for i, (name, size) in enumerate(made)
                if name in ("head", "batch") and size > 1
            }
        return [
            e
            for e in self.book.entries
            if e.name in names
            and (
                any(fits(node, config, e.array.shape) for node in whole.get(e.array.size, ()))
                or tuple(sorted(n for n in e.array.shape if n > 1)) in parts
            )
        ]

    def settled(self, tried: Tried) -> bool:
        """Whether nothing is left to be explained with this mistake planted."""
        if tried.lost:
            return False
        suspects = self.suspects(tried.walk)
        return not self.missing(suspects, tried.walk)

    def step(self, node: Node) -> Step:
        """A step as the causes see it."""
        return Step(node, self.plan, self.walk, self.book, self.scenario.model, self.scenario.inputs)

    def ways(self, node: Node) -> Iterator[Way]:
        """Every known mistake at this step, in this layer alone or in all of them."""
        own = self.ways_at(node)
        groups: list[dict[str, dict[str, Patch]]] = [{}, {}, {}]
        for other in self.like(node):
            within = other.path.partition(".")[0][-1:].isdigit()  # of a layer, as the last norm is not
            for way in self.ways_at(other):
                for group, belongs in zip(groups, (True, within, role(other.path) == role(node.path)), strict=True):
                    if belongs:
                        group.setdefault(way.key, {}).update(way.patches)
        for way in own:
            yield way
            tried: set[frozenset[str]] = set()
            for group in groups:
                patches = {**group.get(way.key, {}), **way.patches}
                if way.key in group and frozenset(patches) not in tried and not self._in_vain(way, patches):
                    tried.add(frozenset(patches))
                    yield Way(way.kind, way.path, way.detail, patches, way.key)

    def ways_at(self, node: Node) -> list[Way]:
        """Every known mistake at this step alone; none where one stands already that bears no second."""
        stands = self.patches.get(node.path)
        return list(ways(self.step(node))) if stands is None or isinstance(stands, Blended) else []

    def _in_vain(self, way: Way, patches: Mapping[str, Patch]) -> bool:
        """Whether a mistake was given up before the first of the other steps that are made otherwise with it."""
        more = [self.plan.paths[path].slot for path in patches.keys() - way.patches.keys()]
        return self.given_up is not None and self.given_up[0] is way and self.given_up[1] < min(more, default=0)

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
            and self._own(n)
            and (
                role(n.path) == role(node.path)
                or "norm" in n.op.name
                or (role(n.path) in alike and role(node.path) in alike)
            )
        ]

    def attempt(self, way: Way, patience: int = PATIENCE) -> Tried | None:
        """Plant a mistake and look what is found then that was not; None where it does not fit."""
        self.tried += 1
        first = min((self.plan.paths[path].slot for path in way.patches if path in self.plan.paths), default=0)
        later = self.plan.nodes[first + 2 * WINDOW :][:1]
        long = bool(later) and later[0].phase in ("", "forward")
        changes = frozenset(way.patches)
        try:
            for window in (WINDOW, 0) if long else (0,):  # most are given up soon
                plan = planted(self.plan, way.patches, self.scenario.model, window=window)
                with np.errstate(all="ignore"):
                    there = walk(
                        self.book, plan, self.leaves, self.walk, self.pins,
                        patience=patience, until="forward", changes=changes, enough=self.enough,
                        told=lambda done, of: self.told(*self.far),
                    )  # fmt: skip
                if there.broken:
                    break
        except (KeyError, ValueError, AttributeError, IndexError, TypeError):
            return None  # shapes or parts that this model has not
        gained = self._gained(way, there)
        if there.broken or not gained:
            self.given_up = way, _last_known(self.plan, there)
        if not gained:
            return None
        return Tried(way, plan, there, gained, self._lost(there))

    def _gained(self, way: Way, there: Walk) -> frozenset[str]:
        """What is found along a walk with this mistake that was not, and tells of it."""
        gained = self.informative(there) - self._known() - self._inside()
        if gained and self._reads_nan(way):  # that NaN comes of NaN tells nothing
            gained = {name for name in gained if not np.isnan(self.book.by_name[name].array).any()}
        arrays = {name: self.book.by_name[name].array for name in gained | self.walk.names}
        for entry, _ in self.pins.values():  # to find these again, or a copy, tells nothing
            gained = {name for name in gained if not np.array_equal(arrays[name], entry.array)}
        told = (n for n in gained if not any(repeats(arrays[n], arrays[known]) for known in self.walk.names))
        return frozenset(gained) if any(told) else frozenset()  # keys for more heads tell nothing

    def _reads_nan(self, way: Way) -> bool:
        """Whether a step that is made otherwise reads NaN."""
        nodes = [self.plan.paths[path] for path in way.patches if path in self.plan.paths]
        values = (self.walk.values[s] for node in nodes for s in node.slots)
        return any(v is not None and v.dtype.kind == "f" and bool(np.isnan(v).any()) for v in values)

    @property
    def enough(self) -> int:
        """Steps in a row, none of theirs, after which a mistake is given up: they wrote so many arrays down for them."""
        if not self.often:
            steps = sum(node.op is not None for node in forward_nodes(self.plan))
            arrays = sum(
                e.number and not e.trivial and e.of is None and not e.is_new and e.note.kind != "weight"
                for e in self.book.entries
            )
            self.often = max(2 * IN_VAIN, IN_VAIN * steps // max(arrays, 1))
        return self.often

    def whole(self, tried: Tried) -> Tried:
        """A planted mistake, followed to the end of the forward pass."""
        if not tried.walk.broken:
            return tried
        plan, changes = planted(self.plan, tried.way.patches, self.scenario.model), frozenset(tried.way.patches)
        there = walk(self.book, plan, self.leaves, self.walk, self.pins, until="forward", changes=changes)
        return replace(tried, plan=plan, walk=there, gained=self._gained(tried.way, there))

    def _lost(self, there: Walk) -> frozenset[str]:
        """The arrays that were found and are found no more where steps have other numbers now."""
        doubted: dict[str, Entry] = {}
        changed: set[str] = set()
        for slot, value in enumerate(self.walk.values):
            node = there.plan.paths.get(self.walk.plan.nodes[slot].path)
            if node is None or there.values[node.slot] is None or there.values[node.slot] is value:
                continue
            changed.add(node.path)
            doubted |= {hit.entry.name: hit.entry for hit in self.walk.found.get(slot, ()) if not hit.entry.trivial}
        doubted = {name: entry for name, entry in doubted.items() if name not in there.names}
        if not doubted:
            return frozenset()
        last = max(k for k, value in enumerate(there.values) if value is not None)
        again = walk(
            self.book.only(set(doubted)), there.plan, self.leaves, self.walk, {**self.pins}, until="forward",
            changes=frozenset(n.path for n in there.plan.nodes[: last + 1] if n.path in changed), last=last,
        )  # fmt: skip
        return frozenset(doubted.keys() - again.names)

    def _known(self) -> set[str]:
        if self.seen is None or self.seen[0] is not self.walk:
            self.seen = self.walk, self.informative(self.walk)
        return self.seen[1]

    def best(self, suspects: list[Node], missing: list[Entry]) -> Tried | None:
        """The mistake with which most of the missing arrays are found: first looked for close by, then further on,
        and where nothing of theirs is found at all, to the end of the forward pass."""
        told = self.book.level == "float64" or any(entry.array.size > 1 for entry in missing)
        dark = told and not self.any_step()  # one coarse number is given by many mistakes, by luck
        deep = None
        if dark and self.plan.cells <= LARGE:
            deep = self.best_within(suspects, missing, len(self.plan.nodes))
            if deep is None:  # so nothing close by does either, but two at once
                steps = self.in_a_row(suspects, missing)
                return self.both(self, steps, missing) if steps and self.both is not None and not self.late else None
        near = self.best_within(suspects, missing, CLOSE)
        if near is not None and (self.settled(near) or self.plan.cells > LARGE):
            return near
        far = self.best_within(suspects, missing, PATIENCE) or near
        if far is None and dark:
            return deep or self.best_within(suspects, missing, len(self.plan.nodes))
        apart = len(suspects) // max(sum(entry.array.size > 1 for entry in missing), 1)
        if far is None and FEW <= apart < len(suspects):  # the first that they wrote down may be far from the mistake
            return self.best_within(suspects, missing, PATIENCE + FEW * apart)
        return far

    def any_step(self) -> bool:
        """Whether any step of the forward pass is found in theirs, and not its weights alone."""
        known, nodes = self._known(), self.walk.plan.nodes
        return any(
            nodes[s].op is not None and nodes[s].phase == "forward" for name in known for s in self.walk.places[name]
        )

    def best_within(self, suspects: list[Node], missing: list[Entry], patience: int) -> Tried | None:
        """Likewise, each mistake given up after so many steps in which nothing new was found."""
        found, done = list[Tried](), False
        last = None
        order = [*suspects[:3], *self.makers(suspects[:3]), *suspects[3:]]
        steps = self.in_a_row(suspects, missing) if patience == CLOSE else []
        row = {node.path for node in steps}
        for k, node in enumerate(order):
            if last is not None and k > last + 10:
                break
            self.far = k, len(order)
            self.told(*self.far)
            if self.late:
                break
            if row and not found and self.both is not None and row.isdisjoint(node.path for node in order[k:]):
                row = set()
                pair = self.both(self, steps, missing)
                if pair is not None:
                    return pair
            for way in takewhile(lambda _: not self.late, self.ways(node)):
                known = {path: self.patches[path] for path in way.patches if path in self.patches}
                both = together(known, way.patches)
                again = both is None and node.path in self.patches
                tried = None if again else self.attempt(replace(way, patches=both) if known and both else way, patience)
                if tried is None:
                    continue
                settled = self.settled(tried)
                lone = all(self.book.by_name[name].array.size == 1 for name in tried.gained)  # it clears all before it
                if (lone or not settled) and by_luck(
                    self.book, self.walk, tried.walk, way, tried.gained, suspects, missing
                ):
                    continue
                found.append(tried)
                last = k if last is None else last
                if settled:
                    done = True
                    if not (self._left(node, missing, tried) or self._one_number(tried)):
                        break
            if done:
                break
        return self._simplest([each for each in found if len(each.gained) >= len(each.lost)])

    def _left(self, node: Node, missing: list[Entry], tried: Tried) -> bool:
        """Whether an array that may be this very step is not what a mistake makes of it: another may give that, too."""
        config = self.scenario.model
        return any(e.name not in tried.gained and fits(node, config, e.array.shape) for e in missing)

    def in_a_row(self, suspects: list[Node], missing: list[Entry]) -> list[Node]:
        """The steps up to the one that the first missing array may be: of those in one place the last."""
        near = [node for node in suspects if missing and fits(node, self.scenario.model, missing[0].array.shape)]
        ends = [node for node in near if placed_at(node) == placed_at(near[0])]
        if not ends:
            return []
        row, before = [ends[-1]], set(ends[-1].slots)
        for node in reversed(suspects):
            if node.slot in before and len(row) < IN_A_ROW:
                row.append(node)
                before |= set(node.slots)
        return row[::-1]

    def makers(self, suspects: list[Node]) -> list[Node]:
        """The steps, found in theirs, whose results these read: something may have been done to them in between."""
        slots = sorted({s for node in suspects for s in node.slots}, reverse=True)
        nodes = [self.plan.nodes[s] for s in slots]
        return [n for n in nodes if n.kind == "step" and n not in suspects and self._own(n)]

    def _one_number(self, tried: Tried) -> bool:
        """Whether a mistake gives nothing but numbers of few digits, so that another may give them more nearly."""
        return self.book.level != "float64" and all(self.book.by_name[n].array.size == 1 for n in tried.gained)

    def _simplest(self, found: list[Tried]) -> Tried | None:
        def off(tried: Tried) -> float:
            hits = (h for n in tried.gained for s in tried.walk.places[n] for h in tried.walk.found.get(s, ()))
            return max((h.max_abs for h in hits if h.entry.name in tried.gained), default=0.0)

        return min(
            found,
            key=lambda e: (len(e.lost) - len(e.gained), len(e.way.patches), off(e) if self._one_number(e) else 0.0),
            default=None,
        )


def _last_known(plan: Plan, there: Walk) -> int:
    """The last step of a plan to which a walk along another came."""
    reached = (node for node, value in zip(reversed(there.plan.nodes), reversed(there.values), strict=True)
               if value is not None and node.path in plan.paths)  # fmt: skip
    return max((plan.paths[node.path].slot for node in reached), default=-1)
