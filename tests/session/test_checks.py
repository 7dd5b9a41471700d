"""The checks notice what they are there for, and say why they do not apply."""

import numpy as np
import pytest

import tfstep
from tfstep.engine.op import CATALOGUE
from tfstep.scenario.scenario import load_text
from tfstep.session.study.checks import check
from tfstep.session.study.finite import gradients

BOTH = """
tfstep: 1
model: {kind: encoder-decoder, d_model: 4, heads: 2, d_ff: 4, positional: POSITIONAL, mask_value: -1.0e9}
vocab: {source: [<pad>, a, b, c], target: [<pad>, <sos>, x, y, <eos>]}
input:
  source: [[a, b, c], [b, c]]
  target: [[<sos>, x, y], [<sos>, y]]
  labels: [[x, y, <eos>], [y, <eos>]]
"""


def both(positional="none", **changes):
    scenario = load_text(BOTH.replace("POSITIONAL", positional))
    return scenario.with_changes(changes) if changes else scenario


def held(scenario, trace=None):
    return {each.name: each.holds for each in check(scenario, trace).invariants}


def test_all_that_applies_holds():
    report = check(both())
    assert report.ok
    assert report.gradient.max_error < 1e-8
    assert report.gradient.checked > 500
    names = {each.name for each in report.invariants if each.holds}
    assert names >= {
        "softmax rows sum to 1",
        "gradients are finite",
        "padding changes nothing that is not padding",
        "no output depends on later words",
        "the encoder does not see the target",
        "the feed-forward network reads no other word",
        "no gradient is edited",
        "gradients of several uses add up",
        "every step equals its inside, bit by bit",
        "running again gives the same bits",
    }


def test_rope_depends_on_distances():
    assert held(both("rope"))["RoPE: scores depend on contents and signed distances"] is True
    assert held(both("sinusoidal"))["RoPE: scores depend on contents and signed distances"] is None


def test_a_mask_that_is_too_weak_is_noticed():
    found = held(both(model={"mask_value": -1.0}))
    assert found["padding changes nothing that is not padding"] is False
    assert found["no output depends on later words"] is False


def test_a_mask_that_is_off_is_meant_to_be():
    report = check(both(model={"mask": {"padding": False, "causal": False}}))
    assert report.ok
    found = {each.name: each for each in report.invariants}
    for name in ("padding changes nothing that is not padding", "no output depends on later words"):
        assert found[name].holds is None
        assert "not meant to hold" in found[name].detail.in_("en")


def test_rows_that_do_not_sum_to_1_are_noticed():
    scenario = both()
    pinned = scenario.program.trace().edit({"enc0.attn.weights[0,0,0,0]": 0.9})
    assert held(scenario, pinned)["softmax rows sum to 1"] is False


def test_a_sum_that_is_none_is_noticed():
    scenario = both()
    edited = scenario.program.trace().edit({"src.x.grad": 1.0})
    found = held(scenario, edited)
    assert found["gradients of several uses add up"] is False
    assert found["no gradient is edited"] is None


def test_an_edited_gradient_is_told_and_left_out():
    scenario = both()
    edited = scenario.program.trace().edit({"enc0.attn.scores.grad": 5.0})
    report = check(scenario, edited)
    told = next(each for each in report.invariants if each.name == "no gradient is edited")
    assert "enc0.attn.scores.grad" in told.detail.in_("en")
    assert report.gradient.holds, "what follows from it is not compared with the loss"
    assert report.gradient.checked < check(scenario).gradient.checked


def test_pins_have_the_gradient_at_the_pinned_value():
    scenario = both()
    report = check(scenario, scenario.program.trace().edit({"enc0.ffn.hidden[0,0,:]": 0.7}))
    assert report.gradient.holds


