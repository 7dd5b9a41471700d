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
