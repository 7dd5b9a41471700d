"""Training: one update after the other, each a pure function of the parameters before it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from tfstep.engine.plan import Plan
from tfstep.engine.substeps import Pin
from tfstep.engine.trace import Trace
from tfstep.errors import CommandError
from tfstep.models.batch import one_batch
from tfstep.models.build import build
from tfstep.scenario.scenario import Scenario
from tfstep.text import Bilingual

Leaves = dict[str, np.ndarray]


class Training:
    """The updates of a scenario, from the parameters it starts with (or ``start``, by path).

    With `train.data` an update reads those examples as one batch; else it reads the shown input. ``losses[k]`` is
    the loss before update k + 1. ``pins`` hold cells of the shown input's steps through every update.
    """

    def __init__(
        self, scenario: Scenario, start: Mapping[str, np.ndarray] | None = None, pins: Mapping[int, Pin] | None = None
    ) -> None:
        self.scenario, program = scenario, scenario.program
        self.pins = dict(program.pins if pins is None else pins)
        if scenario.train.data:
            self.plan = build(scenario.model, one_batch(scenario.train.data), scenario.loss, scenario.train)
            drawn = {program.plan.nodes[slot].path: value for slot, value in program.leaves.items()}
            self.leaves = dict(self.plan.leaves)
            for node in self.plan.nodes:
                if node.kind == "parameter":
                    self.leaves[node.slot] = drawn[node.path]
        else:
            self.plan, self.leaves = program.plan, dict(program.leaves)
        if "loss" not in self.plan.paths:
            raise CommandError(
                Bilingual("this scenario has no loss, so there is nothing to train", "这个场景没有损失，无从训练")
            )
        for path, value in (start or {}).items():
            if path in self.plan.paths and self.plan.paths[path].op is None:
                self.leaves[self.plan.paths[path].slot] = value
        self.changing = [self.plan.nodes[leaf] for leaf, _ in self.plan.carry]
        self.losses: list[float] = []
        self.update = 0

    def parameters(self) -> Leaves:
        """Everything that training changes, as it is after the present update, by path."""
        return {node.path: self.leaves[node.slot] for node in self.changing}

    def run(self, updates: int, watch: Callable[[int, float], bool] | None = None) -> float:
        """So many updates on; returns the last loss. ``watch(update, loss)`` is told of each, and stops it by True."""
        loss = math.nan
        for _ in range(updates):
            loss = self._advance()
            if watch is not None and watch(self.update, loss):
                break
        return loss

    def trace(self) -> Trace:
        """The pass that the next update will make."""
        return Trace(self.plan, _values(self.plan, self.leaves), self.pins if not self.scenario.train.data else None)

    def loss(self) -> float:
        """The loss at the present update."""
        trace = self._read(self.trace())
        return float(trace["loss"].value)

    def _advance(self) -> float:
        trace = self._read(self.trace()).run()
        loss = float(trace["loss"].value)
        for leaf, slot in self.plan.carry:
            self.leaves[leaf] = trace.value(slot)
        self.losses.append(loss)
        self.update += 1
        return loss

    def _read(self, trace: Trace) -> Trace:
        """The trace as it reads its own words instead of the right ones, where the scenario runs free."""
        if self.scenario.train.teacher_forcing or "tgt.tokens" not in self.plan.paths:
            return trace
        tokens, logits = self.plan.paths["tgt.tokens"].slot, self.plan.paths["out.logits"].slot
        read = np.array(self.leaves[tokens])
        for t in range(1, read.shape[1]):
            trace = Trace(self.plan, _values(self.plan, self.leaves | {tokens: read.copy()}))
            read[:, t] = trace.value(logits)[:, t - 1].argmax(-1)
        return Trace(self.plan, _values(self.plan, self.leaves | {tokens: read}))


def _values(plan: Plan, leaves: Mapping[int, np.ndarray]) -> list[np.ndarray | None]:
    values: list[np.ndarray | None] = [None] * len(plan.nodes)
    for slot, value in leaves.items():
        values[slot] = value
    return values
