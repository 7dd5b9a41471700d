"""Every key that real models need: what it adds, that its numbers are those of NumPy's plain algebra, its gradients."""

import math
from typing import Any

import numpy as np
import pytest

from tfstep.engine.trace import Trace
from tfstep.models.keys.sections import RopePart, ScalingPart
from tfstep.models.parts.positions import rope_frequencies
from tfstep.scenario.file.mistakes import Mistakes
from tfstep.scenario.scenario import load_text
from tfstep.session.study.checks import check

WORDS = {
    "encoder": "vocab: [<pad>, a, b, c]\ninput: {source: [[a, b, c], [b, c]], labels: [[a, b, c], [b, c]]%s}\n",
    "decoder": "vocab: [<pad>, a, b, c]\ninput: {target: [[a, b, c], [b, c]], labels: [[b, c, a], [c, a]]%s}\n",
    "encoder-decoder": "vocab: [<pad>, a, b, c]\ninput: {source: a b c a, target: a b c, labels: b c a%s}\n",
}


def text(keys: str, kind: str = "decoder", given: str = "") -> str:
    usual = {"norm_position": "pre", "activation": "gelu", "layers": 1, "d_model": 4, "heads": 2, "d_ff": 6}
    rest = ", ".join(f"{name}: {each}" for name, each in usual.items() if f"{name}:" not in keys)
    return f"model: {{kind: {kind}, {rest}, {keys}}}\n{WORDS[kind] % given}weights: {{init: {{normal: 0.5}}}}\n"


def trace(keys: str, kind: str = "decoder", given: str = "") -> Trace:
    return load_text(text(keys, kind, given)).program.trace()


def value(t: Trace, path: str) -> np.ndarray:
    return np.asarray(t[path].value)


def normed(x: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)


KEYS: list[tuple[str, str, str]] = [
    ("norm_position: both", "decoder", ""),
    ("norm_position: output", "decoder", ""),
    ("norm_position: both", "encoder-decoder", ""),
    ("norm_position: post, final_norm: true", "encoder", ""),
    ("final_norm: false", "decoder", ""),
    ("first_norm: false", "encoder", ""),
    ("norm: rms, norm_offset: 1", "decoder", ""),
    ("bias: {qkv: true, out: false, ffn: false, norm: false, head: false}", "decoder", ""),
    ("embed_norm: true, token_types: 2", "encoder", ", types: [[0, 1, 1], [0, 1, 0]]"),
    ("parallel: own", "decoder", ""),
    ("parallel: shared", "decoder", ""),
    ("activation: gelu_tanh, gated: true", "decoder", ""),
    ("activation: swiglu_clamped", "decoder", ""),
    ("activation: quick_gelu", "encoder", ""),
    ("qk_norm: head, norm: rms", "decoder", ""),
    ("qk_norm: all, kv_heads: 1, norm: rms, positional: rope", "decoder", ""),
    ("qk_norm: weightless, qk_norm_after_rope: true, positional: rope", "decoder", ""),
    ("qk_norm: head, norm: rms, norm_offset: 1, positional: rope", "decoder", ""),
    ("qk_norm: heads, norm: rms, norm_offset: 1, kv_heads: 1", "decoder", ""),
    ("qk_norm: heads, d_k: 4, positional: rope", "decoder", ""),
    ("clip_qkv: 0.3", "decoder", ""),
    ("scale: 0.3, score_softcap: 0.7, logit_softcap: 2, logit_scale: 0.5", "decoder", ""),
    ("embed_scale: 3.5, residual_scale: 0.22", "decoder", ""),
    ("window: 2, chunk: 3", "decoder", ", documents: [[0, 0, 1], [0, 0, 0]]"),
    ("window: 1", "encoder", ""),
    ("sinks: true", "decoder", ""),
    (
        "d_k: 4, d_v: 2, positional: rope, rope: {part: 0.5, pairs: half, scaling: {kind: yarn, factor: 4, original: 16}}",
        "decoder",
        "",
    ),
    ("positional: alibi", "decoder", ""),
    ("positional: relative, relative: {buckets: 8, distance: 16}, scale: false", "encoder-decoder", ""),
    ("positional: learned, positions: 9, position_offset: 2", "decoder", ""),
    ("positional: learned, position_offset: 2, count_pads: false", "encoder", ""),
    ("norm_weight: false, bias: {norm: false}", "decoder", ""),
    ("sinusoids: halved", "encoder", ""),
    ("experts: {count: 4, top: 2}", "decoder", ""),
    ("experts: {count: 3, top: 2, router: topk, bias: true}, activation: swiglu_clamped", "decoder", ""),
    ("experts: {count: 4, top: 2, router: sigmoid, correction: true, scale: 2.5, shared: 5, d_ff: 6}", "decoder", ""),
    ("experts: {count: 3, top: 1, renormalise: false}", "decoder", ""),
    ("attn_gate: true", "decoder", ""),
    ("pooler: tanh", "encoder", ""),
    ("head_transform: true", "encoder", ""),
    ("d_embed: 3, embed_norm: true, head_transform: true", "encoder", ""),
    ("layers: 2, positional: rope, layer_pattern: [{window: 2}, {positional: none, rope: {base: 100}}]", "decoder", ""),
]


