"""What people reported of other software, tried here: the right number, or the mistake told by its name.

Each is named by the repository and the number under which it was reported.
"""

from collections.abc import Callable

import numpy as np
import pytest

import tfstep
from tfstep.scenario.scenario import Scenario, load_text

ROWS = "[[0.2, 0.8, -0.4, 1.1], [1.0, -0.3, 0.5, 0.7], [-0.6, 0.9, 1.2, 0.1]]"
BAND = "[[0, 0, -.inf], [0, 0, -.inf], [-.inf, -.inf, 0]]"  # each word looks near, the last at itself alone
NOTHING = "[-.inf, -.inf, -.inf]"


def masked(mask: str) -> Scenario:
    return load_text(
        "tfstep: 1\nmodel: {kind: attention, d_model: 4, heads: 2, mask_value: -.inf, mask: " + mask + "}\n"
        f"input: {{x: {ROWS}}}\nloss: {{kind: mse, target: 0.0}}\nweights: {{seed: 2}}\n"
    )


def test_a_near_mask_and_padding_leave_a_row_nothing() -> None:
    """pytorch/pytorch#41508: a word that looks only near, all of it padding: NaN in the output and in every gradient."""
    hidden = BAND.replace("[-.inf, -.inf, 0]", NOTHING)  # the last word is padding as well
    nan = tfstep.trace(masked(f"{{custom: {hidden}}}"))
    assert np.isnan(nan["attn.weights"].value[0, :, 2]).all()
    assert np.isnan(nan["attn.W_V.grad"].value).any()
    told = tfstep.Session(masked(f"{{custom: {hidden}}}"))
    assert "attn.weights" in str(told.run("break * if has_nan(it)")) + str(told.run("continue"))
    zero = tfstep.trace(masked(f"{{custom: {hidden}, empty: zero}}"))
    assert (zero["attn.weights"].value[0, :, 2] == 0).all()
    assert np.isfinite(zero["attn.W_V.grad"].value).all()
    assert zero.check().ok


def test_one_head_that_is_masked_whole() -> None:
    """pytorch/pytorch#160064: one head is masked whole; zeros or NaN, by whether the weights were asked for."""
    heads = f"[{BAND}, [{NOTHING}, {NOTHING}, {NOTHING}]]"
    for empty, right in (("zero", 0.0), ("nan", np.nan), ("uniform", 1 / 3)):
        trace = tfstep.trace(masked(f"{{custom: {heads}, empty: {empty}}}"))
        weights = trace["attn.weights"].value[0]
        np.testing.assert_array_equal(np.isnan(weights[1]), np.full((3, 3), np.isnan(right)))
        np.testing.assert_allclose(weights[1], right, rtol=1e-15, equal_nan=True)
        assert np.isfinite(weights[0]).all(), "the other head is not touched"


def gpt(words: str, positional: str, more: str = "") -> Scenario:
    return load_text(
        f"tfstep: 1\nmodel: {{kind: decoder, layers: 2, d_model: 8, heads: 2, positional: {positional}, positions: 8}}\n"
        f"vocab: [<pad>, a, b, c]\ninput: {{target: [{words}]{more}}}\nweights: {{seed: 4}}\n"
        if positional == "learned"
        else f"tfstep: 1\nmodel: {{kind: decoder, layers: 2, d_model: 8, heads: 2, positional: {positional}}}\n"
        f"vocab: [<pad>, a, b, c]\ninput: {{target: [{words}]{more}}}\nweights: {{seed: 4}}\n"
    )


@pytest.mark.parametrize("positional", ["learned", "sinusoidal"])
def test_left_padding_needs_positions_of_its_own(positional: str) -> None:
    """huggingface/transformers#18388, huggingface/trl#469, TransformerLensOrg/TransformerLens#1609: left padding
    without positions of its own gives other logits, silently."""
    alone = tfstep.trace(gpt("a, b, c", positional))["dec1.norm2"].value[0]
    silent = tfstep.trace(gpt("<pad>, <pad>, a, b, c", positional))["dec1.norm2"].value[0, 2:]
    told = tfstep.trace(gpt("<pad>, <pad>, a, b, c", positional, ", positions: [0, 0, 0, 1, 2]"))
    assert np.abs(silent - alone).max() > 1e-2
    np.testing.assert_allclose(told["dec1.norm2"].value[0, 2:], alone, atol=1e-14)


def test_left_padding_under_rope_is_right_by_itself() -> None:
    """The same under rope, where only distances count: the reports' remedy is not needed, and does no harm."""
    alone = tfstep.trace(gpt("a, b, c", "rope"))["dec1.norm2"].value[0]
    silent = tfstep.trace(gpt("<pad>, <pad>, a, b, c", "rope"))["dec1.norm2"].value[0, 2:]
    np.testing.assert_allclose(silent, alone, atol=1e-13)


