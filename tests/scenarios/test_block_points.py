"""What the scenarios on residuals, norms, blocks, masks and decoders are there to show."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from shipped_runs import grad, loss, run, said, trained, value


def norms(variant: str, top: str) -> list[float]:
    """The size of the gradient at each layer's output, from the last to the first, and at src.x."""
    trace = run("residual", variant)
    paths = [*(f"enc{i}.{top}" for i in range(5, -1, -1)), "src.x"]
    return [float(np.linalg.norm(grad(trace, path))) for path in paths]


def test_a_residual_is_a_straight_road_for_the_gradient() -> None:
    straight, blocked = norms("no-norm", "add2"), norms("no-residual-no-norm", "ffn.out")
    assert min(straight) > 0.9 * straight[0]
    assert all(lower < upper / 20 for upper, lower in pairwise(blocked))
    assert blocked[-1] < 1e-10 * blocked[0]
    assert min(norms("base", "norm2")) > 0.5


def test_residuals_ease_vanishing_gradients_and_do_not_abolish_them() -> None:
    with_norms, without = norms("large-weights", "add2"), norms("large-weights-no-norm", "add2")
    assert with_norms[5] < with_norms[0] / 40
    assert without[5] > 10_000 * without[0]


def test_norms_without_residuals_make_words_alike() -> None:
    trace = run("residual", "no-residual")
    assert np.ptp(value(trace, "enc5.norm2"), axis=1).max() < 1e-12
    assert np.ptp(value(run("residual"), "enc5.norm2"), axis=1).max() > 1
    assert np.linalg.norm(grad(trace, "enc5.attn.W_Q")) < 1e-20
    assert "enc0.add1" not in trace.plan.paths


def test_a_pre_norm_block_that_adds_nothing_is_the_identity() -> None:
    trace = run("residual", "identity")
    for i in range(6):
        assert np.array_equal(value(trace, f"enc{i}.add2"), value(trace, "src.x"))


def test_layer_norm_goes_along_a_word_batch_norm_across_them() -> None:
    layer, batch = (value(run("layernorm-batchnorm", v), "enc0.norm1") for v in ("base", "batch"))
    assert np.abs(layer.mean(-1)).max() < 1e-12
    assert np.abs(layer.mean((0, 1))).max() > 0.1
    assert np.abs(batch.mean((0, 1))).max() < 1e-12
    assert np.abs(batch.mean(-1)).max() > 0.1
    other, batch_other = (
        value(run("layernorm-batchnorm", v), "enc0.norm1") for v in ("other-neighbour", "batch-other-neighbour")
    )
    assert np.array_equal(layer[0], other[0])
    assert np.abs(batch[0, :3] - batch_other[0, :3]).max() > 0.5


def test_the_feed_forward_network_looks_at_no_other_word() -> None:
    alone, other = (value(run("ffn", v), "enc0.ffn.out")[0] for v in ("base", "other-word"))
    assert np.array_equal(alone[[0, 2]], other[[0, 2]])
    assert np.abs(alone[1] - other[1]).max() > 1
    talking, mixed = (value(run("ffn", v), "enc0.ffn.out")[0] for v in ("talking", "talking-other-word"))
    assert (np.abs(talking - mixed).max(-1) > 0.1).all()


def test_an_encoder_layer_keeps_its_shape_and_heads_cost_nothing() -> None:
    two, eight = run("encoder"), run("encoder", "eight-heads")
    steps = (
        "src.embed",
        "src.x",
        "enc0.attn.out",
        "enc0.add1",
        "enc0.norm1",
        "enc0.ffn.out",
        "enc0.add2",
        "enc0.norm2",
    )
    numbers = [two.plan.paths[path].number for path in steps]
    assert numbers == sorted(numbers)
    assert {two[path].shape for path in steps} == {(1, 4, 16)}
    assert two["enc0.attn.Q"].shape == (1, 2, 4, 8)
    assert eight["enc0.attn.Q"].shape == (1, 8, 4, 2)
    sizes = [sum(trace.value(n.slot).size for n in trace.plan.nodes if n.kind == "parameter") for trace in (two, eight)]
    assert sizes == [2372, 2372]
    assert loss(trained("encoder")) < 0.01


def test_the_causal_mask_is_a_lower_triangle_and_hides_the_future() -> None:
    one, other = run("causal-mask"), run("causal-mask", "other-word")
    weights = value(one, "dec0.attn.weights")[0, 0]
    assert np.array_equal(weights, np.tril(weights))
    assert weights[0].tolist() == [1, 0, 0, 0]
    assert np.array_equal(value(one, "out.logits")[0, :3], value(other, "out.logits")[0, :3])
    assert np.array_equal(value(run("causal-mask", "minus-inf"), "dec0.attn.weights"), value(one, "dec0.attn.weights"))
    open_, open_other = (value(run("causal-mask", v), "out.logits")[0] for v in ("no-mask", "no-mask-other-word"))
    assert (np.abs(open_[:3] - open_other[:3]).max(-1) > 0.01).all()


def test_without_the_mask_training_looks_fine_and_generation_fails() -> None:
    assert loss(trained("causal-mask", "no-mask")) < 0.002
    assert said("causal-mask", trained("causal-mask")) == "我 爱 你 <eos>"
    assert said("causal-mask", trained("causal-mask", "no-mask"), "no-mask") == "你 爱 你 <eos>"


def test_the_ball_is_blue() -> None:
    trace = run("the-ball-is-blue")
    for layer in ("dec0", "dec1"):
        weights = value(trace, f"{layer}.cross.weights")[0, 0]
        assert weights.argmax(-1).tolist() == [0, 1, 2, 3]
        assert weights.max(-1).min() > 0.6
        own = value(trace, f"{layer}.attn.weights")[0, 0]
        assert np.array_equal(own, np.tril(own))
        for projection in ("k_proj", "v_proj"):
            assert trace[f"{layer}.cross.{projection}"].inputs[0] == "enc0.norm2"
    assert trace["dec0.cross.weights"].labels == {
        "query": [["<sos>", "La", "bola", "es"]],
        "key": [["The", "ball", "is", "blue"]],
    }
    assert said("the-ball-is-blue", trace) == "La bola es azul <eos>"
    assert said("the-ball-is-blue", trained("the-ball-is-blue", "start"), "start").startswith("La bola es azul")
    assert np.triu(value(run("the-ball-is-blue", "no-causal-mask"), "dec0.attn.weights")[0, 0], 1).max() > 0.1


@pytest.mark.parametrize("variant", ["base", "no-position", "llama"])
def test_gpt_recites_the_poem(variant: str) -> None:
    trace = trained("gpt", variant)
    assert loss(trace) < 0.01
    poem = "床前明月光疑是地上霜举头望明月低头思故乡"
    assert said("gpt", trace, variant).replace(" ", "") == poem + "<eos>"


def test_gpt_ties_the_words_read_to_the_words_said() -> None:
    trace = run("gpt")
    assert np.array_equal(value(trace, "tgt.E"), value(trace, "out.W").T)
    assert "cross" not in "".join(trace.plan.paths)
    assert run("gpt", "llama")["dec0.attn.K"].shape[1] == 1
