"""What a training loop keeps: weights, gradients and the loss, sometimes without their names."""

from __future__ import annotations

import numpy as np
import pytest
from plants import TEXTS

import tfstep
from tfstep.scenario.scenario import load_text

Rows = dict[str, np.ndarray]
SCENARIO = load_text(TEXTS["small decoder"], "small.yaml")


def kept(scenario: tfstep.Scenario, gradients: bool = True) -> Rows:
    """The parameters of a run, their gradients and new values, and the loss."""
    trace = tfstep.trace(scenario)
    rows: Rows = {n.path: trace.value(n.slot) for n in trace.plan.nodes if n.kind == "parameter"}
    for path in list(rows) if gradients else ():
        rows |= {f"{path}{mark}": trace[path + mark].value for mark in (".grad", ".new")}
    return rows | {"loss": trace["loss"].value}


@pytest.mark.parametrize("gradients", [True, False])
def test_a_mistake_that_the_loss_and_the_gradients_show(gradients: bool) -> None:
    theirs = kept(SCENARIO.with_changes({"model": {"eps": 1e-3}}), gradients)
    found = tfstep.diagnose(SCENARIO, theirs)
    assert [(cause.kind, cause.path) for cause in found.causes] == [("norm-eps", "dec0.norm1")], str(found)
    assert len(found.matched) == len(theirs)


def test_a_loss_of_the_same_weights_that_nothing_explains_differs() -> None:
    theirs = kept(SCENARIO, gradients=False)
    found = tfstep.diagnose(SCENARIO, theirs | {"loss": theirs["loss"] * 1.0123})
    assert (found.agrees, found.causes, found.first and found.first.path) == (False, (), "loss")


def nameless(factor: float, noise: float = 0.0) -> Rows:
    """Gradients under names that tell nothing, of parameters that are not recorded, beside a right forward pass."""
    trace = tfstep.trace(tfstep.load("two-heads"))
    rows: Rows = {
        p: trace[p].value for p in ("x", "attn.q_proj", "attn.weights", "attn.out", "loss", "attn.concat.grad")
    }
    rng = np.random.default_rng(2)
    for k, n in enumerate(n for n in trace.plan.nodes if n.kind == "parameter"):
        g = trace[n.path + ".grad"].value
        rows[f"a{k}.grad"] = factor * g + noise * rng.normal(size=g.shape)
    return rows


@pytest.mark.parametrize(
    ("factor", "kind"), [(2.0, "grad-accumulated"), (3.0, "grad-accumulated"), (0.3, "grad-clipped")]
)
def test_gradients_of_what_is_not_recorded_are_known_by_their_direction(factor: float, kind: str) -> None:
    found = tfstep.diagnose(tfstep.load("two-heads"), nameless(factor))
    assert [cause.kind for cause in found.causes] == [kind], str(found)


def test_gradients_that_are_none_of_ours_are_said() -> None:
    found = tfstep.diagnose(tfstep.load("two-heads"), nameless(1.0, noise=1.0))
    assert any("of the shape of our gradients" in str(remark) for remark in found.remarks), str(found)
    assert not any("of the shape" in str(r) for r in tfstep.diagnose(tfstep.load("two-heads"), nameless(1.0)).remarks)