def test_smoothing_leaves_ignored_labels_out_of_both_parts() -> None:
    """pytorch/pytorch#73205, tinygrad/tinygrad#3570, eladhoffer/utils.pytorch#4: the uniform part of a smoothed
    cross-entropy counted labels that are ignored, or was divided by all of them."""
    scenario = load_text(
        "tfstep: 1\nmodel: {kind: decoder, d_model: 4}\nvocab: [<pad>, a, b, c]\n"
        "input: {target: [a, b, c], labels: [b, <pad>, a]}\nloss: {smoothing: 0.2}\nweights: {seed: 1}\n"
    )
    trace = tfstep.trace(scenario)
    logits = trace["out.logits"].value[0]
    logp = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    rows = [0.8 * -logp[i, y] + 0.2 * -logp[i].mean() for i, y in ((0, 2), (2, 1))]
    assert abs(float(trace["loss"].value) - sum(rows) / 2) < 1e-14
    everything = sum([*rows, 0.2 * -logp[1].mean()])
    assert (
        min(abs(float(trace["loss"].value) - wrong) for wrong in (everything / 3, everything / 2, sum(rows) / 3)) > 0.01
    )


def test_pairs_of_a_converted_checkpoint() -> None:
    """huggingface/transformers#25199: halves there, neighbours in the original; the same once W_Q and W_K have their
    columns in the other order."""
    head = "tfstep: 1\nmodel: {kind: attention, d_model: 8, heads: 2, bias: false, positional: rope, rope: {pairs: PAIRS}}\n"
    text = (
        head
        + f"input: {{x: {[[float(np.sin(3 * i + j)) for j in range(8)] for i in range(4)]}}}\nweights: {{seed: 5}}\n"
    )
    theirs = tfstep.trace(load_text(text.replace("PAIRS", "interleaved")))
    ours = tfstep.trace(load_text(text.replace("PAIRS", "half")))
    assert np.abs(ours["attn.weights"].value - theirs["attn.weights"].value).max() > 1e-3
    order = np.concatenate([h * 4 + np.array([0, 2, 1, 3]) for h in range(2)])
    turned = ours.edit({f"attn.{w}": theirs[f"attn.{w}"].value[:, order] for w in ("W_Q", "W_K")})
    np.testing.assert_allclose(turned["attn.weights"].value, theirs["attn.weights"].value, atol=1e-15)


def test_frequencies_in_pairs_turned_in_halves() -> None:
    """raiyanyahya/how-to-train-your-gpt#6: each frequency twice in a row, but first half turned with second half."""
    scenario = load_text(
        "tfstep: 1\nmodel: {kind: attention, d_model: 4, positional: rope, rope: {pairs: interleaved}}\n"
        f"input: {{x: {ROWS}}}\nweights: {{seed: 3}}\n"
    )
    trace = tfstep.trace(scenario)
    q, k, v = (trace[f"attn.{name}"].value for name in "QKV")
    angles = np.repeat(np.arange(3)[:, None] * 10000.0 ** (-np.arange(0, 4, 2) / 4), 2, -1)

    def turned(x: np.ndarray) -> np.ndarray:
        return np.asarray(x * np.cos(angles) + np.concatenate([-x[..., 2:], x[..., :2]], -1) * np.sin(angles))

    scores = turned(q) @ turned(k).swapaxes(-1, -2) / 2
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    theirs = {
        "q": q,
        "k": k,
        "v": v,
        "turned": turned(q),
        "with": turned(k),
        "s": scores,
        "w": weights,
        "o": weights @ v,
    }
    found = tfstep.diagnose(scenario, theirs)
    assert [cause.kind for cause in found.causes] == ["rope-pairs"]
    assert found.causes[0].path == "attn.Q_rot"


LR, DECAY, EPS, B1, B2 = 0.1, 0.1, 0.01, 0.9, 0.999
Rule = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def before_correction(p: np.ndarray, g: np.ndarray, m: np.ndarray, v: np.ndarray) -> np.ndarray:
    """karpathy/nanochat#304: ε joins √v before its bias is corrected."""
    return np.asarray(p * (1 - LR * DECAY) - LR * np.sqrt(1 - B2) / (1 - B1) * m / (np.sqrt(v) + EPS))


def decay_last(p: np.ndarray, g: np.ndarray, m: np.ndarray, v: np.ndarray) -> np.ndarray:
    """bitsandbytes-foundation/bitsandbytes#2010: the parameter decays after its step, not before."""
    return np.asarray((p - LR * m / (1 - B1) / (np.sqrt(v / (1 - B2)) + EPS)) * (1 - LR * DECAY))


