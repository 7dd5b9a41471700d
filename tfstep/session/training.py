"""Training: update after update, each of them kept, so that any can be gone back to.

What an update starts from are the leaves that it carries on: the parameters, and what the optimizer remembers.
Steps are deterministic, so going back to those and running again gives the same numbers to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tfstep.engine.plan import Plan
from tfstep.engine.trace import Pin, Trace
from tfstep.scenario.scenario import Scenario
from tfstep.session.batch import batch

Carried = Mapping[str, np.ndarray]  # by path: parameters, moments, the count of updates
Progress = Callable[[int, int, float], None]  # how many updates are done, of how many, the loss before the last


@dataclass(frozen=True, eq=False)
class Moment:
    """One update: what it started from, and the loss there (over `train.data`, where there is any)."""

    carried: Carried
    loss: float


def carried(trace: Trace) -> dict[str, np.ndarray]:
    """What the update of this trace starts from, by path."""
    return {trace.plan.nodes[leaf].path: trace.value(leaf) for leaf, _ in trace.plan.carry}


def with_carried(trace: Trace, start: Carried, plan: Plan | None = None) -> Trace:
    """The trace with these leaves, everything else to be computed; on another plan, with its own inputs."""
    own = plan is None or plan is trace.plan
    plan = trace.plan if plan is None else plan
    values: list[np.ndarray | None] = [None] * len(plan.nodes)
    for node in plan.nodes:
        if node.op is None:
            values[node.slot] = trace.values[node.slot] if own else plan.leaves.get(node.slot)
            if node.path in start:
                values[node.slot] = start[node.path]
    return Trace(plan, values, trace.pins if own else _pins(trace, plan))


def _pins(trace: Trace, plan: Plan) -> dict[int, Pin]:
    """The pins that fit the tensors of another plan."""
    found = {}
    for slot, pin in trace.pins.items():
        node = plan.paths.get(trace.plan.nodes[slot].path)
        if node is not None and node.op is not None and node.shape == pin.mask.shape:
            found[node.slot] = pin
    return found


class Trainer:
    """The training of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    @cached_property
    def plan(self) -> Plan | None:
        """The plan of the batch of `train.data`; None where training is on the input that is shown."""
        from tfstep.models.build import build

        examples = self.scenario.train.data
        if not examples:
            return None
        return build(self.scenario.model, batch(examples), self.scenario.loss, self.scenario.train)

    def train(self, trace: Trace, n: int, progress: Progress | None = None) -> tuple[Trace, list[Moment], bool]:
        """Up to ``n`` updates from this trace on: the trace after them, each of them, and whether all were made.

        An interruption (KeyboardInterrupt) keeps what is done by then.
        """
        moments: list[Moment] = []
        shown = trace
        try:
            for k in range(n):
                now = self._run(shown)
                loss = float(now["loss"].value.sum())
                start, after = carried(shown), self._after(now)
                shown = with_carried(trace, after)
                moments.append(Moment(start, loss))
                if progress is not None:
                    progress(k + 1, n, loss)
        except KeyboardInterrupt:
            return shown, moments, False
        return shown, moments, True

    def _run(self, shown: Trace) -> Trace:
        """The trace whose update counts: of the batch, or of what is shown; free-running where that is asked for."""
        now = shown if self.plan is None else with_carried(shown, carried(shown), self.plan)
        if not self.scenario.train.teacher_forcing:
            now = free_running(now)
        return now.run()

    def _after(self, now: Trace) -> dict[str, np.ndarray]:
        return {now.plan.nodes[leaf].path: now.value(slot) for leaf, slot in now.plan.carry}


def free_running(trace: Trace) -> Trace:
    """The trace in which the decoder reads its own words, each the likeliest after those before it.

    The first word stays, and so does what is padding.
    """
    tokens, logits = trace.plan.paths.get("tgt.tokens"), trace.plan.paths.get("out.logits")
    if tokens is None or logits is None:
        return trace
    ids = np.array(trace.value(tokens.slot))
    real = _is_real(trace, ids)
    for at in range(1, ids.shape[1]):
        now = _with_tokens(trace, tokens.slot, ids)
        said = now.value(logits.slot)[:, at - 1].argmax(axis=-1)
        ids[:, at] = np.where(real[:, at], said, ids[:, at])
    return _with_tokens(trace, tokens.slot, ids)


def _is_real(trace: Trace, ids: np.ndarray) -> np.ndarray:
    words = trace["tgt.tokens"].labels.get("position") or [[""] * ids.shape[1]] * ids.shape[0]
    rows = words if len(words) == ids.shape[0] else words * ids.shape[0]
    return np.array([[word != "<pad>" for word in row] for row in rows])


def _with_tokens(trace: Trace, slot: int, ids: np.ndarray) -> Trace:
    values = [value if node.op is None else None for node, value in zip(trace.plan.nodes, trace.values, strict=True)]
    values[slot] = ids.copy()
    return Trace(trace.plan, values, trace.pins)
