"""Backward passes written by hand: what is wrong in them is named, and nothing that merely follows from it."""

from __future__ import annotations

import numpy as np
import pytest
from hands_backward import Block
from plants import TEXTS, Start

import tfstep

TEXTS["relu block"] = TEXTS["small encoder"].replace("activation: gelu", "activation: relu")
TEXTS["pre block"] = TEXTS["pre-norm"].rstrip() + "\ntrain: {optimizer: sgd, lr: .1}\n"
MODELS = ("attention", "relu block", "pre block")


def rows_of(start: Start, *wrong: str) -> dict[str, np.ndarray]:
    paths = start.trace.plan.paths
    numbers = {**start.w, "src.x": start.trace["src.x"].value} if "src.x" in paths else start.w
    return Block(numbers, start.scenario.model, start.scenario.inputs, wrong).run()


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_right_backward_pass_agrees(name: str) -> None:
    start = Start(name)
    rows = rows_of(start)
    assert tfstep.diagnose(start.trace, rows).agrees
    forward_and_weights = {
        n: v for n, v in rows.items() if not n.endswith(".grad") or n.removesuffix(".grad") in start.w
    }
    assert tfstep.diagnose(start.trace, forward_and_weights).agrees


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("wrong", ["unscaled", "eps", "leaky", "no mask", "mask plus"])
def test_gradients_that_follow_from_a_mistake_of_the_forward_pass_are_not_accused(name: str, wrong: str) -> None:
    start = Start(name)
    rows = rows_of(start, wrong)
    if all(np.array_equal(rows[n], value) for n, value in rows_of(start).items() if n in rows):
        return
    for given in (
        rows,
        {n: v for n, v in rows.items() if not n.endswith((".grad", ".new")) or n[0:4] in ("enc0", "attn")},
    ):
        found = tfstep.diagnose(start.trace, given)
        assert len(found.causes) == 1
        assert {fault.path for fault in found.faults} == {found.causes[0].path, *found.causes[0].also}


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_gradients_past_a_step_that_nothing_explains_are_not_accused(name: str) -> None:
    start = Start(name)
    found = tfstep.diagnose(start.trace, rows_of(start, "drop"))
    assert not found.causes
    assert [fault.path.rpartition(".")[2] for fault in found.faults] == ["heads"]


BACKWARD: tuple[tuple[str, str, str], ...] = (
    ("∂unscaled", "scale", "scores.grad"), ("∂over d", "scale", "scores.grad"),
    ("∂softmax bare", "grad-missing", "scaled.grad masked.grad"),
    ("∂softmax diagonal", "grad-missing", "scaled.grad masked.grad"),
    ("∂softmax mean", "softmax-axis", "scaled.grad masked.grad"), ("∂softmax sum", "softmax-axis", "scaled.grad masked.grad"),
    ("∂softmax axis", "softmax-axis", "scaled.grad masked.grad"),
    ("∂V unturned", "transposed", "attn.V.grad"), ("∂K unturned", "transposed", "attn.K.grad"),
    ("∂W turned", "transposed", "attn.W_O.grad"), ("∂x unturned", "transposed", "concat.grad"),
    ("∂no skip 1", "grad-missing", "x.grad"), ("∂no skip 2", "grad-missing", "add1.grad norm1.grad"),
    ("∂skip alone", "grad-missing", "add1.grad norm1.grad"), ("∂no q", "grad-missing", "x.grad norm1.grad"),
    ("∂b mean", "loss-reduction", "out.b.grad b_O.grad"), ("∂b rows", "grad-missing", "out.b.grad"),
    ("∂loss sum", "loss-reduction", "logits.grad"), ("∂loss batch", "loss-reduction", "logits.grad"),
    ("∂loss all", "loss-reduction", "logits.grad"), ("∂loss twice", "loss-reduction", "out.grad"),
    ("∂pads", "pads-counted", "logits.grad"), ("∂loss of p", "loss-input", "logits.grad"),
    ("∂var", "norm-variance", "add2.grad"), ("∂norm straight", "norm-variance", "add2.grad"),
    ("∂mean", "norm-variance", "add2.grad"), ("∂no gamma", "norm-affine", "add2.grad"),
    ("∂gamma bare", "norm-affine", "gamma.grad"), ("∂relu of gradient", "activation", "hidden.grad"),
    ("∂relu none", "activation", "hidden.grad"), ("∂relu value", "activation", "hidden.grad"),
    ("∂relu turned", "activation", "hidden.grad"), ("∂merge", "heads-merged", "v_proj.grad"),
    ("∂heads", "heads-reshaped", "heads.grad"),
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_mistake_of_the_backward_pass_alone_is_named(name: str) -> None:
    start, tried, missed = Start(name), 0, []
    right = rows_of(start)
    for wrong, kind, paths in BACKWARD:
        rows = rows_of(start, wrong)
        if rows.keys() == right.keys() and all(np.allclose(rows[n], right[n]) for n in rows):
            continue  # nothing of this model shows it
        tried += 1
        found = tfstep.diagnose(start.trace, rows)
        causes = [(cause.kind, cause.path) for cause in found.causes]
        known = {found.causes[0].path, *found.causes[0].also} if found.causes else set()
        first = len(causes) == 1 and causes[0][0] == kind and causes[0][1].endswith(tuple(paths.split()))
        if not first or {fault.path for fault in found.faults} - known:
            missed.append((wrong, causes, [fault.path for fault in found.faults]))
    assert tried >= 15
    assert not missed


def test_what_was_computed_instead_is_said_in_both_languages() -> None:
    start = Start("attention")
    detail = tfstep.diagnose(start.trace, rows_of(start, "∂unscaled")).causes[0].detail
    assert detail.in_("en") == "∂scores = ∂scaled in place of ∂scores = ∂scaled / √4"
    assert detail.in_("zh") == "∂scores = ∂scaled，而不是 ∂scores = ∂scaled / √4"
    detail = tfstep.diagnose(start.trace, rows_of(start, "∂softmax bare")).causes[0].detail
    assert detail.in_("en") == "∂x = y · g in place of ∂x = y · (g − Σ g·y)"


def test_a_mistake_before_the_first_recorded_gradient_is_named() -> None:
    start = Start("relu block")
    rows = {
        n: v for n, v in rows_of(start, "∂unscaled").items() if n not in ("scores.grad", "scaled.grad", "masked.grad")
    }
    found = tfstep.diagnose(start.trace, rows)
    assert [(cause.kind, cause.path) for cause in found.causes] == [("scale", "enc0.attn.scores.grad")]