@pytest.mark.slow
@pytest.mark.parametrize(("keys", "kind", "given"), KEYS, ids=[f"{kind}-{keys[:60]}" for keys, kind, _ in KEYS])
def test_gradients_agree_with_finite_differences(keys: str, kind: str, given: str) -> None:
    scenario = load_text(text(keys, kind, given))
    found = check(scenario, scenario.program.trace())
    assert found.gradient is not None
    assert found.gradient.max_error < 1e-6, found.gradient.worst
    assert found.gradient.checked > 50
    assert all(each.holds is not False for each in found.invariants)


@pytest.mark.slow
@pytest.mark.parametrize(("keys", "kind", "given"), KEYS, ids=[f"{kind}-{keys[:60]}" for keys, kind, _ in KEYS])
def test_every_step_explains_itself(keys: str, kind: str, given: str) -> None:
    t = trace(keys, kind, given)
    for node in t.plan.steps:
        cell = ",".join(str(n - 1) for n in node.shape)
        assert t.explain(f"{node.path}[{cell}]" if cell else node.path).holds, node.path


def test_norms_stand_where_they_are_put() -> None:
    both = trace("norm_position: both")
    assert value(both, "dec0.norm1_out.gamma").shape == (4,)
    x, out = value(both, "tgt.x"), value(both, "dec0.attn.out")
    np.testing.assert_allclose(value(both, "dec0.add1"), x + normed(out), rtol=1e-12)
    output = trace("norm_position: output")
    np.testing.assert_allclose(value(output, "dec0.norm1"), normed(value(output, "dec0.attn.out")), rtol=1e-12)
    np.testing.assert_allclose(value(output, "dec0.add1"), value(output, "tgt.x") + value(output, "dec0.norm1"))
    assert output["dec0.attn.q_proj"].inputs[0] == "tgt.x"
    assert "enc.norm" in trace("norm_position: post, final_norm: true", "encoder").plan.paths
    assert "dec.norm" not in trace("final_norm: false").plan.paths
    first = trace("layers: 2, first_norm: false", "encoder")
    assert "enc0.norm1" not in first.plan.paths
    assert "enc1.norm1" in first.plan.paths


def test_a_norm_without_shift_and_one_whose_gamma_starts_at_0() -> None:
    offset = trace("norm: rms, norm_offset: 1")
    assert not value(offset, "dec0.norm1.gamma").any()
    x = value(offset, "tgt.x")
    expected = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(value(offset, "dec0.norm1"), expected, rtol=1e-12)
    bare = trace("bias: {qkv: true, out: false, ffn: false, norm: false, head: false}")
    biases = {path for path, node in bare.plan.paths.items() if node.role.name in ("bias", "zero")}
    assert biases == {"dec0.attn.b_Q", "dec0.attn.b_K", "dec0.attn.b_V"}


