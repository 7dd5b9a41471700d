"""Pins: a tensor that is held at a value, what it would have been, and the gradients around it."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import encoder, encoder_plan, numbers, slope, started, written

from tfstep.engine.tape import Scope, Traced
from tfstep.engine.trace import Trace
from tfstep.errors import EditError
from tfstep.models.config import TrainConfig
from tfstep.ops.attention import softmax
from tfstep.ops.loss import total
from tfstep.ops.primitive.elementwise import mul

WEIGHTS = "enc0.attn.weights"


@pytest.fixture(scope="module")
def trace() -> Trace:
    return encoder()


def pinned_cell(trace: Trace) -> Trace:
    return trace.edit({f"{WEIGHTS}[0,0,1,2]": 0.9})


def test_pinned_cells_keep_their_value_and_the_others_are_computed(trace: Trace) -> None:
    held = pinned_cell(trace)
    wanted = trace[WEIGHTS].value.copy()
    wanted[0, 0, 1, 2] = 0.9
    np.testing.assert_array_equal(held[WEIGHTS].value, wanted)
    np.testing.assert_array_equal(held[f"{WEIGHTS}/computed"].value, trace[WEIGHTS].value)
    np.testing.assert_array_equal(held[f"{WEIGHTS}/exp"].value, trace[f"{WEIGHTS}/exp"].value)
    assert held[WEIGHTS].step == trace[WEIGHTS].step
    assert held[WEIGHTS].path == WEIGHTS


@pytest.mark.parametrize("of", ["src.x", "enc0.attn.Q", "enc0.attn.scaled"])
def test_gradients_before_a_pin_are_those_of_finite_differences(trace: Trace, of: str) -> None:
    """The VJP of softmax reads its y: it must be handed what was computed, and not the pinned value."""
    held = trace.edit({f"{WEIGHTS}[0,0,1,2]": 0.9, f"{WEIGHTS}[0,1,0,0]": 0.05})
    grad = held[of].grad
    assert grad is not None
    for cell in list(np.ndindex(*grad.shape))[::2]:
        assert grad[cell] == pytest.approx(slope(held, of, cell), rel=1e-7, abs=1e-10)
    assert not np.array_equal(grad, trace[of].grad)


def test_the_gradient_of_a_parameter_far_before_a_pin(trace: Trace) -> None:
    held = pinned_cell(trace)
    for path in ("enc0.attn.W_Q", "enc0.attn.W_V", "src.E"):
        grad = held[path].grad
        assert grad is not None
        for cell in list(np.ndindex(*grad.shape))[::3]:
            assert grad[cell] == pytest.approx(slope(held, path, cell), rel=1e-7, abs=1e-10), path


def test_the_gradient_of_a_pinned_tensor_is_that_at_the_pinned_value(trace: Trace) -> None:
    held = pinned_cell(trace)
    grad = held[WEIGHTS].grad
    assert grad is not None
    for cell in np.ndindex(*grad.shape):
        assert grad[cell] == pytest.approx(slope(held, WEIGHTS, cell), rel=1e-7, abs=1e-10)


def test_nothing_flows_back_through_a_tensor_that_is_pinned_whole(trace: Trace) -> None:
    held = trace.edit({WEIGHTS: np.full((1, 2, 3, 3), 1 / 3)})
    for path in ("enc0.attn.masked", "enc0.attn.Q", "enc0.attn.W_K", "enc0.attn.b_Q"):
        np.testing.assert_array_equal(held[path].grad, np.zeros_like(trace[path].value), err_msg=path)
    assert np.any(held["enc0.attn.W_V"].grad != 0)
    np.testing.assert_array_equal(held["enc0.attn.W_Q"].new, trace["enc0.attn.W_Q"].value)


def test_the_unpinned_gradient_can_be_seen_inside_the_step(trace: Trace) -> None:
    held = pinned_cell(trace)
    g = held[f"{WEIGHTS}.grad"].value
    kept = held["enc0.attn.masked.grad/unpinned"].value
    assert kept[0, 0, 1, 2] == 0
    wanted = g.copy()
    wanted[0, 0, 1, 2] = 0
    np.testing.assert_array_equal(kept, wanted)


def test_a_softmax_whose_y_is_pinned_is_differentiated_where_it_was_computed() -> None:
    def body(at: Scope) -> Traced:
        at.y = softmax(at.x)
        at.weighed = mul(at.y, at.w)
        at.loss = total(at.weighed)
        return at.loss

    held = written((1, 3), body, w=(1, 3)).edit({"y[0,1]": 0.8})
    s, g = held["y/computed"].value, held["y.grad"].value.copy()
    g[0, 1] = 0
    np.testing.assert_allclose(held["x.grad"].value, s * (g - (g * s).sum()), rtol=1e-14)
    wrong = held["y"].value * (g - (g * held["y"].value).sum())
    assert not np.allclose(held["x.grad"].value, wrong, rtol=1e-3)
    for k in range(3):
        assert held["x.grad"].value[0, k] == pytest.approx(slope(held, "x", (0, k)), rel=1e-8, abs=1e-11)


def test_pins_follow_edits_upstream(trace: Trace) -> None:
    held = pinned_cell(trace).edit({"enc0.attn.W_Q": numbers("other", (4, 4))})
    assert held[WEIGHTS].value[0, 0, 1, 2] == 0.9
    free = trace.edit({"enc0.attn.W_Q": numbers("other", (4, 4))})
    np.testing.assert_array_equal(held[f"{WEIGHTS}/computed"].value, free[WEIGHTS].value)
    assert held[f"{WEIGHTS}/computed"].value[0, 0, 1, 2] != trace[WEIGHTS].value[0, 0, 1, 2]


def test_a_cell_pinned_later_joins_those_pinned_before(trace: Trace) -> None:
    held = pinned_cell(trace).edit({f"{WEIGHTS}[0,1,0,0]": 0.1}).edit({f"{WEIGHTS}[0,0,1,2]": 0.7})
    assert (held[WEIGHTS].value[0, 0, 1, 2], held[WEIGHTS].value[0, 1, 0, 0]) == (0.7, 0.1)
    once = trace.edit({f"{WEIGHTS}[0,1,0,0]": 0.1, f"{WEIGHTS}[0,0,1,2]": 0.7})
    assert once["src.E.grad"].value.tobytes() == held["src.E.grad"].value.tobytes()


def test_several_pinned_tensors_at_once(trace: Trace) -> None:
    held = trace.edit({f"{WEIGHTS}[0,0,1,2]": 0.9, "enc0.add1[0,1,:]": 0.25, "enc0.ffn.hidden[0,0,3]": 1.5})
    for path in ("enc0.norm1", "src.x", "enc0.attn.V", "enc0.ffn.W_1"):
        grad = held[path].grad
        assert grad is not None
        for cell in list(np.ndindex(*grad.shape))[::3]:
            assert grad[cell] == pytest.approx(slope(held, path, cell), rel=1e-6, abs=1e-9), path


def test_a_pinned_loss_has_a_gradient_and_nothing_before_it_does(trace: Trace) -> None:
    held = trace.edit({"loss": 3.0})
    assert held["loss"].value == 3
    assert held["loss/computed"].value == trace["loss"].value
    assert held["loss.grad"].value == 1
    np.testing.assert_array_equal(held["out.logits.grad"].value, 0)


def test_release_gives_back_the_trace_without_the_pin(trace: Trace) -> None:
    held = pinned_cell(trace).edit({"enc0.add1[0,0,0]": 1.0})
    one = held.release(WEIGHTS)
    assert one[WEIGHTS].value.tobytes() == trace[WEIGHTS].value.tobytes()
    assert one["enc0.add1"].value[0, 0, 0] == 1
    free = one.release("enc0.add1")
    for node in trace.plan.nodes:
        assert free.value(node.slot).tobytes() == trace.value(node.slot).tobytes(), node.path
    assert not free.pins


def test_release_keeps_what_was_edited_meanwhile(trace: Trace) -> None:
    W = numbers("other", (4, 4))
    free = pinned_cell(trace).edit({"enc0.attn.W_V": W}).release(WEIGHTS)
    np.testing.assert_array_equal(free["enc0.attn.W_V"].value, W)
    assert free["loss"].value == trace.edit({"enc0.attn.W_V": W})["loss"].value


@pytest.mark.parametrize("path", ["enc0.attn.W_Q", "enc0.attn.V", f"{WEIGHTS}/exp"])
def test_what_is_not_pinned_cannot_be_released(trace: Trace, path: str) -> None:
    with pytest.raises(EditError, match=rf"{path} is not pinned; pinned: {WEIGHTS}"):
        pinned_cell(trace).release(path)


def test_pins_hold_through_updates() -> None:
    held = pinned_cell(started(encoder_plan()))
    for _ in range(3):
        held = held.advance()
        assert held[WEIGHTS].value[0, 0, 1, 2] == 0.9
        grad = held["src.x"].grad
        assert grad is not None
        assert grad[0, 1, 2] == pytest.approx(slope(held, "src.x", (0, 1, 2)), rel=1e-6)
    assert held[f"{WEIGHTS}/computed"].value[0, 0, 1, 2] != 0.9


def test_a_pinned_new_parameter_stays_there() -> None:
    held = started(encoder_plan(train=TrainConfig(optimizer="adam"))).edit({"out.b.new": np.zeros(4)})
    for _ in range(2):
        held = held.advance()
        np.testing.assert_array_equal(held["out.b"].value, np.zeros(4))
        np.testing.assert_array_equal(held["out.b.new"].value, np.zeros(4))


def test_pulled_and_run_pins_have_the_same_bits(trace: Trace) -> None:
    edits = {f"{WEIGHTS}[0,0,1,2]": 0.9, "enc0.norm1[0,0,1]": 0.5, "enc0.attn.Q.grad[0,0,0,0]": 2.0}
    run, pulled = started(trace.plan).edit(edits).run(), trace.edit(edits)
    for node in reversed(trace.plan.nodes):
        assert pulled.value(node.slot).tobytes() == run.value(node.slot).tobytes(), node.path


def test_a_pinned_cell_explains_itself(trace: Trace) -> None:
    held = pinned_cell(trace)
    e = held.explain(f"{WEIGHTS}[0,0,1,2]")
    assert (e.value, e.total, e.holds) == (0.9, 0.9, True)
    assert [f.cell for t in e.terms for f in t.factors] == [f"{WEIGHTS}/value[0,0,1,2]"]
    e = held.explain(f"{WEIGHTS}[0,0,1,1]")
    assert e.holds
    assert [f.cell for t in e.terms for f in t.factors] == [f"{WEIGHTS}/computed[0,0,1,1]"]
    e = held.explain(f"{WEIGHTS}/computed[0,0,1,2]")
    assert e.value == trace[WEIGHTS].value[0, 0, 1, 2]
    assert e.rule == "quotient"
    for path in (WEIGHTS, "enc0.attn.masked.grad", "enc0.attn.heads"):
        for cell in np.ndindex(*held[path].shape):
            assert held.explain(f"{path}[{','.join(map(str, cell))}]").holds, path
