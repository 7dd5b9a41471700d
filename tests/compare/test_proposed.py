"""Where no scenario is given, one is proposed from what was recorded; modules recorded by `make_proposed.py`."""

import contextlib
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep.compare.diagnosis import PROPOSED, Cause, Diagnosis, First
from tfstep.compare.proposed.held import held
from tfstep.compare.proposed.propose import Proposal, propose
from tfstep.compare.recorded.note import Note
from tfstep.compare.recorded.reading import read
from tfstep.compare.recorded.recording import Recording
from tfstep.faces.cli.commands.files.new import _proposed
from tfstep.scenario.scenario import load_text
from tfstep.testing import assert_same_steps
from tfstep.text import Bilingual

FOLDER = Path(__file__).with_name("proposed")
RIGHT = {
    "by-hand": {"kind": "attention", "d_model": 8, "heads": 2},
    "fused": {"kind": "attention", "d_model": 8, "heads": 4},
    "rope": {"kind": "attention", "heads": 2, "positional": "rope", "bias": False},
    "post": {"kind": "encoder", "layers": 1, "heads": 2, "d_ff": 12, "norm_position": "post", "activation": "relu"},
    "pre-causal": {"kind": "decoder", "heads": 2, "d_ff": 12, "norm_position": "pre", "activation": "gelu"},
    "gpt": {"kind": "decoder", "heads": 2, "d_ff": 16, "norm_position": "pre", "positional": "learned", "head": True},
    "mha-pads": {"kind": "attention", "heads": 2},
    "mha-memory": {"kind": "attention", "heads": 2},
    "layer": {"kind": "encoder", "heads": 2, "d_ff": 12, "norm_position": "post", "activation": "relu"},
    "llama": {
        "kind": "decoder",
        "heads": 2,
        "kv_heads": 1,
        "positional": "rope",
        "embed_scale": True,
        "norm": "rms",
        "rope": {"pairs": "half", "base": 10000.0},
        "activation": "swiglu",
        "d_ff": 20,
    },
    "llama-part": {"positional": "rope", "rope": {"pairs": "interleaved", "base": 500000.0, "part": 0.5}},
    "llama-complex": {"positional": "rope"},
    "tied": {"head": True, "tie": [["tgt.E", "out.W"]]},
    "tied-bias": {"head": True, "tie": [["tgt.E", "out.W"]]},
    "tied-matmul": {"head": True, "tie": [["tgt.E", "out.W"]]},
    "tied-linear": {"head": True, "tie": [["tgt.E", "out.W"]]},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", RIGHT)
def test_what_a_module_is_is_found_and_its_run_agrees(name: str) -> None:
    kept = read(FOLDER / f"{name}.safetensors")
    keys = propose(kept).keys["model"]
    assert {key: keys.get(key) for key in RIGHT[name]} == RIGHT[name]
    found = tfstep.diagnose(kept)
    assert found.agrees, found
    assert any("proposed from the recording" in each.in_("en") for each in found.remarks)
    grads = {match.path for match in found.matched if match.path.endswith(".grad")}
    assert bool(grads) == any(each.endswith(".grad") for each in kept)


@pytest.mark.parametrize(("name", "kind", "path", "causal"), [
    ("wrong-axis", "softmax-axis", "attn.weights", True), ("unscaled", "scale", "dec0.attn.scaled", True),
    ("gpt-unscaled", "scale", "dec0.attn.scaled", True), ("llama-unscaled", "scale", "dec0.attn.scaled", True),
    ("tied-unscaled", "scale", "dec0.attn.scaled", True),
])  # fmt: skip
def test_a_mistake_is_no_part_of_what_is_proposed(name: str, kind: str, path: str, causal: bool) -> None:
    kept = read(FOLDER / f"{name}.safetensors")
    assert propose(kept).keys["model"]["mask"]["causal"] == causal
    (cause,) = tfstep.diagnose(None, kept).causes
    assert (cause.kind, cause.path) == (kind, path)


@pytest.mark.parametrize("name", ["tied", "tied-bias", "tied-matmul", "tied-linear"])
def test_logits_of_a_head_that_is_the_embedding_are_judged(name: str) -> None:
    kept = read(FOLDER / f"{name}.safetensors")
    (end,) = (each for each in kept if kept.note(each).result)
    found = tfstep.diagnose(kept)
    paths = {match.name: match.path for match in found.matched}
    assert (found.agrees, paths[end], found.unjudged) == (True, "out.logits", ()), str(found)
    assert ("out.b" in paths.values()) == (name in ("tied-bias", "tied-matmul"))
    mine = propose(kept).scenario()
    kept.arrays[end] = kept[end] * 1.01
    wrong = tfstep.diagnose(mine, kept)
    assert wrong.first is not None
    assert (wrong.first.path, wrong.first.name) == ("out.logits", end), str(wrong)
    with contextlib.suppress(tfstep.TfstepError):  # of a module's own logits that no table gives there is no head
        assert tfstep.diagnose(kept).unjudged == (end,)


def test_what_a_run_ends_with_is_said_not_to_be_judged_where_ours_has_no_step_for_it() -> None:
    found = tfstep.diagnose(read(FOLDER / "tied-pooled.safetensors"))
    assert found.unjudged == ("mean",)
    assert "as far as that goes" in str(found)
    assert "mean, which yours ends with, is none of its steps" in str(found)
    rows = numpy_run(2, 3)
    assert not tfstep.diagnose(rows).unjudged
    rows["logits"] = rows["out"] @ np.random.default_rng(4).normal(size=(6, 11))
    assert tfstep.diagnose(rows).unjudged == ("logits",)


def test_what_was_guessed_is_told() -> None:
    said = " ".join(each.in_("en") for each in propose(read(FOLDER / "unscaled.safetensors")).said)
    assert "activation gelu (guessed: activation gelu_tanh would fit as well)" in said
    assert "heads 2 (attn.h)" in said
    assert "norm_position pre (fits their numbers)" in said


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("no-attention", "no weights of an attention"),
        ("decoder-layer", "a memory"),
        ("llama-stretched", r"turned by the angles 1, 0.05714, .* rope.scaling"),
    ],
)
def test_what_cannot_be_proposed_is_refused_in_a_line(name: str, why: str) -> None:
    with pytest.raises(tfstep.TfstepError, match=why) as caught:
        propose(read(FOLDER / f"{name}.safetensors"))
    assert re.search("tfstep new (en|de)coder", str(caught.value))
    assert "\n" not in str(caught.value)


