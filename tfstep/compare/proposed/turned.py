"""Rope in a recording: vectors of which pairs of features are turned by angles that grow with the position.

Turning keeps the length of every pair, and turns all vectors of a position alike: both are asked of the numbers
themselves, so that no name has to tell of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from msgspec import Struct

from tfstep.compare.proposed.weights import is_weight
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.tolerance import UNIT, precision

Pairs = Literal["half", "interleaved"]

USUAL = 10000.0  # what the base is where one pair alone is turned, and so tells of none
ENOUGH = 6  # arrays that are seen to be turned
NEAR = 24  # arrays of one shape after which a vector is turned, if at all
ANGLES = {"float64": 1e-6, "float32": 1e-4, "float16": 2e-2, "bfloat16": 5e-2}  # by how much an angle may be off


class Turning(Struct, frozen=True):
    """How vectors are turned: ``before`` and ``after`` are the arrays that show it, ``width`` is the number of features
    that turn, ``speeds`` are the angles from one position to the next, one a pair, ``base`` is that of
    base^(−2i/width), or None where they follow none."""

    before: str
    after: str
    pairs: Pairs
    width: int
    d: int
    speeds: tuple[float, ...]
    base: float | None


def turning(kept: Recording, positions: int) -> Turning | None:
    """How the vectors of a recording are turned, if there are any that are. Su et al. 2021."""
    found: list[Turning] = []
    for before, x, after, y in _candidates(kept, positions):
        if not np.isfinite(x).all():
            continue
        near = ANGLES[max((precision(kept[name]) for name in (before, after)), key=UNIT.__getitem__)]
        same = np.isclose(x, y, rtol=near, atol=near * float(np.abs(x).mean())).all(tuple(range(x.ndim - 1)))
        if same.all():
            continue
        width = int(np.flatnonzero(~same)[-1]) + 1
        for first in dict.fromkeys((width + width % 2, x.shape[-1])):  # of slow pairs nothing may show
            told = _speeds(x[..., :first], y[..., :first], near)
            if told is not None and same[first:].all():
                pairs, speeds = told
                found.append(Turning(before, after, pairs, first, x.shape[-1], speeds, _base(speeds, first, near)))
                break
        if len(found) >= ENOUGH:
            break
    return max(found, key=lambda each: each.d, default=None)  # what is turned may be cut out of the whole first


def _candidates(kept: Recording, positions: int) -> Iterator[tuple[str, np.ndarray, str, np.ndarray]]:
    """Pairs of arrays (…, position, d) whose vectors are as long as each other, with more than one position."""
    if positions < 2:
        return
    seen: dict[tuple[int, ...], list[tuple[str, np.ndarray, np.ndarray]]] = {}
    for name, array in kept.arrays.items():
        if array.dtype.kind != "f" or array.ndim not in (3, 4) or name.endswith((".grad", ".new")):
            continue
        if array.shape[-1] < 2 or array.shape[-1] % 2 or is_weight(kept, name) or not np.isfinite(array).all():
            continue
        places = [k for k in (-2, -3) if array.shape[k] == positions and array.ndim + k >= 0]
        for place in places:
            values = np.moveaxis(np.asarray(array, np.float64), place, -2)
            lengths = np.sqrt((values**2).sum(-1))
            group = seen.setdefault((place, *array.shape), [])
            for other, x, long in reversed(group[-NEAR:]):
                if np.allclose(long, lengths, rtol=3e-2) and not np.array_equal(x, values):
                    yield other, x, name, values
            group.append((name, values, lengths))


def _speeds(x: np.ndarray, y: np.ndarray, near: float) -> tuple[Pairs, tuple[float, ...]] | None:
    """Which pairs (…, position, d) of x are turned to be y, and each by which angle from one position to the next."""
    half = x.shape[-1] // 2
    for pairs in ("half", "interleaved"):
        a, b = (
            t[..., :half] + 1j * t[..., half:] if pairs == "half" else t[..., 0::2] + 1j * t[..., 1::2] for t in (x, y)
        )
        over = tuple(range(a.ndim - 2))
        turn = (b * a.conj()).sum(over)  # (position, pair)
        size = np.abs(turn)
        if not size.all():
            continue
        turn /= size
        if not np.allclose(a * turn, b, rtol=0, atol=4 * near * float(np.abs(a).max())):
            continue
        steps = turn[1:] * turn[:-1].conj()
        if np.abs(steps - steps[:1]).max() > 4 * near:
            continue
        speeds = np.angle(steps.mean(0))
        if np.abs(speeds).max() > 4 * near:
            return pairs, tuple(float(each) for each in speeds)
    return None


def _base(speeds: tuple[float, ...], width: int, near: float) -> float | None:
    """The base of base^(−2i/width) that these are, whichever way they turn; None where they are of none."""
    found, exponents = np.abs(speeds), -2 * np.arange(width // 2) / width
    if abs(found[0] - 1) > 4 * near:
        return None
    if len(found) == 1:
        return USUAL
    if not found.all():
        return None
    slopes = np.log(found[1:]) / exponents[1:]
    base = float(np.exp(np.average(slopes, weights=found[1:])))
    off = {each: float(np.abs(found - each**exponents).max()) for each in _rounder(base)}
    near_by = min(off.values())
    return next((each for each, far in off.items() if far <= 2 * near_by + 1e-9), None) if near_by <= 4 * near else None


def _rounder(base: float) -> Iterator[float]:
    """A number, rounded less and less."""
    for digits in (1, 2, 3, 4, 6, 9):
        yield float(f"{base:.{digits}g}")
