"""`input.x` of an encoder or a decoder: a vector for each position, in place of words."""

from __future__ import annotations

import numpy as np
import pytest

import tfstep
from tfstep.scenario.file.mistakes import Mistakes
from tfstep.scenario.scenario import load_text

X = np.random.default_rng(5).normal(size=(2, 3, 4))
TEXT = (
    "tfstep: 1\nmodel: {{kind: {kind}, heads: 2, d_ff: 6, positional: none}}\ninput: {{x: {x}}}\nloss: {{kind: sum}}\n"
)


@pytest.mark.parametrize(("kind", "side"), [("encoder", "src"), ("decoder", "tgt")])
def test_the_first_layer_reads_the_vectors(kind: str, side: str) -> None:
    trace = tfstep.trace(load_text(TEXT.format(kind=kind, x=X.tolist())))
    assert trace.plan.origin.model.d_model == 4
    np.testing.assert_array_equal(trace[f"{side}.x"].value, X)
    block = "enc0" if kind == "encoder" else "dec0"
    q = X @ trace[f"{block}.attn.W_Q"].value + trace[f"{block}.attn.b_Q"].value
    np.testing.assert_allclose(trace[f"{block}.attn.q_proj"].value, q, rtol=1e-12)
    assert trace[f"{side}.x"].grad.shape == X.shape


def test_the_same_as_words_with_these_vectors() -> None:
    words = "\n".join(
        ("tfstep: 1", "model: {kind: encoder, d_model: 4, heads: 2, d_ff: 6}", "vocab: {source: [a, b, c], target: [p, q]}",
         "input: {source: [a b c], labels: [p q p]}", f"weights: {{set: {{src.E: {X[0].tolist()}}}}}")
    )  # fmt: skip
    given = "\n".join(
        ("tfstep: 1", "model: {kind: encoder, d_model: 4, heads: 2, d_ff: 6}", "vocab: [p, q]",
         f"input: {{x: {X[0].tolist()}, labels: [p q p]}}")
    )  # fmt: skip
    one, other = (tfstep.trace(load_text(text)) for text in (words, given))
    assert one["loss"].value == other["loss"].value
    np.testing.assert_array_equal(one["enc0.attn.W_Q"].grad, other["enc0.attn.W_Q"].grad)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("x: [[1, 2], [3, 4]], source: a b", "source beside x"),
        ("x: [[1, 2], [3, 4]], labels: a b a", "labels of shape (1, 3); x has (1, 2) vectors"),
        ("x: [1, 2]", "x"),
    ],
)
def test_what_does_not_go_with_them_is_said(change: str, said: str) -> None:
    text = f"tfstep: 1\nmodel: {{kind: encoder, d_model: 2}}\nvocab: [a, b]\ninput: {{{change}}}\n"
    with pytest.raises(Mistakes) as caught:
        load_text(text)
    assert said in str(caught.value)