def test_norms_may_have_nothing_to_learn() -> None:
    t = trace("norm_weight: false, bias: {norm: false}")
    assert t.plan.paths["dec0.norm1.gamma"].kind == "constant"
    np.testing.assert_allclose(value(t, "dec0.norm1"), normed(value(t, "tgt.x")), rtol=1e-12)


def test_types_of_words_are_added_and_the_embedding_is_normalised() -> None:
    t = trace("embed_norm: true, token_types: 2", "encoder", ", types: [[0, 1, 1], [0, 1, 0]]")
    types = value(t, "src.E_types")[[[0, 1, 1], [0, 1, 0]]]
    np.testing.assert_allclose(value(t, "src.typed"), value(t, "src.embed") + types)
    np.testing.assert_allclose(value(t, "src.x"), value(t, "src.typed") + value(t, "src.pos"))
    np.testing.assert_allclose(value(t, "src.norm"), normed(value(t, "src.x")), rtol=1e-12)
    assert t["enc0.norm1"].inputs[0] == "src.norm"


def test_a_parallel_block_adds_both_at_once() -> None:
    for parallel, reads in (("own", "dec0.norm2"), ("shared", "dec0.norm1")):
        t = trace(f"parallel: {parallel}")
        parts = [value(t, path) for path in ("tgt.x", "dec0.attn.out", "dec0.ffn.out")]
        np.testing.assert_allclose(value(t, "dec0.add1"), sum(parts))
        assert t["dec0.ffn.hidden"].inputs[0] == reads
        assert "dec0.add2" not in t.plan.paths


def rms(x: np.ndarray) -> np.ndarray:
    return np.asarray(x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5))


def test_queries_and_keys_are_normalised_by_head_or_all_together() -> None:
    head = trace("qk_norm: head, norm: rms, positional: rope")
    np.testing.assert_allclose(value(head, "dec0.attn.Q_norm"), rms(value(head, "dec0.attn.Q")), rtol=1e-12)
    assert value(head, "dec0.attn.q_norm.gamma").shape == (2,)
    assert head["dec0.attn.Q_rot"].inputs[0] == "dec0.attn.Q_norm"
    both = trace("qk_norm: all, norm: rms")
    np.testing.assert_allclose(value(both, "dec0.attn.K_norm"), rms(value(both, "dec0.attn.k_proj")), rtol=1e-12)
    assert value(both, "dec0.attn.k_norm.gamma").shape == (4,)
    after = trace("qk_norm: weightless, qk_norm_after_rope: true, positional: rope")
    np.testing.assert_allclose(value(after, "dec0.attn.Q_norm"), rms(value(after, "dec0.attn.Q_rot")), rtol=1e-12)
    assert after["dec0.attn.scores"].inputs == ("dec0.attn.Q_norm", "dec0.attn.K_norm")


def test_each_head_is_normalised_with_a_gamma_of_its_own() -> None:
    t = trace("qk_norm: heads, d_k: 4")
    given = np.random.default_rng(2).normal(1, 0.5, (2, value(t, "dec0.attn.q_norm.head0.gamma").size))
    t = t.edit({f"dec0.attn.q_norm.head{h}.gamma": given[h] for h in range(2)})
    q = value(t, "dec0.attn.Q")
    for b, h, p in np.ndindex(q.shape[:3]):
        row = q[b, h, p]
        by_hand = given[h] * (row - row.mean()) / np.sqrt(((row - row.mean()) ** 2).mean() + 1e-5)
        np.testing.assert_allclose(value(t, "dec0.attn.Q_norm")[b, h, p], by_hand, rtol=1e-12)
    assert t["dec0.attn.q_norm.gamma"].shape == (2, 1, q.shape[-1])
    assert t["dec0.attn.k_norm.head1.gamma"].grad is not None
    lean = trace("qk_norm: heads, norm: rms, kv_heads: 1")
    assert lean.paths("dec0.attn.k_norm.head*.gamma") == ["dec0.attn.k_norm.head0.gamma"]
    np.testing.assert_allclose(value(lean, "dec0.attn.K_norm"), rms(value(lean, "dec0.attn.K")), rtol=1e-12)


