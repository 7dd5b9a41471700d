"""Losses against what PyTorch recorded (`record_losses.py`): the number, and the gradient of the logits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from loss_cases import CHANCES, LABELS, LOGITS, OF_LABELS, OF_NUMBERS, SHARES, WORDS, X

from tfstep.engine.trace import Trace
from tfstep.errors import TfstepError
from tfstep.scenario.scenario import Scenario, load_text

RECORDED = np.load(Path(__file__).parent / "losses.npz", allow_pickle=False)


def of_labels(name: str) -> Scenario:
    told = dict(OF_LABELS[name])
    return load_text(
        json.dumps(
            {
                "model": {"kind": "encoder", "d_model": 4},
                "vocab": WORDS,
                "input": {"source": LABELS, "labels": told.pop("labels", LABELS)},
                "loss": {"kind": "cross_entropy", **told},
                "pins": {"out.logits": LOGITS.tolist()},
            }
        )
    )


def of_numbers(name: str) -> Scenario:
    told = OF_NUMBERS[name]
    goal = CHANCES if told["kind"] == "bce" else SHARES
    model = {"kind": "formula", "parameters": {"x": X.tolist()}, "steps": {"y": "x * 1"}}
    return load_text(json.dumps({"model": model, "loss": {**told, "target": goal.tolist()}}))


def held(trace: Trace, name: str, path: str) -> None:
    wanted, slope = RECORDED[f"{name}.loss"], RECORDED[f"{name}.grad"]
    np.testing.assert_allclose(np.asarray(trace["loss"].value), wanted, rtol=1e-14)
    np.testing.assert_allclose(np.asarray(trace[path].grad), slope, rtol=0, atol=1e-15 * max(1, np.abs(slope).max()))


@pytest.mark.parametrize("name", OF_LABELS)
def test_losses_of_labels(name: str) -> None:
    held(of_labels(name).program.trace(), name, "out.logits")


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_losses_of_numbers(name: str) -> None:
    held(of_numbers(name).program.trace(), name, "y")


def test_no_label_that_counts_is_nought_over_nought_and_says_so() -> None:
    trace = of_labels("none-counts").program.trace()
    why = trace.explain("loss")
    assert np.isnan(why.value)
    assert np.isnan(why.total)
    assert "0/0" in str(why.note)
    assert float(trace["loss.divisor"].value) == 0
    assert not np.asarray(trace["out.logits"].grad).any()


def test_perplexity_is_of_the_cross_entropy_alone() -> None:
    changes = {"loss": {"kind": "cross_entropy", "z_loss": 0.5, "perplexity": True}}
    trace = of_labels("mean").with_changes(changes).program.trace()
    assert float(trace["loss.perplexity"].value) == pytest.approx(np.exp(float(RECORDED["mean.loss"])), rel=1e-14)
    assert trace["loss.perplexity"].grad is None


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        ({"kind": "cross_entropy", "class_weights": {"e": 1}}, "is not one of the labels' vocabulary"),
        ({"kind": "cross_entropy", "ignore": ["e"]}, "is not one of the labels' vocabulary"),
        ({"kind": "cross_entropy", "reduction": "batch"}, "allowed: mean, sentences, sum"),
        ({"kind": "sum", "reduction": "mean"}, "it is for cross_entropy, bce and kl"),
        ({"kind": "sum", "smoothing": 0.1}, "smoothing with sum"),
        ({"kind": "cross_entropy", "smoothing": 1}, "smoothing is 1"),
    ],
)
def test_what_a_loss_does_not_have_is_refused(loss: dict[str, object], said: str) -> None:

    with pytest.raises(TfstepError, match=said):
        _ = of_labels("mean").with_changes({"loss": loss}).program
