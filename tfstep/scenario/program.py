"""From a scenario to its plan and the numbers it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from tfstep.engine.accel.memory import Memory
from tfstep.engine.arrays.half import rounded
from tfstep.engine.arrays.leaves import Later, Leaves
from tfstep.engine.plan import Plan
from tfstep.engine.substeps import Pin
from tfstep.engine.trace import Trace
from tfstep.models.batch import one_batch
from tfstep.models.build import build
from tfstep.models.build_error import ModelBuildError
from tfstep.models.config import Inputs, LossConfig, ModelConfig, TrainConfig
from tfstep.models.parts.own_mask import start as start_of_mask
from tfstep.scenario.file.mistakes import Mistake, Mistakes
from tfstep.scenario.file.nodes import Keys, Section
from tfstep.scenario.keys.check import WeightsConfig
from tfstep.scenario.keys.pins import with_pins
from tfstep.scenario.sizes import check_plan, place, sizes
from tfstep.scenario.vocabulary import Vocabulary
from tfstep.scenario.weights.start import initial
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.scenario.weights.taken import Taken


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
    def vocab(self) -> Mapping[str, Vocabulary]: ...
    @property
    def tree(self) -> Section: ...
    @property
    def keep(self) -> str: ...
    @property
    def plan(self) -> Plan: ...
    @property
    def program(self) -> Program: ...
    def mistake_at(self, keys: Keys, message: Bilingual, *, key: bool = False, offset: int = 0) -> Mistake: ...
    def error_at(self, keys: Keys, message: Bilingual, *, key: bool = False, offset: int = 0) -> Mistakes: ...


class Program(Struct, frozen=True, eq=False):
    """A compiled scenario: the plan, a number for every leaf of it, and what is pinned from the start, by slot.

    ``taken`` says what came from a file.
    """

    plan: Plan
    leaves: Mapping[int, np.ndarray]
    pins: dict[int, Pin] = field(default_factory=dict)
    taken: Taken | None = None

    def trace(self) -> Trace:
        """Run it: forward, backward and update, everything recorded.

        Where the weights are those of a checkpoint, or too many to be drawn at once, or where less is kept, each step is
        computed when it is first looked at; ``run`` of the trace computes all that is kept.
        """
        trace = Trace(self.plan, Trace.start(self.plan, self.leaves).values, dict(self.pins))
        return trace if self.plan.later or self.plan.kept is not None else trace.run()

    def keeping(self, keep: str) -> Program:
        """The same with traces that keep all, or less."""
        plan = replace(self.plan, keep=keep, substeps={}, memory=Memory())
        return replace(self, plan=plan)


def plan_of(scenario: Compiled) -> Plan:
    """Record the steps of a scenario; no number is drawn. Raises ScenarioError where file and model do not fit."""
    try:
        plan = build(scenario.model, scenario.inputs, scenario.loss, scenario.train)
        plan.keep = scenario.keep
    except ModelBuildError as error:
        raise scenario.error_at(error.keys, error.message, offset=error.column) from error
    words = [len(scenario.vocab[side].words) if side in scenario.vocab else 0 for side in ("source", "labels")]
    read = scenario.weights.file is not None
    known = sizes(scenario.model, scenario.inputs, scenario.loss, scenario.train, (words[0], words[1]), read)
    if (too_large := check_plan(plan, known, read)) is not None:
        raise scenario.error_at(place(scenario.tree), too_large)
    plan.origin = scenario
    return plan


def plans_over_data(scenario: Compiled) -> tuple[Plan, ...]:
    """Record the steps of an update over `train.data`: the examples as one batch, or with micro-batches as so many."""
    data, n = scenario.train.data, scenario.train.accumulate
    edges = [len(data) * k // n for k in range(n + 1)]
    plans = [build(scenario.model, one_batch(data[a:b]), scenario.loss, scenario.train) for a, b in pairwise(edges)]
    for plan in plans:
        plan.keep = scenario.keep
    return tuple(plans)


def restore_trace(scenario: Compiled, values: list[np.ndarray | None], pins: dict[int, Pin]) -> Trace:
    """A trace as a pickle keeps it: its numbers, and the scenario from which its steps are recorded again."""
    plan = scenario.program.plan if scenario.weights.file is not None else scenario.plan  # what is read later, too
    return Trace(plan, values, pins)


def compile_scenario(scenario: Compiled) -> Program:
    """Record the plan and draw the weights. Raises ScenarioError where file and model do not fit."""
    plan = scenario.plan
    learned = [node for node in plan.nodes if node.kind == "parameter"]
    memory = [plan.nodes[leaf] for leaf, _ in plan.carry if plan.nodes[leaf].kind != "parameter"]
    start = {node.path: plan.leaves[node.slot] for node in memory} | scenario.inputs.parameters
    masks = {node.path: start_of_mask(scenario.model, node.path) for node in learned}
    start |= {path: array for path, array in masks.items() if array is not None}
    drawn, taken = initial([*learned, *memory], scenario.weights, scenario.error_at, scenario.model, start)
    ready, later = dict(plan.leaves), {}
    for node in (*learned, *memory):
        value = _rounded(drawn[node.path], node.rounds)
        if isinstance(value, Later):
            later[node.slot] = value
        else:
            ready[node.slot] = value
    plan.later = later
    leaves = Leaves(ready, later) if later else ready
    if not scenario.pins:
        return Program(plan, leaves, taken=taken)
    trace = with_pins(Trace.start(plan, leaves), scenario.pins, scenario.mistake_at)
    ready = {slot: trace.values[slot] for slot in leaves if trace.values[slot] is not None}
    return Program(plan, Leaves(ready, {slot: later[slot] for slot in later if slot not in ready}), trace.pins, taken)


def _rounded(value: np.ndarray | Later, to: str) -> np.ndarray | Later:
    """The start of a parameter as a half type has it."""
    if not to:
        return value
    return Later(lambda: rounded(value(), to)) if isinstance(value, Later) else rounded(value, to)
