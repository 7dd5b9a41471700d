"""A walk along our plan with their numbers: wherever a tensor of ours is found in theirs, it goes on with theirs.

So each step is judged alone, by what it makes of their inputs, and rounding does not add up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache, partial
from itertools import permutations
from typing import Any

import numpy as np
from msgspec import Struct, field

from tfstep.address.roles import GRAD, NEW
from tfstep.compare.book import MANY, Book, Entry, Hit, Sizes, extent, moderate
from tfstep.compare.layout import Layout, atoms, begun_at, shares
from tfstep.compare.plant import is_aside
from tfstep.compare.tolerance import DOWNHILL, FLOOR, allowed, apart, signs, terms
from tfstep.engine.accel import switched_on
from tfstep.engine.accel.memory import Fresh
from tfstep.engine.node import Node
from tfstep.engine.plan import PHASES, Plan
from tfstep.engine.program import compiled

DEEPER = 6  # for each step in a row that they did not record
PLAIN = ("same", "batch dropped")  # relations of arrays that are laid out as ours
SMALL = 1 << 16  # cells up to which a tensor costs nothing
FRESH = Fresh()
GROWTH = 24  # how much of its own rounding a step may have from those before it

Override = Callable[[list[Any], Callable[[str], np.ndarray]], np.ndarray]
Told = Callable[[int, int], None]


class Walk(Struct, eq=False):
    """Where a walk led: the numbers of every slot, theirs where they were found, and what was found where.

    ``clean`` has what our step makes of their inputs where that is not what they have; ``spread`` has for each cell
    the size of the terms whose rounding is in it, where that was asked.
    """

    plan: Plan
    values: list[Any]
    found: dict[int, list[Hit]] = field(default_factory=dict)
    clean: dict[int, np.ndarray] = field(default_factory=dict)
    spread: dict[int, np.ndarray] = field(default_factory=dict)
    depth: dict[int, int] = field(default_factory=dict)  # how many steps back nothing was recorded
    wrong: dict[int, tuple[Entry, Layout]] = field(default_factory=dict)  # gradients that stand where ours is another
    other: set[int] = field(default_factory=set)  # steps that theirs has, close by in most cells and yet not the same
    places: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))  # the slots that each array is
    broken: bool = False  # whether it was given up before its end
    inside: list[tuple[str, Hit]] = field(default_factory=list)  # what was found within a step, by its inner path

    @property
    def names(self) -> set[str]:
        """The arrays that were found."""
        return {*self.places, *(h.entry.name for _, h in self.inside)}

    def enter(self, slot: int, hits: list[Hit]) -> None:
        """Enter what was found to be a tensor."""
        if hits:
            self.found.setdefault(slot, []).extend(hits)
        for hit in hits:
            self.places[hit.entry.name].add(slot)

    def leave(self, slot: int, relation: str) -> None:
        """Take back what was found to be a tensor in such a way."""
        for hit in self.found.get(slot, ()):
            if hit.layout.relation.startswith(relation):
                self.places[hit.entry.name].discard(slot)
        kept = [hit for hit in self.found.get(slot, ()) if not hit.layout.relation.startswith(relation)]
        self.found[slot] = kept
        if not kept:
            del self.found[slot]
        for name in [name for name, slots in self.places.items() if not slots]:
            del self.places[name]

    def get(self, path: str) -> np.ndarray:
        """The numbers of a tensor."""
        value: np.ndarray = self.values[self.plan.paths[path].slot]
        return value

    def loose(self, node: Node) -> list[int]:
        """Which inputs of a step carry rounding of ours: of steps that were not found in theirs."""
        return [
            k
            for k, s in enumerate(node.inputs)
            if isinstance(s, int)
            and self.plan.nodes[s].op is not None
            and self.plan.nodes[s].dtype.kind == "f"
            and not (s in self.found and self.goes_on(self.plan.nodes[s], self.found[s][0]))
            and s not in self.wrong
            and s not in self.clean
            and s not in self.other
        ]

    @staticmethod
    def goes_on(node: Node, hit: Hit) -> bool:
        """Whether a walk goes on with theirs where it is found. What agrees but for the digits of a smaller type may be
        kept in that type alone: only where what is computed from it does not agree was it computed with, too."""
        return not (hit.coarse and node.phase == "forward" and node.op is not None)

    def deep(self, node: Node) -> int:
        """How many steps back nothing was found in theirs."""
        if node.slot not in self.depth:
            before = [self.plan.nodes[s] for k in self.loose(node) if isinstance(s := node.inputs[k], int)]
            self.depth[node.slot] = 1 + max(map(self.deep, before)) if before else 0
        return self.depth[node.slot]

    def sizes(self, node: Node, y: np.ndarray, args: list[Any], book: Book) -> np.ndarray:
        """For each cell of a step the size of the terms whose rounding is in it: its own, and those of the steps
        before it back to the last that were found in theirs."""
        if node.slot in self.spread:
            return self.spread[node.slot]
        size = terms(node, args, y, book.lengths)
        loose = self.loose(node)
        if loose and node.op is not None:
            share = allowed(book.level)
            off = {}
            for k in loose:
                s = node.inputs[k]
                assert isinstance(s, int)
                source = self.plan.nodes[s]
                off[k] = share * self.sizes(source, self.values[s], self.arguments(source), book)
            moved = np.zeros(y.shape, y.dtype)
            begin = 0
            for _ in range(2 if y.size < MANY else 1):
                with np.errstate(all="ignore"):
                    shaken = list(args)
                    for k in off:
                        shaken[k] = args[k] + off[k] * signs(args[k], begin)
                        begin += args[k].size
                    far = np.abs(computed(node, shaken) - y)
                moved = np.maximum(moved, np.where(np.isfinite(far), far, 0.0))
            moved = (moved + (0.5 * moved.mean(-1, keepdims=True) if moved.ndim else moved)) / share
            size = size + np.minimum(moved, self.growth(node) * (size + size.mean()))
        self.spread[node.slot] = size
        return size

    def growth(self, node: Node) -> int:
        """How many times its own rounding a step may have from those before it."""
        return max(GROWTH, DEEPER * self.deep(node)) if self.loose(node) else 0

    def most(self, node: Node, y: np.ndarray, args: list[Any], book: Book) -> np.ndarray:
        """What `sizes` can be at most, found without asking any step before this one."""
        size = self.spread.get(node.slot)
        if size is None:
            size = terms(node, args, y, book.lengths)
            size = size + self.growth(node) * (size + size.mean())
        return size

    def some(self, node: Node, y: np.ndarray, args: list[Any], book: Book, step: int) -> np.ndarray:
        """Of every so many cells what `most` has for them."""
        alike = [a for a in args if isinstance(a, np.ndarray) and a.shape == y.shape]
        plain = node.op is None or (node.op.name in DOWNHILL and len(alike) == sum(np.ndim(a) > 0 for a in args))
        if node.slot in self.spread or not plain or self.growth(node):
            return self.most(node, y, args, book).reshape(-1)[::step]
        few = [a.reshape(-1)[::step] if any(a is each for each in alike) else a for a in args]
        return terms(node, few, y.reshape(-1)[::step], book.lengths)

    def arguments(self, node: Node) -> list[Any]:
        """The numbers that a step reads."""
        return [self.values[s] if isinstance(s, int) else s.value for s in node.inputs]

    def ours(self, slot: int) -> np.ndarray:
        """What our step makes of their inputs; computed now where nothing had asked for it."""
        value: np.ndarray | None = self.clean.get(slot, self.values[slot])
        if value is None:
            node = self.plan.nodes[slot]
            assert node.op is not None
            for s in node.slots:
                self.ours(s)
            value = self.values[slot] = computed(node, self.arguments(node))
        return value


def walk(
    book: Book,
    plan: Plan,
    leaves: Mapping[str, np.ndarray],
    start: Walk | None = None,
    pins: Mapping[str, tuple[Entry, Layout]] | None = None,
    overrides: Mapping[str, Override] | None = None,
    patience: int = 0,
    until: str = "update",
    changes: frozenset[str] = frozenset(),
    told: Told = lambda done, of: None,
    last: int = -1,
    enough: int = 0,
) -> Walk:
    """Walk a plan. ``leaves`` are the numbers that no step makes, by path.

    ``start`` is a walk along another plan: what does not depend on a changed step is taken from there. ``pins``
    are tensors that are theirs though ours differ. With ``patience`` it gives up after so many steps in a row that are
    none of theirs if nothing new was found at all, and after ``enough`` of them whatever was. ``until`` is the last
    phase; ``changes`` are the steps that are not those of ``start``; ``last`` is the slot after which it ends.
    """
    here = Walk(plan, [None] * len(plan.nodes))
    pins, overrides = pins or {}, overrides or {}
    before = start.names if start is not None else set()
    changed = bytearray(len(plan.nodes))
    misses = 0
    groups = _Groups(book)
    idle = _idle(plan, groups, overrides) if until != "forward" else b""
    beyond = PHASES[PHASES.index(until) + 1 :]
    for node in plan.nodes:
        if node.phase in beyond or 0 <= last < node.slot:
            break
        if idle and idle[node.slot]:
            continue
        told(node.slot, len(plan.nodes))
        old = None if start is None else start.plan.paths.get(node.path)
        special = node.path in pins or node.path in overrides or node.path in changes
        if (
            old is not None
            and start is not None
            and start.values[old.slot] is not None
            and not special
            and _same(old, node)
            and not any(changed[s] for s in node.slots)
        ):
            _taken_over(here, node, start, old)
            if any(changed[plan.paths[p].slot] for paths, _ in fused(plan, node) for p in paths):
                here.leave(node.slot, "fused")  # another of the group has other numbers now
                groups.after(here, node, here.arguments(node))
            continue
        changed[node.slot] = 1
        args = here.arguments(node)
        if node.op is None:
            y = np.asarray(leaves[node.path] if node.path in leaves else plan.leaves[node.slot])
        elif node.path in overrides:
            with np.errstate(all="ignore"):
                y = overrides[node.path](args, here.get)
        else:
            y = computed(node, args)
        if y.dtype.kind == "f":
            y = y.astype(book.dtype, copy=False)
        new = _place(here, book, node, y, args, pins)
        if old is not None and start is not None and _as_before(here, start, node, old):
            changed[node.slot] = 0  # theirs was found here before, too, so what follows is as it was
        new |= groups.after(here, node, args)
        if patience and start is not None and node.op is not None and node.path in start.plan.paths:
            misses = 0 if new - before else misses + (not new)
            if misses >= patience and (0 < enough <= misses or not (here.names - before)):
                here.broken = True
                break
    return here


def computed(node: Node, args: list[Any]) -> np.ndarray:
    """What our step makes of these numbers: as a trace computes it, where all are kept in its type."""
    assert node.op is not None
    with np.errstate(all="ignore"):
        given = {s: a for s, a in zip(node.inputs, args, strict=True) if isinstance(s, int)}
        alike = all(a.dtype == node.dtype for a in args if isinstance(a, np.ndarray) and a.dtype.kind == "f")
        if alike and not node.rounds and len(given) == len(args):
            return np.asarray(compiled(node, FRESH, switched_on())(given))
        return np.asarray(node.op.forward(*args, **node.attrs))


def _idle(plan: Plan, groups: _Groups, overrides: Mapping[str, Override]) -> bytearray:
    """The large tensors after the forward pass that are none of theirs by their size, and read by none that may be."""
    idle = bytearray(len(plan.nodes))
    for node in reversed(plan.nodes):
        idle[node.slot] = (
            node.phase in ("backward", "update")
            and node.spec.size > SMALL
            and node.path not in overrides
            and not groups.may_have(node)
            and all(idle[s] for s in plan.consumers[node.slot])
        )
    return idle


def _same(old: Node, node: Node) -> bool:
    return (
        old.op is node.op and old.kind == node.kind and old.attrs == node.attrs and len(old.inputs) == len(node.inputs)
    )


def _as_before(here: Walk, start: Walk, node: Node, old: Node) -> bool:
    """Whether a walk goes on from a step with the same array of theirs as another walk did."""
    now, before = here.found.get(node.slot), start.found.get(old.slot)
    if not now or not before or node.slot not in here.clean or old.slot not in start.clean:
        return False
    return now[0].entry is before[0].entry and now[0].layout == before[0].layout


def _taken_over(here: Walk, node: Node, start: Walk, old: Node) -> None:
    here.values[node.slot] = start.values[old.slot]
    here.enter(node.slot, start.found.get(old.slot, []))
    if old.slot in start.other:
        here.other.add(node.slot)
    for mine, theirs in ((here.clean, start.clean), (here.wrong, start.wrong)):
        if old.slot in theirs:
            mine[node.slot] = theirs[old.slot]  # type: ignore[assignment]  # each of its own kind


def _place(
    here: Walk, book: Book, node: Node, y: np.ndarray, args: list[Any], pins: Mapping[str, tuple[Entry, Layout]]
) -> set[str]:
    """Find a tensor in theirs, and go on with what they have; returns the names found."""
    slot = node.slot
    if node.path in pins:
        entry, layout = pins[node.path]
        here.clean[slot], here.values[slot] = y, layout.back(entry.array)
        return {entry.name}
    exact, most, some = (partial(each, node, y, args, book) for each in (here.sizes, here.most, here.some))
    sizes = Sizes(exact, cache(most), cache(some))
    near_by: list[Entry] | None = [] if node.phase == "forward" and node.op is not None else None
    hits = book.find(node, y, args, sizes, near_by)
    if near_by and not hits:
        here.other.add(slot)
    expected = _expected(here, book, node)
    if expected is not None:
        entry, layout = expected
        hits = [hit for hit in hits if hit.entry is not entry or _laid_alike(book, hit, layout)]
        if not any(hit.entry is entry for hit in hits):
            hit = book.equal(node, y, sizes, entry, layout)
            if hit is None:
                here.wrong[slot] = expected
                here.clean[slot], here.values[slot] = y, layout.back(entry.array)
                return set()
            hits.append(hit)
        hits.sort(key=lambda hit: hit.entry is not entry)
    here.values[slot] = y
    if not hits:
        return set()
    here.enter(slot, hits)
    best = hits[0]
    if (
        node.dtype.kind == "f"
        and best.entry.number
        and here.goes_on(node, best)
        and not (node.op is not None and node.op.name == "mask_fill")
    ):
        here.clean[slot], here.values[slot] = y, best.layout.back(best.entry.array)
    return {hit.entry.name for hit in hits}


def _laid_alike(book: Book, hit: Hit, layout: Layout) -> bool:
    """Whether a gradient lies as its tensor does; of one that is the same either way nothing tells."""
    if hit.layout.order == layout.order:
        return True
    of = book.by_name[hit.entry.of or ""].array
    return np.array_equal(hit.layout.back(of), layout.back(of))


def _expected(here: Walk, book: Book, node: Node) -> tuple[Entry, Layout] | None:
    """The array that must be this gradient: ``NAME.grad``, where NAME alone was found to be the tensor."""
    if node.role.name != "gradient":
        return None
    of = here.plan.base(node)
    hits = () if is_aside(node) or shares(here.plan, of.slot) else here.found.get(of.slot, ())
    plain = [hit for hit in hits if hit.layout.relation in PLAIN] or hits  # q before its heads are split is not Q
    original = min((hit.entry.order for hit in plain if not hit.entry.trivial), default=-1)
    for hit in hits:
        if hit.entry.order != original and hit.entry.note.kind != "weight":
            continue  # a copy of it, whose gradient may be that of one use
        entry = book.by_name.get(hit.entry.name + GRAD)
        if entry is None or entry.array.shape != hit.entry.array.shape or hit.layout.ours != node.shape:
            continue
        as_it_is = hit.layout.relation in PLAIN
        others = [
            slot
            for slot in here.places[hit.entry.name]
            if begun_at(here.plan, slot) != begun_at(here.plan, of.slot)
            and (
                not as_it_is
                or any(h.entry is hit.entry and h.layout.relation in PLAIN for h in here.found.get(slot, ()))
            )
        ]
        if not others:
            return entry, hit.layout
    return None


class _Groups:
    """Tensors of ours that others keep as one array: queries, keys and values side by side, or one head at a time."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.sizes = {
            size for size, entries in book.by_size.items() if any(e.number and not e.trivial for e in entries)
        }

    def may_have(self, node: Node) -> bool:
        """Whether a tensor, or a group of which it is the last, has the size of anything of theirs."""
        alike = self.book.by_size.keys() if self.book.by_size else ()
        return node.spec.size in alike or any(n * node.spec.size in alike for n in (2, 3))

    def after(self, here: Walk, node: Node, args: list[Any]) -> set[str]:
        """What is found of the groups that this tensor completes."""
        new: set[str] = set()
        for members, relation in fused(here.plan, node):
            values = [here.values[here.plan.paths[path].slot] for path in members]
            if any(v is None for v in values):
                continue
            if sum(v.size for v in values) not in self.sizes:
                continue
            for whole in _laid(values, self.book.config.kv_heads):
                if whole.size in self.sizes:
                    new |= self._look(here, node, whole, relation)
        new |= self._slices(here, node, args)
        return new

    def _look(self, here: Walk, node: Node, whole: np.ndarray, relation: str) -> set[str]:
        found = set()
        size = extent(whole)
        for entry in self.book.as_long(whole, size):
            if not entry.number or entry.trivial:
                continue
            for turned in _orders(whole, entry.array.shape):
                far = apart(turned, entry.array)
                own = np.nan_to_num(np.abs(turned), nan=np.nan, posinf=0.0)  # what is masked must not hide the others
                limit = allowed(self.book.level, 4.0) * (own + moderate(own).mean()) + FLOOR[self.book.level]
                if (far <= limit).all():
                    layout = Layout(whole.shape, whole.shape, tuple(range(whole.ndim)), entry.array.shape, relation)
                    here.enter(node.slot, [Hit(entry, layout, float(far.max(initial=0.0)))])
                    found.add(entry.name)
                    break
        return found

    def _slices(self, here: Walk, node: Node, args: list[Any]) -> set[str]:
        """One head, one sentence of a batch, or one word at a time."""
        y = here.values[node.slot]
        if not isinstance(y, np.ndarray) or y.dtype.kind != "f" or y.size > 1 << 16:
            return set()
        parts = atoms(node, self.book.config)
        asked = ("head", "batch", "query", "position") if self.book.uses.together else ("head", "batch")
        found: set[str] = set()
        shape = tuple(size for _, size in parts)
        for k, (name, size) in enumerate(parts):
            if name not in asked or size == 1 or y.size // size not in self.sizes:
                continue
            for i in range(size):
                part = np.take(y.reshape(shape), i, axis=k)
                found |= self._look(here, node, part, f"{name} {i}")
        return found


