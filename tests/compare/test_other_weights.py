"""Runs with weights of their own: under odd names, several in one array, or not recorded, and then nobody is accused."""

from __future__ import annotations

import numpy as np
import pytest

import tfstep
from tfstep.compare.diagnosis import Diagnosis
from tfstep.scenario.scenario import load_text

SCENARIO = load_text(
    "tfstep: 1\nmodel: {kind: decoder, d_model: 8, heads: 2, d_ff: 12, activation: swiglu, norm: rms, norm_position: pre, "
    "bias: false, positional: rope, rope: {pairs: half}, final_norm: true, head: true}\nvocab: 11\n"
    "input: {target: {ids: [[1, 2, 3, 4, 5]]}, labels: {ids: [[2, 3, 4, 5, 6]]}}\nweights: {seed: 3}\n"
)
D, HEADS, D_K, HIDDEN, WORDS = 8, 2, 4, 12, 11


def run(fused: str = "", wrong: str = "", order: str = "gate_up") -> dict[str, np.ndarray]:
    """One block of a Llama, by hand."""
    rng, r = np.random.default_rng(0), dict[str, np.ndarray]()

    def weight(name: str, *shape: int) -> np.ndarray:
        r[name] = rng.normal(size=shape) * 0.4
        return r[name]

    def rms(x: np.ndarray, scale: np.ndarray) -> np.ndarray:
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * scale

    def turned(x: np.ndarray) -> np.ndarray:
        angle = np.arange(5)[:, None] * 10000.0 ** (-np.arange(0, D_K, 2) / D_K)
        cos, sin = (np.concatenate([f(angle)] * 2, -1) for f in (np.cos, np.sin))
        return x * cos + np.concatenate([-x[..., D_K // 2 :], x[..., : D_K // 2]], -1) * sin

    def split(x: np.ndarray) -> np.ndarray:
        return x.reshape(1, 5, HEADS, D_K).transpose(0, 2, 1, 3)

    ids = r["ids"] = np.array([[1, 2, 3, 4, 5]])
    x = r["x"] = weight("emb", WORDS, D)[ids]
    n = r["n1"] = rms(x, 1 + weight("g1", D))
    r["g1"] = 1 + r["g1"]
    if fused == "kv":
        q, kv = n @ weight("Wq", D, D), n @ weight("w_kv", D, 2 * D)
        k, v = kv[..., :D], kv[..., D:]
    else:
        q, k, v = (n @ weight(name, D, D) for name in ("Wq", "Wk", "Wv"))
    q, k, v = r["q"], r["k"], r["v"] = turned(split(q)), turned(split(k)), split(v)
    scaled = q @ k.transpose(0, 1, 3, 2) / np.sqrt(D if wrong == "scale" else D_K)
    masked = r["att"] = np.where(np.tril(np.ones((5, 5))) > 0, scaled, -np.inf)
    p = np.exp(masked - masked.max(-1, keepdims=True))
    r["p"] = p / p.sum(-1, keepdims=True)
    r["z"] = r["p"] @ v
    x = r["x1"] = x + r["z"].transpose(0, 2, 1, 3).reshape(1, 5, D) @ weight("Wo", D, D)
    r["g2"] = 1 + weight("g2", D)
    n = r["n2"] = rms(x, r["g2"])
    if fused == "gate":
        one, other = np.split(n @ weight(f"w_{order}", D, 2 * HIDDEN), 2, -1)
        gate, up = (one, other) if order == "gate_up" else (other, one)
    else:
        gate, up = n @ weight("w_gate", D, HIDDEN), n @ weight("w_up", D, HIDDEN)
    if wrong == "gate":
        gate, up = up, gate
    r["hdn"] = gate / (1 + np.exp(-gate)) * up
    x = r["x2"] = x + r["hdn"] @ weight("w_down", HIDDEN, D)
    r["g3"] = 1 + weight("g3", D)
    r["logits"] = rms(x, r["g3"]) @ weight("Wh", D, WORDS)
    return r


def found(r: dict[str, np.ndarray]) -> Diagnosis:
    return tfstep.diagnose(SCENARIO, r)


@pytest.mark.parametrize("order", ["gate_up", "up_gate"])
@pytest.mark.parametrize("fused", ["", "gate", "kv"])
def test_odd_names_and_weights_in_one_array_accuse_nobody(fused: str, order: str) -> None:
    """`g3` and `Wh` are called like no weight of ours: nothing else of theirs has their size."""
    there = found(run(fused, order=order))
    assert there.agrees
    assert not there.unmatched


@pytest.mark.parametrize(("wrong", "kind"), [("scale", "scale"), ("gate", "gate-swapped")])
@pytest.mark.parametrize("fused", ["", "gate", "kv"])
def test_a_mistake_beside_them_is_still_named(fused: str, wrong: str, kind: str) -> None:
    assert [cause.kind for cause in found(run(fused, wrong)).causes] == [kind]


@pytest.mark.parametrize("left_out", [["Wh"], ["w_down"], ["Wo"], ["Wv"], ["g2"], ["emb", "x"], ["Wq", "Wk"]])
def test_what_comes_of_a_weight_that_was_not_recorded_is_not_judged(left_out: list[str]) -> None:
    """q and k are rotated already: they are not taken for what comes before."""
    r = run()
    for name in left_out:
        del r[name]
    there = found(r)
    assert there.agrees
    (said,) = [str(each) for each in there.remarks if "taken as they are" in str(each)]
    assert "is not recorded, and is not ours" in said


@pytest.mark.parametrize("left_out", [["Wh"], ["Wo"], ["Wv"], ["g2"]])
def test_and_what_is_judged_is_still_found(left_out: list[str]) -> None:
    r = run(wrong="scale")
    for name in left_out:
        del r[name]
    assert [(cause.kind, cause.path) for cause in found(r).causes] == [("scale", "dec0.attn.scaled")]


def test_a_weight_that_was_not_recorded_is_ours_where_those_that_were_are() -> None:
    """The scenario's own count: of all weights but one that are as the scenario has them, the one is so, too."""
    trace = tfstep.trace(SCENARIO)
    kept = {node.path: trace[node.path].value for node in trace.plan.nodes if node.kind == "parameter"}
    del kept["dec0.attn.W_O"]
    kept |= {path: trace[path].value for path in ("dec0.attn.weights", "dec0.attn.concat")}
    kept["out.W"] = kept["out.W"] + 0.1  # theirs alone
    kept["dec0.attn.out"] = trace["dec0.attn.out"].value * 2
    there = found(kept)
    assert there.first is not None
    assert there.first.path == "dec0.attn.out"


TRANSLATOR = load_text(
    "tfstep: 1\nmodel: {kind: encoder-decoder, layers: {encoder: 1, decoder: 2}, d_model: 6, heads: 2, d_ff: 8}\n"
    "vocab: {source: [a, b, c], target: [<sos>, A, B]}\ninput: {source: [a b c], target: [<sos> A B A], labels: [A B A B]}\n"
    "weights: {seed: 5, init: {normal: 0.5}}\n"
)


def test_weights_side_by_side_of_which_a_part_was_recorded_too_are_given_to_no_other_layer() -> None:
    """torch.nn.MultiheadAttention splits its weight where the memory is another tensor than the query."""
    trace = tfstep.trace(TRANSLATOR)
    kept = {"a": trace["src.tokens"].value, "b": trace["tgt.tokens"].value}
    for part in ("enc0.attn", "dec0.attn", "dec0.cross", "dec1.attn", "dec1.cross"):
        three = [trace[f"{part}.W_{letter}"].value.T for letter in "QKV"]
        kept[f"{part.replace('.', '_')}.in_proj_weight"] = np.concatenate(three)
        if "cross" in part:
            kept[f"{part.replace('.', '_')}.split"] = three[0].copy()
        for step in ("q_proj", "weights", "out"):
            kept[f"{part.replace('.', '_')}.{step}"] = trace[f"{part}.{step}"].value
    kept["logits"] = trace["out.logits"].value
    there = tfstep.diagnose(TRANSLATOR, kept)
    assert there.agrees, str(there)
    assert not there.unmatched
