"""Memory that is used again: fetching fresh pages for large arrays takes longer than filling them."""

from __future__ import annotations

import math
import mmap
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from weakref import getweakrefcount

import numpy as np

LARGE = 1 << 17
"""Bytes from which an array is worth keeping."""

SPARES = 2  # a trace is often replaced by the next while it is still held
CHUNK = 1 << 26  # bytes that are asked of the system at once
LINE = 64  # bytes of a cache line: where an array begins


class Memory:
    """The large arrays of the last traces of one plan, by slot.

    An array to which nothing else refers any more, neither a trace nor a view of it, is handed out again.
    """

    def __init__(self) -> None:
        self._kept: dict[int, list[Kept]] = {}
        self._chunk, self._used = memoryview(b""), 0
        self._lock = Lock()

    def take(self, slot: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """An array for the result of this slot, with no particular numbers in it."""
        kept = self._kept.setdefault(slot, [])
        array = _unused(kept)
        if array is None:
            array = self._fresh(shape, dtype)
            if len(kept) >= SPARES:
                del kept[0]
            kept.append((array, array.base))  # views of a view of a chunk refer to the chunk's slice alone
        else:
            array.setflags(write=True)
        return array

    def clear(self) -> None:
        """Give back what no trace holds."""
        self._kept.clear()
        self._chunk, self._used = memoryview(b""), 0

    def _fresh(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """A new array, cut from a chunk in huge pages where there are any: they are fetched in a fifth of the time.

        A chunk goes back to the system with the last of its arrays.
        """
        size = math.prod(shape) * dtype.itemsize
        if size < LARGE or not _HUGE:
            return np.empty(shape, dtype)
        with self._lock:
            start = -(-self._used // LINE) * LINE
            if start + size > len(self._chunk):
                self._chunk, start = memoryview(_pages(max(CHUNK, size))), 0
            self._used = start + size
            part = self._chunk[start : start + size]
        return np.frombuffer(part, dtype).reshape(shape)


class Fresh(Memory):
    """New arrays, for what is soon let go."""

    def take(self, slot: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """An array with no particular numbers in it."""
        return np.empty(shape, dtype)


_HUGE = getattr(mmap, "MADV_HUGEPAGE", None)


def small_pages(size: int, now: bool = False) -> np.ndarray:
    """So many bytes, 0 each, in small pages, fetched when they are written to, or all at once ``now`` where that is
    possible: NumPy asks for huge ones where there are many, and the system takes milliseconds to find one."""
    if not hasattr(mmap, "MAP_PRIVATE"):
        return np.zeros(size, np.uint8)
    kind = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | (getattr(mmap, "MAP_POPULATE", 0) if now else 0)
    return np.frombuffer(mmap.mmap(-1, size, flags=kind), np.uint8)


def _pages(size: int) -> mmap.mmap:
    """Memory of the system's, in huge pages if it grants them."""
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    assert _HUGE is not None
    with suppress(OSError):  # a system built without them
        pages.madvise(_HUGE)
    return pages


Kept = tuple[np.ndarray, object]
_references: Callable[[object], int] = getattr(sys, "getrefcount", lambda array: 0)


def _unused(kept: list[Kept], alone: int = -1, owned: int = -1) -> np.ndarray | None:
    for array, base in kept:
        if _references(array) != (alone if alone >= 0 else _ALONE) or getweakrefcount(array):
            continue
        if base is None or _references(base) == (owned if owned >= 0 else _OWNED):
            return array
    return None


def _alone(base: bool) -> int:
    """What the count is, in `_unused`, for an array that only its list refers to, or for what holds the memory of one;
    −1 where nothing counts."""
    array = np.frombuffer(memoryview(bytes(8)), float) if base else np.empty(0)
    probe: list[Kept] = [(array, array.base)]
    del array
    return next((n for n in range(1, 9) if _unused(probe, *((_ALONE, n) if base else (n, 0))) is not None), -1)


_ALONE = -1
_ALONE = _alone(base=False)
_OWNED = _alone(base=True)
