"""Tensors in one block of memory, each made when it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

Place = tuple[tuple[int, ...], np.dtype, int]
"""Shape, dtype, and the byte at which a tensor begins."""


class Block(Mapping[str, np.ndarray]):
    """Tensors by path, read-only, of which there is nothing but their numbers and, for all blocks alike, their places."""

    def __init__(self, places: Mapping[str, Place], memory: np.ndarray) -> None:
        memory.setflags(write=False)
        self._places, self._memory = places, memory

    def __getitem__(self, path: str) -> np.ndarray:
        shape, dtype, start = self._places[path]
        return np.ndarray(shape, dtype, self._memory, start)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, path: object) -> bool:
        return path in self._places

    @property
    def nbytes(self) -> int:
        """The bytes that it holds."""
        return self._memory.nbytes