FUSED = (
    (("attn.q_proj", "attn.k_proj", "attn.v_proj"), "fused q k v"),
    (("cross.k_proj", "cross.v_proj"), "fused k v"),
    (("attn.k_proj", "attn.v_proj"), "fused k v"),
    (("attn.W_Q", "attn.W_K", "attn.W_V"), "fused q k v"),
    (("attn.b_Q", "attn.b_K", "attn.b_V"), "fused q k v"),
    (("cross.W_Q", "cross.W_K", "cross.W_V"), "fused q k v"),
    (("cross.b_Q", "cross.b_K", "cross.b_V"), "fused q k v"),
    (("ffn.gate", "ffn.hidden"), "fused gate"),
    (("ffn.W_gate", "ffn.W_1"), "fused gate"),
)
"""What others lay side by side along the last axis."""
_FUSED_ENDS = {name.rpartition(".")[2] for members, _ in FUSED for name in members}


def fused(plan: Plan, node: Node) -> list[tuple[list[str], str]]:
    """The groups whose last member this tensor is, gradients and new weights included."""
    mark = {"gradient": GRAD, "new": NEW}.get(node.role.name, "")
    path = node.path.removesuffix(mark)
    if path[path.rfind(".") + 1 :] not in _FUSED_ENDS:
        return []
    found = []
    for members, relation in FUSED:
        for name in members:
            if path != name and not path.endswith("." + name):
                continue
            prefix = path.removesuffix(name)
            paths = [prefix + each + mark for each in members]
            if all(p in plan.paths for p in paths) and max(plan.paths[p].slot for p in paths) == node.slot:
                found.append((paths, relation))
    return found


def _laid(values: list[np.ndarray], groups: int) -> list[np.ndarray]:
    """Arrays side by side along their last axis: one behind the other, or for each group of heads its part of each."""
    found = [np.concatenate(values, -1)]
    lead = values[0].shape[:-1]
    if groups > 1 and all(v.shape[:-1] == lead and v.shape[-1] % groups == 0 for v in values):
        split = [v.reshape(*lead, groups, v.shape[-1] // groups) for v in values]
        found.append(np.concatenate(split, -1).reshape(*lead, -1))
    return found


def _orders(whole: np.ndarray, shape: tuple[int, ...]) -> list[np.ndarray]:
    """The ways to lay a group out with this shape: as it is, or with its axes turned."""
    found = []
    real = [n for n in shape if n != 1]
    plain = whole.reshape([n for n in whole.shape if n != 1])
    for order in permutations(range(plain.ndim)):
        turned = plain.transpose(order)
        if list(turned.shape) == real:
            found.append(turned.reshape(shape))
    if not found and plain.ndim > 1 and plain.size == int(np.prod(shape, initial=1)) and len(real) >= plain.ndim:
        found.append(plain.reshape(shape))
    return found
