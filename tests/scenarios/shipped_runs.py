"""Traces of the scenarios that ship, before and after their training, each made once."""

from __future__ import annotations

from functools import cache

import numpy as np

import tfstep
from tfstep.session.study.decoding import generate


@cache
def run(name: str, variant: str = "base") -> tfstep.Trace:
    """The trace of a variant as it starts."""
    return tfstep.trace(tfstep.load(name, variant=variant))


@cache
def trained(name: str, variant: str = "base", updates: int | None = None) -> tfstep.Trace:
    """The trace after as many updates as the scenario asks for."""
    scenario = tfstep.load(name, variant=variant)
    session = tfstep.Session(scenario)
    session.run(f"train {scenario.train.steps if updates is None else updates}")
    return session.trace


def value(trace: tfstep.Trace, path: str) -> np.ndarray:
    """The numbers of a tensor."""
    return trace[path].value


def grad(trace: tfstep.Trace, path: str) -> np.ndarray:
    """The gradient of a tensor that has one."""
    found = trace[path].grad
    assert found is not None
    return found


def loss(trace: tfstep.Trace) -> float:
    """The loss."""
    return float(trace["loss"].value)


def said(name: str, trace: tfstep.Trace, variant: str = "base", **changes: object) -> str:
    """What the scenario says with the parameters of a trace."""
    scenario = tfstep.load(name, variant=variant)
    if changes:
        scenario = scenario.with_changes({"input": changes})
    parameters = {node.path: trace.value(node.slot) for node in trace.plan.nodes if node.kind == "parameter"}
    return " ".join(word.said for word in generate(scenario, parameters, 25))
