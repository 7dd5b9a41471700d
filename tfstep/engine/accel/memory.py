"""Memory that is used again: fetching fresh pages for large arrays takes longer than filling them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from weakref import getweakrefcount

import numpy as np

LARGE = 1 << 17
"""Bytes from which an array is worth keeping."""

SPARES = 2  # a trace is often replaced by the next while it is still held


class Memory:
    """The large arrays of the last traces of one plan, by slot.

    An array to which nothing else refers any more, neither a trace nor a view of it, is handed out again.
    """

    def __init__(self) -> None:
        self._kept: dict[int, list[np.ndarray]] = {}

    def take(self, slot: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """An array for the result of this slot, with no particular numbers in it."""
        kept = self._kept.setdefault(slot, [])
        array = _unused(kept)
        if array is None:
            array = np.empty(shape, dtype)
            if len(kept) >= SPARES:
                del kept[0]
            kept.append(array)
        else:
            array.setflags(write=True)
        return array

    def clear(self) -> None:
        """Give back what no trace holds."""
        self._kept.clear()


class Fresh(Memory):
    """New arrays, for what is soon let go."""

    def take(self, slot: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """An array with no particular numbers in it."""
        return np.empty(shape, dtype)


_references: Callable[[object], int] = getattr(sys, "getrefcount", lambda array: 0)


def _unused(kept: list[np.ndarray], alone: int = -1) -> np.ndarray | None:
    for array in kept:
        if _references(array) == (alone if alone >= 0 else _ALONE) and not getweakrefcount(array):
            return array
    return None


def _alone() -> int:
    """What the count is, in `_unused`, for an array that only its list refers to; −1 where nothing counts."""
    probe = [np.empty(0)]
    return next((n for n in range(1, 9) if _unused(probe, n) is not None), -1)


_ALONE = _alone()
