"""Leaves whose numbers are read when something first asks for them: those of a checkpoint on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np


class Later:
    """A leaf that is read once, when it is first asked for."""

    __slots__ = ("_read", "_value")

    def __init__(self, read: Callable[[], np.ndarray]) -> None:
        self._read = read
        self._value: np.ndarray | None = None

    def __call__(self) -> np.ndarray:
        """Its numbers, read-only."""
        if self._value is None:
            self._value = self._read()
            self._value.setflags(write=False)
        return self._value


class Leaves(Mapping[int, np.ndarray]):
    """A number array a leaf, by slot: those that are there, and those that are read when they are asked for."""

    def __init__(self, ready: Mapping[int, np.ndarray], later: Mapping[int, Later]) -> None:
        self.ready, self.later = ready, later

    def __getitem__(self, slot: int) -> np.ndarray:
        return self.later[slot]() if slot in self.later else self.ready[slot]

    def __iter__(self) -> Iterator[int]:
        yield from self.ready
        yield from self.later

    def __len__(self) -> int:
        return len(self.ready) + len(self.later)
