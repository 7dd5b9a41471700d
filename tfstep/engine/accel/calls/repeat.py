"""A pass that has been made before, made again as a list of NumPy calls.

A pass of a small model is mostly Python: frames, look-ups, new arrays, numbers made into arrays. Once it is made often
a plan has memory of its own, in which every tensor has its place, and the calls that fill it (`recorder`). The numbers of
a trace are a copy of that memory. They are the same to the bit: the same calls, on arrays that lie in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np
from msgspec import Struct

from tfstep.engine.accel import switched_on
from tfstep.engine.accel.calls.noting import noted
from tfstep.engine.accel.calls.recorder import Recorder, RefusedError, Watched
from tfstep.engine.accel.memory import LARGE, LINE, small_pages
from tfstep.engine.arrays.block import Block, Place
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


class Onward(Struct, frozen=True, eq=False):
    """How an update goes on in the memory of a plan: what is copied to what, and the block that the next starts from."""

    copies: tuple[tuple[np.ndarray, np.ndarray], ...]
    start: int
    stop: int
    places: dict[str, Place]
    leaves: frozenset[int]


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
        self._parts: list[Part] = []
        self._onward: Onward | None = None
        self._start: Block | None = None  # the block whose numbers the leaves are, as an update left them

    def run(self, values: Values) -> bool:
        """Compute all steps from the leaves among ``values``, and put them there.

        False where that was not possible: a leaf is missing or does not lie row by row, a step is there already, or
        another pass is being made at this moment.
        """
        if self.refused or {type(values[slot]) for slot in self.steps} != {type(None)}:
            return False
        if not self._lock.acquire(blocking=False):
            return False
        try:
            done = self._compute(values)
            if done:
                self._hand_out(values)
        finally:
            self._lock.release()
        return done

    def update(
        self, start: Mapping[str, np.ndarray], values: Callable[[], Values], of: int
    ) -> tuple[float, Block] | None:
        """A pass from the leaves that an update carries on (``start``) and the others: the number in slot ``of``, and
        what the next update starts from. ``values`` gives all leaves; it is not asked where they are there already.

        None where that was not possible.
        """
        if self.refused or not self._lock.acquire(blocking=False):
            return None
        try:
            if self._recorder is not None and self._onward is None:
                return None
            done = self._call() if start is self._start else self._compute(values())
            return (
                (float(self._places[of].view(np.ndarray)), self._go_on(self._onward)) if done and self._onward else None
            )
        finally:
            self._lock.release()

    def _compute(self, values: Values) -> bool:
        """Make the pass from these leaves, the first time step by step."""
        self._start = None
        if self._recorder is None:
            with np.errstate(all="ignore"):
                return self._note(values)
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
        return self._call()

    def _call(self) -> bool:
        assert self._recorder is not None
        with np.errstate(all="ignore"):
            for call, given in self._recorder.calls:
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
        self._onward = _onward(self.plan, recorder, self._places)
        self._recorder = recorder
        return True

    def _hand_out(self, values: Values) -> None:
        """The numbers as they are now, in memory of their own."""
        assert self._recorder is not None
        if not self._parts:
            self._parts = list(_parts(self._recorder, self._places, self.steps))
        new = np.ndarray
        for part in self._parts:
            block = self._recorder.memory[part.start : part.stop].copy()
            block.setflags(write=False)
            for slot, shape, dtype, start, strides in part.views:
                values[slot] = new(shape, dtype, block, start, strides)

    def _go_on(self, onward: Onward) -> Block:
        """Put what the next update starts from in its place, and hand it out: it most likely comes next."""
        assert self._recorder is not None
        if self._start is None:
            known = zip(self.leaves, self._known, strict=True)
            self._known = [None if leaf in onward.leaves else was for leaf, was in known]
        self._start = None
        for to, new in onward.copies:
            np.copyto(to, new)
        left = self._recorder.memory[onward.start : onward.stop]
        kept = small_pages(len(left), now=True) if len(left) >= LARGE else np.empty_like(left)
        np.copyto(kept, left)
        self._start = Block(onward.places, kept)
        return self._start


def _onward(plan: Plan, recorder: Recorder, places: Mapping[int, Watched]) -> Onward | None:
    """None where nothing is carried on, or something that an update carries on is there before it."""
    if not plan.carry:
        return None
    leaves = {leaf: recorder.start(places[leaf]) for leaf, _ in plan.carry}
    start, stop = min(leaves.values()), max(first + places[leaf].nbytes for leaf, first in leaves.items())
    if any(start <= recorder.start(places[slot]) < stop for _, slot in plan.carry):
        return None
    found = {
        plan.nodes[leaf].path: (places[leaf].shape, places[leaf].dtype, first - start) for leaf, first in leaves.items()
    }
    return Onward(tuple(_copies(recorder, places, plan.carry)), start, stop, found, frozenset(leaves))


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
    recorder: Recorder, places: Mapping[int, Watched], pairs: Sequence[tuple[int, int]]
) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    """Where to copy what to, as few arrays as it takes: those that lie end to end in both places are one."""
    row: tuple[int, int, int] | None = None  # to, from, and how many bytes
    ordered = sorted(((places[leaf], places[slot]) for leaf, slot in pairs), key=lambda pair: recorder.start(pair[0]))
    for to, new in ordered:
        if not new.flags.c_contiguous or new.dtype != to.dtype:
            yield recorder.plain(to), recorder.plain(new)
            continue
        start, other = recorder.start(to), recorder.start(new)
        if row is not None and (start, other) == (row[0] + row[2], row[1] + row[2]):
            row = (row[0], row[1], row[2] + to.nbytes)
            continue
        if row is not None:
            yield _both(recorder, *row)
        row = (start, other, to.nbytes)
    if row is not None:
        yield _both(recorder, *row)


def _both(recorder: Recorder, to: int, new: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    return recorder.memory[to : to + size], recorder.memory[new : new + size]
