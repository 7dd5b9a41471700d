"""Whatever is edited, pinned, released, read and advanced in whatever order, the numbers are those of a fresh start."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import encoder_plan, started

from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.engine.trace import Trace
from tfstep.models.config import TrainConfig

SOURCE, LABELS = ("我爱你", "你爱"), ("爱你我", "爱我")
PLANS = {
    "sgd": encoder_plan(SOURCE, LABELS),
    "adam-gelu-pre": encoder_plan(
        SOURCE, LABELS, train=TrainConfig(optimizer="adam"), activation="gelu", norm_position="pre", kv_heads=1
    ),
    "tied-rope": encoder_plan(SOURCE, LABELS, tie=(("src.E", "out.W"),), positional="rope", norm="rms"),
}


def fresh(trace: Trace) -> Trace:
    """All of it computed again, from the leaves and the pins."""
    leaves = {node.slot: trace.value(node.slot) for node in trace.plan.nodes if node.op is None}
    again = Trace.start(trace.plan, leaves)
    again.pins = dict(trace.pins)
    return again.run()


def one_change(trace: Trace, rng: np.random.Generator) -> Trace:
    """An edit of a tensor, of a cell, a release, an update, or some reading."""
    plan, kind = trace.plan, rng.choice(["tensor", "cell", "cell", "release", "advance", "read"])
    if kind == "release" and trace.pins:
        return trace.release(plan.nodes[int(rng.choice(list(trace.pins)))].path)
    if kind == "advance":
        return trace.advance()
    if kind == "read":
        for slot in rng.choice(len(plan.nodes), 5):
            trace.value(int(slot))
        return trace
    node = editable(plan, rng)
    value = trace.value(node.slot) + rng.normal(size=node.shape) * 0.3
    if kind == "tensor":
        return trace.edit({node.path: value})
    cell = tuple(int(rng.integers(n)) for n in node.shape)
    place = f"[{','.join(map(str, cell))}]" if cell else ""
    return trace.edit({node.path + place: value[cell]})


def editable(plan: Plan, rng: np.random.Generator) -> Node:
    nodes = [n for n in plan.nodes if n.dtype.kind == "f" and n.kind != "view"]
    return nodes[int(rng.integers(len(nodes)))]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", PLANS)
def test_a_sequence_of_changes_ends_where_a_fresh_start_does(name: str, seed: int) -> None:
    rng, trace = np.random.default_rng(seed), started(PLANS[name])
    before: list[tuple[Trace, bytes]] = []
    for _ in range(12):
        before.append((trace, trace["loss"].value.tobytes()))
        trace = one_change(trace, rng)
    again = fresh(trace)
    for node in trace.plan.nodes:
        assert trace.value(node.slot).tobytes() == again.value(node.slot).tobytes(), node.path
    for earlier, loss in before:
        assert earlier["loss"].value.tobytes() == loss
