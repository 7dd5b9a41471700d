"""The updates that a session has made: each can be gone back to, to the bit.

What an update starts from are the leaves that it carries on: the parameters, and what the optimizer remembers.
Where these are many, only some are kept; what lies between is run again, which gives the same bits.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec import Struct

from tfstep.engine.arrays.block import Block
from tfstep.engine.trace import Trace
from tfstep.scenario.scenario import Scenario
from tfstep.session.change.training import Training
from tfstep.text import Bilingual

Carried = Mapping[str, np.ndarray]  # by path
Reached = Callable[[Trace, int], bool]  # whether to stop at these numbers, after so many updates
LOSS = Bilingual("loss", "损失")
DATA_LOSS = Bilingual("loss over train.data", "train.data 上的损失")
AROUND = 300  # bytes that an array takes beside its numbers
KEPT_BYTES = 256 << 20  # of one variant; beyond it only every second, third … update of each run is kept


class Run(Struct, frozen=True, eq=False):
    """A row of updates without a change between them: the scenario, and the numbers that it started from."""

    scenario: Scenario
    trace: Trace


class Moment(Struct, eq=False):
    """One update: the loss that it started from, and, as long as they are kept, the leaves. ``number`` counts in its run."""

    loss: float
    run: Run
    number: int
    carried: Carried | None


def train(scenario: Scenario, trace: Trace, n: int, reached: Reached | None = None) -> tuple[Trace, list[Moment], bool]:
    """Up to ``n`` updates, fewer where ``reached`` says so: the trace after them, each of them, and whether the user
    let them be made.

    An interruption (KeyboardInterrupt) keeps what is done by then. Raises CommandError where there is no loss.
    """
    run, training = Run(scenario, with_carried(trace, {})), _training(scenario, trace)
    after: list[Carried] = [training.parameters()]
    stride = 1 + n * _bytes(after[0]) // KEPT_BYTES
    moments: list[Moment] = []

    def watch(update: int, loss: float) -> bool:
        kept = after[0] if (update - 1) % stride == 0 else None
        moments.append(Moment(loss, run, update - 1, kept))
        after[0] = training.parameters()
        return reached is not None and reached(with_carried(trace, after[0]), update)

    try:
        training.run(n, watch)
    except KeyboardInterrupt:
        return with_carried(trace, after[0]), moments, False
    return with_carried(trace, after[0]), moments, True


def make_room(past: Sequence[Moment]) -> None:
    """Keep no more than there is room for: every second of the kept ones goes, but for the first of each run, until
    the others fit. What is gone is run again when it is gone back to."""
    kept = [moment for moment in past if moment.carried is not None]
    while sum(_bytes(moment.carried or {}) for moment in kept) > KEPT_BYTES:
        inner = [moment for before, moment in itertools.pairwise(kept) if before.run is moment.run]
        if not inner:
            return
        for moment in inner[::2]:
            moment.carried = None
        kept = [moment for moment in kept if moment.carried is not None]


def _bytes(carried: Carried) -> int:
    if isinstance(carried, Block):
        return carried.nbytes + AROUND
    return sum(array.nbytes + AROUND for array in carried.values())


def loss(scenario: Scenario, trace: Trace) -> float:
    """The loss that the next update starts from: over `train.data` where there is any."""
    if not scenario.train.data:
        return float(trace["loss"].value.sum())
    return _training(scenario, trace).loss()


def start_of(past: Sequence[Moment], update: int) -> Carried:
    """What an update started from, run again from the last one that is kept."""
    moment = past[update]
    if moment.carried is not None:
        return moment.carried
    kept = max(k for k in range(update) if past[k].run is moment.run and past[k].carried is not None)
    training = _training(moment.run.scenario, with_carried(moment.run.trace, past[kept].carried or {}))
    training.run(update - kept)
    return training.parameters()


def with_carried(trace: Trace, start: Carried) -> Trace:
    """The trace with these leaves, everything else to be computed. Pins stay."""
    values: list[np.ndarray | None] = [None] * len(trace.plan.nodes)
    for node in trace.plan.nodes:
        if node.op is None:
            values[node.slot] = start.get(node.path, trace.values[node.slot])
    return Trace(trace.plan, values, trace.pins)


def _training(scenario: Scenario, trace: Trace) -> Training:
    """A training that starts from the numbers of a trace, as far as they are not those of the words it shows."""
    shared = {leaf for leaf, _ in trace.plan.carry} if scenario.train.data else None  # None: all of them
    start = {
        node.path: trace.value(node.slot)
        for node in trace.plan.nodes
        if node.op is None and (shared is None or node.slot in shared)
    }
    return Training(scenario, start, trace.pins)
