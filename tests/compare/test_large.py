"""Mistakes in a model of which they are first looked for close by, in a part of its plan."""

from functools import cache

import numpy as np
import pytest
from plants import Start

import tfstep
from tfstep.compare import search
from tfstep.compare.causes.gradients import one_ratio
from tfstep.compare.plant import planted
from tfstep.compare.search import LARGE, WINDOW
from tfstep.compare.tolerance import SIGNS, signs

MISTAKES = (
    ("swap qk", "swapped", "attn.q_proj"), ("unscaled", "scale", "attn.scaled"), ("no b_O", "bias-missing", "attn.out"),
    ("view heads", "heads-reshaped", "attn.Q"), ("mask plus", "mask-added", "attn.masked"), ("act relu", "activation", "ffn.act"),
)  # fmt: skip


@cache
def start() -> Start:
    return Start("wide decoder")


def test_the_model_is_large_enough() -> None:
    plan = start().scenario.program.plan
    assert plan.cells > LARGE
    assert plan.paths["loss"].slot > 2 * WINDOW


@pytest.mark.parametrize(("wrong", "kind", "path"), MISTAKES)
@pytest.mark.parametrize("layer", [0, 6])
def test_a_mistake_in_one_layer_is_named(wrong: str, kind: str, path: str, layer: int) -> None:
    found = tfstep.diagnose(start().trace, start().rows(wrong, only=f"dec{layer}."))
    assert [cause.kind for cause in found.causes] == [kind], found
    assert found.first is not None
    assert found.first.path == f"dec{layer}.{path}"
    assert found.causes[0].explains == found.causes[0].of


def test_a_part_of_a_planted_plan_is_the_beginning_of_all_of_it() -> None:
    plan, path = start().scenario.program.plan, "dec0.attn.scaled"
    patches = {path: lambda at: at.args[0] * 2.0}
    whole, part = (planted(plan, patches, start().scenario.model, window=n) for n in (0, WINDOW))
    first = plan.paths[path].slot
    assert first + WINDOW < len(part.nodes) < len(whole.nodes)
    for one, other in zip(part.nodes, whole.nodes, strict=False):
        assert (one.path, one.op, one.inputs[:1], one.shape) == (other.path, other.op, other.inputs[:1], other.shape)
    assert part.nodes[:first] == plan.nodes[:first]


def test_signs_are_as_many_as_are_asked_for() -> None:
    for n in (1, 7, SIGNS, 2 * SIGNS + 3):
        row = signs(np.zeros(n, np.float32), 5)
        assert row.dtype == np.float32
        assert row.shape == (n,)
        assert set(np.unique(np.abs(row))) == {1.0}
    assert not np.array_equal(signs(np.zeros(64), 0), signs(np.zeros(64), 64))


def test_a_run_in_float32_tells_that_gradients_were_not_set_to_zero() -> None:
    trace = start().trace
    plan = trace.plan
    kept = [n for n in plan.nodes if n.kind == "parameter" and plan.gradient(n) is not None]
    forward = {n.path: trace.value(n.slot) for n in plan.nodes if n.phase == "forward" and n.dtype.kind == "f"}
    rows = {**forward, **{n.path: trace.value(n.slot) for n in kept}}
    rows |= {f"{n.path}.grad": 2 * trace.value(plan.gradient(n).slot) for n in kept}
    noise = np.random.default_rng(0)
    rows = {name: np.float32(x * (1 + 1e-7 * noise.uniform(-1, 1, np.shape(x)))) for name, x in rows.items()}
    for n in kept:  # as sums in another order leave it: of the largest cell, in each
        g = rows[f"{n.path}.grad"]
        g += np.float32(2e-7 * np.abs(g).max() * noise.uniform(-1, 1, g.shape))
    found = tfstep.diagnose(trace, rows)
    assert [cause.kind for cause in found.causes] == ["grad-accumulated"], found


def test_no_gradient_is_said_to_agree_because_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = start().trace
    plan = trace.plan
    rows = {n.path: trace.value(n.slot) for n in plan.nodes if n.phase == "forward" and n.dtype.kind == "f"}
    node = plan.paths["dec0.attn.W_O"]
    rows |= {node.path: trace.value(node.slot), f"{node.path}.grad": 1.5 + trace.value(plan.gradient(node).slot)}
    monkeypatch.setattr(search, "LONGEST", -1.0)
    found = tfstep.diagnose(trace, rows)
    assert not found.agrees
    assert search.STOPPED in found.shown
    assert found.first is not None
    assert found.first.path == "dec0.attn.W_O.grad"


@pytest.mark.parametrize("factor", [2.0, -0.25, 0.0])
def test_one_ratio_is_that_of_every_cell(factor: float) -> None:
    ours = np.random.default_rng(0).normal(size=(64, 16))
    theirs = factor * ours
    assert one_ratio(ours, theirs) == (factor or None)
    theirs[33, 5] += 0.1  # in a row that is not among the few that are looked at first
    assert one_ratio(ours, theirs) is None
    assert one_ratio(np.zeros(3), np.ones(3)) is None
