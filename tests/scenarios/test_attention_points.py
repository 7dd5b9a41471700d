"""What the scenarios on similarity, attention, heads and positions are there to show."""

from __future__ import annotations

import numpy as np
import pytest
from shipped_runs import grad, loss, run, trained, value

from tfstep.scenario.scenario import load_text

HEAD = "enc0.attn."


def test_same_signs_add_opposite_signs_take_away() -> None:
    scores = {v: value(run("similarity", v), HEAD + "scores")[0, 0] for v in ("base", "longer", "opposite")}
    E = value(run("similarity"), "src.E")
    np.testing.assert_allclose(scores["base"], E @ E.T, rtol=1e-12)
    assert scores["base"][0, 1] == 5
    assert (np.sign(E[0]) == np.sign(E[1])).all()
    assert scores["longer"][0, 1] == 10
    assert scores["opposite"][0, 1] == -5
    assert loss(trained("similarity")) < 0.2 * loss(run("similarity"))


def test_the_matrix_form_and_the_scalar_form_are_one() -> None:
    trace = run("attention")
    Q, K, V = (value(trace, f"attn.{name}")[0, 0] for name in "QKV")
    for i in range(4):
        s = [float(Q[i] @ K[j]) for j in range(4)]
        e = np.exp(np.array(s) / np.sqrt(2))
        z = sum(e[j] / e.sum() * V[j] for j in range(4))
        np.testing.assert_allclose(value(trace, "attn.scores")[0, 0, i], s, rtol=1e-12)
        np.testing.assert_allclose(value(trace, "attn.heads")[0, 0, i], z, rtol=1e-12)


def test_the_gradient_reaches_every_parameter_but_the_key_bias() -> None:
    trace = run("attention")
    for name in ("W_Q", "b_Q", "W_K", "W_V", "b_V"):
        assert np.abs(grad(trace, f"attn.{name}")).min() > 1e-4, name
    assert np.abs(grad(trace, "attn.b_K")).max() < 1e-15
    path = ["heads", "weights", "scaled", "scores", "Q", "W_Q"]
    steps = [trace[f"attn.{name}.grad"].step for name in path]
    assert steps == sorted(steps, key=lambda step: int(str(step)))
    assert loss(trained("attention")) < 0.01 * loss(trace)
    assert "scaled" in trace["attn.weights"].inputs[0]
    assert "scores" in run("attention", "no-scale")["attn.weights"].inputs[0]


def test_a_word_becomes_what_it_means_here() -> None:
    trace, end = run("self-attention-plain"), trained("self-attention-plain")
    x = value(trace, "src.x")
    assert np.array_equal(x[0, 0], x[1, 0])
    heads = value(trace, HEAD + "heads")
    fruit, technology = heads[:, 0, 0].T  # of 苹果 in either sentence
    assert (technology > fruit).tolist() == [True, False]
    scores = value(trace, HEAD + "scores")
    assert np.array_equal(scores, np.swapaxes(scores, -1, -2))
    assert value(end, "out.probs")[0, 0].argmax() != value(end, "out.probs")[1, 0].argmax()


def test_attention_to_an_outside_store() -> None:
    trace = run("self-attention-plain", "outside-store")
    assert value(trace, "attn.weights").shape == (1, 1, 1, 3)
    w, memory = value(trace, "attn.weights")[0, 0, 0], value(trace, "memory")[0]
    np.testing.assert_allclose(value(trace, "attn.heads")[0, 0, 0], w @ memory, rtol=1e-12)


def test_projections_let_asking_and_being_found_differ() -> None:
    scores = value(run("self-attention"), HEAD + "scores")[0, 0]
    assert scores[0, 1] == 4
    assert scores[1, 0] == 0
    tied = value(run("self-attention", "query-is-key"), HEAD + "scores")[0, 0]
    assert np.array_equal(tied, tied.T)


def test_a_key_bias_moves_scores_and_no_weight() -> None:
    plain, biased = run("self-attention"), run("self-attention", "key-bias")
    assert np.abs(value(plain, HEAD + "scores") - value(biased, HEAD + "scores")).max() == 2
    np.testing.assert_allclose(value(plain, HEAD + "weights"), value(biased, HEAD + "weights"), atol=1e-15)
    assert np.abs(grad(biased, HEAD + "b_K")).max() < 1e-15


