"""A loss that the reader wrote: one of ours where its number says so, else not judged; the gradients are, all the same."""

import re
from typing import Any

import numpy as np
import pytest

import tfstep
from tfstep.compare.proposed.propose import propose
from tfstep.compare.recorded.note import Note
from tfstep.compare.recorded.recorder import of
from tfstep.compare.recorded.recording import Recording

OWN = "the loss is their own: not judged; the gradients are judged from theirs of out"


def backwards(loss: str = "mse", bug: str = "", target: bool = True) -> dict[str, Any]:
    """Attention of one head, forward and backward, as one writes it in NumPy."""
    rng = np.random.default_rng(5)
    n, d = 4, 6
    x, t = rng.normal(size=(2, n, d))
    Wq, Wk, Wv = rng.normal(size=(3, d, d)) * 0.5
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    s = q @ k.T / np.sqrt(d)
    e = np.exp(s - s.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    out = p @ v
    value, g = {
        "mse": (((out - t) ** 2).mean(), 2 * (out - t) / out.size),
        "squares": (((out - t) ** 2).sum(), 2 * (out - t)),
        "cosh": (np.log(np.cosh(out - t)).mean(), np.tanh(out - t) / out.size),
    }[loss]
    g = g / 2 if bug == "half" else g
    dv, dp = (p if bug == "turned" else p.T) @ g, g @ v.T
    ds = p * (dp - (0 if bug == "no sum" else (dp * p).sum(-1, keepdims=True)))
    dz = ds / np.sqrt(d)
    dq, dk = dz @ k, dz.T @ q
    rows = {"x": x, "Wq": Wq, "Wk": Wk, "Wv": Wv, "q": q, "k": k, "v": v, "s": s, "p": p, "out": out, "loss": value}
    rows |= {"target": t} if target else {}
    rows |= {"out.grad": g, "v.grad": dv, "p.grad": dp, "s.grad": ds, "q.grad": dq, "k.grad": dk}
    return rows | {"Wq.grad": x.T @ dq, "Wk.grad": x.T @ dk, "Wv.grad": x.T @ dv}


def remarks(found: tfstep.compare.diagnosis.Diagnosis) -> list[str]:
    return [each.in_("en") for each in found.remarks]


@pytest.mark.parametrize("loss", ["mse", "squares", "cosh"])
@pytest.mark.parametrize("target", [True, False])
def test_right_gradients_agree_whatever_the_loss(loss: str, target: bool) -> None:
    found = tfstep.diagnose(backwards(loss, target=target))
    assert found.agrees, str(found)
    assert {match.path for match in found.matched} >= {"attn.W_Q.grad", "attn.W_K.grad", "attn.scaled.grad"}
    assert (OWN in remarks(found)) == (loss != "mse")
    assert any(match.path == "loss" for match in found.matched) == (loss == "mse")


@pytest.mark.parametrize("loss", ["mse", "squares", "cosh"])
@pytest.mark.parametrize(("bug", "kind", "path"), [
    ("turned", "transposed", "attn.V.grad"), ("no sum", "grad-missing", "attn.scaled.grad"),
])  # fmt: skip
def test_a_wrong_gradient_is_named_whatever_the_loss(loss: str, bug: str, kind: str, path: str) -> None:
    found = tfstep.diagnose(backwards(loss, bug, target=loss == "mse"))
    assert [(cause.kind, cause.path) for cause in found.causes] == [(kind, path)], str(found)


def test_the_derivative_of_a_loss_is_judged_where_its_target_is_recorded() -> None:
    (cause,) = tfstep.diagnose(backwards("mse", "half")).causes
    assert (cause.kind, cause.path) == ("loss-reduction", "attn.concat.grad")
    found = tfstep.diagnose(backwards("mse", "half", target=False))  # of what loss it is nobody can tell
    assert found.agrees
    assert OWN in remarks(found)


def test_without_the_gradient_of_the_output_it_is_said_on_its_own_line_that_none_is_judged() -> None:
    rows = {name: array for name, array in backwards("cosh", "turned").items() if name != "out.grad"}
    found = tfstep.diagnose(rows)
    assert found.agrees
    said = [line for line in str(found).splitlines() if line.startswith("no loss is known: gradients are not judged")]
    assert len(said) == 1
    assert "out.grad" in said[0]


def test_a_scenario_of_a_loss_of_their_own_has_none() -> None:
    assert re.search(r"loss:\s*(\{)?\s*kind: none", propose(of(backwards("cosh"))).text())
    assert "half_mse" not in propose(of(backwards("cosh"))).text()


def with_output(used: bool) -> Recording:
    """Attention with W_O, of which each call is noted; without it where it is not ``used``."""
    rng = np.random.default_rng(2)
    x, (Wq, Wk, Wv, Wo) = rng.normal(size=(2, 5, 6)), rng.normal(size=(4, 6, 6)) * 0.5
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    s = q @ k.swapaxes(-1, -2) / np.sqrt(6)
    e = np.exp(s)
    p = e / e.sum(-1, keepdims=True)
    c = p @ v
    kept = Recording()
    kept.add("x", x, Note("input"))
    for name, array in (("Wq", Wq), ("Wk", Wk), ("Wv", Wv), ("Wo", Wo)):
        kept.add(name, array, Note("weight"))
    for name, array, op, read in (
        ("q", q, "matmul", ("x", "Wq")), ("k", k, "matmul", ("x", "Wk")), ("v", v, "matmul", ("x", "Wv")),
        ("s", s, "div", ("q", "k")), ("p", p, "softmax", ("s",)),
    ):  # fmt: skip
        kept.add(name, array, Note(op=op, inputs=read))
    kept.add("c", c, Note(op="matmul", inputs=("p", "v"), result=not used))
    if used:
        kept.add("y", c @ Wo, Note(op="matmul", inputs=("c", "Wo"), result=True))
    return kept


def test_a_weight_that_nothing_reads_is_named() -> None:
    assert tfstep.diagnose(with_output(True)).agrees
    found = tfstep.diagnose(with_output(False))
    assert found.first is not None
    assert (found.first.path, found.first.name, found.causes) == ("attn.out", "Wo", ())
    assert "Wo is recorded and used by nothing: attn.out is left out" in str(found)
