"""Mistakes in how rope, masks, groups of heads and gates are used, each named by its kind at its step."""

import numpy as np
import pytest
from plants import TEXTS, Start

import tfstep

TEXTS["groups"] = """
tfstep: 1
model: {kind: decoder, layers: 1, d_model: 16, heads: 4, kv_heads: 2, d_ff: 12, activation: swiglu, norm: rms, norm_position: pre,
  positional: rope, bias: false}
vocab: [<pad>, <sos>, <eos>, a, b, c, d]
input: {target: [<sos> c b, <sos> a b c d], labels: [c b <eos>, a b c d <eos>]}
weights: {seed: 7, init: {normal: .4}}
"""


@pytest.mark.parametrize(
    ("model", "wrong", "kind", "path"),
    [
        ("groups", "rope twice", "position-twice", "dec0.attn.Q_rot"),
        ("groups", "rope over heads", "rope-place", "dec0.attn.Q_rot"),
        ("groups", "first group", "heads-reshaped", "dec0.attn.scores"),
        ("groups", "no gate", "activation", "dec0.ffn.act"),
        ("groups", "mask other sentence", "mask-axis", "dec0.attn.masked"),
        ("small encoder", "mask last word", "mask-shifted", "enc0.attn.masked"),
        ("small encoder", "half branch", "residual-missing", "enc0.add1"),
        ("small decoder", "logits over root", "scale", "out.logits"),
        ("translator", "target's pads", "mask-axis", "dec0.cross.masked"),
    ],
)
@pytest.mark.parametrize("few", ["all", pytest.param("some", marks=pytest.mark.slow)])
def test_it_is_named(model: str, wrong: str, kind: str, path: str, few: str) -> None:
    start = Start(model)
    rows = start.rows(wrong, weights=True, few=few)
    found = tfstep.diagnose(start.trace, rows)
    assert [(cause.kind, cause.path) for cause in found.causes] == [(kind, path)], str(found)
    assert found.causes[0].explains == found.causes[0].of
    assert tfstep.diagnose(start.trace, start.rows(weights=True, few=few)).agrees


def test_logarithms_of_probabilities_beside_attention_called_probabilities_are_their_own() -> None:
    start = Start("groups")
    rows = start.rows("first group")
    z = rows["logits"] - rows["logits"].max(-1, keepdims=True)
    rows["probs_of_attention"] = rows.pop("dec0.p")
    found = tfstep.diagnose(start.trace, {**rows, "logprobs": z - np.log(np.exp(z).sum(-1, keepdims=True))})
    assert {cause.kind for cause in found.causes} == {"heads-reshaped"}, str(found)


TEXTS["two layers"] = TEXTS["translator"].replace("kind: encoder-decoder,", "kind: encoder-decoder, layers: 2,")


def few(wrong: str) -> tuple[tfstep.Trace, dict[str, np.ndarray]]:
    """A run whose second decoder layer is wrong: its weights, and five arrays under names that tell nothing."""
    start = Start("two layers")
    rows = start.rows(wrong, only="dec1") if wrong else start.rows()
    kept = ("dec0.n3", "dec1.x_n2", "dec1.n3", "logits", "loss")
    return start.trace, {p: start.w[p] for p in start.parameters} | {f"a{k}": rows[n] for k, n in enumerate(kept)}


@pytest.mark.parametrize(
    ("wrong", "kind", "path"),
    [
        ("softmax twice", "softmax-twice", "dec1.attn.weights"),
        pytest.param("view heads v", "heads-reshaped", "dec1.attn.V", marks=pytest.mark.slow),
    ],
)
def test_where_little_was_written_down_the_mistake_may_be_far_before_what_differs(
    wrong: str, kind: str, path: str
) -> None:
    found = tfstep.diagnose(*few(wrong))
    assert [(cause.kind, cause.path) for cause in found.causes] == [(kind, path)], str(found)
    assert found.causes[0].explains == found.causes[0].of == 4


@pytest.mark.slow
def test_where_little_was_written_down_the_first_array_that_differs_is_the_step_and_no_later_one() -> None:
    trace, right = few("")
    branch = np.random.default_rng(4).normal(0, 0.2, right["a1"].shape)
    x = trace["dec1.norm2"].value + branch
    theirs = trace.edit({"dec1.norm2": x})
    rows = right | {"a1": x, "a2": theirs["dec1.norm3"].value, "a3": theirs["out.logits"].value}
    found = tfstep.diagnose(trace, rows | {"a4": np.asarray(theirs["loss"].value)})
    assert (found.first and found.first.path, found.causes) == ("dec1.norm2", ()), str(found)


def test_a_loss_alone_proves_no_mistake_whose_own_arrays_are_others() -> None:
    start = Start("translator")
    rows = start.rows("no mask", only="dec0.x_")
    pads = start.scenario.inputs.target.ids == start.scenario.inputs.target.pad
    wrong = {
        n: np.where(pads.reshape(2, *[1] * (a.ndim - 3), -1, 1), np.sin(7 * a) + 0.1, a)
        for n, a in rows.items()
        if n in ("dec0.x_p", "dec0.x_o", "dec0.x_cat", "dec0.x_att", "dec0.r2", "dec0.n2", "dec0.n3", "logits")
    }
    found = tfstep.diagnose(start.trace, rows | wrong)
    assert not found.agrees
    assert not [cause for cause in found.causes if cause.explains == 1], str(found)