def numpy_run(heads: int, batch: int | None = None, scaled: bool = True, causal: bool = False, bias: bool = True,
              weights: bool = True) -> dict[str, np.ndarray]:  # fmt: skip
    """Attention as one writes it in NumPy."""
    rng, d, n = np.random.default_rng(1), 6, 5
    x = rng.normal(size=(n, d) if batch is None else (batch, n, d))
    W, b = rng.normal(0, 0.5, (4, d, d)), rng.normal(size=(4, d)) * bias
    named = dict(zip(("Wq", "Wk", "Wv", "Wo"), W, strict=True)) | (
        dict(zip(("bq", "bk", "bv", "bo"), b, strict=True)) if bias else {}
    )
    rows = {"x": x, **(named if weights else {})}
    q, k, v = (x @ m + c for m, c in zip(W[:3], b[:3], strict=True))
    if heads > 1:
        q, k, v = (t.reshape(*t.shape[:-1], heads, -1).swapaxes(-2, -3) for t in (q, k, v))
    s = q @ k.swapaxes(-1, -2) / (math.sqrt(d // heads) if scaled else 1)
    rows |= {"q": q, "k": k, "v": v, "scores": s}
    if causal:
        s = rows["masked"] = np.where(np.tril(np.ones((n, n))) == 1, s, -1e9)
    e = np.exp(s - s.max(-1, keepdims=True))
    rows["attn"] = a = e / e.sum(-1, keepdims=True)
    y = (a @ v).swapaxes(-2, -3).reshape(x.shape) if heads > 1 else a @ v
    return {**rows, "out": y @ W[3] + b[3]}


@pytest.mark.parametrize(("heads", "batch", "causal", "bias"), [
    (1, None, False, True), (2, 2, True, True), (3, None, False, False), (2, None, True, True), (1, 3, False, True),
])  # fmt: skip
def test_numpy_attention_needs_no_scenario(heads: int, batch: int | None, causal: bool, bias: bool) -> None:
    found = assert_same_steps(numpy_run(heads, batch, causal=causal, bias=bias))
    assert {match.path for match in found.matched} >= {"attn.scaled", "attn.weights", "attn.out", "attn.W_O"}


def test_numpy_attention_unscaled_is_named() -> None:
    with pytest.raises(AssertionError, match=r"scaled = scores · 1, in place of scores / √3"):
        assert_same_steps(numpy_run(2, 3, scaled=False, causal=True))


def wrong_run(bad: str = "", heads: int = 4, batch: int | None = None, keep: str = "qsp", scale: float = 1.0,
              turned: bool = False) -> Recording:  # fmt: skip
    """Attention over 5 words of width 8 with a mistake in it; of q, k, v (whole), s and p, those named are kept."""
    rng, d, n = np.random.default_rng(5), 8, 5
    x, W = rng.normal(size=(batch or 1, n, d)), rng.normal(0, 0.5, (4, d, d))
    rows = {"x": x, **dict(zip(("Wq", "Wk", "Wv", "Wo"), W, strict=True))}
    whole = [x @ m for m in W[:3]]
    rows |= dict(zip("qkv", whole, strict=True)) if "q" in keep else {}
    shape = (len(x), heads, n, d // heads)
    q, k, v = (t.reshape(shape) if bad == "split" else t.reshape(len(x), n, heads, -1).swapaxes(1, 2) for t in whole)
    s = q @ k.swapaxes(-1, -2) / math.sqrt(d // heads) * scale
    p = np.exp(s) / np.exp(s).sum({"axis": 2, "heads": 1}.get(bad, -1), keepdims=True)
    o = p @ v
    if heads == 1:
        s, p = s[:, 0], p[:, 0]
    rows |= {name: array for name, array in (("s", s), ("p", p)) if name in keep}
    m = o.reshape(x.shape) if bad == "merge" else o.swapaxes(1, 2).reshape(x.shape)
    rows["out"] = m @ W[3]
    if batch is None:
        rows = {name: array if name.startswith("W") else array[0] for name, array in rows.items()}
    if turned:
        rows |= {name: rows[name].swapaxes(0, 1) for name in ("x", "q", "k", "v", "out") if name in rows}
    return Recording(rows)


def capped() -> Recording:
    """Right, with scores that are bounded, which no key of a bare attention was told to do."""
    rows = numpy_run(2, 3)
    s = 0.5 * np.tanh(rows["scores"] / 0.5)
    p = np.exp(s) / np.exp(s).sum(-1, keepdims=True)
    x, (W, b) = rows["x"], (rows["Wo"], rows["bo"])
    return Recording(rows | {"attn": p, "out": (p @ rows["v"]).swapaxes(-2, -3).reshape(x.shape) @ W + b})


def test_what_nothing_known_explains_is_no_mistake_where_the_scenario_is_a_proposal(tmp_path: Path) -> None:
    kept = capped()
    assert not tfstep.diagnose(load_text(propose(kept).text()), kept).agrees
    with pytest.raises(
        tfstep.TfstepError, match=r"does not hold: attn.weights does not give their attn, .* not judged"
    ):
        tfstep.diagnose(kept)
    kept.save(tmp_path / "mine.npz")
    with pytest.raises(tfstep.TfstepError, match="does not hold"):
        _proposed(tmp_path / "mine.npz", None)


@pytest.mark.parametrize(
    ("kind", "key"),
    [("embed-scale", "embed_scale"), ("norm-place", "norm_position"), ("norm-kind", "norm"), ("rope-base", "rope")],
)
def test_a_guess_accuses_nobody(kind: str, key: str) -> None:
    first = First("dec0.here", "mine", (), 1.0)
    cause = Cause(kind, "dec0.here", Bilingual.of("y = 2x"), 3, 3, "mine")
    found = Diagnosis(PROPOSED, "base", False, (), (), first, (cause,), faults=(first,))
    keys = {"model": {"kind": "decoder", key: 7}}
    with pytest.raises(
        tfstep.TfstepError, match=rf"{key} is 7 by guess, and dec0.here \(mine\) shows otherwise: y = 2x"
    ):
        held(found, Proposal(keys, ()))
    assert held(found, Proposal(keys, (), told=frozenset([key]))) is found


def test_keys_that_are_repeated_for_more_heads_are_no_sign_of_a_mistake() -> None:
    """Of queries that are not turned no mask or softmax is the cause, though weights of 0 and 1 give rows of V."""
    kept = read(FOLDER / "llama-part.safetensors")
    proposal = propose(kept)
    proposal.keys["model"] |= {"positional": "none", "rope": {}}
    assert not {cause.kind for cause in tfstep.diagnose(proposal.scenario(), kept).causes} & {
        "mask-axis",
        "softmax-axis",
    }


@pytest.mark.parametrize("base", [1.2e6, 9e5])
def test_a_base_of_rope_that_is_nearly_theirs_is_named_by_their_own(base: float) -> None:
    kept = read(FOLDER / "llama-complex.safetensors")
    proposal = propose(kept)
    measured = proposal.keys["model"]["rope"]["base"]
    assert measured == pytest.approx(1234567, rel=1e-5)
    proposal.keys["model"]["rope"]["base"] = base
    found = tfstep.diagnose(proposal.scenario(), kept)
    (cause,) = found.causes
    assert (cause.kind, cause.path, cause.explains) == ("rope-base", "dec0.attn.Q_rot", cause.of)
    assert str(cause.detail) == f"base {measured:.9g} in place of {base:.9g}"


def told(kept: Recording) -> list[str]:
    return [each.in_("en") for each in propose(kept).said]


@pytest.mark.parametrize("bad", ["", "split", "merge", "axis", "heads"])
@pytest.mark.parametrize(("heads", "batch", "keep"), [(4, None, "qsp"), (2, None, "p"), (2, 2, "p"), (4, 3, "qs")])
def test_heads_are_read_from_the_shape_of_scores_whatever_their_numbers(
    bad: str, heads: int, batch: int | None, keep: str
) -> None:
    kept = wrong_run(bad, heads, batch, keep)
    assert propose(kept).keys["model"]["heads"] == heads
    assert f"heads {heads} ({'s' if 's' in keep else 'p'})" in told(kept)


def test_a_batch_of_scores_is_no_heads() -> None:
    kept = wrong_run("", 1, 2)
    assert kept["s"].shape == (2, 5, 5)
    assert propose(kept).keys["model"]["heads"] == 1
    flat = wrong_run("split", 4, 3, "sp")
    flat.arrays |= {name: flat[name].reshape(12, 5, 5) for name in "sp"}
    assert "heads 4 (s)" in told(flat)


def test_heads_that_stand_behind_the_words_are_seen() -> None:
    kept = wrong_run("split", 4, keep="")
    kept.arrays["qh"] = np.random.default_rng(2).normal(size=(5, 4, 2))
    assert "heads 4 (qh)" in told(kept)


@pytest.mark.parametrize("batch", [None, 2])
def test_what_the_recording_speaks_against_would_not_fit(batch: int | None) -> None:
    said = told(wrong_run("", 1, batch, scale=2.0))
    assert "heads 1 (s)" in said
    assert "no mask (guessed: p hides nothing)" in said
    assert "fit as well" not in " ".join(said)


def test_what_nothing_speaks_against_is_a_guess() -> None:
    said = told(wrong_run("split", keep=""))
    assert "heads 1 (guessed: heads 2, heads 4, heads 8 would fit as well)" in said
    assert "no mask (guessed: causal mask would fit as well)" in said


def test_a_mean_over_heads_and_scores_of_each_head_do_not_speak_for_one_head() -> None:
    mean = wrong_run("split", 2, keep="p")
    mean.arrays["p"] = mean["p"].mean(0)
    assert "heads 1 (guessed: heads 2, heads 4, heads 8 would fit as well)" in told(mean)
    each = wrong_run("split", 2, keep="s")
    s, out = each.arrays.pop("s"), each.arrays.pop("out")
    each.arrays |= {"s": s[0], "s#2": s[1], "out": out}
    assert "heads 1 (guessed: heads 2, heads 4, heads 8 would fit as well)" in told(each)


def test_zeros_above_the_diagonal_of_some_words_leave_the_mask_open() -> None:
    kept = wrong_run("merge", 1, scale=2.0)
    kept.arrays["p"][0, 4] = 0
    assert "no mask (guessed: causal mask would fit as well)" in told(kept)


def test_where_nothing_shows_the_heads_a_diagnosis_without_a_cause_says_so() -> None:
    said = "nothing recorded shows how many heads there are: proposed has 1; record the scores"

    def remarks(kept: Recording) -> str:
        found = tfstep.diagnose(load_text(propose(kept).text(), "proposed"), kept)
        assert found.first is not None
        assert not found.causes
        return " ".join(each.in_("en") for each in found.remarks)

    assert said in remarks(wrong_run("split", keep=""))
    shown = wrong_run("split", 1, keep="s")
    shown.arrays["out"] = np.random.default_rng(1).normal(size=(5, 8))
    assert "how many heads" not in remarks(shown)


@pytest.mark.parametrize("turned", [False, True])
def test_the_batch_is_the_axis_that_scores_tell(turned: bool) -> None:
    kept = wrong_run("split", 2, 3, "p", turned=turned)
    assert f"input.x x{', positions before the batch' * turned} (p)" in told(kept)
    assert np.shape(propose(kept).keys["input"]["x"]) == (3, 5, 8)
    assert propose(kept).keys["model"]["heads"] == 2


def test_without_weights_it_is_said_what_to_record() -> None:
    with pytest.raises(tfstep.TfstepError, match="W_q, W_k, W_v"):
        tfstep.diagnose(numpy_run(1, weights=False))


def test_the_text_of_a_proposal_is_a_scenario_that_diagnoses() -> None:
    kept = read(FOLDER / "mha-pads.safetensors")
    assert tfstep.diagnose(load_text(propose(kept).text()), kept).agrees


def test_a_module_alone_needs_a_scenario() -> None:
    class Module:
        named_modules = named_parameters = property(lambda self: ())

    with pytest.raises(tfstep.TfstepError, match="give \\(module, x\\), or a scenario"):
        assert_same_steps(Module())


@pytest.mark.parametrize(("words", "heads"), [(2, 1), (3, 1), (4, 1), (8, 1), (4, 2), (8, 2)])
def test_as_many_words_as_the_model_is_wide(words: int, heads: int, tmp_path: Path) -> None:
    """Weights, queries, scores: all of one shape, and none is taken for another."""
    draw = np.random.default_rng(words)
    x, Wq, Wk, Wv = draw.standard_normal((4, words, words))
    q, k, v = (a.reshape(words, heads, -1).swapaxes(0, 1) for a in (x @ Wq, x @ Wk, x @ Wv))
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(words // heads)
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    with tfstep.recording(tmp_path / "mine.npz") as mine:
        mine.x, mine.Wq, mine.Wk, mine.Wv = x, Wq, Wk, Wv
        mine.q, mine.k, mine.v, mine.s, mine.p = q, k, v, scores, weights
        mine.out = (weights @ v).swapaxes(0, 1).reshape(words, words)
    found = tfstep.diagnose(tmp_path / "mine.npz")
    assert found.agrees, str(found)


@pytest.mark.parametrize(
    "names", ["gamma{} beta{}", "g{} beta{}", "norm{}.weight norm{}.bias", "ln_{}.weight ln_{}.bias"]
)
def test_a_norms_own_weights_are_taken_over_by_their_usual_names(names: str, tmp_path: Path) -> None:
    draw = np.random.default_rng(5)
    x, (Wq, Wk, Wv, Wo) = draw.standard_normal((3, 4)), draw.standard_normal((4, 4, 4)) / 2
    W1, W2 = draw.standard_normal((4, 8)) / 2, draw.standard_normal((8, 4)) / 2
    norms = 1 + draw.standard_normal((4, 4)) / 5

    def norm(z: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
        return gamma * (z - z.mean(-1, keepdims=True)) / np.sqrt(z.var(-1, keepdims=True) + 1e-5) + beta

    model = {"kind": "encoder", "d_model": 4, "heads": 1, "d_ff": 8, "positional": "none", "bias": False}
    (tmp_path / "mine.yaml").write_text(json.dumps({"model": model, "input": {"x": [x.tolist()]}}), "utf-8")
    with tfstep.recording(tmp_path / "mine.npz") as mine:
        mine.x, mine.Wq, mine.Wk, mine.Wv, mine.Wo, mine.W1, mine.W2 = x, Wq, Wk, Wv, Wo, W1, W2
        for name, array in zip([each.format(n) for n in (1, 2) for each in names.split()], norms, strict=True):
            mine[name] = array
        scores = (x @ Wq) @ (x @ Wk).T / 2
        weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
        mine.p, mine.h = weights, (h := norm(x + weights @ (x @ Wv) @ Wo, *norms[:2]))
        mine.f = f = np.maximum(h @ W1, 0)
        mine.y = norm(h + f @ W2, *norms[2:])
    found = tfstep.diagnose(tmp_path / "mine.yaml", tmp_path / "mine.npz")
    assert found.agrees, str(found)
    assert not found.unmatched


@pytest.mark.parametrize(
    ("end", "path", "kind"),
    [("norm", "enc0.norm2", "norm-kind"), ("sum", "enc0.add2", "residual-missing"), ("", "", "")],
)
def test_a_module_that_gives_back_what_another_step_of_ours_follows(end: str, path: str, kind: str) -> None:
    """Its run ends where ours goes on, with a sum or a norm that it forgot."""
    scenario = load_text(
        "model: {kind: encoder, d_model: 4, heads: 1, d_ff: 8, positional: none, norm_position: post}\n"
        "input: {x: [[[1, 2, 0, 1], [0, 1, 1, 3], [2, 0, 1, 1]]]}\nweights: {seed: 3}\n"
    )
    trace = tfstep.trace(scenario).run()
    last = {"norm": "enc0.add2", "sum": "enc0.ffn.out", "": "enc0.norm2"}[end]
    stop = trace[last].node.slot
    kept = Recording(settings={"": "Block"})
    for node in trace.plan.nodes:
        if node.dtype.kind == "f" and (node.kind == "parameter" or node.slot <= stop):
            name = f"mine{node.slot}"
            kept.arrays[name] = np.array(trace.value(node.slot))
            kept.notes[name] = Note("weight" if node.op is None else "tensor", op="" if node.op is None else "f")
    found = tfstep.diagnose(scenario, kept)
    assert found.agrees is not bool(end), str(found)
    assert (found.first.path if found.first else "") == path
    assert [cause.kind for cause in found.causes] == ([kind] if kind else [])


def attended(x: np.ndarray, d_k: int, d_v: int, heads: int = 1, width: float = 0.0) -> Recording:
    """Attention over x (batch, position, feature) with values of their own width; scores are divided by √``width``, else
    √d_k."""
    rng, kept = np.random.default_rng(5), Recording()
    w = [rng.normal(size=(x.shape[-1], heads * d)) * 0.3 for d in (d_k, d_k, d_v)]
    q, k, v = (
        (x @ each).reshape(*x.shape[:2], heads, d).swapaxes(1, 2) for each, d in zip(w, (d_k, d_k, d_v), strict=True)
    )
    s = q @ k.swapaxes(-1, -2) / math.sqrt(width or d_k)
    a = np.exp(s - s.max(-1, keepdims=True))
    a /= a.sum(-1, keepdims=True)
    y = (a @ v).swapaxes(1, 2).reshape(*x.shape[:2], -1)
    kept.arrays |= {"x": x, "Wq": w[0], "Wk": w[1], "Wv": w[2], "q": q, "k": k, "v": v, "s": s, "a": a, "y": y}
    return kept


@pytest.mark.parametrize("heads", [1, 2])
def test_values_may_have_a_width_of_their_own(heads: int) -> None:
    kept = attended(np.random.default_rng(3).normal(size=(1, 5, 10)), 4, 3, heads)
    found = tfstep.diagnose(kept)
    assert found.agrees
    assert not found.unmatched
    assert propose(kept).keys["model"]["d_v"] == 3


def test_where_a_matrix_of_theirs_is_no_weight_nothing_is_said_to_agree() -> None:
    kept = attended(np.random.default_rng(3).normal(size=(1, 5, 10)), 4, 4, 2)
    kept.arrays["Wv"] = np.random.default_rng(4).normal(size=(10, 5))
    for name in ("v", "y"):
        del kept.arrays[name]
    with pytest.raises(tfstep.TfstepError, match="their Wv is no weight of it; the module may be right"):
        tfstep.diagnose(kept)


def test_an_input_of_any_size_is_judged(tmp_path: Path) -> None:
    kept = attended(np.random.default_rng(3).normal(size=(2, 48, 256)), 32, 32, 8, width=256)
    assert [cause.kind for cause in tfstep.diagnose(kept).causes] == ["scale"]
    kept.save(tmp_path / "mine.npz")
    with pytest.raises(tfstep.TfstepError, match=r"too much to be printed \(x 2×48×256\)"):
        _proposed(tmp_path / "mine.npz", None)


def test_an_input_that_is_no_number_is_refused() -> None:
    kept = attended(np.random.default_rng(3).normal(size=(1, 5, 8)), 4, 4, 2)
    kept.arrays["x"][0, 1, 2] = np.nan
    with pytest.raises(tfstep.TfstepError, match="x holds infinities or NaN"):
        tfstep.diagnose(kept)
