"""The arrays of a recording, found again by their numbers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from msgspec import Struct, field

from tfstep.address.roles import GRAD, NEW, path_parts
from tfstep.compare.layout import Layout, layouts
from tfstep.compare.proposed.turned import Turning, turning
from tfstep.compare.proposed.weights import read
from tfstep.compare.recorded.note import Note, Setting
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.recorded.uses import Uses, uses
from tfstep.compare.tolerance import FLOOR, HIDDEN, LEVELS, UNIT, Lengths, allowed, apart, precision
from tfstep.engine.node import Node
from tfstep.models.config import ModelConfig

HOPELESS = 1e2  # times what is allowed: so far off in most cells that no rounding of terms explains it
CANCELLED = 5e4  # and of gradients, of which little may be left of large terms
MANY, SOME = 8192, 512  # cells from which a few are looked at first, and how many these are
OFTEN = 3  # arrays of a type, from which it is that of the run and no slip
FEW = 32  # cells that are looked at before any others
SEVERAL = 3  # arrays from which a few cells of all are looked at together
PIECE = 1 << 14  # cells of a large array that are looked at together
NEAR = 0.03  # how far the sizes of two tensors may be apart before their cells are looked at
CROWD = 16  # arrays of one size from which their sums tell them apart first
LEAN = 0.03  # and how far their sums, of their sizes
NEAR_BY = 0.01  # how far, as a share of its length, what is nearly a tensor may be from it
SOFT = 2.0**-12  # a type with coarser units has sums that are no key
SINGLE = 2_000_000  # cells of a run in float32 from which it is not computed in float64


class Entry(Struct, eq=False):
    """One recorded array. ``level`` is the coarsest type that holds its numbers, ``zeros`` says that some are 0,
    ``trivial`` that it is zeros, ones or a mask, and tells nothing."""

    name: str
    order: int
    array: np.ndarray
    level: str
    size: float
    total: float
    zeros: bool
    trivial: bool
    number: bool  # floating numbers, not ids or flags
    note: Note

    @property
    def of(self) -> str | None:
        """The name of the array whose gradient it is."""
        found = path_parts(self.name)
        return found.of if found.mark == GRAD and not found.consumer else None

    @property
    def is_new(self) -> bool:
        """Whether it is a parameter after the update."""
        return path_parts(self.name).mark == NEW


class Sizes(Struct, frozen=True, eq=False):
    """For each cell of a tensor the size of the terms that it is a sum of, asked for where that matters; ``most`` is
    never less, and sooner found; ``some`` is that of every so many cells alone."""

    exact: Callable[[], np.ndarray]
    most: Callable[[], np.ndarray] | None = None
    some: Callable[[int], np.ndarray] | None = None


class Hit(Struct, frozen=True, eq=False):
    """A recorded array that is one of our tensors, laid out so; ``coarse`` names the type it is rounded to beyond
    the rest of the run."""

    entry: Entry
    layout: Layout
    max_abs: float
    coarse: str = ""


def moderate(x: np.ndarray) -> np.ndarray:
    """The numbers that are neither masked nor infinite; the others are 0."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(x) & (np.abs(x) < HIDDEN), x, x.dtype.type(0))


def extent(x: np.ndarray) -> float:
    """The length of all numbers as one vector, masked ones left out."""
    flat = x.ravel() if x.dtype.kind == "f" else x.ravel().astype(np.float64)
    with np.errstate(all="ignore"):
        whole = float(np.sqrt(np.vdot(flat, flat)))
    if whole < HIDDEN:  # so no cell is masked
        return whole
    plain = moderate(x)
    return float(np.sqrt(np.vdot(plain, plain)))


def total(x: np.ndarray) -> float:
    """The sum of all numbers, masked ones left out; however they are laid out it is the same."""
    with np.errstate(all="ignore"):
        whole = float(x.sum())
    return whole if abs(whole) < HIDDEN else float(moderate(x).sum())


