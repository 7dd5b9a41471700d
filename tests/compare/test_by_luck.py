"""One number that agrees by luck clears no step before it; a norm's cell may be off by the rounding of its mean."""

import numpy as np
import pytest
import rates
from plants import TEXTS, Start

import tfstep
from tfstep.compare.tolerance import allowed, terms
from tfstep.scenario.scenario import load_text

WIDE = """
tfstep: 1
model: {kind: decoder, layers: 2, d_model: 96, heads: 4, d_ff: 128, norm_position: pre, dtype: float32}
vocab: 40
input: {target: ['1', '2', '3', '4', '5'], labels: ['2', '3', '4', '5', '6']}
weights: {seed: 1, init: {normal: 0.3}}
"""


def recorded(trace: tfstep.Trace) -> dict[str, np.ndarray]:
    return {
        n.path: np.array(trace.value(n.slot))
        for n in trace.plan.nodes
        if n.phase == "forward" and n.dtype.kind == "f" and n.op is not None
    }


def test_a_loss_that_agrees_clears_no_step_whose_array_is_recorded_and_differs() -> None:
    scenario = load_text(WIDE, "wide.yaml")
    right = scenario.program.trace()
    wrong = right.edit({"dec1.attn.scaled": right["dec1.attn.scores"].value})
    theirs = {**recorded(wrong), "loss": np.array(right["loss"].value)}
    found = tfstep.diagnose(scenario, theirs)
    assert [(cause.kind, cause.path) for cause in found.causes][:1] == [("scale", "dec1.attn.scaled")]


def test_a_cell_of_a_norm_may_be_off_by_the_rounding_of_the_mean() -> None:
    node = load_text(WIDE, "wide.yaml").program.plan.paths["dec.norm"]
    assert node.op is not None
    x = np.random.default_rng(3).normal(size=(1, 400, 768)).astype(np.float32)
    ones, zeros = np.ones(768, np.float32), np.zeros(768, np.float32)
    single = node.op.forward(x, ones, zeros, **node.attrs)
    exact_x, exact_ones, exact_zeros = (each.astype(np.float64) for each in (x, ones, zeros))
    exact = node.op.forward(exact_x, exact_ones, exact_zeros, **node.attrs)
    far, size = np.abs(single - exact), terms(node, [exact_x, exact_ones, exact_zeros], exact)
    assert (far <= allowed("float32") * size).all()
    assert (far > allowed("float32") * np.abs(exact)).any()


def test_a_product_before_its_bias_is_no_bias_that_is_missing_where_only_the_loss_is_another() -> None:
    start = Start("pre-norm")
    rows = start.rows(weights=True)
    product = rows["enc_end"] @ start.w["out.W"]
    rows = {**{n: a for n, a in rows.items() if n not in ("logits", "loss")}, "product": product, "z": rows["logits"]}
    found = tfstep.diagnose(start.trace, {**rows, "l": np.asarray((rows["z"] ** 2).mean())})
    assert (found.first.path if found.first else "", found.causes) == ("loss", ())


@pytest.mark.parametrize("model", ["small encoder", "translator"])
def test_nan_that_was_there_before_a_norm_is_none_of_the_norm(model: str) -> None:
    run = next(run for run in rates.recorded()[1] if (run["model"], run["wrong"]) == (model, ["log"]))
    kept = rates.run_of(run)
    assert any(np.isnan(array).any() for array in kept.arrays.values())
    assert [cause.kind for cause in tfstep.diagnose(load_text(TEXTS[model]), kept).causes] == ["log-softmax"]


@pytest.mark.parametrize("written_down", [True, False])
def test_a_mistake_that_does_not_give_the_array_of_its_own_step_is_none(written_down: bool) -> None:
    rows = Start("attention").rows()
    shifted = rows["scaled"] - rows["scaled"].max(-1, keepdims=True)
    logarithm = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    p = rows["p"] ** 3 + 0.1
    o = logarithm @ rows["vh"]
    kept = {n: a for n, a in rows.items() if n not in ("p", "o", "cat", "att", "loss")}
    wrong = {"p": p, "o": o, "cat": np.sin(rows["cat"]), "att": np.cos(rows["att"])}
    found = tfstep.diagnose(
        Start("attention").trace, {**kept, **{n: a for n, a in wrong.items() if n != "p" or written_down}}
    )
    assert [cause.kind for cause in found.causes] == ([] if written_down else ["log-softmax"])
