"""Edits: what they reach is stale until it is read, everything else is shared, and undo is the trace before."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import encoder, encoder_plan, numbers, slope, started

from tfstep.engine.trace import Trace
from tfstep.errors import EditError, PathError


@pytest.fixture(scope="module")
def trace() -> Trace:
    return encoder()


def all_bits(trace: Trace) -> dict[str, bytes]:
    return {node.path: trace.value(node.slot).tobytes() for node in trace.plan.nodes}


def test_a_full_trace_runs_every_step_once(trace: Trace) -> None:
    assert started(trace.plan).run().runs == len(trace.plan.steps)
    assert not any(trace.stale(node.slot) for node in trace.plan.nodes)


def test_an_edit_runs_nothing_until_it_is_read(trace: Trace) -> None:
    edited = trace.edit({"enc0.attn.W_Q": numbers("new", (4, 4))})
    assert edited.runs == 0
    edited["src.x"].value  # noqa: B018  # reading is the point
    assert edited.runs == 0
    edited["enc0.attn.q_proj"].value  # noqa: B018  # the same
    assert edited.runs == 1
    edited["enc0.attn.q_proj"].value  # noqa: B018  # the same
    assert edited.runs == 1


def test_what_an_edit_does_not_reach_is_the_same_array(trace: Trace) -> None:
    edited = trace.edit({"enc0.attn.W_Q": numbers("new", (4, 4))})
    reached = set(trace.plan.downstream({trace["enc0.attn.W_Q"].node.slot}))
    for node in trace.plan.nodes:
        if node.slot in reached:
            assert edited.stale(node.slot), node.path
        elif node.path != "enc0.attn.W_Q":
            assert edited.value(node.slot) is trace.value(node.slot), node.path
    names = {trace.plan.nodes[s].path for s in reached}
    assert {"enc0.attn.q_proj", "loss", "src.E.grad", "enc0.attn.W_Q.new", "enc0.attn.k_proj.grad"} <= names
    assert {"enc0.attn.k_proj", "enc0.attn.V", "src.x"}.isdisjoint(names)


def test_reading_the_loss_after_an_edit_of_the_last_layer_runs_a_few_steps(trace: Trace) -> None:
    edited = trace.edit({"out.b": np.array([0.1, 0.2, 0.3, 0.4])})
    edited["loss"].value  # noqa: B018  # reading is the point
    assert edited.runs == 2  # the logits and the loss


@pytest.mark.parametrize(
    "path", ["enc0.attn.W_Q", "src.E", "enc0.norm1.gamma", "out.b", "enc0.attn.weights", "loss.grad"]
)
def test_reading_everything_after_an_edit_gives_the_bits_of_a_new_start(trace: Trace, path: str) -> None:
    value = trace[path].value + 0.25
    edited = trace.edit({path: value})
    again = started(trace.plan).edit({path: value}).run()
    assert all_bits(edited) == all_bits(again)
    assert all_bits(edited) != all_bits(trace)


def test_undo_is_the_trace_before(trace: Trace) -> None:
    before = all_bits(trace)
    edited = trace.edit({"src.E[1,0]": 9.0})
    all_bits(edited)
    assert all_bits(trace) == before


def test_two_edits_of_one_trace_know_nothing_of_each_other(trace: Trace) -> None:
    one, two = trace.edit({"out.b": np.ones(4)}), trace.edit({"out.W[0,0]": 5.0})
    assert one["out.W"].value is trace["out.W"].value
    assert two["out.b"].value is trace["out.b"].value
    assert one["loss"].value != two["loss"].value != trace["loss"].value


def test_an_edit_of_an_edit_that_nobody_read(trace: Trace) -> None:
    chained = trace.edit({"out.b": np.ones(4)}).edit({"src.E[1,0]": 0.5}).edit({"src.E[1,1]": -0.5})
    once = trace.edit({"out.b": np.ones(4), "src.E[1,0]": 0.5, "src.E[1,1]": -0.5})
    assert all_bits(chained) == all_bits(once)
    np.testing.assert_array_equal(chained["src.E"].value[1, :2], [0.5, -0.5])


def test_arrays_are_read_only_and_those_given_are_copied(trace: Trace) -> None:
    with pytest.raises(ValueError, match="read-only"):
        trace["loss"].value[...] = 0
    given = np.ones(4)
    edited = trace.edit({"out.b": given})
    given[:] = 7
    np.testing.assert_array_equal(edited["out.b"].value, np.ones(4))
    for node in trace.plan.nodes:
        assert not trace.value(node.slot).flags.writeable, node.path


def test_parts_of_a_tensor_can_be_set(trace: Trace) -> None:
    W = trace["enc0.attn.W_Q"].value
    edited = trace.edit({"enc0.attn.W_Q[:,1]": 0.0, "enc0.attn.W_Q[-1,0]": 3, "enc0.attn.W_Q[0,2:]": [1.0, 2.0]})
    wanted = W.copy()
    wanted[:, 1], wanted[-1, 0], wanted[0, 2:] = 0, 3, [1, 2]
    np.testing.assert_array_equal(edited["enc0.attn.W_Q"].value, wanted)


def test_constants_and_inputs_of_numbers_can_be_set(trace: Trace) -> None:
    edited = trace.edit({"src.pos": np.zeros((3, 4))})
    np.testing.assert_array_equal(edited["src.x"].value, edited["src.embed"].value)


@pytest.mark.parametrize(
    ("target", "value", "says"),
    [
        (
            "enc0.attn.W_Q",
            np.ones(3),
            r"enc0.attn.W_Q has shape \(4, 4\); it cannot be set to something of shape \(3,\)",
        ),
        ("enc0.attn.W_Q", [[1, 2], [3]], "it cannot be set to"),
        ("enc0.attn.W_Q[0,0]", "three", "can be set to real numbers only"),
        ("src.tokens", np.zeros((1, 3)), "src.tokens holds integers"),
        ("enc0.attn.mask[0,0,0,0]", 1, "enc0.attn.mask holds integers"),
        ("enc0.attn.weights/exp", 1.0, "set enc0.attn.weights itself"),
    ],
)
def test_edits_that_cannot_be(trace: Trace, target: str, value: object, says: str) -> None:
    with pytest.raises(EditError, match=says):
        trace.edit({target: value})


def test_places_that_are_not_there(trace: Trace) -> None:
    with pytest.raises(PathError, match=r"index 9 is outside of axis in, which has 4"):
        trace.edit({"enc0.attn.W_Q[9,0]": 1.0})
    with pytest.raises(PathError, match="no such place"):
        trace.edit({"enc0.attn.W_Q[0,0,0]": 1.0})
    with pytest.raises(PathError, match=r"no tensor 'enc0.attn.W_q' \(did you mean enc0.attn.W_Q\?\)"):
        trace.edit({"enc0.attn.W_q": 1.0})


def test_a_failed_edit_leaves_nothing_behind(trace: Trace) -> None:
    before = all_bits(trace)
    with pytest.raises(EditError):
        trace.edit({"out.b": np.zeros(4), "enc0.attn.W_Q": np.ones(3)})
    assert all_bits(trace) == before


def test_an_edited_gradient_moves_only_what_reads_it(trace: Trace) -> None:
    edited = trace.edit({"enc0.ffn.W_1.grad": np.ones((4, 5))})
    changed = {n.path for n in trace.plan.nodes if trace.value(n.slot).tobytes() != edited.value(n.slot).tobytes()}
    assert changed == {"enc0.ffn.W_1.grad", "enc0.ffn.W_1.new"}
    edited = trace.edit({"enc0.norm1.grad[0,0,0]": 4.0})
    changed = {n.path for n in trace.plan.nodes if trace.value(n.slot).tobytes() != edited.value(n.slot).tobytes()}
    assert "enc0.attn.W_Q.grad" in changed
    assert not any(".grad" not in path and not path.endswith(".new") for path in changed)


def test_an_edited_new_parameter_is_where_the_next_update_starts(trace: Trace) -> None:
    edited = trace.edit({"out.b.new": np.full(4, 0.5)})
    after = edited.advance()
    np.testing.assert_array_equal(after["out.b"].value, np.full(4, 0.5))
    np.testing.assert_array_equal(after["out.W"].value, trace["out.W"].new)


def test_advance_starts_from_the_new_parameters_and_keeps_the_rest(trace: Trace) -> None:
    after = trace.advance()
    for node in trace.plan.nodes:
        if node.kind == "parameter":
            np.testing.assert_array_equal(after.value(node.slot), trace[node.path].new)
        elif node.op is None:
            assert after.value(node.slot) is trace.value(node.slot)
    assert after["loss"].value < trace["loss"].value


def test_training_is_the_same_to_the_bit_each_time() -> None:
    def trained() -> Trace:
        trace = started(encoder_plan(("我爱你", "你爱"), ("爱你我", "爱我")))
        for _ in range(5):
            trace = trace.advance()
        return trace.run()

    assert all_bits(trained()) == all_bits(trained())


def test_pulling_in_any_order_gives_the_same_bits(trace: Trace) -> None:
    wanted, fresh = all_bits(trace), started(trace.plan)
    for node in sorted(fresh.plan.nodes, key=lambda node: node.path[::-1]):
        assert fresh.value(node.slot).tobytes() == wanted[node.path], node.path


@pytest.mark.parametrize("path", ["enc0.attn.W_Q", "src.E", "enc0.ffn.b_1", "enc0.norm2.beta"])
def test_gradients_of_parameters_are_those_of_finite_differences(trace: Trace, path: str) -> None:
    grad = trace[path].grad
    assert grad is not None
    for cell in list(np.ndindex(*grad.shape))[::3]:
        assert grad[cell] == pytest.approx(slope(trace, path, cell), rel=1e-7, abs=1e-10)
