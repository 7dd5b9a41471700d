"""What a backward pass leaves out, writes over or does twice: one cause, and every array that follows from it."""

import numpy as np
import pytest
from plants import Start
from updates import TRAINS, adam, exact

import tfstep

Rows = dict[str, np.ndarray]


def recorded(start: Start, *more: str) -> Rows:
    """The forward pass of a model, and these of its gradients."""
    plan = start.trace.plan
    steps = [n for n in plan.nodes if n.phase == "forward" and n.dtype.kind == "f" and n.op is not None]
    rows = {n.path: np.array(start.trace.value(n.slot)) for n in steps}
    return {**{path: start.w[path] for path in start.parameters}, **rows, **{p: grad(start, p) for p in more}}


def grad(start: Start, path: str) -> np.ndarray:
    node = start.trace.plan.paths[path]
    return np.array(start.trace.value(node.slot))


def causes(found: tfstep.Diagnosis) -> list[tuple[str, str]]:
    assert all(cause.explains == cause.of for cause in found.causes)
    return [(cause.kind, cause.path) for cause in found.causes]


@pytest.mark.parametrize("name", ["small decoder", "small encoder", "pre-norm"])
def test_keys_that_are_detached_under_fused_weights_are_one_cause(name: str) -> None:
    start = Start(name)
    block, x = start.first + "attn.", start.first + "norm1" if name != "small encoder" else "src.x"
    rows = recorded(start, x + ".grad")
    parts = [rows.pop(block + part) for part in ("q_proj", "k_proj", "v_proj")]
    for part in ("scores", "scaled", "masked", "Q", "K", "V"):
        rows.pop(block + part, None)
    back = [grad(start, f"{block}{part}.grad") for part in ("q_proj", "k_proj", "v_proj")]
    rows["qkv"] = np.concatenate(parts, -1)
    rows["qkv.grad"] = np.concatenate([back[0], 0 * back[1], back[2]], -1)
    rows[x + ".grad"] = rows[x + ".grad"] - back[1] @ start.w[block + "W_K"].T
    assert causes(tfstep.diagnose(start.trace, rows)) == [("grad-missing", block + "k_proj.grad")]


def test_values_that_are_detached_are_one_cause_where_their_biases_begin_at_0() -> None:
    start = Start("small decoder")
    scenario = start.scenario.with_changes({"weights": {"seed": 6}})
    trace = tfstep.trace(scenario)
    start.trace, start.w = trace, {p: trace[p].value for p in start.parameters}
    block = "dec0.attn."
    assert not start.w[block + "b_V"].any()
    rows = recorded(start, "dec0.norm1.grad", *(p + ".grad" for p in start.parameters))
    share = grad(start, block + "v_proj.grad") @ start.w[block + "W_V"].T
    rows["dec0.norm1.grad"] = rows["dec0.norm1.grad"] - share
    rows[block + "W_V.grad"] *= 0
    rows[block + "b_V.grad"] *= 0
    kept = {n: v for n, v in rows.items() if not n.endswith(".grad") or n.startswith(("dec0.norm1.grad", block))}
    assert causes(tfstep.diagnose(scenario, kept)) == [("grad-missing", block + "v_proj.grad")]


def test_zeros_where_a_branch_of_every_layer_is_detached_are_one_cause() -> None:
    """Only weights and their gradients are recorded, zeros for those that there are none of."""
    trace = tfstep.trace(tfstep.load("gpt"))
    stops = [f"dec{i}.attn.out.grad" for i in (1, 0)]
    theirs = trace.edit({path: 0 * trace[path].value for path in stops})
    rows = {n.path: trace[n.path].value for n in trace.plan.nodes if n.kind == "parameter"}
    rows |= {path + ".grad": theirs[path + ".grad"].value for path in list(rows)}
    found = tfstep.diagnose(trace, {"loss": trace["loss"].value, **rows})
    assert [(cause.kind, cause.path, cause.also) for cause in found.causes] == [
        ("grad-missing", stops[0], tuple(stops[1:]))
    ]
    assert {fault.path for fault in found.faults} == set(stops)


def test_rows_of_an_embedding_that_are_written_and_not_added() -> None:
    start = Start("small decoder")
    rows = recorded(start, "tgt.embed.grad", "tgt.E.grad")
    ids = start.scenario.inputs.target.ids
    rows["tgt.E.grad"] *= 0
    rows["tgt.E.grad"][ids.reshape(-1)] = rows["tgt.embed.grad"].reshape(ids.size, -1)
    found = tfstep.diagnose(start.trace, rows)
    assert causes(found) == [("grad-missing", "tgt.E.grad")]
    assert "keeps the gradient of its last use alone" in str(found)


def test_half_of_the_slope_of_gelu() -> None:
    start = Start("small decoder")
    rows = recorded(start, "dec0.ffn.act.grad", "dec0.ffn.hidden.grad")
    x = rows["dec0.ffn.hidden"]
    half = 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    rows["dec0.ffn.hidden.grad"] = rows["dec0.ffn.act.grad"] * half
    assert causes(tfstep.diagnose(start.trace, rows)) == [("activation", "dec0.ffn.hidden.grad")]


def test_a_first_gradient_that_is_twice_ours_and_all_that_follows() -> None:
    start = Start("small decoder")
    names = [n.path for n in start.trace.plan.nodes if n.role.name == "gradient" and "/" not in n.path]
    rows = {n: 2 * v if n.endswith(".grad") else v for n, v in recorded(start, *names).items() if n != "loss.grad"}
    found = tfstep.diagnose(start.trace, rows)
    assert [cause.kind for cause in found.causes] == ["grad-accumulated"]
    assert found.causes[0].explains == found.causes[0].of >= len(names) - 3


def test_a_decay_without_the_learning_rate() -> None:
    start = Start("pre-norm")
    trace = tfstep.trace(start.scenario.with_changes({"train": TRAINS["adamw"]})).edit(
        {path: start.w[path] for path in start.parameters}
    )
    rows = {path: start.w[path] for path in start.parameters}
    rows |= {path + ".grad": g for path, g in exact(start).items()}
    rows |= {
        path + ".new": adam(start.w[path], rows[path + ".grad"]) - 0.1 * start.w[path] for path in start.parameters
    }
    found = tfstep.diagnose(trace, {**start.rows(), **rows})
    assert [cause.kind for cause in found.causes] == ["weight-decay"]
    assert "without lr" in str(found)


def test_weights_whose_names_have_something_before_the_path_are_taken_over() -> None:
    start = Start("small decoder")
    rows = {**{"theta." + path: start.w[path] for path in start.parameters}, **start.rows()}
    found = tfstep.diagnose(start.scenario, rows)  # which has other numbers
    assert found.agrees
    assert not found.unmatched
