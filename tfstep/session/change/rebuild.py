"""The same numbers under a changed scenario: other words, another model key; what was set or learned is kept."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from tfstep.engine.arrays.bits import same_bits
from tfstep.engine.arrays.half import rounded
from tfstep.engine.node import Node
from tfstep.engine.substeps import Pin
from tfstep.engine.trace import Trace
from tfstep.scenario.scenario import Scenario


class Rebuilt(Struct, frozen=True, eq=False):
    """The new trace; ``lost`` are the paths of what was set, learned or pinned and has no place any more."""

    trace: Trace
    lost: tuple[str, ...]


def rebuilt(old: Scenario, trace: Trace, new: Scenario) -> Rebuilt:
    """The trace of ``new`` with everything that ``trace`` has beyond the start of ``old``. Raises ScenarioError."""
    start, plan = old.program.leaves, new.program.plan
    leaves = dict(new.program.leaves)
    pins: dict[int, Pin] = {}
    lost = []
    counted = {leaf for leaf, _ in trace.plan.carry}
    for node in trace.plan.nodes:
        value = trace.values[node.slot] if node.op is None else None
        if value is None or (node.dtype.kind != "f" and node.slot not in counted) or _same(value, start.get(node.slot)):
            continue
        place = plan.paths.get(node.path)
        if place is not None and place.op is None and place.shape == node.shape:
            leaves[place.slot] = as_kept(value, place)
        else:
            lost.append(node.path)
    for slot, pin in trace.pins.items():
        place = plan.paths.get(trace.plan.nodes[slot].path)
        if place is not None and place.op is not None and place.shape == pin.mask.shape:
            pins[place.slot] = Pin(pin.mask, as_kept(pin.value, place))
        else:
            lost.append(trace.plan.nodes[slot].path)
    values = Trace.start(plan, leaves).values
    return Rebuilt(Trace(plan, values, pins), tuple(lost))


def as_kept(value: np.ndarray, node: Node) -> np.ndarray:
    """Numbers in the precision of another run."""
    with np.errstate(over="ignore"):
        kept = value.astype(node.dtype, copy=False)
    return rounded(kept, node.rounds) if node.rounds else kept


def _same(a: np.ndarray, b: np.ndarray | None) -> bool:
    return b is not None and same_bits(a, b)
