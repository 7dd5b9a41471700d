"""The arrays of a recording, found again by their numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec import Struct, field

from tfstep.address.roles import GRAD, NEW, path_parts
from tfstep.compare.layout import Layout, layouts
from tfstep.compare.recorded.note import Note
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.tolerance import FLOOR, HIDDEN, LEVELS, UNIT, allowed, apart, precision
from tfstep.engine.node import Node
from tfstep.models.config import ModelConfig

Sizes = Callable[[], np.ndarray]

HOPELESS = 1e4  # times what is allowed: so far off that no rounding of terms explains it
MANY, SOME = 8192, 512  # cells from which a few are looked at first, and how many these are
OFTEN = 3  # arrays of a type, from which it is that of the run and no slip
NEAR = 0.03  # how far the sizes of two tensors may be apart before their cells are looked at


class Entry(Struct, eq=False):
    """One recorded array. ``level`` is the coarsest type that holds its numbers, ``trivial`` says that it is zeros,
    ones or a mask, and tells nothing."""

    name: str
    order: int
    array: np.ndarray
    level: str
    size: float
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
        return np.where(np.isfinite(x) & (np.abs(x) < HIDDEN), x, 0.0)


def extent(x: np.ndarray) -> float:
    """The length of all numbers as one vector, masked ones left out."""
    flat = x.ravel() if x.dtype.kind == "f" else x.ravel().astype(np.float64)
    with np.errstate(all="ignore"):
        whole = float(np.sqrt(np.vdot(flat, flat)))
    if whole < HIDDEN:  # so no cell is masked
        return whole
    plain = moderate(x)
    return float(np.sqrt(np.vdot(plain, plain)))


def about(x: np.ndarray) -> float:
    """The length of all numbers as one vector, judged by some of them."""
    step = max(1, x.size // 512)
    some = moderate(x.reshape(-1)[::step])
    return float(np.sqrt(np.vdot(some, some) * step))


class Book(Struct, eq=False):
    """All arrays of a recording by size and extent. ``level`` is the precision of the run."""

    config: ModelConfig
    entries: list[Entry] = field(default_factory=list)
    by_name: dict[str, Entry] = field(default_factory=dict)
    by_size: dict[int, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    level: str = "float64"

    @classmethod
    def of(cls, kept: Recording, config: ModelConfig) -> Book:
        """The book of a recording."""
        book = cls(config)
        for order, (name, array) in enumerate(kept.arrays.items()):
            values = np.asarray(array, np.float64)
            plain = moderate(values)
            distinct = np.unique(plain.ravel()[:4096]).size
            entry = Entry(
                name,
                order,
                values,
                precision(values),
                extent(values),
                distinct <= (2 if values.size > 2 else 0) or not plain.any(),
                array.dtype.kind == "f",
                kept.note(name),
            )
            book.entries.append(entry)
            book.by_name[name] = entry
            book.by_size[values.size].append(entry)
        told = [e.level for e in book.entries if e.number and not e.trivial and e.array.size >= 4]
        common = [level for level in LEVELS if told.count(level) >= max(OFTEN, len(told) / 8)]
        fine = [level for level in LEVELS if level in told]
        book.level = common[-1] if common else fine[0] if fine else "float64"
        return book

    def only(self, names: set[str]) -> Book:
        """A book of some of the arrays."""
        book = Book(self.config, level=self.level)
        for entry in self.entries:
            if entry.name in names:
                book.entries.append(entry)
                book.by_name[entry.name] = entry
                book.by_size[entry.array.size].append(entry)
        return book

    def find(self, node: Node, y: np.ndarray, args: list[Any], sizes: Sizes, only: Entry | None = None) -> list[Hit]:
        """The arrays that are this tensor, in some layout; ``only`` asks after one of them.

        ``sizes`` gives for each cell the size of the terms that it is a sum of, and is called where that matters.
        """
        near = [only] if only is not None else self.by_size.get(y.size, ())
        if not near:
            return []
        size = extent(y)
        slight: float | None = None  # what may be left of large terms, found when first needed
        found = []
        for entry in near:
            if abs(entry.size - size) > NEAR * max(entry.size, size):
                if slight is None:
                    large = max(
                        (about(a) for a in args if isinstance(a, np.ndarray) and a.dtype.kind == "f"), default=0.0
                    )
                    slight = (
                        allowed(self.level) * extent(sizes()) if size <= 100 * allowed(self.level) * large else -1.0
                    )
                if abs(entry.size - size) > slight:
                    continue
            for layout in layouts(node, self.config, entry.array.shape):
                hit = self.equal(node, y, sizes, entry, layout)
                if hit is not None:
                    found.append(hit)
                    break
        return found

    def _unlike(self, node: Node, y: np.ndarray, theirs: np.ndarray) -> bool:
        """Whether some of the cells already tell that two large arrays are different ones."""
        if node.phase != "forward" or y.size < MANY:
            return False
        step = y.size // SOME
        far = apart(y.reshape(-1)[::step], theirs.reshape(-1)[::step])
        size = np.nan_to_num(np.abs(y.reshape(-1)[::step]), posinf=0.0)
        limit = allowed(self.level) * HOPELESS * (size + size.mean()) + FLOOR[self.level]
        return bool(np.isfinite(far).all() and (far > limit).mean() > 0.8)

    def equal(self, node: Node, y: np.ndarray, sizes: Sizes, entry: Entry, layout: Layout) -> Hit | None:
        """Whether an array is this tensor in this layout, cell by cell."""
        theirs = layout.back(entry.array)
        if self._unlike(node, y, theirs):
            return None
        far = apart(y, theirs)
        if node.op is not None and node.op.name == "mask_fill":
            far = np.where((y <= -HIDDEN) & ~(theirs > -HIDDEN), 0.0, far)
        share, floor, size = allowed(self.level), FLOOR[self.level], np.nan_to_num(np.abs(y), posinf=0.0)
        most = float(far.max(initial=0.0))
        if (far <= share * size + floor).all():
            return Hit(entry, layout, most)
        if not np.isfinite(most):
            return None
        if node.phase == "forward" and y.ndim and (far > share * HOPELESS * (size + size.mean()) + floor).mean() > 0.5:
            return None
        terms = np.nan_to_num(sizes(), posinf=0.0)
        if (far <= share * terms + floor).all():
            return Hit(entry, layout, most)
        if LEVELS.index(entry.level) <= LEVELS.index(self.level) or entry.array.size < 4 or entry.trivial:
            return None
        coarse = (UNIT[entry.level] + share) * size + FLOOR[entry.level] + share * terms
        return Hit(entry, layout, most, entry.level) if (far <= coarse).all() else None
