"""Leaves whose numbers are read when something first asks for them: those of a checkpoint on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import Lock

import numpy as np

from tfstep import work


class Later:
    """A leaf that is read once, when it is first asked for: at once, or, where ``read`` gives an iterator, part by part,
    each of which gives None, and the last one the array. Whoever watches is asked before each part, and what is
    there of one that was not waited for stays."""

    __slots__ = ("_lock", "_parts", "_read", "_value")

    def __init__(self, read: Callable[[], np.ndarray | Iterator[np.ndarray | None]]) -> None:
        self._read = read
        self._value: np.ndarray | None = None
        self._parts: Iterator[np.ndarray | None] | None = None
        self._lock = Lock()  # the screen may look at what is read beside it

    def __call__(self) -> np.ndarray:
        """Its numbers, read-only."""
        if (value := self._value) is None:
            with self._lock:
                self._value = value = self._whole()
        return value

    def _whole(self) -> np.ndarray:
        if self._value is not None:
            return self._value
        if self._parts is None:
            found = self._read()
            if isinstance(found, np.ndarray):
                found.setflags(write=False)
                return found
            self._parts = found
        flag = work.present()
        while True:
            if flag is not None:
                flag.at_step()
            if (value := next(self._parts)) is not None:
                value.setflags(write=False)
                return value


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
