"""What is rounded within a step, before all of it is done, is named as such; x̂ before gamma is no norm without gamma."""

import numpy as np
import pytest

import tfstep
from tfstep.compare import diagnose as diagnose_module
from tfstep.compare.book import Book
from tfstep.compare.causes.norms import affine
from tfstep.compare.causes.table import Step
from tfstep.compare.recorded.note import Note
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.tolerance import rounded
from tfstep.compare.walk import walk
from tfstep.scenario.scenario import Scenario, load_text

TEXT = """
tfstep: 1
model: {kind: decoder, layers: 1, d_model: 16, heads: 4, d_ff: 24, activation: swiglu, norm: rms, norm_position: pre,
  positional: rope, bias: false}
vocab: 20
input: {target: ['3', '5', '2', '9', '11', '7'], labels: ['5', '2', '9', '11', '7', '1']}
weights: {seed: 1, init: {normal: 0.3}}
"""
NORMS = ("dec0.norm1", "dec0.norm2", "dec.norm")


def details(trace: tfstep.Trace, kept: Recording) -> list[str]:
    """The ways in which the first norm may be without a part, as a diagnosis of these arrays tries them."""
    scenario = trace.plan.origin
    assert isinstance(scenario, Scenario)
    plan, book = trace.plan, Book.of(kept, scenario.model)
    there = walk(book, plan, {n.path: trace.value(n.slot) for n in plan.nodes if n.op is None}, until="forward")
    step = Step(plan.paths["dec0.norm1"], plan, there, book, scenario.model, scenario.inputs)
    return [made[0].in_("en") for made in affine(step)]


def traced() -> tfstep.Trace:
    right = load_text(TEXT, "rounded.yaml").program.trace()
    rng = np.random.default_rng(2)
    return right.edit({f"{path}.gamma": 1 + 0.3 * rng.normal(size=16) for path in NORMS})


def recorded(trace: tfstep.Trace, bars: dict[str, np.ndarray]) -> Recording:
    """All floating arrays of the forward pass, and x̂ before each norm, with what each is computed from."""
    kept = Recording()
    for n in trace.plan.nodes:
        if n.phase in ("", "forward") and n.dtype.kind == "f":
            inputs = tuple(path for s in n.slots if (path := trace.plan.nodes[s].path) in kept)
            if n.path in bars:
                kept.add(n.path + ".to", bars[n.path], Note(inputs=inputs[:1]))
                inputs = (n.path + ".to", f"{n.path}.gamma")
            note = Note("weight") if n.kind == "parameter" else Note(inputs=inputs)
            kept.add(n.path, np.array(trace.value(n.slot)), note)
    return kept


def causes(trace: tfstep.Trace, kept: Recording) -> list[tuple[str, str, str]]:
    return [(c.kind, c.path, c.detail.in_("en")) for c in tfstep.diagnose(trace, kept).causes]


def test_a_norm_that_is_rounded_before_gamma_is_not_one_without_gamma() -> None:
    right = wrong = traced()
    bars, edits = {}, {}
    for path in NORMS:
        x = wrong.value(wrong.plan.paths[path].slots[0])
        bars[path] = rounded(x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5), "bfloat16")
        edits[path] = bars[path] * right[f"{path}.gamma"].value
        wrong = right.edit(edits)
    kept = recorded(wrong, bars)
    assert causes(right, kept) == [("dtype", "dec0.norm1", "x̂ rounded to bfloat16 before · gamma")]


def test_a_softmax_in_float32_within_a_run_of_float64() -> None:
    right = traced()
    scores = np.asarray(right["dec0.attn.masked"].value, np.float32)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights = (weights / weights.sum(-1, keepdims=True)).astype(np.float64)
    wrong = right.edit({"dec0.attn.weights": weights})
    assert causes(right, recorded(wrong, {})) == [("dtype", "dec0.attn.weights", "computed in float32")]


@pytest.mark.parametrize("noted", [True, False])
def test_a_norm_without_gamma_is_named_whether_or_not_it_is_known_what_is_computed_from_what(noted: bool) -> None:
    right = traced()
    wrong = right.edit({"dec0.norm1": right["dec0.norm1"].value / right["dec0.norm1.gamma"].value})
    kept = recorded(wrong, {})
    kept.notes["dec0.norm1"] = Note(inputs=("tgt.embed",) if noted else ())
    assert causes(right, kept) == [("norm-affine", "dec0.norm1", "without · gamma")]


def test_a_gamma_of_which_it_is_recorded_that_theirs_computes_with_it_is_not_left_out() -> None:
    right = traced()
    kept = recorded(right, {})
    assert details(right, kept) == ["times 1 + gamma"]
    kept.notes["dec0.norm1"] = Note()
    assert details(right, kept) == ["without · gamma", "times 1 + gamma"]


def test_causes_stand_in_the_order_of_the_steps_however_they_were_found(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = diagnose_module._counted
    monkeypatch.setattr(diagnose_module, "_counted", lambda *given: [*counted(*given)][::-1])
    right = traced()
    edits = {"dec0.attn.scaled": right["dec0.attn.scores"].value}
    before = right.edit(edits)
    edits["dec0.norm2"] = before["dec0.norm2"].value / right["dec0.norm2.gamma"].value
    kept = Recording(recorded(right.edit(edits), {}).arrays)
    assert [(kind, path) for kind, path, _ in causes(right, kept)] == [
        ("scale", "dec0.attn.scaled"),
        ("norm-affine", "dec0.norm2"),
    ]
