"""Two runs beside each other: which steps differ, and by how much.

Steps are paired by path. Along token axes cells are paired by position, or by word; a word that occurs
several times is paired in order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum

import numpy as np
from msgspec import Struct

from tfstep.compare.tolerance import HIDDEN
from tfstep.engine.axis import Axis
from tfstep.engine.plan import Node
from tfstep.engine.surface.above import Displayed
from tfstep.engine.trace import Trace

TOLERANCE = {"float64": 1e-9, "float32": 1e-5, "float16": 1e-2}  # of a tensor's largest number, by its precision
FLOOR = 1e-3  # tensors that are smaller than this are compared as if they were as large
ROUNDING = 1e-11  # up to here, of a tensor's largest number, a difference is one of rounding


class Align(StrEnum):
    """How token axes are paired."""

    POSITION = "position"
    TOKEN = "token"


class Difference(Struct, frozen=True):
    """One tensor of two runs. The figures are None where it cannot be compared: shapes differ, or no word is common.

    ``relative`` is ``max_abs`` over the largest number of either. ``rounding`` says that it is no larger than what
    a different order of additions makes. ``shared`` says how many cells were compared out of how many, where a run
    has words that the other has not.
    """

    path: str
    equal: bool
    max_abs: float | None = None
    cosine: float | None = None
    relative: float | None = None
    rounding: bool = False
    shared: tuple[int, int] | None = None
    shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None


class Comparison(Displayed, Struct, frozen=True):
    """Two runs: their common steps and leaves, and the paths that only one of them has."""

    steps: tuple[Difference, ...]
    leaves: tuple[Difference, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]

    @property
    def first(self) -> Difference | None:
        """The first step that differs."""
        return next((step for step in self.steps if not step.equal), None)

    @property
    def equal(self) -> bool:
        """Whether no step differs."""
        return self.first is None


def compare(one: Trace, other: Trace, align: Align = Align.POSITION, tolerance: float | None = None) -> Comparison:
    """Pair the tensors of two runs by path, in the order of the first one.

    Two agree where |Δ| ≤ tolerance·(max|values| + `FLOOR`) in every cell; a cell that is masked in both is judged by its
    own size, and counts for no other. Tolerance 0 asks for equal bits; by default it is that of the coarser of the two
    precisions, `TOLERANCE`.
    """
    steps: list[Difference] = []
    leaves: list[Difference] = []
    for node in one.plan.nodes:
        pair = other.plan.paths.get(node.path)
        if pair is None:
            continue
        found = _difference(one.value(node.slot), node, other.value(pair.slot), pair.spec.axes, align, tolerance)
        (leaves if node.op is None else steps).append(found)
    return Comparison(tuple(steps), tuple(leaves), _missing(one, other), _missing(other, one))


def compare_arrays(one: Trace, arrays: Mapping[str, np.ndarray], tolerance: float | None = None) -> Comparison:
    """The same with arrays under the paths of `one`, such as `dump` writes; `only_second` are those under other names."""
    steps: list[Difference] = []
    leaves: list[Difference] = []
    for node in one.plan.nodes:
        if node.path in arrays:
            value = arrays[node.path]
            found = _difference(one.value(node.slot), node, value, node.spec.axes, Align.POSITION, tolerance)
            (leaves if node.op is None else steps).append(found)
    rest = tuple(name for name in arrays if name not in one.plan.paths)
    return Comparison(tuple(steps), tuple(leaves), tuple(n.path for n in one.plan.nodes if n.path not in arrays), rest)


def _missing(one: Trace, other: Trace) -> tuple[str, ...]:
    return tuple(node.path for node in one.plan.nodes if node.path not in other.plan.paths)


def _difference(
    x: np.ndarray, a: Node, y: np.ndarray, axes: Sequence[Axis], align: Align, tolerance: float | None
) -> Difference:
    by_word = align is Align.TOKEN
    pairs = _by_word(x, a.spec.axes, y, axes) if by_word else (x, y) if x.shape == y.shape else None
    if pairs is None or not pairs[0].size:
        return Difference(a.path, x.shape == y.shape and not x.size, shapes=(x.shape, y.shape))
    u, v = pairs
    hidden = (u <= -HIDDEN) & (v <= -HIDDEN)
    largest, far = _largest(u[~hidden], v[~hidden]), _far(u, v)
    moved = float(far.max())
    if tolerance is None:
        tolerance = max(TOLERANCE.get(w.dtype.name, 0.0) for w in (u, v)) or TOLERANCE["float64"]
    if tolerance:
        share = np.where(hidden, np.abs(u.astype(np.float64)), largest + FLOOR)
        equal = bool((far <= tolerance * share).all())
    else:
        equal = u.dtype == v.dtype and np.ascontiguousarray(u).tobytes() == np.ascontiguousarray(v).tobytes()
    relative = 0.0 if moved == 0 else moved / largest if largest else np.inf
    most = max(x.size, y.size)
    rounding = bool((far <= ROUNDING * np.where(hidden, np.abs(u.astype(np.float64)), largest + FLOOR)).all())
    shared = (int(u.size), most) if u.size < most else None
    return Difference(a.path, equal, moved, _cosine(u, v), relative, rounding, shared)


def _largest(u: np.ndarray, v: np.ndarray) -> float:
    sizes = np.abs(np.concatenate([u.ravel(), v.ravel()]).astype(np.float64))
    finite = sizes[np.isfinite(sizes)]
    return float(finite.max()) if finite.size else 0.0


def _far(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The differences; equal infinities and two NaNs agree, one of them is infinitely far from a number."""
    u, v = u.astype(np.float64), v.astype(np.float64)
    with np.errstate(invalid="ignore"):
        apart = np.where((u == v) | (np.isnan(u) & np.isnan(v)), 0.0, np.abs(u - v))
    return np.where(np.isnan(apart), np.inf, apart)


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