def test_queries_keys_and_values_are_cut_off() -> None:
    t = trace("clip_qkv: 0.3")
    for which in "qkv":
        before, after = (value(t, f"dec0.attn.{which}_{name}") for name in ("proj", "clipped"))
        assert abs(before).max() > 0.3 > abs(before).min()
        np.testing.assert_array_equal(after, np.where(before > 0.3, 0.3, np.where(before < -0.3, -0.3, before)))
        grad = t[f"dec0.attn.{which}_proj"].grad
        assert grad is not None
        assert (grad[abs(before) > 0.3] == 0).all()
    assert t["dec0.attn.Q"].inputs == ("dec0.attn.q_clipped",)
    assert t.explain("dec0.attn.v_clipped[0,0,0]").total == value(t, "dec0.attn.v_clipped")[0, 0, 0]


def test_multipliers_and_soft_caps() -> None:
    t = trace(
        "scale: 0.3, score_softcap: 0.7, logit_softcap: 2, logit_scale: 0.5, embed_scale: 3.5, residual_scale: 0.2"
    )
    scores, raw = value(t, "dec0.attn.scores"), value(t, "out.raw")
    np.testing.assert_allclose(value(t, "dec0.attn.scaled"), 0.3 * scores)
    np.testing.assert_allclose(value(t, "dec0.attn.capped"), 0.7 * np.tanh(0.3 * scores / 0.7), rtol=1e-12)
    np.testing.assert_allclose(value(t, "out.logits"), 2 * np.tanh(0.5 * raw / 2), rtol=1e-12)
    np.testing.assert_allclose(value(t, "tgt.embed")[0, 0], 3.5 * value(t, "tgt.E")[1])
    np.testing.assert_allclose(value(t, "dec0.add1"), value(t, "tgt.x") + 0.2 * value(t, "dec0.attn.out"))


def test_why_a_cell_is_hidden() -> None:
    t = trace("window: 2, chunk: 2", "decoder", ", documents: [[0, 0, 1], [0, 0, 0]]")
    assert value(t, "dec0.attn.mask")[0, 0].tolist() == [
        [0, 2, 2 + 8 + 16],
        [0, 0, 2 + 8 + 16],
        [4 + 8 + 16, 8 + 16, 0],
    ]
    note = t.explain("dec0.attn.masked[0,0,2,0]").note
    assert note is not None
    assert all(word in str(note) for word in ("window", "chunk", "another document"))
    assert trace("window: 1", "encoder").explain("enc0.attn.masked[0,0,0,2]").note is not None
    assert value(trace("window: 1", "encoder"), "enc0.attn.mask")[0, 0].tolist() == [[0, 0, 4], [0, 0, 0], [4, 0, 0]]


def test_a_sink_takes_its_share() -> None:
    t = trace("sinks: true")
    s = value(t, "dec0.attn.masked")
    np.testing.assert_allclose(
        value(t, "dec0.attn.weights"), np.exp(s) / (np.exp(s).sum(-1, keepdims=True) + 1), rtol=1e-12
    )
    assert value(t, "dec0.attn.sinks").shape == (2,)
    assert "sink" in str(t.explain("dec0.attn.weights[0,0,2,0]").note)


