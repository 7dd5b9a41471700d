"""The backward pass as steps: one a use, and their sum."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import encoder, encoder_plan, slope, started, written

from tfstep.engine.plan import PHASES
from tfstep.engine.tape import Scope, Traced
from tfstep.ops.linear import matmul
from tfstep.ops.loss import total
from tfstep.ops.primitive.elementwise import mul


def test_a_tensor_with_one_use_has_its_gradient_in_one_step() -> None:
    trace = encoder()
    assert trace["enc0.attn.scores.grad"].op == "scale_vjp_x"
    assert trace["enc0.attn.scores.grad"].inputs == ("enc0.attn.scaled.grad",)


def test_a_tensor_with_several_uses_has_one_step_a_use_and_their_sum() -> None:
    trace = encoder()
    uses = ("enc0.add1", "enc0.attn.v_proj", "enc0.attn.k_proj", "enc0.attn.q_proj")
    parts = tuple(f"src.x.grad/{use}" for use in uses)
    assert trace["src.x.grad"].inputs == parts
    assert trace["src.x.grad"].op == "accumulate"
    np.testing.assert_allclose(trace["src.x.grad"].value, sum(trace[p].value for p in parts), rtol=1e-14)
    assert trace["src.x.grad"].formula == "∂x = ∂x/add1 + ∂x/v_proj + ∂x/k_proj + ∂x/q_proj"
    assert trace.explain("src.x.grad[0,0,0]").rule == "sum"


def test_phases_follow_one_another_and_steps_count_from_1() -> None:
    trace = encoder()
    assert [n.number for n in trace.plan.steps] == list(range(1, len(trace.plan.steps) + 1))
    phases = [PHASES.index(n.phase) for n in trace.plan.steps]
    assert phases == sorted(phases)
    assert set(phases) == {0, 1, 2}
    assert [trace.plan.steps[n - 1].path for n in (1, 2)] == ["src.embed", "src.x"]
    for node in trace.plan.steps:
        assert all(s < node.slot for s in node.slots), node.path


def test_every_path_is_there_once() -> None:
    plan = encoder_plan(("我爱你", "你爱"), ("爱你我", "爱我"))
    assert len({n.path for n in plan.nodes}) == len(plan.nodes) == len(plan.paths)
    assert all(plan.paths[n.path] is n for n in plan.nodes)


def test_a_tensor_used_twice_by_one_step_has_a_gradient_for_each_use() -> None:
    def squared(at: Scope) -> Traced:
        at.y = mul(at.x, at.x)
        at.loss = total(at.y)
        return at.loss

    trace = written((2, 3), squared)
    assert {p for p in trace.plan.paths if p.startswith("x.grad/")} == {"x.grad/y", "x.grad/y#2"}
    np.testing.assert_allclose(trace["x.grad"].value, 2 * trace["x"].value, rtol=1e-15)

    def gram(at: Scope) -> Traced:
        at.y = matmul(at.x, at.x, bt=True)
        at.weighed = mul(at.y, at.w)
        at.loss = total(at.weighed)
        return at.loss

    trace = written((3, 2), gram, w=(3, 3))
    grad = trace["x"].grad
    assert grad is not None
    for cell in np.ndindex(3, 2):
        assert grad[cell] == pytest.approx(slope(trace, "x", cell), rel=1e-8)
    assert len([p for p in trace.plan.paths if p.startswith("x.grad/")]) == 2


def test_a_tensor_that_comes_back_by_many_ways() -> None:
    def woven(at: Scope) -> Traced:
        at.a = at.x * 2
        at.b = at.a + at.x
        at.c = at.a * at.b
        at.d = at.c - at.a / at.x
        at.loss = total(at.d)
        return at.loss

    trace = written((2,), woven)
    x = trace["x"].value
    np.testing.assert_allclose(trace["x.grad"].value, 12 * x, rtol=1e-13)
    assert trace["a.grad"].op == "accumulate"
    assert {p for p in trace.plan.paths if p.startswith("a.grad/")} == {"a.grad/b", "a.grad/c", "a.grad/div"}


def test_what_does_not_lead_to_the_loss_has_no_gradient() -> None:
    def apart(at: Scope) -> Traced:
        at.side = at.x * at.w
        at.y = at.x * 3
        at.loss = total(at.y)
        return at.loss

    trace = written((2,), apart, w=(2,))
    assert trace["w"].grad is None
    assert trace["side"].grad is None
    np.testing.assert_array_equal(trace["x"].grad, [3, 3])
    assert {p for p in trace.plan.paths if ".grad" in p} == {"loss.grad", "y.grad", "x.grad"}


def test_without_a_loss_there_is_forward_only() -> None:
    trace = started(encoder_plan(labels=None, loss="none")).run()
    assert {n.phase for n in trace.plan.steps} == {"forward"}
    assert trace["enc0.attn.W_Q"].grad is None
    assert trace["enc0.attn.W_Q"].new is None


def test_the_first_gradient_is_1() -> None:
    trace = encoder()
    assert trace["loss.grad"].value == 1
    e = trace.explain("loss.grad")
    assert (e.rule, e.total, e.holds) == ("seed", 1, True)


def test_gradients_read_only_what_they_need() -> None:
    """So that an edit makes no more steps stale than it must."""
    trace = encoder()
    assert trace["enc0.attn.masked.grad"].inputs == ("enc0.attn.weights.grad", "enc0.attn.weights")
    assert trace["enc0.attn.Q.grad"].inputs == ("enc0.attn.scores.grad", "enc0.attn.K")
    assert trace["enc0.attn.b_Q.grad"].inputs == ("enc0.attn.q_proj.grad",)


def test_vjp_formulas_name_their_operands() -> None:
    trace = encoder()
    assert trace["enc0.attn.masked.grad"].formula == "∂masked = weights · (∂weights − Σ ∂weights · weights)"
    assert trace["enc0.attn.Q.grad"].formula == "∂Q = ∂scores K"
    assert trace["enc0.attn.K.grad"].formula == "∂K = ∂scoresᵀ Q"
    assert trace["enc0.attn.W_Q.grad"].formula == "∂W_Q = xᵀ ∂q_proj"
    assert trace["enc0.attn.W_Q.new"].formula == "W_Q.new = W_Q − 0.1 · ∂W_Q"
    assert trace["enc0.attn.scores"].formula == "scores = Q Kᵀ"


def test_every_formula_is_filled_in() -> None:
    trace = encoder(source=("我爱你", "你爱"), labels=("爱你我", "爱我"))
    for node in trace.plan.steps:
        formula = trace[node.path].formula
        assert formula
        assert "{" not in formula
        assert "  " not in formula, formula