def about(x: np.ndarray) -> float:
    """The length of all numbers as one vector, judged by some of them."""
    step = max(1, x.size // 512)
    some = moderate(x.reshape(-1)[::step])
    return float(np.sqrt(np.vdot(some, some) * step))


def _few(x: np.ndarray) -> bool:
    """Whether there are no more than two numbers among many: flags, ones, zeros."""
    plain = moderate(x.reshape(-1)[:4096])
    other = plain[plain != plain[0]] if x.size > 2 else plain
    return x.size > 2 and bool((other == other[:1]).all())


def _apart(far: np.ndarray, size: np.ndarray) -> float:
    """The length of a difference as a share of that of the tensor."""
    return float(np.sqrt(np.vdot(far, far) / max(float(np.vdot(size, size)), 1e-300)))


def _within(y: np.ndarray, theirs: np.ndarray, share: float) -> float | None:
    """How far two arrays are apart at most, where no cell is off by more than this share of it; else None. It is found
    out in pieces that stay in the fast memory of a processor."""
    one, other, most = y.reshape(-1), theirs.reshape(-1), 0.0
    with np.errstate(all="ignore"):
        for begin in range(0, one.size, PIECE):
            some = one[begin : begin + PIECE]
            far = np.abs(some - other[begin : begin + PIECE])
            largest = float(far.max())
            if largest and not (math.isfinite(largest) and (far <= share * np.abs(some)).all()):
                return None
            most = max(most, largest)
    return most


def _finite(size: np.ndarray) -> np.ndarray:
    """Sizes, those that are none or infinite as 0."""
    return size if math.isfinite(float(size.max(initial=0.0))) else np.nan_to_num(size, posinf=0.0)


def _hides(node: Node) -> bool:
    """Whether a step masks cells: what number stands there is the same to all."""
    return node.op is not None and node.op.name == "mask_fill"


class Book(Struct, eq=False):
    """All arrays of a recording by size and extent. ``level`` is the precision of the run."""

    config: ModelConfig
    entries: list[Entry] = field(default_factory=list)
    by_name: dict[str, Entry] = field(default_factory=dict)
    by_size: dict[int, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    level: str = "float64"
    dtype: np.dtype = np.dtype(np.float64)  # in which their numbers are kept, and ours computed
    lengths: Lengths = field(default_factory=Lengths)
    keys: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=dict)  # of all of one size
    uses: Uses = field(default_factory=Uses)  # what the weights are for
    roles: dict[str, list[str]] = field(default_factory=dict)  # and the matrices by their roles, in the order of use
    made: dict[str, Setting] = field(default_factory=dict)  # of which module each is
    kept: Recording = field(default_factory=Recording)
    turned: dict[int, Turning | None] = field(default_factory=dict)  # how vectors of so many positions are
    leaves: dict[str, tuple[np.ndarray, str, list[Hit]]] = field(default_factory=dict)  # what each was found to be
    shapes: dict[int, dict[tuple[int, ...], np.ndarray]] = field(default_factory=dict)  # which of one size have each
    cells: dict[Any, tuple[np.ndarray, ...]] = field(default_factory=dict)  # a few of all arrays of one shape
    gradients: float | None = None  # how large they are, once somebody has asked

    @classmethod
    def of(cls, kept: Recording, config: ModelConfig) -> Book:
        """The book of a recording."""
        book = cls(config, uses=uses(kept), kept=kept)
        if book.uses.together:
            mine = read(kept, config.d_model).roles
            book.roles = {role: [name for name, _ in group] for role, group in mine.items() if role}
        book.made = {n: kept.settings[of] for n in kept if (of := n.rpartition(".")[0]) in kept.settings and of}
        numbers = [a for a in kept.arrays.values() if a.dtype.kind == "f"]
        if sum(a.size for a in numbers) > SINGLE and all(a.dtype.itemsize <= 4 for a in numbers):
            book.dtype = np.dtype(np.float32)
        for order, (name, array) in enumerate(kept.arrays.items()):
            if array.dtype.kind == "b":  # flags are compared with nothing
                continue
            values = np.asarray(array, book.dtype if array.dtype.kind == "f" else np.float64, order="C")
            size = extent(values)
            entry = Entry(
                name,
                order,
                values,
                precision(array if array.dtype.kind == "f" else values),
                size,
                total(values),
                bool((values.reshape(-1)[: 1 << 16] == 0).any()),
                (_few(values) or not size) and not np.isnan(values).any(),
                array.dtype.kind == "f",
                kept.note(name),
            )
            book.entries.append(entry)
            book.by_name[name] = entry
            book.by_size[values.size].append(entry)
        computed = [
            e for e in book.entries if e.note.kind not in ("weight", "input")
        ]  # weights may be kept in fewer digits
        told = [e.level for e in computed or book.entries if e.number and not e.trivial and e.array.size >= 4]
        common = [level for level in LEVELS if told.count(level) >= max(OFTEN, len(told) / 8)]
        fine = [level for level in LEVELS if level in told]
        book.level = common[-1] if common else fine[0] if fine else "float64"
        return book

    def turning(self, positions: int) -> Turning | None:
        """How vectors of theirs are turned from one position to the next, if any are."""
        if positions not in self.turned:
            self.turned[positions] = turning(self.kept, positions)
        return self.turned[positions]

    def only(self, names: set[str]) -> Book:
        """A book of some of the arrays."""
        book = Book(self.config, level=self.level, dtype=self.dtype, lengths=self.lengths)
        for entry in self.entries:
            if entry.name in names:
                book.entries.append(entry)
                book.by_name[entry.name] = entry
                book.by_size[entry.array.size].append(entry)
        return book

    def find(
        self, node: Node, y: np.ndarray, args: list[Any], sizes: Sizes, near_by: list[Entry] | None = None
    ) -> list[Hit]:
        """The arrays that are this tensor, in some layout; ``near_by`` is given those that are close to it, and not it."""
        near = self.by_size.get(y.size, ())
        if not near:
            return []
        if node.op is None:  # a weight or an input is looked for more than once
            known = self.leaves.get(node.path)
            if known is None or known[0] is not y or known[1] != self.level:
                known = self.leaves[node.path] = y, self.level, self._found(near, node, y, args, sizes, None)
            return list(known[2])
        return self._found(near, node, y, args, sizes, near_by)

    def _found(
        self,
        near: Sequence[Entry],
        node: Node,
        y: np.ndarray,
        args: list[Any],
        sizes: Sizes,
        near_by: list[Entry] | None,
    ) -> list[Hit]:
        """Of the arrays of its size the ones that are this tensor."""
        found = []
        close = self._alike(near, node, y, args, sizes)
        if len(close) > SEVERAL and sizes.some is not None and y.size < MANY:
            least = NEAR_BY * extent(y) if near_by is not None else 0.0
            close = self._unlike_left_out(near, close, node, y, sizes.some, least)
        for entry in (near[k] for k in close.tolist()):
            for layout in layouts(node, self.config, entry.array.shape):
                if near_by is None and self._differs(node, y, sizes, entry, layout):
                    continue
                hit = self.equal(node, y, sizes, entry, layout, near_by)
                if hit is not None:
                    found.append(hit)
                    break
        return found

    def as_long(self, whole: np.ndarray, size: float) -> list[Entry]:
        """The arrays of this size that are as long, and have about the same sum if the type of the run lets that tell."""
        near = self.by_size.get(whole.size, ())
        if not near:
            return []
        lengths, sums, _ = self._keys(near)
        close = np.abs(lengths - size) <= NEAR * np.maximum(lengths, size)
        if len(near) > CROWD and UNIT[self.level] < SOFT:
            close &= ~(np.abs(sums - total(whole)) > LEAN * size)
        return [near[k] for k in np.flatnonzero(close).tolist()]

    def _unlike_left_out(
        self,
        near: Sequence[Entry],
        close: np.ndarray,
        node: Node,
        y: np.ndarray,
        some: Callable[[int], np.ndarray],
        least: float,
    ) -> np.ndarray:
        """Of several arrays those of which no cell of a few tells that they are others in every layout, or that are not
        even so far from the tensor, as vectors."""
        step, share, wanted = max(1, y.size // FEW), allowed(self.level), np.zeros(len(near), bool)
        wanted[close] = True
        left, ours = np.zeros(len(near), bool), y.reshape(-1)[::step]
        size, reach = np.abs(ours), np.empty(0)
        for shape, at in self._shapes(near).items():
            mine = at[wanted[at]]
            for layout in layouts(node, self.config, shape) if len(mine) else ():
                cells, units, floors, coarse = (each[wanted[at]] for each in self._cells(near, at, layout, step))
                with np.errstate(all="ignore"):
                    far = np.abs(cells - ours)
                    if _hides(node):
                        far = np.where((ours <= -HIDDEN) & ~(cells > -HIDDEN), 0.0, far)
                    other = (far > (units + share) * size + floors).any(1)
                    if other.any():
                        reach = reach if reach.size else _finite(some(step))
                        other &= (far > (units + share) * size + (share + coarse) * reach + floors).any(1)
                        other &= np.sqrt((far * far).sum(1)) >= least
                left[mine[~other]] = True
        found: np.ndarray = np.flatnonzero(left)
        return found

    def _shapes(self, near: Sequence[Entry]) -> dict[tuple[int, ...], np.ndarray]:
        """Which of all arrays of one size have each shape."""
        size = near[0].array.size
        if size not in self.shapes:
            found: dict[tuple[int, ...], list[int]] = defaultdict(list)
            for k, entry in enumerate(near):
                found[entry.array.shape].append(k)
            self.shapes[size] = {shape: np.array(at) for shape, at in found.items()}
        return self.shapes[size]

    def _cells(self, near: Sequence[Entry], at: np.ndarray, layout: Layout, step: int) -> tuple[np.ndarray, ...]:
        """A few cells of all arrays of one shape, laid out as a tensor of ours, and of each what rounding allows."""
        key = self.level, layout.shape, layout.sizes, layout.order
        if key not in self.cells:
            entries = [near[k] for k in at.tolist()]
            self.cells[key] = (
                np.array([layout.some(entry.array, step) for entry in entries]),
                np.array([UNIT[entry.level] for entry in entries])[:, None],
                np.array([2 * max(FLOOR[entry.level], FLOOR[self.level]) for entry in entries])[:, None],
                np.array([allowed(entry.level) for entry in entries])[:, None],
            )
        return self.cells[key]

    def _keys(self, near: Sequence[Entry]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of some arrays the lengths, the sums, and whether they are too coarse for these to tell."""
        key = near[0].array.size if len(near) > 1 else -1
        if key < 0 or key not in self.keys or len(self.keys[key][0]) != len(near):
            made = (
                np.array([entry.size for entry in near]),
                np.array([entry.total for entry in near]),
                np.array([UNIT[entry.level] >= SOFT for entry in near]),
            )
            if key < 0:
                return made
            self.keys[key] = made
        return self.keys[key]

    def _alike(self, near: Sequence[Entry], node: Node, y: np.ndarray, args: list[Any], sizes: Sizes) -> np.ndarray:
        """Which of the arrays of this size have the length and sum of the tensor, in whatever layout."""
        size = extent(y)
        lengths, sums, soft = self._keys(near)
        gaps = np.abs(lengths - size)
        close = gaps <= NEAR * np.maximum(lengths, size)
        if (y.size >= MANY or len(near) > CROWD) and not _hides(node) and UNIT[self.level] < SOFT:
            lean = LEAN if y.size >= MANY else max(LEAN, NEAR_BY * math.sqrt(y.size))  # what is nearly it counts there
            close &= soft | ~(np.abs(sums - total(y)) > lean * size)
        if not close.all():  # something slight may be left of large terms
            large = max((about(a) for a in args if isinstance(a, np.ndarray) and a.dtype.kind == "f"), default=0.0)
            if size <= 100 * allowed(self.level) * large:
                close |= gaps <= allowed(self.level) * extent(sizes.exact())
        return np.flatnonzero(close)

    def _differs(self, node: Node, y: np.ndarray, sizes: Sizes, entry: Entry, layout: Layout) -> bool:
        """Whether one of a few cells tells that an array is not this tensor: it is further off than anything allows."""
        if sizes.some is None:
            return False
        step, share = max(1, y.size // FEW), allowed(self.level)
        with np.errstate(all="ignore"):
            ours, theirs = y.reshape(-1)[::step], layout.some(entry.array, step)
            far, size = np.abs(ours - theirs), np.abs(ours)
            if not (far > (UNIT[entry.level] + share) * size + FLOOR[self.level]).any():
                return False
            if self._unlike(node, y, entry, layout):
                return True
            terms = _finite(sizes.some(step))
            limit = (UNIT[entry.level] + share) * size + (share + allowed(entry.level)) * terms
            return bool((far > limit + FLOOR[self.level] + FLOOR[entry.level]).any())

    def _unlike(self, node: Node, y: np.ndarray, entry: Entry, layout: Layout) -> float:
        """How far two large arrays are apart, as `_apart` says it, where some of the cells already tell that they are
        different ones; else 0."""
        if y.size < MANY:
            return 0.0
        step = y.size // SOME
        some = y.reshape(-1)[::step]
        far, size = np.abs(some - layout.some(entry.array, step)), np.abs(some)
        middle = float(size.mean())
        if not math.isfinite(float(far.sum()) + middle):
            return 0.0
        hopeless = HOPELESS if node.phase != "backward" else CANCELLED
        limit = allowed(self.level) * hopeless * (size + middle) + FLOOR[self.level]
        return _apart(far, size) if np.count_nonzero(far > limit) > 0.8 * far.size else 0.0

    def equal(
        self,
        node: Node,
        y: np.ndarray,
        sizes: Sizes,
        entry: Entry,
        layout: Layout,
        near_by: list[Entry] | None = None,
    ) -> Hit | None:
        """Whether an array is this tensor in this layout, cell by cell. If most cells are off, though all by little, it
        is entered in ``near_by``."""
        unlike = self._unlike(node, y, entry, layout)
        if unlike:
            if near_by is not None and unlike < NEAR_BY:
                near_by.append(entry)
            return None
        theirs = layout.back(entry.array)
        share, floor = allowed(self.level), FLOOR[self.level]
        if y.size >= MANY and (near := _within(y, theirs, share)) is not None:
            return Hit(entry, layout, near)
        with np.errstate(all="ignore"):
            far = np.abs(y - theirs)
            most = float(far.max(initial=0.0))
            if not most or (math.isfinite(most) and (far <= share * np.abs(y)).all()):
                return Hit(entry, layout, most)
        far = far if math.isfinite(most) else apart(y, theirs)
        size = _finite(np.abs(y))
        seen = y.size
        if _hides(node):
            hidden = (y <= -HIDDEN) & ~(theirs > -HIDDEN)
            far, size = np.where(hidden, 0.0, far), np.where(hidden, 0.0, size)
            seen -= int(np.count_nonzero(hidden))
        most = float(far.max(initial=0.0))
        if (far <= share * size + floor).all():
            return Hit(entry, layout, most)
        if not np.isfinite(most):
            return None
        as_fine = LEVELS.index(entry.level) <= LEVELS.index(self.level) or entry.array.size < 4 or entry.trivial

        def reach(terms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            """How far each cell may be off, and how far if theirs is rounded to its type."""
            terms = _finite(terms)
            fine = share * terms + floor
            if as_fine:
                return fine, fine
            coarse = (UNIT[entry.level] + share) * size + FLOOR[entry.level] + share * terms
            if node.phase in ("backward", "update"):  # handed on from what was computed in that type
                coarse = coarse + allowed(entry.level) * terms
            return fine, coarse

        off = 0
        if node.phase == "forward" and y.ndim:
            hopeless = int(np.count_nonzero(far > share * HOPELESS * (size + size.sum() / seen) + floor))
            off = hopeless if hopeless > 0.5 * seen else 0
        if not off and sizes.most is not None:
            off = int(np.count_nonzero(far > np.maximum(*reach(sizes.most()))))
        if not off:
            fine, coarse = reach(sizes.exact())
            if (far <= fine).all():
                return Hit(entry, layout, most)
            off = int(np.count_nonzero(far > coarse))
            if not off and not as_fine:
                return Hit(entry, layout, most, entry.level)
        if near_by is not None and off > 0.5 * seen and _apart(far, size) < NEAR_BY:
            near_by.append(entry)
        return None
