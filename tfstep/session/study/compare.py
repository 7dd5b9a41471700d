"""Two runs beside each other: which steps differ, and by how much.

Steps are paired by path. Along token axes cells are paired by position, or by word; a word that occurs
several times is paired in order, and pads have no part in it. Where the batches differ in size, sentences are paired
by their words, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

import numpy as np
from msgspec import Struct

from tfstep import work
from tfstep.compare.tolerance import HIDDEN
from tfstep.engine.arrays.bits import same_bits
from tfstep.engine.arrays.half import UNIT, spacing
from tfstep.engine.axis import Axis
from tfstep.engine.node import Node
from tfstep.engine.surface.above import Displayed
from tfstep.engine.trace import Trace
from tfstep.models.update import SCALE
from tfstep.session.study.pairing import Pair, Sentences, by_word, padding, pairs

TOLERANCE = {"float64": 1e-9, "float32": 1e-5, "float16": 1e-2}  # of a tensor's largest number, by its precision
LOST = 4.0  # units by which a step must be further off than all that it reads, to be named
FLOOR = 1e-3  # tensors that are smaller than this are compared as if they were as large
PART = 1 << 14  # cells that are compared at a time
ROUNDING = 1e-11  # up to here, of a tensor's largest number, a difference is one of rounding


class Align(StrEnum):
    """How token axes are paired."""

    POSITION = "position"
    TOKEN = "token"


class Difference(Struct, frozen=True):
    """One tensor of two runs. The figures are None where shapes differ, and where no word is common: then ``equal`` is
    None, too, for it was not compared.

    ``relative`` is ``max_abs`` over the largest number of either. ``rounding`` says that it is no larger than what
    a different order of additions makes. ``shared`` says how many cells were compared out of how many, where a run
    has words that the other has not. ``lost`` is the first cell that is NaN in one run alone; the figures are NaN then.
    """

    path: str
    equal: bool | None
    max_abs: float | None = None
    cosine: float | None = None
    relative: float | None = None
    rounding: bool = False
    shared: tuple[int, int] | None = None
    shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    lost: tuple[int, ...] | None = None
    units: float | None = None  # in half precision: `max_abs` in distances between the numbers around the largest


class Digits(Struct, frozen=True):
    """The step of a run in half precision at which most digits are lost: how many ``units`` it is off, and how many at
    most what it ``read``."""

    path: str
    half: str
    units: float
    read: float


class Comparison(Displayed, Struct, frozen=True):
    """Two runs: their common steps and leaves, and the paths that only one of them has.

    ``pads`` are the places of padding in each that were left out where words are paired.
    """

    steps: tuple[Difference, ...]
    leaves: tuple[Difference, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    pads: tuple[int, int] = (0, 0)
    digits: Digits | None = None

    @property
    def first(self) -> Difference | None:
        """The first step that differs."""
        return next((step for step in self.steps if step.equal is False), None)

    @property
    def equal(self) -> bool:
        """Whether no step differs, of those that could be compared, if any could."""
        return self.first is None and (not self.steps or any(step.equal for step in self.steps))


def compare(one: Trace, other: Trace, align: Align = Align.POSITION, tolerance: float | None = None) -> Comparison:
    """Pair the tensors of two runs by path, in the order of the first one.

    Two agree where |Δ| ≤ tolerance·(max|values| + `FLOOR`) in every cell; a cell that is masked in both is judged by its
    own size, and counts for no other. Tolerance 0 asks for equal bits; by default it is that of the coarser of the two
    precisions, `TOLERANCE`.
    """
    steps: list[Difference] = []
    leaves: list[Difference] = []
    sentences = pairs(one, other) if align is Align.TOKEN else None
    for node in work.each(one.plan.nodes, work.TENSORS):
        pair = other.plan.paths.get(node.path)
        if pair is None:
            continue
        kind = max(node.rounds, pair.rounds)  # of the two half types the coarser
        here, there = one.value(node.slot), other.value(pair.slot)
        found = _difference(here, node, there, pair.spec.axes, sentences, tolerance, kind)
        (leaves if node.op is None else steps).append(found)
    pads = (0, 0) if sentences is None else (padding(one), padding(other))
    lost = _lost(one, other, [*leaves, *steps])
    return Comparison(tuple(steps), tuple(leaves), _missing(one, other), _missing(other, one), pads, lost)


def compare_arrays(one: Trace, arrays: Mapping[str, np.ndarray], tolerance: float | None = None) -> Comparison:
    """The same with arrays under the paths of `one`, such as `dump` writes; `only_second` are those under other names."""
    steps: list[Difference] = []
    leaves: list[Difference] = []
    for node in work.each(one.plan.nodes, work.TENSORS):
        if node.path in arrays:
            value = arrays[node.path]
            found = _difference(one.value(node.slot), node, value, node.spec.axes, None, tolerance)
            (leaves if node.op is None else steps).append(found)
    rest = tuple(name for name in arrays if name not in one.plan.paths)
    return Comparison(tuple(steps), tuple(leaves), tuple(n.path for n in one.plan.nodes if n.path not in arrays), rest)


def _missing(one: Trace, other: Trace) -> tuple[str, ...]:
    return tuple(node.path for node in one.plan.nodes if node.path not in other.plan.paths)


def _lost(one: Trace, other: Trace, found: Sequence[Difference]) -> Digits | None:
    """The step that is furthest off beside what it reads, where one of the runs is in half precision."""
    units = {each.path: each.units for each in found if each.units is not None}
    worst: Digits | None = None
    scaled = [SCALE in run.plan.paths for run in (one, other)]
    for node in one.plan.computed:
        if scaled[0] != scaled[1] and node.phase != "forward":  # gradients of another loss
            continue
        off = units.get(node.path)
        if off is None or not np.isfinite(off) or _is_nothing(one, other, node):
            continue
        read = max((units.get(one.plan.nodes[slot].path, 0.0) for slot in node.slots), default=0.0)
        read = max(read, 0.5)  # what rounding alone does to any number
        if off >= LOST * read and (worst is None or off / read > worst.units / worst.read):
            half = max(node.rounds, other.plan.paths[node.path].rounds)
            worst = Digits(node.path, half, off, read)
    return worst


def _is_nothing(one: Trace, other: Trace, node: Node) -> bool:
    """Whether a tensor is 0 but for rounding in the run that is more precise, as the gradient of b_K: there are no digits."""
    pair = other.plan.paths[node.path]
    run, own = (one, node) if not node.rounds else (other, pair)
    read = [_size(run.value(slot)) for slot in own.slots if run.plan.nodes[slot].dtype.kind == "f"]
    return bool(_size(run.value(own.slot)) <= TOLERANCE.get(own.dtype.name, 0.0) * max(read, default=0.0))


def _size(x: np.ndarray) -> float:
    sizes = np.abs(x.astype(np.float64))
    return float(sizes.max(where=np.isfinite(sizes), initial=0.0))


def _difference(
    x: np.ndarray,
    a: Node,
    y: np.ndarray,
    axes: Sequence[Axis],
    sentences: Sentences | None,
    tolerance: float | None,
    half: str = "",
) -> Difference:
    """One tensor of both; ``sentences`` are the pairs of a batch where words are paired, None where places are.
    ``half`` is the half type of the two, if any: half a unit of its last place is the rounding of one step."""
    if sentences is None:
        pair = Pair(x, y, x.size) if x.shape == y.shape else None
    else:
        pair = by_word(x, a.spec.axes, y, axes, sentences)
    if pair is None:
        return Difference(a.path, False, shapes=(x.shape, y.shape))
    u, v = pair.one, pair.other
    if not u.size:
        return Difference(a.path, None if x.size or y.size else True)
    if tolerance is None and half:
        tolerance = UNIT[half] / 2
    if tolerance is None:
        tolerance = max(TOLERANCE.get(w.dtype.name, 0.0) for w in (u, v)) or TOLERANCE["float64"]
    far = _Far(tolerance)
    if u is v:  # an edit has not reached it
        far.read(u, u)
    else:
        far.compare(u, v)
    equal = far.equal
    if not tolerance:
        equal = same_bits(u, v)
    relative = 0.0 if far.moved == 0 else far.moved / far.largest if far.largest else np.inf
    return Difference(
        a.path,
        equal,
        far.moved,
        far.cosine,
        relative,
        far.rounding,
        (int(u.size), pair.most) if u.size < pair.most else None,
        lost=None if far.lost is None else tuple(map(int, np.unravel_index(far.lost, u.shape))),
        units=far.seen / spacing(far.largest, half) if half else None,
    )


class _Far:
    """How far two tensors of equal shape are apart, found a part at a time: large ones need no copies of them whole.

    Equal infinities and two NaNs agree. A NaN is apart from a number by NaN, which no limit allows. What is banned in
    both is judged by its own size, and counts for no other.
    """

    def __init__(self, tolerance: float) -> None:
        self.tolerance = tolerance
        self.largest = 0.0  # of the finite numbers that are not banned in both
        self.moved = self.seen = 0.0  # the largest difference, and that of what is not banned in both
        self.equal = self.rounding = True
        self.lost: int | None = None
        self.cosine: float | None = None
        self._sizes, self._finite = (0.0, 0.0), True

    def read(self, u: np.ndarray, v: np.ndarray) -> None:
        """The sizes of both, and the cosine of two that are the same."""
        most = [0.0, 0.0]
        for part in _parts(u, v):
            hidden = _hidden(*part)
            for k, each in enumerate(part):
                sizes = np.abs(each)
                finite = np.isfinite(sizes)
                self._finite &= bool(finite.all())
                most[k] = max(most[k], float(sizes.max(where=finite, initial=0.0)))
                self.largest = max(self.largest, float(sizes.max(where=finite & ~hidden, initial=0.0)))
        self._sizes = (most[0], most[1])
        self.cosine = 1.0 if self._finite else None

    def compare(self, u: np.ndarray, v: np.ndarray) -> None:
        """Everything."""
        self.read(u, v)
        (m, n), products, start = self._sizes, np.zeros(3), 0
        for x, y in _parts(u, v):
            hidden = _hidden(x, y)
            with np.errstate(invalid="ignore"):
                far = np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0.0, np.abs(x - y))
            far[hidden & (np.isinf(x) | np.isinf(y))] = 0.0  # banned in both, whatever is written there
            share = np.where(hidden, np.abs(x), self.largest + FLOOR)
            if self.tolerance:  # else bits are asked for
                self.equal &= bool((far <= self.tolerance * share).all())
            self.rounding &= bool((far <= ROUNDING * share).all())
            self.moved = float(np.maximum(self.moved, far.max()))
            self.seen = float(np.maximum(self.seen, far[~hidden].max(initial=0.0)))
            if self.lost is None and (lost := np.flatnonzero(np.isnan(far))).size:
                self.lost = start + int(lost[0])
            if self._finite and m and n:
                x, y = x / m, y / n
                products += (x @ y, x @ x, y @ y)
            start += len(x)
        if self._finite:
            both = float(np.clip(products[0] / np.sqrt(products[1] * products[2]), -1.0, 1.0)) if m and n else 0.0
            self.cosine = 1.0 if m == n == 0 else both


def _parts(u: np.ndarray, v: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Both in double precision, so many cells at a time that they stay in the cache."""
    x, y, flag = u.reshape(-1), v.reshape(-1), work.present()
    for start in range(0, x.size, PART):
        if flag is not None:
            flag.at_step()
        yield x[start : start + PART].astype(np.float64), y[start : start + PART].astype(np.float64)


def _hidden(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray((x <= -HIDDEN) & (y <= -HIDDEN))