def test_distances_lower_scores_or_have_numbers_of_their_own() -> None:
    t = trace("positional: alibi")
    assert value(t, "dec.alibi")[0, :, 2].tolist() == [[-2 / 16, -1 / 16, 0], [-2 / 256, -1 / 256, 0]]
    np.testing.assert_allclose(value(t, "dec0.attn.biased"), value(t, "dec0.attn.scaled") + value(t, "dec.alibi"))
    six = trace("positional: alibi, heads: 6, d_k: 2, d_v: 2")
    slopes = -value(six, "dec.alibi")[0, :, 1, 0]
    np.testing.assert_allclose(slopes, [2**-2.0, 2**-4.0, 2**-6.0, 2**-8.0, 2**-1.0, 2**-3.0])
    r = trace("positional: relative, relative: {buckets: 8, distance: 16}, scale: false", "encoder-decoder")
    table = value(r, "enc.relative.E")
    assert value(r, "enc.relative.buckets").tolist() == [[0, 5, 6, 6], [1, 0, 5, 6], [2, 1, 0, 5], [2, 2, 1, 0]]
    np.testing.assert_allclose(value(r, "enc.relative.bias")[0, 1, 0, 2], table[6, 1])
    assert value(r, "dec.relative.buckets").tolist() == [[0, 0, 0], [1, 0, 0], [2, 1, 0]]
    assert "enc0.attn.scaled" not in r.plan.paths
    assert "dec0.cross.biased" not in r.plan.paths


def test_learned_positions_begin_where_the_table_says() -> None:
    t = trace("positional: learned, positions: 9, position_offset: 2")
    assert value(t, "tgt.pos").shape == (9, 4)
    np.testing.assert_allclose(value(t, "tgt.x")[0], value(t, "tgt.embed")[0] + value(t, "tgt.pos")[2:5])
    words = trace("positional: learned, position_offset: 2, count_pads: false", "encoder")
    rows = value(words, "src.pos")[[[2, 3, 4], [2, 3, 1]]]
    np.testing.assert_allclose(value(words, "src.x"), value(words, "src.embed") + rows)
    halved, usual = (value(trace(f"sinusoids: {name}", "encoder"), "src.pos") for name in ("halved", "interleaved"))
    np.testing.assert_array_equal(halved, usual[:, [0, 2, 1, 3]])


def test_a_router_chooses_and_says_why() -> None:
    t = trace("experts: {count: 4, top: 2}")
    p, weights = value(t, "dec0.ffn.router.probs"), value(t, "dec0.ffn.router.weights")
    for word in np.ndindex(2, 3):
        best = sorted(range(4), key=lambda e: -p[word][e])[:2]
        for e in range(4):
            share = p[word][e] / p[word][best].sum() if e in best else 0
            assert math.isclose(weights[word][e], share, rel_tol=1e-12)
            note = str(t.explain(f"dec0.ffn.router.chosen[{word[0]},{word[1]},{e}]").note)
            assert note.startswith("chosen" if e in best else "not chosen")
    said = sum(weights[..., e : e + 1] * value(t, f"dec0.ffn.expert{e}.out") for e in range(4))
    np.testing.assert_allclose(value(t, "dec0.ffn.out"), said, rtol=1e-12)
    v3 = trace("experts: {count: 4, top: 2, router: sigmoid, correction: true, scale: 2.5, shared: 5, d_ff: 6}")
    np.testing.assert_allclose(value(v3, "dec0.ffn.router.weights").sum(-1), 2.5, rtol=1e-12)
    assert value(v3, "dec0.ffn.shared.W_1").shape == (4, 5)
    assert value(v3, "dec0.ffn.expert3.W_1").shape == (4, 6)