def _by_word(
    x: np.ndarray, x_axes: Sequence[Axis], y: np.ndarray, y_axes: Sequence[Axis]
) -> tuple[np.ndarray, np.ndarray] | None:
    """The cells of both whose words are the same, sentence by sentence; None where other axes do not fit."""
    if x.ndim != y.ndim:
        return None
    per_sentence = any(axis.labels is not None and len(axis.labels) > 1 for axis in (*x_axes, *y_axes))
    if not per_sentence or x_axes[0].name != "batch":
        return _paired(x, x_axes, y, y_axes, 0)
    if x.shape[0] != y.shape[0]:
        return None
    parts = [_paired(x[s : s + 1], x_axes, y[s : s + 1], y_axes, s) for s in range(x.shape[0])]
    if any(part is None for part in parts):
        return None
    us, vs = zip(*(part for part in parts if part is not None), strict=True)
    return np.concatenate([u.ravel() for u in us]), np.concatenate([v.ravel() for v in vs])


def _paired(
    x: np.ndarray, x_axes: Sequence[Axis], y: np.ndarray, y_axes: Sequence[Axis], sentence: int
) -> tuple[np.ndarray, np.ndarray] | None:
    rows, columns = [], []
    for k, (p, q) in enumerate(zip(x_axes, y_axes, strict=True)):
        first, second = p.words(sentence), q.words(sentence)
        if first is None or second is None:
            if x.shape[k] != y.shape[k]:
                return None
            rows.append(list(range(x.shape[k])))
            columns.append(rows[-1])
            continue
        where = {word: i for i, word in enumerate(_counted(second))}
        common = [(i, where[word]) for i, word in enumerate(_counted(first)) if word in where]
        rows.append([i for i, _ in common])
        columns.append([j for _, j in common])
    if x.ndim == 0:
        return x, y
    return x[np.ix_(*rows)], y[np.ix_(*columns)]


def _counted(words: Sequence[str]) -> list[tuple[str, int]]:
    """Each word with how often it has occurred before."""
    seen: Counter[str] = Counter()
    found = []
    for word in words:
        found.append((word, seen[word]))
        seen[word] += 1
    return found
