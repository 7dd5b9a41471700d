"""From a scenario to its plan and the numbers it starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfstep.engine.plan import Plan
from tfstep.engine.trace import Trace
from tfstep.models.build import build
from tfstep.models.misfit import MisfitError
from tfstep.scenario.scenario import Scenario
from tfstep.scenario.weights import initial


@dataclass(frozen=True, eq=False)
class Program:
    """A compiled scenario: the plan, and a number for every leaf of it."""

    plan: Plan
    leaves: dict[int, np.ndarray]

    def trace(self) -> Trace:
        """Run it: forward, backward and update, everything recorded."""
        return Trace.start(self.plan, self.leaves).run()


def compile_scenario(scenario: Scenario) -> Program:
    """Record the plan and draw the weights. Raises ScenarioError where file and model do not fit."""
    try:
        plan = build(scenario.model, scenario.inputs, scenario.loss, scenario.train)
    except MisfitError as error:
        raise scenario.error_at(error.keys, error.message, offset=error.column) from error
    parameters = [node for node in plan.nodes if node.kind == "parameter"]
    drawn = initial(parameters, scenario.weights, scenario.error_at, scenario.inputs.parameters)
    return Program(plan, plan.leaves | {node.slot: drawn[node.path] for node in parameters})