def test_an_expert_that_no_word_chose_is_not_computed() -> None:
    scenario = load_text(text("experts: {count: 8, top: 1}, layers: 2, norm_position: pre", "decoder", ""))
    leaves = scenario.program.leaves
    pulled, whole = (Trace.start(scenario.plan, leaves) for _ in range(2))
    whole.run()
    for path in ("out.logits", "loss", "tgt.E.grad", "dec0.ffn.router.W.grad", "dec0.ffn.expert0.W_1.grad"):
        assert pulled[path].value.tobytes() == whole[path].value.tobytes(), path
    for block in ("dec0", "dec1"):
        kept = value(whole, f"{block}.ffn.router.kept")
        chosen = {e for e in range(8) if kept[..., e].any()}
        assert 0 < len(chosen) < 8
        slots = {e: scenario.plan.paths[f"{block}.ffn.expert{e}.hidden"].slot for e in range(8)}
        assert {e for e in slots if not pulled.stale(slots[e])} == chosen
        for e in set(slots) - chosen:  # looked at, it is there, and nothing comes of it
            assert np.abs(value(pulled, f"{block}.ffn.expert{e}.out")).max() > 0
            assert not value(pulled, f"{block}.ffn.expert{e}.share").any()
            assert not value(pulled, f"{block}.ffn.expert{e}.W_1.grad").any()
    for node in scenario.plan.nodes:
        assert pulled[node.path].value.tobytes() == whole[node.path].value.tobytes(), node.path


def test_another_expert_is_chosen_by_an_edit_and_computed() -> None:
    t = trace("experts: {count: 4, top: 1}")
    kept = value(t, "dec0.ffn.router.kept")[0, 0]
    other = int(np.argmin(kept))
    edited = t.edit({f"dec0.ffn.router.logits[0,0,{other}]": 50.0})
    assert value(edited, "dec0.ffn.router.kept")[0, 0].argmax() == other
    assert value(edited, f"dec0.ffn.expert{other}.share")[0, 0].any()
    assert (value(edited, "dec0.ffn.out")[0, 0] != value(t, "dec0.ffn.out")[0, 0]).all()


def test_sentences_become_one_vector() -> None:
    x = value(trace("pooler: mean", "encoder"), "enc.norm")
    np.testing.assert_allclose(value(trace("pooler: mean", "encoder"), "pooled")[1], x[1, :2].mean(0))
    np.testing.assert_array_equal(value(trace("pooler: last", "encoder"), "pooled"), [x[0, 2], x[1, 1]])
    np.testing.assert_array_equal(value(trace("pooler: first", "encoder"), "pooled"), x[:, 0])
    unit = value(trace("pooler: mean, pool_unit: true", "encoder"), "pooled")
    np.testing.assert_allclose((unit * unit).sum(-1), 1)
    t = trace("pooler: tanh", "encoder")
    np.testing.assert_allclose(value(t, "pooled"), np.tanh(x[:, 0] @ value(t, "pooled.W") + value(t, "pooled.b")))


def test_layers_take_turns() -> None:
    t = trace("layers: 3, positional: rope, layer_pattern: [{window: 2}, {positional: none}]")
    windows = [bool((value(t, f"dec{i}.attn.mask") == 4).any()) for i in range(3)]
    assert windows == [True, False, True]
    assert [f"dec{i}.attn.Q_rot" in t.plan.paths for i in range(3)] == [True, False, True]