def both(p: np.ndarray, g: np.ndarray, m: np.ndarray, v: np.ndarray) -> np.ndarray:
    """huggingface/transformers#14539: both of these at once."""
    return np.asarray((p - LR * np.sqrt(1 - B2) / (1 - B1) * m / (np.sqrt(v) + EPS)) * (1 - LR * DECAY))


def decay_without_rate(p: np.ndarray, g: np.ndarray, m: np.ndarray, v: np.ndarray) -> np.ndarray:
    """joennlae/tensorli#1: the decay is not multiplied by the learning rate."""
    return np.asarray(p - LR * m / (1 - B1) / (np.sqrt(v / (1 - B2)) + EPS) - DECAY * p)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "kind", "said"),
    [
        (before_correction, "optimizer-eps", "eps added to √v before its bias is corrected"),
        (decay_last, "weight-decay", "the parameter shrinks by lr · 0.1 after its step, not before"),
        (both, "weight-decay", "after its step, not before; eps added to √v before its bias is corrected"),
        (decay_without_rate, "weight-decay", "p shrinks by lr · 1 · p besides"),
    ],
)
def test_an_update_that_is_not_adamw_s(rule: Rule, kind: str, said: str) -> None:
    scenario = load_text(
        "tfstep: 1\nmodel: {kind: decoder, d_model: 4, heads: 2, d_ff: 8, positional: rope}\nvocab: [<pad>, <sos>, a, b, c]\n"
        "input: {target: [<sos>, a, b], labels: [a, b, c]}\nweights: {seed: 3}\n"
        f"train: {{optimizer: adamw, lr: {LR}, eps: {EPS}, weight_decay: {DECAY}}}\n"
    )
    trace = tfstep.trace(scenario)
    theirs: dict[str, np.ndarray] = {}
    for k, node in enumerate(node for node in trace.plan.nodes if node.kind == "parameter"):
        tensor = trace[node.path]
        if (g := tensor.grad) is not None:
            theirs[f"p{k}"], theirs[f"p{k}.grad"] = tensor.value, g
            theirs[f"p{k}.new"] = rule(tensor.value, g, (1 - B1) * g, (1 - B2) * g * g)
    (cause,) = tfstep.diagnose(scenario, theirs).causes
    assert (cause.kind, said in str(cause.detail)) == (kind, True)
    assert cause.explains == cause.of


@pytest.mark.parametrize("name", ["causal-mask", "gpt"])
def test_a_softmax_that_is_divided_along_the_other_axis(name: str) -> None:
    """exp(x − max) with the largest of the keys, as it should be, but divided by the sum over queries."""
    trace = tfstep.trace(tfstep.load(name))
    attn = {part: trace[f"dec0.attn.{part}"].value for part in ("Q", "K", "V", "scaled", "masked")}
    e = np.exp(attn["masked"] - attn["masked"].max(-1, keepdims=True))
    weights = e / e.sum(-2, keepdims=True)
    theirs = {**attn, "x": trace["tgt.x"].value, "w": weights, "y": weights @ attn["V"]}
    (cause,) = tfstep.diagnose(trace, theirs).causes
    assert (cause.kind, cause.path) == ("softmax-axis", "dec0.attn.weights")


@pytest.mark.parametrize(
    ("factor", "said"), [(1 / 0.9, "p = 0.1"), (1 / 0.81, "p = 0.19 (twice with p = 0.1"), (2, "p = 0.5")]
)
def test_few_cells_tell_the_probability_of_dropout(factor: float, said: str) -> None:
    trace = tfstep.trace(tfstep.load("causal-mask"))
    attn = {part: trace[f"dec0.attn.{part}"].value for part in ("Q", "K", "V", "scaled", "masked")}
    weights = trace["dec0.attn.weights"].value * factor
    weights[0, :, -1, 0] = 0.0  # of all words one alone was dropped
    found = tfstep.diagnose(trace, {**attn, "w": weights, "y": weights @ attn["V"]})
    assert [cause.kind for cause in found.causes] == ["dropout"]
    assert said in str(found.causes[0].detail)


@pytest.mark.slow
def test_weights_that_are_called_like_a_matrix_of_the_network() -> None:
    """w1 and w2, of several heads, are no W_1 and W_2 of another width."""
    trace = tfstep.trace(tfstep.load("gpt"))
    attn = {part: trace[f"dec0.attn.{part}"].value for part in ("Q", "K", "V", "scaled", "masked", "heads")}
    weights = trace["dec0.attn.weights"].value
    found = tfstep.diagnose(trace, {**attn, "x": trace["tgt.x"].value, "w1": weights, "w2": weights * 0.9})
    assert {match.name: match.path for match in found.matched}["w1"] == "dec0.attn.weights"
