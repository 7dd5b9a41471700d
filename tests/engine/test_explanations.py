"""Every number of a model explains itself, forward, backward and in the update, down to words and parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from op_checks import explained
from small_models import encoder, written

import tfstep
from tfstep.engine.tape import Scope, Traced
from tfstep.engine.trace import Trace
from tfstep.engine.why import Explanation
from tfstep.models.config import TrainConfig
from tfstep.models.keys.sections import RopePart
from tfstep.ops.loss import total

TWO: dict[str, Any] = {"source": ("我爱你", "你爱"), "labels": ("爱你我", "爱我")}
MODELS: dict[str, dict[str, Any]] = {
    "plain": {},
    "padding": TWO,
    "padding-inf": {**TWO, "mask_value": -math.inf},
    "pre-gelu": {"norm_position": "pre", "activation": "gelu"},
    "gelu-tanh-no-norm": {"norm": "none", "activation": "gelu_tanh"},
    "rms-swiglu": {"norm": "rms", "activation": "swiglu"},
    "batch-silu": {**TWO, "norm": "batch", "activation": "silu"},
    "rope-grouped": {"positional": "rope", "kv_heads": 1},
    "rope-half": {"positional": "rope", "rope": RopePart(pairs="half")},
    "learned-scaled": {"positional": "learned", "embed_scale": True},
    "bare": {"norm": "none", "residual": False, "scale": False, "bias": False, "positional": "none"},
    "tied": {"tie": (("src.E", "out.W"),)},
    "sum-momentum": {"loss": "sum", "train": TrainConfig(momentum=0.9)},
    "adam": {"train": TrainConfig(optimizer="adam")},
    "float32": {"dtype": "float32"},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_every_cell_of_every_step_is_the_sum_of_its_terms(name: str) -> None:
    trace = encoder(**MODELS[name])
    for node in trace.plan.steps:
        explained(trace, node)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["padding-inf", "rms-swiglu", "adam"])
def test_every_cell_inside_the_steps_too(name: str) -> None:
    trace = encoder(**MODELS[name])
    for node in trace.plan.steps:
        inside = trace.substeps(node.slot)
        if inside is not None:
            for inner in inside.plan.steps:
                explained(inside, inner)


def leaves(e: Explanation) -> set[str]:
    """The cells that an explanation ends in."""
    found: set[str] = set()
    for term in e.terms:
        for factor in term.factors:
            if factor.why is not None:
                found |= leaves(factor.why)
            elif factor.cell is not None:
                found.add(factor.cell)
    return found or {e.cell}


def check_below(trace: Trace, e: Explanation) -> None:
    """Each explanation on the way down holds, and explains the factor that it hangs from."""
    assert e.holds, e.cell
    for term in e.terms:
        for factor in term.factors:
            if factor.why is not None:
                assert factor.why.cell == factor.cell
                assert factor.why.value == factor.value
                check_below(trace, factor.why)


@pytest.mark.parametrize("cell", ["enc0.attn.scores[0,0,1,2]", "enc0.attn.weights[0,1,0,1]"])
def test_explanations_go_down_to_words_and_parameters(cell: str) -> None:
    trace = encoder()
    e = trace.explain(cell, depth=12)
    check_below(trace, e)
    ends = leaves(e)
    kinds = {trace[c.split("[")[0]].node.kind for c in ends}
    assert kinds == {"parameter", "constant"}
    assert {c.split("[")[0] for c in ends} >= {"src.E", "src.pos", "enc0.attn.W_Q", "enc0.attn.W_K", "enc0.attn.b_Q"}


@pytest.mark.slow
def test_a_cell_met_again_is_not_explained_again() -> None:
    trace = encoder()
    e = trace.explain("loss", depth=40)  # as a tree it would have more nodes than memory holds
    met: dict[int, Explanation] = {}

    def walk(one: Explanation) -> None:
        if id(one) not in met:
            met[id(one)] = one
            for factor in (f for t in one.terms for f in t.factors if f.why is not None):
                assert factor.why is not None
                assert factor.why.cell == factor.cell
                walk(factor.why)

    walk(e)
    assert all(one.holds for one in met.values())
    assert {"src.E[1,0]", "enc0.attn.W_Q[0,0]", "out.b[1]"} <= {one.cell for one in met.values()}


def test_depth_counts_the_levels() -> None:
    trace = encoder()
    assert all(f.why is None for t in trace.explain("enc0.add1[0,0,0]").terms for f in t.factors)
    two = trace.explain("enc0.add1[0,0,0]", depth=2)
    assert all(f.why is not None for t in two.terms for f in t.factors)
    assert all(g.why is None for t in two.terms for f in t.factors if f.why for u in f.why.terms for g in u.factors)


def test_a_gradient_goes_down_by_the_chain_rule() -> None:
    def chain(at: Scope) -> Traced:
        at.a = at.x * at.w
        at.y = at.a * at.a
        at.loss = total(at.y)
        return at.loss

    trace = written((), chain, w=())
    e = trace.explain("w.grad", depth=9)
    check_below(trace, e)
    assert [(f.name, f.power) for f in e.terms[0].factors] == [("a.grad", 1), ("x", 1)]
    assert e.total == pytest.approx(float(2 * trace["a"].value * trace["x"].value))
    assert leaves(e) == {"x", "w", "loss.grad"}


def test_a_leaf_explains_itself_by_itself() -> None:
    trace = encoder()
    for cell in ("src.E[1,0]", "src.pos[0,1]", "src.tokens[0,2]", "enc0.attn.mask[0,0,0,0]"):
        e = trace.explain(cell)
        assert (e.rule, e.terms, e.total, e.residual) == ("leaf", (), e.value, 0)
        assert e.holds


def test_a_word_is_looked_up_in_its_row() -> None:
    trace = encoder()
    e = trace.explain("src.embed[0,1,3]")
    assert [(f.cell, f.power) for t in e.terms for f in t.factors] == [("src.E[2,3]", 1)]
    e = trace.explain("src.E.grad[2,3]")
    assert {f.cell for t in e.terms for f in t.factors} == {"src.embed.grad[0,1,3]"}
    unused = trace.explain("src.E.grad[0,0]")
    assert (unused.rule, unused.terms, unused.total, unused.holds) == ("nothing", (), 0, True)


def test_a_masked_cell_names_its_reason() -> None:
    trace = encoder(**MODELS["padding-inf"])
    e = trace.explain("enc0.attn.masked[1,0,0,2]")
    assert (e.rule, e.value, e.total, e.residual) == ("masked", -math.inf, -math.inf, 0)
    assert e.holds
    assert "padding" in str(e.note)
    assert trace.explain("enc0.attn.weights[1,0,0,2]").value == 0
    assert trace.explain("enc0.attn.masked[1,0,0,1]").note is None


@pytest.mark.slow
def test_a_row_with_nothing_left_is_explained() -> None:
    trace = encoder(source=("我爱你", ""), labels=("爱你我", "爱我"), mask_value=-math.inf)
    assert np.isnan(trace["enc0.attn.weights"].value[1]).all()
    e = trace.explain("enc0.attn.weights[1,0,0,0]")
    assert e.residual == 0
    assert e.holds
    assert "nothing is left in this row" in str(e.note)
    for node in trace.plan.steps:
        explained(trace, node)


def test_a_head_is_found_through_split_and_concat() -> None:
    trace = encoder()
    assert [f.cell for t in trace.explain("enc0.attn.Q[0,1,2,0]").terms for f in t.factors] == [
        "enc0.attn.q_proj[0,2,2]"
    ]
    assert [f.cell for t in trace.explain("enc0.attn.concat[0,2,3]").terms for f in t.factors] == [
        "enc0.attn.heads[0,1,2,1]"
    ]


def test_explanations_do_not_cross_recorded_steps() -> None:
    trace = encoder()
    e = trace.explain("enc0.attn.scaled[0,0,1,2]")
    assert next((f.name, f.power) for t in e.terms for f in t.factors) == ("enc0.attn.scores", 1)
    e = trace.explain("enc0.attn.out[0,1,2]")
    assert {f.name for t in e.terms for f in t.factors} == {"enc0.attn.concat", "enc0.attn.W_O", "enc0.attn.b_O"}


def test_a_wrong_number_does_not_hold() -> None:
    trace = encoder()
    e = trace.explain("enc0.add1[0,0,0]")
    wrong = Explanation(e.cell, e.value, e.rule, e.terms, e.total, e.total - (e.value + 1e-9))
    assert e.holds
    assert not wrong.holds


def test_a_pinned_cell_says_what_it_would_be() -> None:
    trace = tfstep.trace(tfstep.load("wo-ai-ni"))
    was = float(trace["enc0.attn.scores"].value[0, 0, 1, 2])
    held = trace.edit({"enc0.attn.scores[0,0,1,2]": 3.0})
    assert f"{was:.6g}" in str(held.explain("enc0.attn.scores[0,0,1,2]").note)
    assert held.explain("enc0.attn.scores[0,0,1,1]").note is None


def test_the_terms_of_a_loss_are_named_by_the_words_of_their_rows() -> None:
    for name, row in (("steve-builds-a-house", "builds"), ("padding", "公园")):
        trace = tfstep.trace(tfstep.load(name))
        terms = {f.cell: f.value for term in trace.explain("loss").terms for f in term.factors if f.cell}
        assert f"picked[{row},0]" in str(trace.explain("loss"))
        assert trace["loss/logsumexp"][row, 0] in terms.values(), "what is printed can be asked"