def test_without_the_scale_softmax_saturates_and_its_gradient_vanishes() -> None:
    def size(variant: str, tensor: str) -> float:
        return float(np.median(np.abs(grad(run("scaling", variant), f"attn.{tensor}"))))

    spread = [float(value(run("scaling", v), "attn.scores").std()) for v in ("d4", "base", "d512")]
    assert spread[0] < spread[1] / 2 < spread[2] / 4
    assert size("d512", "scaled") > 0.5 * size("base", "scaled")
    assert size("no-scale", "scores") < 0.01 * size("base", "scaled")
    assert size("d512-no-scale", "scores") < 1e-10
    assert size("d512-no-scale", "W_Q") < 1e-3 * size("d512", "W_Q")
    assert run("scaling", "d512")["attn.Q"].shape == (1, 1, 8, 512)


def test_three_heads_have_three_notions_of_relevance_one_has_one() -> None:
    three, one = run("multi-head"), run("multi-head", "one-head")
    words = three[HEAD + "weights"].labels["key"][0]
    row = value(three, HEAD + "weights")[0, :, 4]
    assert [words[int(k)] for k in row.argmax(-1)] == ["我", "他", "走"]
    assert row.max(-1).round(2).tolist() == [0.91, 0.91, 0.91]
    assert value(one, HEAD + "weights")[0, 0, 4].round(2).tolist() == [0.33, 0, 0.33, 0, 0, 0, 0.33, 0]


def test_order_is_seen_only_with_positions() -> None:
    heads = {
        v: value(run("wo-ai-ni", v), HEAD + "heads")[0, 0]
        for v in ("base", "swapped", "no-position", "swapped-no-position")
    }
    np.testing.assert_allclose(heads["no-position"], heads["swapped-no-position"][::-1], atol=1e-15)
    assert np.abs(heads["base"] - heads["swapped"][::-1]).max() > 0.1


def test_rope_knows_the_signed_distance() -> None:
    base, shifted, turned, none = (run("rope", v) for v in ("base", "shifted", "reversed", "no-position"))
    assert value(base, HEAD + "scores")[0, 0, 1, 3] == pytest.approx(np.sin(-2))
    assert value(turned, HEAD + "scores")[0, 0, 3, 1] == pytest.approx(np.sin(2))
    assert value(none, HEAD + "scores")[0, 0, 1, 3] == 0
    np.testing.assert_allclose(value(base, HEAD + "scores"), value(shifted, HEAD + "scores"), atol=1e-15)
    assert (np.abs(value(base, HEAD + "Q_rot") - value(shifted, HEAD + "Q_rot")).max(-1) > 0.1).all()
    assert HEAD + "V_rot" not in base.plan.paths
    learned = {node.path for node in base.plan.nodes if node.kind == "parameter"}
    assert learned == {node.path for node in none.plan.nodes if node.kind == "parameter"}


def test_padding_is_not_listened_to() -> None:
    on, off = run("padding"), run("padding", "mask-off")
    assert value(on, HEAD + "weights")[0, 0, :, 4:].max() == 0
    assert value(off, HEAD + "weights")[0, 0, :, 4:].min() > 0
    gone = run("padding", "all-pad-minus-inf")
    assert np.isnan(value(gone, HEAD + "weights")[2]).all()
    assert np.isfinite(value(run("padding", "all-pad"), HEAD + "weights")).all()


def test_a_memory_is_rotated_by_positions_of_its_own() -> None:
    """The query at 7, the keys at 0 and 1: (1, 2) turned by 7, against (1, 0) and (0, 1) turned by 0 and 1."""
    text = """{model: {kind: attention, d_model: 2, positional: rope, bias: false, projections: false, output: false},
      input: {x: [[1, 2]], memory: [[1, 0], [0, 1]], offset: 7}}"""
    trace = load_text(text).program.trace()
    turned = np.array([np.cos(7) - 2 * np.sin(7), np.sin(7) + 2 * np.cos(7)])
    wanted = [turned[0], -np.sin(1) * turned[0] + np.cos(1) * turned[1]]
    np.testing.assert_allclose(trace["attn.scores"].value[0, 0, 0], wanted, rtol=1e-12)
    np.testing.assert_allclose(wanted, [-0.5601, 1.6409], atol=1e-4)
