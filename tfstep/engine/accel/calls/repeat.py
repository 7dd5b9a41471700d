"""A pass that has been made before, made again as a list of NumPy calls.

A pass of a small model is mostly Python: frames, look-ups, new arrays, numbers made into arrays. Once it is made often
a plan has memory of its own, in which every tensor has its place, and the calls that fill it (`recorder`). The numbers of
a trace are a copy of that memory. They are the same to the bit: the same calls, on arrays that lie in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any

import numpy as np
from msgspec import Struct

from tfstep.engine.accel import switched_on
from tfstep.engine.accel.calls.noting import noted
from tfstep.engine.accel.calls.recorder import Recorder, RefusedError, Watched
from tfstep.engine.accel.memory import LINE
from tfstep.engine.plan import Plan

OFTEN = 10  # the pass from which on it is worth it: noting the calls takes as long as that many
MOST = 1 << 23  # bytes of all tensors; of more, calls are nothing beside the arithmetic
Values = list[Any]


def again(plan: Plan) -> Repeat | None:
    """How a plan's pass is made again; None where it is made step by step: seldom, or of much, or so that numbers say
    which steps there are."""
    plan.passes += 1
    if plan.repeat is None and plan.passes >= OFTEN:
        plan.repeat = Repeat(plan)
    return plan.repeat if switched_on() else None


def _suited(plan: Plan) -> bool:
    if plan.kept is not None or plan.later or plan.decided or not all(node.spec.size for node in plan.nodes):
        return False
    return sum(node.nbytes for node in plan.nodes) <= MOST


class Part(Struct, frozen=True, eq=False):
    """Tensors that lie behind one another in the memory of a plan: from where to where, and how each lies in it."""

    start: int
    stop: int
    views: tuple[tuple[int, tuple[int, ...], np.dtype, int, tuple[int, ...]], ...]


class Repeat:
    """The memory of a plan's tensors, and the calls that fill it, noted at the first pass."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.leaves = [node.slot for node in plan.nodes if node.op is None]
        self.steps = [node.slot for node in plan.computed]
        self.refused = not _suited(plan)
        self._lock = Lock()
        self._recorder: Recorder | None = None
        self._places: dict[int, Watched] = {}
        self._given: list[np.ndarray] = []  # where the leaves are
        self._known: list[Any] = []  # and what was put there; None where it may have changed since
        self._parts: dict[tuple[int, ...] | None, list[Part]] = {}
        self._carried: list[tuple[np.ndarray, np.ndarray]] = []

    def run(self, values: Values, only: tuple[int, ...] | None = None) -> bool:
        """Compute all steps from the leaves among ``values``, and put them there, or only those in some slots.

        False where that was not possible: a leaf is missing or does not lie row by row, a step is there already, or
        another pass is being made at this moment.
        """
        if self.refused or {type(values[slot]) for slot in self.steps} != {type(None)}:
            return False
        if not self._lock.acquire(blocking=False):
            return False
        try:
            with np.errstate(all="ignore"):
                done = self._note(values) if self._recorder is None else self._make(self._recorder, values)
            if done:
                self._hand_out(values, only)
        finally:
            self._lock.release()
        return done

    def _make(self, recorder: Recorder, values: Values) -> bool:
        known = self._known
        for k, (slot, was) in enumerate(zip(self.leaves, known, strict=True)):
            value = values[slot]
            if value is not was:
                if not _in_rows(value):
                    return False
                known[k] = None
                np.copyto(self._given[k], value)
                if not value.flags.writeable:
                    known[k] = value
        for call, given in recorder.calls:
            call(*given)
        return True

    def _note(self, values: Values) -> bool:
        """The first pass. False, and for good, where some step cannot be had this way."""
        if not all(_in_rows(values[slot]) for slot in self.leaves):
            return False
        recorder = Recorder(4 * sum(node.nbytes + LINE for node in self.plan.nodes) + (1 << 16))
        try:
            self._places = noted(self.plan, recorder, values)
        except (RefusedError, MemoryError):
            self.refused = True
            return False
        self._given = [recorder.plain(self._places[slot]) for slot in self.leaves]
        self._known = [None] * len(self.leaves)
        self._carried = list(_copies(recorder, self._places, self.plan.carry))
        self._recorder = recorder
        return True

    def _hand_out(self, values: Values, only: tuple[int, ...] | None) -> None:
        """The numbers as they are now, in memory of their own."""
        assert self._recorder is not None
        if only not in self._parts:
            self._parts[only] = list(_parts(self._recorder, self._places, self.steps if only is None else only))
        new = np.ndarray
        for part in self._parts[only]:
            block = self._recorder.memory[part.start : part.stop].copy()
            block.setflags(write=False)
            for slot, shape, dtype, start, strides in part.views:
                values[slot] = new(shape, dtype, block, start, strides)
        if only is not None:
            self._carry(values)

    def _carry(self, values: Values) -> None:
        """Put what the next update starts from in its place, in few copies: it most likely comes next."""
        known, self._known = self._known, [None] * len(self.leaves)
        for to, new in self._carried:
            np.copyto(to, new)
        new_of = dict(self.plan.carry)
        self._known = [
            values[new_of[leaf]] if leaf in new_of else was for leaf, was in zip(self.leaves, known, strict=True)
        ]


def _in_rows(value: np.ndarray | None) -> bool:
    return value is not None and value.flags.c_contiguous


def _parts(recorder: Recorder, places: dict[int, Watched], slots: Sequence[int]) -> Iterable[Part]:
    """What is to be copied of the memory, so that these tensors are all in it and little else."""
    spans = []
    for slot in slots:
        x = places[slot]
        start = recorder.start(x)
        size = x.dtype.itemsize + sum((n - 1) * step for n, step in zip(x.shape, x.strides, strict=True))
        spans.append((start, start + size, slot))
    row: list[tuple[int, int, int]] = []
    for span in sorted(spans):
        if row and span[0] - max(stop for _, stop, _ in row[-8:]) > 8 * LINE:
            yield _part(row, places)
            row = []
        row.append(span)
    if row:
        yield _part(row, places)


def _part(row: list[tuple[int, int, int]], places: dict[int, Watched]) -> Part:
    first = row[0][0]
    views = (
        (slot, places[slot].shape, places[slot].dtype, start - first, places[slot].strides) for start, _, slot in row
    )
    return Part(first, max(stop for _, stop, _ in row), tuple(views))


def _copies(
    recorder: Recorder, places: dict[int, Watched], pairs: Sequence[tuple[int, int]]
) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    """Where to copy what to, as few arrays as it takes: those that lie end to end in both places are one."""
    row: list[tuple[Watched, Watched]] = []
    ordered = sorted(((places[leaf], places[slot]) for leaf, slot in pairs), key=lambda pair: recorder.start(pair[0]))
    for pair in ordered:
        if row and any(recorder.row([before, now]) is None for before, now in zip(row[-1], pair, strict=True)):
            yield _both(recorder, row)
            row = []
        row.append(pair)
    if row:
        yield _both(recorder, row)


def _both(recorder: Recorder, row: list[tuple[Watched, Watched]]) -> tuple[np.ndarray, np.ndarray]:
    to, new = (recorder.row(list(parts)) for parts in zip(*row, strict=True))
    return recorder.plain(row[0][0] if to is None else to), recorder.plain(row[0][1] if new is None else new)
