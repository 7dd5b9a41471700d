"""A loss of labels that are smoothed and words that weigh differently, as somebody else computes it: named where it is
wrong, by its number or by the first gradient alone. Gradients by complex steps."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import tfstep
from tfstep.scenario.scenario import load_text

Rows = dict[str, np.ndarray]
TEXT = """
tfstep: 1
model: {{kind: decoder, layers: 1, d_model: 8, heads: 2, d_ff: 12, norm_position: pre, positional: learned, positions: 9}}
vocab: [<pad>, <sos>, <eos>, a, b, c, d]
input: {{target: [<sos> c b, <sos> a b c d], labels: [c b <eos>, a b c d <eos>]}}
weights: {{seed: 6, init: {{normal: .4}}}}
loss: {{kind: cross_entropy{more}}}
train: {{optimizer: sgd, lr: .1}}
"""
WEIGHTS = np.array([1.0, 1.0, 0.5, 2.0, 1.0, 1.0, 1.0])  # of <eos> and of a
OURS: dict[str, tuple[str, float, np.ndarray]] = {
    "both": (", smoothing: 0.1, class_weights: {a: 2, <eos>: 0.5}", 0.1, WEIGHTS),
    "smoothed": (", smoothing: 0.1", 0.1, np.ones(7)),
    "weighted": (", class_weights: {a: 2, <eos>: 0.5}", 0.0, WEIGHTS),
    "plain": ("", 0.0, np.ones(7)),
}
WRONG: tuple[tuple[str, str], ...] = (
    ("over words", "loss-reduction"), ("summed", "loss-reduction"), ("over sentences", "loss-reduction"),
    ("mean of means", "loss-reduction"), ("to the others", "loss-input"), ("to other words", "loss-input"),
    ("not smoothed", "loss-input"), ("half as smooth", "loss-input"), ("label whole", "loss-input"),
    ("not weighted", "loss-input"), ("neither", "loss-input"), ("by the label", "loss-input"), ("labels alone", "loss-input"),
    ("of p", "loss-input"), ("pads", "pads-counted"), ("pads smoothed", "pads-counted"), ("all rows", "pads-counted"),
    ("shifted", "labels-shifted-twice"),
)  # fmt: skip


def cost(z: np.ndarray, t: np.ndarray, epsilon: float, w: np.ndarray, wrong: str = "") -> tuple[Any, Any]:
    """The loss of logits (batch, position, word), and what each label costs; 0 fills up."""
    n = z.shape[-1]
    if wrong == "of p":
        e = np.exp(z - z.real.max(-1, keepdims=True))
        z = e / e.sum(-1, keepdims=True)
    if wrong == "shifted":
        z, t = z[:, :-1], t[:, 1:]
    keep, one = t != 0, np.eye(n)[t]
    if wrong in ("not weighted", "neither"):
        w = np.ones(n)
    if wrong in ("not smoothed", "neither"):
        epsilon = 0.0
    if wrong == "half as smooth":
        epsilon /= 2
    shift = z - z.real.max(-1, keepdims=True)
    log_p = shift - np.log(np.exp(shift).sum(-1, keepdims=True))
    said, rest = (1 - epsilon) * one, np.full(n, epsilon / n)
    if wrong == "to the others":
        rest = epsilon / (n - 1) * (1 - one)
    if wrong == "to other words":
        rest = epsilon / (n - 2) * (1 - one) * (np.arange(n) > 0)
    if wrong == "label whole":
        said = one
    q = (said + rest) * (w[t][..., None] if wrong == "by the label" else w)
    if wrong == "labels alone":
        q = said * w + rest
    each, of = -(q * log_p).sum(-1), w[t]
    if wrong == "pads":
        return each.sum() / of.sum(), None
    if wrong == "pads smoothed":
        return (-(said * w * log_p).sum(-1) * keep - (rest * w * log_p).sum(-1)).sum() / (of * keep).sum(), None
    if wrong == "mean of means":
        return ((each * keep).sum(1) / (of * keep).sum(1)).mean(), each[keep]
    by = {"over words": keep.sum(), "summed": 1.0, "over sentences": len(t), "all rows": keep.size}
    return (each * keep).sum() / by.get(wrong, (of * keep).sum()), each[keep]


@cache
def start(name: str) -> tuple[tfstep.Trace, Rows]:
    """A run with weights that are in no way special, and its forward pass without the loss."""
    trace = tfstep.trace(load_text(TEXT.format(more=OURS[name][0])))
    rng = np.random.default_rng(2)
    moved = {
        n.path: trace.value(n.slot) + rng.normal(0, 0.3, n.shape) for n in trace.plan.nodes if n.kind == "parameter"
    }
    trace = trace.edit(moved)
    kept = (
        n
        for n in trace.plan.nodes
        if n.phase in ("", "forward") and n.dtype.kind == "f" and n.kind in ("step", "parameter")
    )
    return trace, {
        n.path.replace(".", "_"): np.array(trace.value(n.slot)) for n in kept if not n.path.startswith("loss")
    }


def theirs(name: str, wrong: str = "") -> tuple[float, Any, np.ndarray]:
    """The number of a loss, what each label costs, and the gradient of the logits."""
    trace, _ = start(name)
    z, t = trace["out.logits"].value, np.asarray(trace["loss.labels"].value)
    _, epsilon, w = OURS[name]
    g = np.zeros(z.shape)
    for i in np.ndindex(z.shape):
        moved = z.astype(complex)
        moved[i] += 1e-30j
        g[i] = cost(moved, t, epsilon, w, wrong)[0].imag / 1e-30
    value, each = cost(z, t, epsilon, w, wrong)
    return float(value), each, g


def recordings(name: str, wrong: str = "") -> dict[str, Rows]:
    """What may be written down of it."""
    forward = start(name)[1]
    value, each, g = theirs(name, wrong)
    whole = {**forward, "loss": np.asarray(value)}
    single = {n: np.asarray(array, np.float32) for n, array in whole.items()}
    found = {
        "loss": whole,
        "float32": single,
        "both": {**whole, "out_logits.grad": g},
        "gradient": {**forward, "out_logits.grad": g},
    }
    if each is not None and name != "plain" and wrong not in ("of p", "shifted"):
        found["each"] = {**forward, "costs": each, "loss": np.asarray(value)}
    return found


@pytest.mark.parametrize("name", OURS)
def test_a_right_loss_agrees(name: str) -> None:
    assert np.isclose(theirs(name)[0], float(start(name)[0]["loss"].value), rtol=1e-12)
    for how, rows in recordings(name).items():
        assert tfstep.diagnose(start(name)[0], rows).agrees, how


@pytest.mark.parametrize("name", ["both", *(pytest.param(n, marks=pytest.mark.slow) for n in ("smoothed", "weighted"))])
def test_a_wrong_loss_of_labels_is_named(name: str) -> None:
    trace, missed, tried = start(name)[0], [], 0
    right = theirs(name)[0]
    for wrong, kind in WRONG:
        if np.isclose(theirs(name, wrong)[0], right, rtol=1e-9):
            continue  # as where all weigh the same
        for how, rows in recordings(name, wrong).items():
            tried += 1
            found = tfstep.diagnose(trace, rows)
            place = {"loss", *(["loss.each"] if how == "each" and kind == "loss-input" else [])}
            told = [(cause.kind, cause.explains == cause.of) for cause in found.causes]
            if told != [(kind, True)] or found.first is None or found.first.path not in place:
                missed.append((wrong, how, found.first and found.first.path, told))
    assert tried >= 30
    assert not missed


def test_smoothing_where_ours_has_none() -> None:
    z, t = start("plain")[0]["out.logits"].value, np.asarray(start("plain")[0]["loss.labels"].value)
    for wrong, said in (("", "among all words"), ("to the others", "among the other words")):
        rows = start("plain")[1] | {"loss": np.asarray(cost(z, t, 0.1, np.ones(7), wrong)[0])}
        (cause,) = tfstep.diagnose(start("plain")[0], rows).causes
        assert (cause.kind, cause.path) == ("loss-input", "loss")
        assert f"0.1 of each is shared {said}" in cause.detail.in_("en")


@pytest.mark.parametrize(("made", "kind"), [
    (lambda p, q, one, n: (p - one) / n, "loss-input"),
    (lambda p, q, one, n: (q - p * q.sum(-1, keepdims=True)) / n, "loss-input"),
    (lambda p, q, one, n: p * q.sum(-1, keepdims=True) - q, "loss-reduction"),
])  # fmt: skip
def test_a_derivative_that_is_not_that_of_the_loss(made: Any, kind: str) -> None:
    trace, forward = start("both")
    z, t = trace["out.logits"].value, np.asarray(trace["loss.labels"].value)
    e, one = np.exp(z - z.max(-1, keepdims=True)), np.eye(7)[t]
    q, of = (0.9 * one + 0.1 / 7) * WEIGHTS, WEIGHTS[t] * (t != 0)
    g = made(e / e.sum(-1, keepdims=True), q, one, of.sum()) * (t != 0)[..., None]
    found = tfstep.diagnose(trace, {**forward, "loss": trace["loss"].value, "out_logits.grad": g})
    assert [(cause.kind, cause.path) for cause in found.causes] == [(kind, "out.logits.grad")]
