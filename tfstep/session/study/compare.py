"""Two runs beside each other: which steps differ, and by how much.

Steps are paired by path. Along token axes cells are paired by position, or by word; a word that occurs
several times is paired in order, and pads have no part in it. Where the batches differ in size, sentences are paired
by their words, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import numpy as np
from msgspec import Struct

from tfstep import work
from tfstep.compare.tolerance import HIDDEN
from tfstep.engine.arrays.half import UNIT, spacing
from tfstep.engine.axis import Axis
from tfstep.engine.node import Node
from tfstep.engine.surface.above import Displayed
from tfstep.engine.trace import Trace
from tfstep.models.update import SCALE
from tfstep.session.study.pairing import Pair, Sentences, by_word, padding, pairs
from tfstep.session.study.verdict import same_bits

TOLERANCE = {"float64": 1e-9, "float32": 1e-5, "float16": 1e-2}  # of a tensor's largest number, by its precision
LOST = 4.0  # units by which a step must be further off than all that it reads, to be named
FLOOR = 1e-3  # tensors that are smaller than this are compared as if they were as large
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
    return _largest(x, np.empty(0))


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
    shared = (int(u.size), pair.most) if u.size < pair.most else None
    if same_bits(u, v):
        cosine = 1.0 if np.isfinite(u).all() else None
        return Difference(a.path, True, 0.0, cosine, 0.0, True, shared, units=0.0 if half else None)
    hidden = (u <= -HIDDEN) & (v <= -HIDDEN)
    largest, far = _largest(u[~hidden], v[~hidden]), _far(u, v)
    far = np.where(hidden & (np.isinf(u) | np.isinf(v)), 0.0, far)  # banned in both, whatever is written there
    moved = float(far.max())
    if tolerance is None and half:
        tolerance = UNIT[half] / 2
    if tolerance is None:
        tolerance = max(TOLERANCE.get(w.dtype.name, 0.0) for w in (u, v)) or TOLERANCE["float64"]
    if tolerance:
        share = np.where(hidden, np.abs(u.astype(np.float64)), largest + FLOOR)
        equal = bool((far <= tolerance * share).all())
    else:
        equal = u.dtype == v.dtype and np.ascontiguousarray(u).tobytes() == np.ascontiguousarray(v).tobytes()
    relative = 0.0 if moved == 0 else moved / largest if largest else np.inf
    rounding = bool((far <= ROUNDING * np.where(hidden, np.abs(u.astype(np.float64)), largest + FLOOR)).all())
    units = float(far[~hidden].max(initial=0.0)) / spacing(largest, half) if half else None
    return Difference(
        a.path, equal, moved, _cosine(u, v), relative, rounding, shared, lost=_first_nan(far), units=units
    )


def _largest(u: np.ndarray, v: np.ndarray) -> float:
    sizes = np.abs(np.concatenate([u.ravel(), v.ravel()]).astype(np.float64))
    finite = sizes[np.isfinite(sizes)]
    return float(finite.max()) if finite.size else 0.0


def _far(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The differences; equal infinities and two NaNs agree. A NaN is apart from a number by NaN, which no limit allows."""
    u, v = u.astype(np.float64), v.astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.where((u == v) | (np.isnan(u) & np.isnan(v)), 0.0, np.abs(u - v))


def _first_nan(far: np.ndarray) -> tuple[int, ...] | None:
    """The first cell of which one side alone is NaN."""
    lost = np.argwhere(np.isnan(far))
    return tuple(map(int, lost[0])) if len(lost) else None


def _cosine(u: np.ndarray, v: np.ndarray) -> float | None:
    """The cosine of the angle between them; 1 for two zeros, None where a number is not finite."""
    u, v = u.astype(np.float64).ravel(), v.astype(np.float64).ravel()
    if not (np.isfinite(u).all() and np.isfinite(v).all()):
        return None
    m, n = float(np.abs(u).max()), float(np.abs(v).max())
    if not (m and n):
        return 1.0 if m == n else 0.0
    u, v = u / m, v / n
    return float(np.clip(u @ v / np.sqrt((u @ u) * (v @ v)), -1.0, 1.0))
