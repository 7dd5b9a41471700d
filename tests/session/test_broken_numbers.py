"""Where a NaN is born, what a check says of one, and where a move stops for one."""

import math

import pytest

import tfstep
from tfstep.errors import PathError
from tfstep.scenario.scenario import load_text
from tfstep.session.study.checks import check
from tfstep.session.study.reasons import reasons

KINKED = """
model:
  kind: formula
  parameters: {x: [0, 4]}
  given: {n: 2}
  steps: {y: "where(x > 0, sqrt(x), 5*x)*n"}
loss: sum(y)
"""
ALL_PAD = """
model: {kind: encoder, d_model: 4, mask_value: -.inf}
vocab: [<pad>, a, b]
input: {source: [[a, b], [<pad>, <pad>]], labels: [[b, a], [<pad>, <pad>]]}
"""
LEFT_PADDED = """{model: {kind: decoder, d_model: 4, norm: none}, vocab: [<pad>, a, b, c],
  input: {target: [[<pad>, a, b]]}, weights: {seed: 1}}"""


def found(session: tfstep.Session, holds: str) -> tuple[bool | None, str]:
    report = check(session.scenario, session.trace)
    (one,) = [each for each in report.invariants if each.name == holds]
    return one.holds, one.detail.in_("en")


def test_a_nan_is_followed_to_the_cell_in_which_it_is_born() -> None:
    trace = tfstep.trace(load_text(KINKED))
    why = reasons(trace, trace["x.grad"], (0,))
    assert math.isnan(why.chain[-1].explanation.value)
    factors = [factor for term in why.chain[-1].explanation.terms for factor in term.factors]
    assert all(math.isfinite(factor.value) for factor in factors)
    assert any(factor.value == 0 and factor.power < 0 for factor in factors), "0 · ½ / √0"
    assert [source.cell for source in why.sources] == [why.chain[-1].explanation.cell]
    assert why.constants == 0


def test_a_nan_of_a_sentence_that_is_all_padding_leads_to_its_softmax() -> None:
    trace = tfstep.trace(load_text(ALL_PAD))
    why = reasons(trace, trace["enc0.norm2"], (1, 0, 0))
    assert why.sources[0].cell.startswith("enc0.attn.weights/shift[1,"), "−inf − (−inf)"
    assert not any(source.cell.startswith("enc0.norm2.beta") for source in why.sources)


def test_a_row_with_nothing_to_look_at_says_nothing_of_causality() -> None:
    session = tfstep.Session(load_text(LEFT_PADDED))
    assert found(session, "no output depends on later words")[0] is True
    leaking = LEFT_PADDED.replace("norm: none", "norm: none, mask: {causal: false}")
    assert found(tfstep.Session(load_text(leaking)), "no output depends on later words")[0] is None


def test_weights_that_are_nan_pass_no_check() -> None:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    session.run("set enc0.attn.W_Q[0,0] = nan")
    report = check(session.scenario, session.trace)
    passed = {each.name for each in report.invariants if each.holds}
    assert "softmax rows sum to 1" not in passed
    assert not report.ok


@pytest.mark.slow
def test_only_a_mask_excuses_a_nan() -> None:
    masked = tfstep.Session(load_text(ALL_PAD))
    assert found(masked, "gradients are finite")[0] is None
    assert "mask_value is −inf" in found(masked, "gradients are finite")[1]
    pinned = tfstep.Session(load_text(ALL_PAD.replace("mask_value: -.inf", "mask_value: -1e9")))
    pinned.run("set enc0.attn.masked[0,0,0,:] = -inf")
    holds, detail = found(pinned, "gradients are finite")
    assert holds is False
    assert "mask_value" not in detail


def test_a_star_is_every_step_gradients_too() -> None:
    session = tfstep.Session(load_text(KINKED))
    session.run("break * if has_nan(it)")
    session.run("continue")
    assert session.current.path == "x.grad"


@pytest.mark.parametrize(
    ("condition", "cell"),
    [
        ("any(it > 0.9)", "first"),
        ("max(it) > 0.5", "largest"),
        ("it[0,0,1,2] > 0", (0, 0, 1, 2)),
        ("sum(it) > 0", None),
    ],
)
def test_a_stop_names_the_cell_and_the_cursor_stands_there(condition: str, cell: object) -> None:
    session = tfstep.Session(tfstep.load("attention"))
    weights = session.trace["attn.weights"].value
    condition = condition.replace("0.9", f"{weights.max() - 1e-9}")
    largest = tuple(int(i) for i in __import__("numpy").argwhere(weights == weights.max())[0])
    wanted = largest if cell in ("first", "largest") else cell
    session.cell = (0,) * session.current.value.ndim
    session.run(f"break attn.weights if {condition}")
    (stop,) = session.run("continue").stops
    assert stop.cell == wanted
    if wanted is not None:
        assert session.cell == wanted
        assert f"weights[{','.join(map(str, wanted))}]" in stop.reason.in_("en")


@pytest.mark.parametrize("text", ["std(x - x)", "norm(0*x)"])
def test_at_its_kink_a_length_has_slope_0_as_in_pytorch(text: str) -> None:
    trace = tfstep.trace(
        load_text(f"model: {{kind: formula, parameters: {{x: [1, 1, 1]}}, steps: {{y: {text!r}}}}}\nloss: y")
    )
    assert trace["x"].grad is not None
    assert (trace["x"].grad == 0).all()


def test_what_is_given_has_no_gradient_and_says_so() -> None:
    trace = tfstep.trace(load_text(KINKED))
    with pytest.raises(PathError, match="n is given, not learned"):
        trace["n.grad"]