@pytest.mark.parametrize(
    ("keys", "kind", "says"),
    [
        ("parallel: own, norm_position: post", "decoder", "parallel is own and norm_position is post"),
        ("parallel: own", "encoder-decoder", "whose decoder has three sublayers"),
        ("first_norm: false, norm_position: post", "encoder", "first_norm is false and norm_position is post"),
        ("gated: false, activation: swiglu", "decoder", "gated is false and activation is swiglu"),
        ("norm: batch, bias: {norm: false}", "decoder", "norms without a bias, and norm is batch; allowed: layer, rms"),
        ("norm: batch, qk_norm: head", "decoder", "qk_norm is head and norm is batch"),
        ("experts: {count: 2, top: 3}", "decoder", "top is 3 of 2 experts"),
        ("logit_scale: 2, head: false", "decoder", "logit_scale without an output layer"),
        ("positional: rope, rope: {part: 0.3}", "decoder", "rope.part turns 0 of the 2 features"),
        ("positional: rope, rope: {scaling: {kind: longrope}}", "decoder", "longrope with 0 short and 0 long factors"),
        ("layer_pattern: [{positional: rope}]", "decoder", "positional is rope in a layer and sinusoidal in the model"),
        ("layer_pattern: [{windw: 2}]", "decoder", "did you mean window?"),
        (
            "layer_pattern: [{window: 0}]",
            "decoder",
            "model.layer_pattern.window is 0; allowed: a whole number, 1 or more",
        ),
        ("positional: learned, positions: 2", "decoder", "2 positions; 3 are needed"),
        ("window: -1", "decoder", "model.window is -1; allowed: a whole number, 1 or more"),
        ("clip_qkv: 0", "decoder", "model.clip_qkv is 0; allowed: a number, more than 0"),
        ("qk_norm: heads, norm: none", "decoder", "qk_norm is heads and norm is none"),
        ("score_softcap: -1", "decoder", "model.score_softcap is -1; allowed: a number, more than 0"),
        ("scale: far", "decoder", "model.scale is 'far'; allowed: true or false, or a number"),
        ("bias: 3", "decoder", "model.bias is 3; allowed: true or false, or a group of keys"),
        ("layer_pattern: [null]", "decoder", "model.layer_pattern is null; allowed: a group of keys (clip_qkv, "),
        ("token_types: 2", "decoder", "token_types does not belong to kind decoder; it belongs to encoder"),
    ],
)
def test_keys_that_do_not_agree_are_told(keys: str, kind: str, says: str) -> None:
    with pytest.raises(Mistakes) as mistakes:
        _ = load_text(text(keys, kind)).program
    assert says in str(mistakes.value)


def test_types_and_documents_are_one_a_word() -> None:
    with pytest.raises(Mistakes, match=r"types of shape \(1, 2\); whole numbers from 0 of shape \(2, 3\) are needed"):
        trace("token_types: 2", "encoder", ", types: [0, 1]")
    with pytest.raises(Mistakes, match=r"types up to 5; model.token_types is 2"):
        trace("token_types: 2", "encoder", ", types: [[0, 5, 0], [0, 0, 0]]")


def _angles(scaling: dict[str, Any], length: int = 8) -> tuple[np.ndarray, float]:
    return rope_frequencies(8, RopePart(base=10000.0, scaling=ScalingPart(**scaling)), length)


def test_the_angles_of_rope_are_stretched_as_published() -> None:
    plain = 10000.0 ** -(np.arange(4) / 4)
    np.testing.assert_allclose(_angles({"kind": "linear", "factor": 4})[0], plain / 4)
    np.testing.assert_allclose(_angles({"kind": "dynamic", "factor": 2, "original": 8})[0], plain)
    grown = (10000.0 * (2 * 16 / 8 - 1) ** (8 / 6)) ** -(np.arange(4) / 4)
    np.testing.assert_allclose(_angles({"kind": "dynamic", "factor": 2, "original": 8}, 16)[0], grown)
    llama, _ = _angles({"kind": "llama3", "factor": 8, "original": 128, "low": 1, "high": 4})
    smooth = (128 / (2 * math.pi / plain[1]) - 1) / 3
    assert llama[0] == plain[0]
    np.testing.assert_allclose(llama[1], (1 - smooth) * plain[1] / 8 + smooth * plain[1])
    np.testing.assert_allclose(llama[2:], plain[2:] / 8)
    yarn, times = _angles({"kind": "yarn", "factor": 4, "original": 64, "beta_fast": 32, "beta_slow": 1})
    assert math.isclose(times, 0.1 * math.log(4) + 1)
    assert yarn[0] == plain[0]
    np.testing.assert_allclose(yarn[2:], plain[2:] / 4)
    short, long = (1.0, 1.1, 1.2, 1.3), (2.0, 3.0, 4.0, 5.0)
    both = {"kind": "longrope", "factor": 4, "original": 8, "short": short, "long": long}
    np.testing.assert_allclose(_angles(both)[0], plain / short)
    np.testing.assert_allclose(_angles(both, 9)[0], plain / long)
    assert math.isclose(_angles(both)[1], math.sqrt(1 + math.log(4) / math.log(8)))
