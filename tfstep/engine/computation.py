"""The numbers of a plan: each computed when it is first read, those inside a step as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Generic, Self, TypeVar

import numpy as np
from msgspec import Struct

from tfstep import work
from tfstep.engine.accel import switched_on
from tfstep.engine.accel.calls.repeat import again
from tfstep.engine.accel.memory import Fresh
from tfstep.engine.arrays.leaves import Leaves
from tfstep.engine.less import Recent, compute
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.engine.program import compiled
from tfstep.engine.substeps import Computed, Pin, unfold

KEPT = 64  # unfolded steps that are remembered
T = TypeVar("T", bound="Computation")


class Source(Struct, Generic[T], frozen=True, eq=False):
    """Which tensor an input of an inside is."""

    trace: T
    slot: int


class Computation:
    """A plan with its numbers, None where they are still to be computed, and the steps that are pinned."""

    values: list[Any]
    pins: dict[int, Pin]
    prefix: str
    outer: Self | None
    _later: Callable[[], Plan]

    def __init__(
        self,
        plan: Plan,
        values: list[Any],
        pins: dict[int, Pin] | None = None,
        sources: tuple[Any, ...] = (),
        prefix: str = "",
    ) -> None:
        self.plan = plan
        self.like = plan  # a plan that has the same paths in the same slots
        self.values = values
        self.pins = pins or {}
        self.sources: tuple[Source[Self], ...] = sources  # of an inside: which numbers its inputs are
        self.prefix = prefix  # of an inside: the path of its step, with a slash
        self.outer = None  # of an inside: the trace whose step it unfolds
        self.runs = 0
        self._recent = None if plan.kept is None else Recent(plan.kept, plan.nodes, values)
        self._substeps: dict[int, Self | None] = {}

    @classmethod
    def start(cls, plan: Plan, leaves: Mapping[int, np.ndarray]) -> Self:
        """A trace of which only the leaves are known."""
        values: list[Any] = [None] * len(plan.nodes)
        for slot, value in (leaves.ready if isinstance(leaves, Leaves) else leaves).items():
            values[slot] = value
        return cls(plan, values)

    @classmethod
    def recorded_later(cls, later: Callable[[], Plan], like: Plan, values: list[Any]) -> Self:
        """A trace whose numbers are all there, and whose plan is made when something reads it."""
        trace = cls(like, values)
        trace._later = later
        del trace.plan
        return trace

    @cached_property
    def plan(self) -> Plan:
        """The steps and leaves that the numbers are of."""
        return self._later()

    def run(self) -> Self:
        """Compute every step that is not there yet, or what is kept where that is less; returns the trace itself."""
        if self.plan.kept is not None:
            for slot in sorted(self.plan.kept.slots):
                self.value(slot)
            return self
        values, special, flag = self.values, self._special(), work.present()
        repeat = None if self.pins or self.sources else again(self.plan)
        if repeat is not None and repeat.run(values):
            self.runs += len(self.plan.computed)
            if flag is not None:
                flag.at_step()
            return self
        for slot, later in self.plan.later.items():
            if values[slot] is None:
                values[slot] = later()
        with np.errstate(all="ignore"):
            for k, (slot, run) in enumerate(self.plan.program):
                if values[slot] is None:
                    if flag is not None:
                        flag.at_step(k, len(self.plan.program))
                    if slot in self.plan.decided and slot not in special:
                        self._decide(slot)
                    if values[slot] is None:
                        self.runs += 1
                        values[slot] = self._result(slot) if slot in special else run(values)
        return self

    def value(self, slot: int) -> np.ndarray:
        """The numbers of one tensor, computed now if they are stale; read-only."""
        if self.values[slot] is None:
            self._pull(slot)
        value = self.values[slot]
        if type(value) is not np.ndarray:
            value = self.values[slot] = np.asarray(value)
        value.setflags(write=False)
        return value  # type: ignore[no-any-return]  # values holds arrays only, and None where stale

    def passed(self, slot: int) -> np.ndarray:
        """The same numbers, where nothing that they are computed from is to be kept."""
        if self.values[slot] is not None:
            return self.value(slot)
        for node, value in self.in_turn(slot):
            if node.slot == slot:
                return value
        raise AssertionError(slot)

    def in_turn(self, to: int | None = None) -> Iterator[tuple[Node, np.ndarray]]:
        """What is not there yet of all tensors, or of those that slot ``to`` is computed from, in order, each let go
        when the last step that reads it is done: of a long sentence all at once are gigabytes. The trace stays as it is.
        """
        passing = type(self)(self.plan, list(self.values), self.pins, self.sources, self.prefix)
        passing.outer, passing._recent = self.outer, None
        nodes, values, special = self.plan.nodes, passing.values, passing._special()
        waiting = [s for s, value in enumerate(values) if value is None] if to is None else passing._waiting(to)
        last = {read: k for k, s in enumerate(waiting) for read in (*self._reads(s), s)}
        done: dict[int, list[int]] = {}
        for slot in waiting:
            done.setdefault(last[slot], []).append(slot)
        flag, memory, kernels = work.present(), Fresh(), switched_on()
        for k, slot in enumerate(waiting):
            if flag is not None:
                flag.at_step(k, len(waiting))
            if slot in self.plan.decided and slot not in special:
                passing._decide(slot)
            if values[slot] is None and nodes[slot].op is not None and slot not in special:
                with np.errstate(all="ignore"):
                    values[slot] = compiled(nodes[slot], memory, kernels)(values)
            yield nodes[slot], passing.value(slot)
            passing.close(slot)
            for gone in done.get(k, ()):
                values[gone] = None

    def stale(self, slot: int) -> bool:
        """Whether this tensor waits to be computed."""
        return self.values[slot] is None

    def _pull(self, slot: int) -> None:
        values = self.values
        if slot < len(self.sources):
            source = self.sources[slot]
            values[slot] = source.trace.value(source.slot)
            return
        if slot in self.plan.later:
            values[slot] = self.plan.later[slot]()
            return
        if self.plan.decided and self._recent is None:
            special = self._special()
            for s in self.plan.upstream(slot):
                if values[s] is None and s in self.plan.decided and s not in special:
                    self._decide(s)
        self._fill(slot)

    def _decide(self, slot: int) -> None:
        """Put 0 where one input says so; what only the others of it would have needed stays uncomputed."""
        by, node = self.plan.decided[slot], self.plan.nodes[slot]
        self._fill(by.by)
        if by.nothing(self.values[by.by]):
            self.values[slot] = np.zeros(node.shape, node.dtype)

    def _fill(self, slot: int) -> None:
        """Compute a slot from what it needs."""
        if self.values[slot] is not None:
            return
        if self._recent is not None:
            self._fill_again(slot, self._recent)
            return
        nodes, values = self.plan.nodes, self.values
        special, runs = self._special() if self.pins else (), self.plan.runs
        flag = work.present()
        ask = None if flag is None else flag.at_step if self.outer is None else flag.at_inner_step
        with np.errstate(all="ignore"):
            waiting = self._waiting(slot)
            for k, s in enumerate(waiting):
                if nodes[s].op is None:
                    self._pull(s)
                    continue
                if ask is not None:
                    ask(k, len(waiting))
                self.runs += 1
                values[s] = self._result(s) if s in special else runs[s](values)

    def _fill_again(self, slot: int, recent: Recent) -> None:
        """The same where less is kept: what was let go is computed again."""
        plan, values, special = self.plan, self.values, self._special()

        def result(s: int) -> np.ndarray:
            self.runs += 1
            if s in special:
                value = self._result(s)
                self.close(s)
                return value
            by = plan.decided.get(s)
            if by is not None and by.nothing(values[by.by]):
                return np.zeros(plan.nodes[s].shape, plan.nodes[s].dtype)
            return plan.runs[s](values)

        needed = self._closure(slot)
        for s in [s for s in needed if plan.nodes[s].op is None]:
            self._pull(s)
            needed.remove(s)
        with np.errstate(all="ignore"):
            compute(plan.nodes, values, recent, needed, self._reads, result)

    def _waiting(self, slot: int) -> list[int]:
        """What is stale of all that a slot is computed from, in order."""
        if all(self.values[s] is not None for s in self.plan.nodes[slot].slots) and not self.pins:
            return [slot]
        if not self.pins and not self.plan.decided:
            return [s for s in self.plan.upstream(slot) if self.values[s] is None]
        return sorted(self._closure(slot))

    def _closure(self, slot: int) -> set[int]:
        """What is not there of all that a slot is computed from, as far as what is there."""
        needed, todo = set[int](), [slot]
        while todo:
            s = todo.pop()
            if s not in needed and self.values[s] is None:
                needed.add(s)
                todo.extend(self._reads(s))
        return needed

    def _reads(self, slot: int) -> tuple[int, ...]:
        """What a step is computed from; a gradient through a pinned one also from what the pin hides."""
        node = self.plan.nodes[slot]
        of = node.vjp_of
        return node.slots if of is None or of not in self.pins else (*node.slots, *self.plan.nodes[of].slots)

    def _special(self) -> set[int]:
        """The steps that pins change: the pinned ones, and those that carry a gradient through them."""
        return {s for slot in self.pins for s in (slot, *self.plan.vjps.get(slot, ()))}

    def _result(self, slot: int) -> np.ndarray:
        inside = self.substeps(slot)
        assert inside is not None
        return inside.value(inside.plan.result)

    def substeps(self, slot: int) -> Self | None:
        """The steps inside a step, computed when read; None where there is nothing inside (a primitive)."""
        if slot in self._substeps:
            return self._substeps[slot]
        while len(self._substeps) >= KEPT:
            del self._substeps[next(iter(self._substeps))]
        unfolded = unfold(self.plan, self.pins, self.plan.nodes[slot])
        inside = None
        if unfolded is not None:
            plan, inputs = unfolded
            inside = type(self).start(plan, plan.leaves)
            inside.sources = tuple(self._source(s) for s in inputs)
            inside.prefix = f"{self.prefix}{self.plan.nodes[slot].path}/"
            inside.outer = self
        self._substeps[slot] = inside
        return inside

    def close(self, slot: int) -> None:
        """Give back the memory of the steps inside a step; they are computed again when they are read."""
        self._substeps.pop(slot, None)

    def _source(self, slot: int | Computed) -> Source[Self]:
        if isinstance(slot, int):
            return Source(self, slot)
        inside = self.substeps(slot.slot)
        assert inside is not None
        return Source(inside, inside.plan.paths["computed"].slot)
