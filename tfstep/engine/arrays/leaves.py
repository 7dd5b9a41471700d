"""Leaves whose numbers are read when something first asks for them: those of a checkpoint on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import Lock

import numpy as np

from tfstep import work

WAIT = 0.005  # seconds for another thread's part; a lock goes to whoever asks first again, so to the one who had it


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
        if self._value is not None:
            return self._value
        flag, waited = work.present(), False
        while True:
            if flag is not None and (waited or self._parts is not None):
                flag.at_step()  # not under the lock: whoever does not wait goes on beside one who does
            if waited := not self._lock.acquire(timeout=-1 if flag is None else WAIT):
                continue
            try:
                if (value := self._further()) is not None:
                    return value
            finally:
                self._lock.release()

    def _further(self) -> np.ndarray | None:
        """Its numbers where they are there now: one part is read, or they are found to come in parts."""
        if self._value is not None:
            return self._value
        if self._parts is None:
            found = self._read()
            if not isinstance(found, np.ndarray):
                self._parts = found
                return None
            value: np.ndarray | None = found
        else:
            try:
                value = next(self._parts)
            except BaseException:
                self._parts = None  # an iterator that was broken off gives nothing more: the parts begin anew
                raise
        if value is not None:
            value.setflags(write=False)
            self._value, self._parts = value, None
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