@pytest.mark.slow
@pytest.mark.parametrize(("op", "argument"), [("linear", "W"), ("layer_norm", "x"), ("split_heads", "x")])
def test_a_wrong_gradient_is_noticed(op, argument, monkeypatch):
    kind = type(CATALOGUE.ops[op])
    right = getattr(kind, f"vjp_{argument}")
    monkeypatch.setattr(kind, f"kernel_{argument}", None, raising=False)
    monkeypatch.setattr(kind, f"vjp_{argument}", lambda *a, **k: 1.001 * right(*a, **k))
    found = gradients(both().program.trace())
    assert not found.holds
    assert found.max_error > 1e-5


def test_a_kink_is_skipped_and_counted():
    scenario = load_text(
        "tfstep: 1\nmodel: {kind: mlp, sizes: [1, 1], activation: relu}\ninput: {x: [[1]]}\nloss: {kind: sum}\n"
        "weights: {init: zeros}\n"
    )
    found = gradients(scenario.program.trace())
    assert found.skipped >= 2
    assert found.holds


def test_float32_is_checked_in_float64():
    report = check(both(model={"dtype": "float32"}))
    assert report.ok
    assert report.gradient.max_error < 1e-8


def test_every_shipped_scenario_passes():
    from tfstep.scenario.file.catalog import shipped

    for name in shipped()[:3]:
        report = check(tfstep.load(name))
        assert report.ok, (name, [each.name for each in report.invariants if each.holds is False])
        assert report.gradient is None or np.isfinite(report.gradient.max_error)


@pytest.mark.parametrize(
    ("name", "variant", "title"),
    [
        ("attention", "whole-model", "without positions, outputs follow their words"),
        ("wo-ai-ni", "rope", "RoPE: scores depend on contents and signed distances"),
    ],
)
def test_what_must_hold_holds_of_the_parameters_of_this_run(name: str, variant: str, title: str) -> None:
    session = tfstep.Session(tfstep.load(name, variant=variant))
    session.run("set enc0.attn.W_Q[0,0] = 7")
    session.run("train 2")
    assert held(session.scenario, session.trace)[title] is True
    session.run("set enc0.attn.weights[0,0,0] = 0")
    found = {each.name: each for each in check(session.scenario, session.trace).invariants}[title]
    assert found.holds is None
    assert "enc0.attn.weights is pinned or edited" in str(found.detail)


def softmaxes_of(steps, edits=None, **model):
    document = {"model": {"kind": "formula", "parameters": {"s": [[1, 2, 3], [0, 1, 0]]}, "steps": steps, **model}}
    scenario = tfstep.Scenario.from_dict({**document, "loss": "sum(p)"})
    trace = scenario.program.trace().edit(edits or {})
    return next(each for each in check(scenario, trace).invariants if each.name == "softmax rows sum to 1")


@pytest.mark.parametrize(
    ("steps", "n"),
    [
        ({"p": "softmax(s)"}, 1),
        ({"z": "s / 2", "p": "1 - 2 * softmax(z)"}, 1),
        ({"p": "softmax(s, axis=0)"}, 1),
        ({"p": "softmax(softmax(s)) + softmax(s[0])"}, 3),
    ],
)
def test_a_softmax_in_an_equation_is_looked_at(steps, n):
    found = softmaxes_of(steps)
    assert found.holds is True
    assert found.detail.in_("en").startswith(f"{n} softmax steps")


def test_a_softmax_in_an_equation_that_does_not_sum_to_1_is_noticed():
    assert softmaxes_of({"p": "softmax(s)"}, {"p[0,1]": 0.9}).holds is False
    assert softmaxes_of({"p": "2 * softmax(s)"}, {"p[0,1]": 0.9}).holds is True, "the softmax itself is as computed"
    broken = softmaxes_of({"z": "s + 1", "p": "softmax(z)"}, {"z[1]": -np.inf})
    assert (broken.holds, broken.detail.in_("en")) == (False, "not decidable: NaN begins in p")
    assert softmaxes_of({"p": "exp(s)"}).detail.in_("en") == "there is no softmax"


def test_the_shipped_softmax_is_looked_at():
    assert held(tfstep.load("softmax"))["softmax rows sum to 1"] is True
