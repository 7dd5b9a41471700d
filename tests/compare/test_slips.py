"""Slips that leave everything in its shape: an activation where none is due, dropout that does not scale, a norm of another
place, something added to the loss; and that what one number shows is no proof."""

from __future__ import annotations

import numpy as np
import pytest
from plants import Start

import tfstep
from tfstep.scenario.scenario import load_text

SLIPS = [
    ("relu q", "activation", "attn.q_proj"), ("exp alone", "softmax-axis", "attn.weights"),
    ("drop unscaled", "dropout", "attn.weights"), ("drop hidden unscaled", "dropout", "ffn.act"),
    ("one norm", "norm-affine", "norm2"), ("times positions", "position-missing", "x"),
    ("first norm again", "norm-place", "ffn.hidden ffn.gate"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "kind", "said"), SLIPS)
@pytest.mark.parametrize("name", ["small decoder", "llama", "small encoder"])
def test_a_slip_is_named(name: str, wrong: str, kind: str, said: str) -> None:
    start = Start(name)
    if (wrong, name) in (("times positions", "llama"), ("first norm again", "small encoder")):
        pytest.skip("there are no positions to add, or no norm before the sublayer")
    for dtype in ("float64", "float32"):
        found = tfstep.diagnose(start.trace, start.rows(wrong, dtype=dtype))
        ((cause, path),) = [(cause.kind, cause.path) for cause in found.causes]
        assert (cause, path in start.paths(said)) == (kind, True)
        assert found.causes[0].explains == found.causes[0].of


ADDED = [("loss and one", "loss-reduction"), ("z-loss", "loss-reduction"), ("log of p and a bit", "loss-input"),
         ("log of p and less", "loss-input")]  # fmt: skip


@pytest.mark.parametrize(("wrong", "kind"), ADDED)
@pytest.mark.parametrize("name", ["small decoder", "llama", "small encoder"])
def test_what_is_added_to_the_loss_is_named_where_it_shows(name: str, wrong: str, kind: str) -> None:
    start = Start(name)
    for dtype in ("float64", "float32"):
        found = tfstep.diagnose(start.trace, start.rows(wrong, dtype=dtype))
        said = [(cause.kind, cause.path) for cause in found.causes]
        assert said == [(kind, "loss")] or (dtype == "float32" and not said)
        assert dtype == "float32" or [fault.path for fault in found.faults] == ["loss"]


@pytest.mark.parametrize("gradients", [False, True])
def test_a_loss_that_goes_on_from_ours_is_another(gradients: bool) -> None:
    """Called the loss, or gone back from."""
    start = Start("small decoder")
    rows = start.rows()
    loss = rows.pop("loss")
    ends = {"ce": loss, "total": loss + 1, "total.grad": np.ones(())} if gradients else {"ce": loss, "loss": loss + 1}
    found = tfstep.diagnose(start.trace, {**rows, **ends})
    assert [(cause.kind, cause.path) for cause in found.causes] == [("loss-reduction", "loss")]
    unknown = {name: array * (1.37 if name in ("total", "loss") else 1) for name, array in ends.items()}
    found = tfstep.diagnose(start.trace, {**rows, **unknown})
    assert not found.causes
    assert [fault.path for fault in found.faults] == (["loss"] if gradients else [])  # a mean of several steps, say
    assert gradients or "loss" in found.unmatched


def test_a_loss_of_micro_batches_that_is_divided_first_is_no_other() -> None:
    scenario = load_text(
        "tfstep: 1\nmodel: {kind: decoder, d_model: 4}\nvocab: 5\ntrain: {accumulate: 2}\n"
        "input: {target: {ids: [[1, 2, 3]]}, labels: {ids: [[2, 3, 4]]}}\n"
    )
    trace = tfstep.trace(scenario)
    rows = {path: trace[path].value for path in ("tgt.x", "dec0.attn.out", "out.logits")}
    for name in ("scaled", "loss"):
        found = tfstep.diagnose(scenario, {**rows, "ce": trace["loss"].value, name: trace["loss"].value / 2})
        assert found.agrees, str(found)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_a_number_of_their_own_explains_no_loss(dtype: str) -> None:
    """Of a coarse type every number is a tenth from another but for its rounding."""
    start = Start("small decoder")
    with np.errstate(over="ignore"):  # what is masked
        rows = {name: array.astype(dtype) for name, array in start.rows().items() if array.dtype.kind == "f"}
    factor = {**rows, "loss": (rows["loss"] * 1.37).astype(dtype)}
    del rows["loss"]
    for kept in (factor, {**rows, "temperature": np.asarray(float(factor["loss"]) / 1.37 + 0.3, dtype)}):
        assert not [cause for cause in tfstep.diagnose(start.trace, kept).causes if cause.kind == "loss-reduction"]


def test_what_is_only_said_of_the_loss_is_no_other() -> None:
    start = Start("small decoder")
    rows = start.rows()
    found = tfstep.diagnose(start.trace, {**rows, "perplexity": np.exp(rows["loss"]), "bits": rows["loss"] / np.log(2)})
    assert found.agrees, str(found)


def test_one_coarse_number_behind_larger_arrays_proves_nothing() -> None:
    """The loss of this run is that of tanh behind the attention, in the digits of float32."""
    start = Start("turning encoder")
    rows = start.rows("drop unscaled", dtype="float32")
    rows["enc0.p"] = rows["enc0.p"] * 1.001 + 1e-4
    found = tfstep.diagnose(start.trace, rows)
    assert not found.agrees
    assert not found.causes
