"""From a scenario to its plan and the numbers it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from msgspec import Struct, field

from tfstep.engine.plan import Plan
from tfstep.engine.substeps import Pin
from tfstep.engine.trace import Trace
from tfstep.models.build import build
from tfstep.models.build_error import ModelBuildError
from tfstep.models.config import Inputs, LossConfig, ModelConfig, TrainConfig
from tfstep.scenario.file.mistakes import Mistake, Mistakes
from tfstep.scenario.file.nodes import Keys
from tfstep.scenario.keys.check import WeightsConfig
from tfstep.scenario.keys.pins import pinned
from tfstep.scenario.weights.start import initial
from tfstep.text import Bilingual


class Compiled(Protocol):
    """A scenario, as far as it is compiled: what its file says, and how a mistake is told at its place there."""

    @property
    def model(self) -> ModelConfig: ...
    @property
    def inputs(self) -> Inputs: ...
    @property
    def loss(self) -> LossConfig: ...
    @property
    def train(self) -> TrainConfig: ...
    @property
    def weights(self) -> WeightsConfig: ...
    @property
    def pins(self) -> Mapping[str, np.ndarray]: ...
    @property
    def plan(self) -> Plan: ...
    def mistake_at(self, keys: Keys, message: Bilingual, *, key: bool = False, offset: int = 0) -> Mistake: ...
    def error_at(self, keys: Keys, message: Bilingual, *, key: bool = False, offset: int = 0) -> Mistakes: ...


class Program(Struct, frozen=True, eq=False):
    """A compiled scenario: the plan, a number for every leaf of it, and what is pinned from the start, by slot."""

    plan: Plan
    leaves: dict[int, np.ndarray]
    pins: dict[int, Pin] = field(default_factory=dict)

    def trace(self) -> Trace:
        """Run it: forward, backward and update, everything recorded."""
        return Trace(self.plan, Trace.start(self.plan, self.leaves).values, dict(self.pins)).run()


def plan_of(scenario: Compiled) -> Plan:
    """Record the steps of a scenario; no number is drawn. Raises ScenarioError where file and model do not fit."""
    try:
        plan = build(scenario.model, scenario.inputs, scenario.loss, scenario.train)
    except ModelBuildError as error:
        raise scenario.error_at(error.keys, error.message, offset=error.column) from error
    plan.origin = scenario
    return plan


def restored(scenario: Compiled, values: list[np.ndarray | None], pins: dict[int, Pin]) -> Trace:
    """A trace as a pickle keeps it: its numbers, and the scenario from which its steps are recorded again."""
    return Trace(scenario.plan, values, pins)


def compile_scenario(scenario: Compiled) -> Program:
    """Record the plan and draw the weights. Raises ScenarioError where file and model do not fit."""
    plan = scenario.plan
    learned = [node for node in plan.nodes if node.kind == "parameter"]
    memory = [plan.nodes[leaf] for leaf, _ in plan.carry if plan.nodes[leaf].kind != "parameter"]
    start = {node.path: plan.leaves[node.slot] for node in memory} | scenario.inputs.parameters
    drawn = initial([*learned, *memory], scenario.weights, scenario.error_at, start)
    leaves = plan.leaves | {node.slot: drawn[node.path] for node in (*learned, *memory)}
    if not scenario.pins:
        return Program(plan, leaves)
    trace = pinned(Trace.start(plan, leaves), scenario.pins, scenario.mistake_at)
    return Program(plan, {slot: trace.values[slot] for slot in leaves}, trace.pins)
