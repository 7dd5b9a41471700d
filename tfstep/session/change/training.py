"""Training: one update after the other, each a pure function of the parameters before it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from tfstep import work
from tfstep.engine.accel.calls.repeat import again
from tfstep.engine.plan import Plan
from tfstep.engine.substeps import Pin
from tfstep.engine.trace import Trace
from tfstep.errors import CommandError
from tfstep.scenario.scenario import Scenario
from tfstep.text import Bilingual

Leaves = dict[str, np.ndarray]


class Training:
    """The updates of a scenario, from the parameters it starts with (or ``start``, by path).

    With `train.data` an update reads those examples as one batch, or with `train.accumulate` a pass reads a part of
    them; else it reads the shown input. ``losses[k]`` is
    the loss before update k + 1. ``pins`` hold cells of the shown input's steps through every update.
    """

    def __init__(
        self, scenario: Scenario, start: Mapping[str, np.ndarray] | None = None, pins: Mapping[int, Pin] | None = None
    ) -> None:
        self.scenario, program = scenario, scenario.program
        self.pins = dict(program.pins if pins is None else pins)
        if scenario.train.data:
            self.plans = scenario.data_plans
            drawn = {program.plan.nodes[slot].path: value for slot, value in program.leaves.items()}
            leaves = self.plans[0].leaves
            whole = [node for node in self.plans[0].nodes if node.op is None]
            carried = {leaf for leaf, _ in self.plans[0].carry}
            self._shared = {
                node.path: drawn[node.path] if node.kind == "parameter" else leaves[node.slot]
                for node in whole
                if node.kind == "parameter" or node.slot in carried
            }
        else:
            self.plans = (program.plan,)
            nodes = program.plan.nodes
            self._shared = {nodes[slot].path: value for slot, value in program.leaves.items()}
        if "loss" not in self.plans[0].paths:
            raise CommandError(
                Bilingual("this scenario has no loss, so there is nothing to train", "这个场景没有损失，无从训练")
            )
        for path, value in (start or {}).items():
            if path in self._shared:
                self._shared[path] = value
        changing = [self.plans[0].nodes[leaf].path for leaf, _ in self.plans[0].carry]
        self._carried: Mapping[str, np.ndarray] = {path: self._shared.pop(path) for path in changing}
        self.losses: list[float] = []
        self.update = 0

    def parameters(self) -> Mapping[str, np.ndarray]:
        """Everything that training changes, as it is after the present update, by path."""
        return self._carried

    def run(self, updates: int, watch: Callable[[int, float], bool] | None = None) -> float:
        """So many updates on; returns the last loss. ``watch(update, loss)`` is told of each, and stops it by True."""
        loss = math.nan
        work.expect(updates * sum(plan.seconds() for plan in self.plans) / len(self.plans))
        for plan in self.plans:
            plan.passes += updates // len(self.plans)
        told = _over_data if self.scenario.train.data else _shown
        work.tell(0, updates)
        for k in range(updates):
            with work.part():
                loss = self._advance()
            enough = watch is not None and watch(self.update, loss)
            work.tell(k + 1, updates, told(loss))
            if enough:
                break
        return loss

    def trace(self) -> Trace:
        """The pass that the next update will make."""
        return self._trace(self.plan, {})

    @property
    def plan(self) -> Plan:
        """The plan of the next pass: of its part of the examples."""
        before = self._carried.get("update.part_before")
        return self.plans[0 if before is None else int(before) % len(self.plans)]

    def _trace(self, plan: Plan, tokens: Mapping[int, np.ndarray]) -> Trace:
        values = self._values(plan)
        for slot, value in tokens.items():
            values[slot] = value
        return Trace(plan, values, self._pins)

    @property
    def _pins(self) -> dict[int, Pin]:
        return {} if self.scenario.train.data else self.pins

    def _values(self, plan: Plan) -> list[np.ndarray | None]:
        """The leaves of a pass, by slot."""
        values: list[np.ndarray | None] = [None] * len(plan.nodes)
        for slot, value in plan.leaves.items():
            values[slot] = value
        own = {**self._shared, **self._carried}
        for node in plan.nodes:
            if node.op is None and node.path in own:
                values[node.slot] = own[node.path]
        return values

    def loss(self) -> float:
        """The loss at the present update."""
        trace = self._read(self.trace())
        return float(trace["loss"].value)

    def _advance(self) -> float:
        plan, flag = self.plan, work.present()
        repeat = None if self._pins or self._free(plan) else again(plan)
        made = repeat and repeat.update(self._carried, partial(self._values, plan), plan.paths["loss"].slot)
        if made:
            if flag is not None:
                flag.at_step()
            loss, self._carried = made
        else:
            trace = self._read(self.trace()).run()
            loss = float(trace["loss"].value)
            own = (lambda value: value) if plan.repeat is None else _alone
            self._carried = {plan.nodes[leaf].path: own(trace.value(slot)) for leaf, slot in plan.carry}
        self.losses.append(loss)
        self.update += 1
        return loss

    def _free(self, plan: Plan) -> bool:
        """Whether a pass reads its own words instead of the right ones."""
        return not self.scenario.train.teacher_forcing and "tgt.tokens" in plan.paths

    def _read(self, trace: Trace) -> Trace:
        """The trace as it reads its own words, where the scenario runs free."""
        plan = trace.plan
        if not self._free(plan):
            return trace
        tokens, logits = plan.paths["tgt.tokens"].slot, plan.paths["out.logits"].slot
        read = np.array(trace.values[tokens])
        for t in range(1, read.shape[1]):
            again = self._trace(plan, {tokens: read.copy()})
            read[:, t] = again.value(logits)[:, t - 1].argmax(-1)
        return self._trace(plan, {tokens: read})


def _alone(value: np.ndarray) -> np.ndarray:
    """The numbers in memory of their own: a pass that is made again hands tensors out many to a block, and one that is
    kept would keep all of them."""
    if value.base is None:
        return value
    value = value.copy("K")
    value.setflags(write=False)
    return value


def _shown(loss: float) -> Bilingual:
    return Bilingual("loss {loss:.4g}", "损失 {loss:.4g}", loss=loss)


def _over_data(loss: float) -> Bilingual:
    return Bilingual("loss over train.data {loss:.4g}", "train.data 上的损失 {loss:.4g}", loss=loss)
