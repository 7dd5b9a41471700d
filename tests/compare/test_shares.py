"""What only the gradient of a whole tells: a use of a tied table that is dropped or written over, a residual that is
detached, a loss that is not divided; and masks of two reasons put together wrongly. Each beside its right twin."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tfstep
from tfstep.scenario.scenario import load_text
from tfstep.torch import _old_gradients

Rows = dict[str, np.ndarray]
TIED = """
tfstep: 1
model: {kind: decoder, layers: 1, d_model: 8, heads: 2, d_ff: 12, norm_position: pre, tie: [[tgt.E, out.W]]}
vocab: [<pad>, <sos>, <eos>, a, b, c, d]
input: {target: [<sos> c b d a, <sos> a b c], labels: [c b d a <eos>, a b c <eos>]}
weights: {seed: 6, init: {normal: .4}}
"""
RESIDUAL = """
tfstep: 1
model: {kind: encoder, layers: 1, d_model: 8, heads: 2, d_ff: 12, norm_position: pre, positional: none}
vocab: [<pad>, a, b, c, d]
input: {source: [c b d a, a b c]}
loss: {kind: mse, target: 0.5}
weights: {seed: 6, init: {normal: .4}}
"""


def own(text: str, *, gradients: str = "all") -> tuple[tfstep.Trace, Rows]:
    """A right run under names of its own, with the gradients of everything or of the parameters alone."""
    trace = tfstep.trace(load_text(text))
    rows = dict[str, np.ndarray]()
    for node in trace.plan.nodes:
        if node.phase in ("", "forward") and node.dtype.kind == "f" and node.kind not in ("view", "constant"):
            rows[node.path.replace(".", "_")] = trace.value(node.slot)
    for node in trace.plan.nodes:
        name = node.path.removesuffix(".grad").replace(".", "_")
        kept = name in rows and (gradients == "all" or trace.plan.paths[node.path.removesuffix(".grad")].op is None)
        if node.path.endswith(".grad") and node.phase == "backward" and kept:
            rows[name + ".grad"] = trace.value(node.slot)
    return trace, rows


def only_the_head(trace: tfstep.Trace) -> np.ndarray:
    return np.array(trace["out.W.grad"].value).T


def written_over(trace: tfstep.Trace) -> np.ndarray:
    total, ids = only_the_head(trace).copy(), np.asarray(trace["tgt.tokens"].value)
    total[ids.ravel()] = np.asarray(trace["tgt.embed.grad"].value).reshape(ids.size, -1)
    return total


@pytest.mark.parametrize("gradients", ["all", "parameters"])
@pytest.mark.parametrize(
    ("made", "said"), [(only_the_head, "tgt.embed is missing"), (written_over, "written, not added")]
)
def test_a_tied_table_has_the_gradient_of_both_its_uses(
    made: Callable[[tfstep.Trace], np.ndarray], said: str, gradients: str
) -> None:
    trace, rows = own(TIED, gradients=gradients)
    assert tfstep.diagnose(trace, rows).agrees
    found = tfstep.diagnose(trace, rows | {"tgt_E.grad": made(trace)})
    assert [(cause.kind, cause.path) for cause in found.causes] == [("grad-missing", "tgt.E.grad")]
    assert said in str(found.causes[0].detail.in_("en"))


@pytest.mark.parametrize("gradients", ["all", "parameters"])
def test_a_row_of_padding_of_a_tied_table_lacks_what_is_looked_up(gradients: str) -> None:
    trace, rows = own(TIED, gradients=gradients)
    made, word = rows["tgt_E.grad"].copy(), int(np.asarray(trace["tgt.tokens"].value)[0, 1])
    made[word] = only_the_head(trace)[word]
    found = tfstep.diagnose(trace, rows | {"tgt_E.grad": made})
    assert [(cause.kind, cause.path) for cause in found.causes] == [("grad-missing", "tgt.E.grad")]
    assert f"row {word} lacks the share that comes by tgt.embed" in str(found.causes[0].detail.in_("en"))
    made[word] *= 1.01
    assert not tfstep.diagnose(trace, rows | {"tgt_E.grad": made}).causes


def test_a_norm_that_is_left_out_has_no_share_of_its_own_in_the_gradient_of_what_it_hands_on() -> None:
    text = TIED.replace("layers: 1", "layers: 2")
    trace, usual = own(text)
    _, rows = own(text.replace("position: pre", "position: pre, norm: none"))
    rows |= {n: v for n, v in usual.items() if n.endswith(("gamma", "beta"))}
    found = tfstep.diagnose(trace, rows)
    assert [(cause.kind, cause.path) for cause in found.causes] == [("norm-kind", "dec0.norm1")]
    assert [fault.path for fault in found.faults] == ["dec0.norm1"]


def test_each_use_of_a_tied_table_with_its_own_gradient_is_right() -> None:
    trace, rows = own(TIED)
    rows["head"], rows["head.grad"] = np.array(trace["out.W"].value), np.array(trace["out.W.grad"].value)
    assert tfstep.diagnose(trace, rows).agrees


def test_a_residual_that_is_detached() -> None:
    trace, rows = own(RESIDUAL)
    rows = {name: value for name, value in rows.items() if name.removesuffix(".grad") not in ("src_x",)}
    assert tfstep.diagnose(trace, rows).agrees
    share = np.array(trace["src.x.grad/enc0.norm1"].value)
    table = np.zeros(trace["src.E"].value.shape)
    np.add.at(table, np.asarray(trace["src.tokens"].value), share)
    found = tfstep.diagnose(trace, rows | {"src_embed.grad": share, "src_E.grad": table})
    assert [(cause.kind, cause.path) for cause in found.causes] == [("grad-missing", "src.x.grad")]
    assert "enc0.add1 is missing" in str(found.causes[0].detail.in_("en"))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("times", "kind"), [(9, "loss-reduction"), (2, "grad-accumulated"), (3, "grad-accumulated")])
def test_a_loss_that_is_not_divided_by_its_nine_labels(times: int, kind: str, dtype: type) -> None:
    trace, rows = own(TIED, gradients="parameters")
    theirs = {n: (times * v if n.endswith(".grad") else v).astype(dtype) for n, v in rows.items()}
    found = tfstep.diagnose(trace, theirs)
    assert [cause.kind for cause in found.causes] == [kind]
    if kind == "loss-reduction":
        assert found.causes[0].path == "out.logits.grad"
        assert "9 backward passes" in str(found.causes[0].detail.in_("en")), "both are possible, and both are said"


def test_nine_passes_are_added_where_the_logits_tell_that_the_loss_is_right() -> None:
    trace, rows = own(TIED)
    names = [n.path.replace(".", "_") + ".grad" for n in trace.plan.nodes if n.kind == "parameter"]
    found = tfstep.diagnose(trace, rows | {name: 9 * rows[name] for name in names})
    assert [cause.kind for cause in found.causes] == ["grad-accumulated"]


def attended(trace: tfstep.Trace, hide: np.ndarray) -> Rows:
    """The attention of somebody's own, with a mask put together by hand."""
    at = {path: np.array(trace["dec0.attn." + path].value) for path in ("Q", "K", "V", "W_O", "b_O", "scaled")}
    scores = np.where(hide, -1e9, at["scaled"])
    p = np.exp(scores - scores.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    mixed = p @ at["V"]
    side = mixed.transpose(0, 2, 1, 3).reshape(len(mixed), mixed.shape[2], -1)
    return {**at, "masked": scores, "p": p, "mixed": mixed, "side": side, "y": side @ at["W_O"] + at["b_O"]}


def together(trace: tfstep.Trace) -> dict[str, Any]:
    ids = np.asarray(trace["tgt.tokens"].value)
    future, pads = np.triu(np.ones((ids.shape[1],) * 2, bool), 1), (ids == 0)[:, None, None, :]
    return {"right": future | pads, "past": np.tril(np.ones(future.shape, bool), -1) | pads, "both": future & pads}


@pytest.mark.parametrize(("how", "kind"), [("past", "mask-inverted"), ("both", "mask-missing")])
def test_a_mask_of_two_reasons_put_together_wrongly(how: str, kind: str) -> None:
    trace = tfstep.trace(load_text(TIED))
    masks = together(trace)
    assert tfstep.diagnose(trace, attended(trace, masks["right"])).agrees
    found = tfstep.diagnose(trace, attended(trace, masks[how]))
    assert [(cause.kind, cause.path) for cause in found.causes] == [(kind, "dec0.attn.masked")]


@pytest.mark.parametrize(("grads", "told"), [((1.0, 0.0, None), 1), ((2.0, 1.0, 1.0), 3), ((0.0, None, None), 0)])
def test_gradients_of_an_earlier_pass_are_told(grads: tuple[float | None, ...], told: int) -> None:
    """As a module of PyTorch has them; gradients set to zero, or to None, are none."""
    of = [(f"w{k}", SimpleNamespace(grad=None if g is None else np.full(3, g))) for k, g in enumerate(grads)]
    said = list(_old_gradients(SimpleNamespace(named_parameters=lambda: of)))
    assert [each.in_("en").split(":")[1].split()[0] for each in said] == [str(told)] * (told > 0)
    assert all("w0" in each.in_("zh") and "zero_grad" in each.in_("zh") for each in said)
