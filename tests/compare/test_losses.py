"""A right GPT under a wrong loss: the mistake is named, with a scenario given and without. Recorded by `make_losses.py`."""

import json
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

import tfstep
from tfstep.compare.proposed.propose import propose
from tfstep.compare.recorded.reading import read
from tfstep.scenario.scenario import Scenario, load_text

FOLDER = Path(__file__).with_name("losses")
NAMES = sorted(path.stem for path in FOLDER.iterdir())
RIGHT = [name for name in NAMES if name.startswith("right")]
OTHER = [name for name in NAMES if name.startswith("other")]
WRONG = [name for name in NAMES if name not in RIGHT + OTHER]
Z_LOSS = ["a z-loss is added: 0.01 · mean (log Σ exp)²"]


def ours() -> Scenario:
    """The same model, and what it should say: the next word, where there is one."""
    ids = read(FOLDER / "right--flat.safetensors")["ids"]
    labels = np.concatenate([ids[:, 1:], np.zeros((2, 1), int)], 1)
    text = {
        "model": {"kind": "decoder", "d_model": 8, "heads": 2, "d_ff": 16, "activation": "gelu", "norm_position": "pre",
                  "positional": "learned", "positions": 6, "mask": {"padding": False}},
        "vocab": ["<pad>", *map(str, range(1, 9))],
        "input": {side: [["<pad>" if k == 0 else str(k) for k in row] for row in rows.tolist()]
                  for side, rows in (("target", ids), ("labels", labels))},
    }  # fmt: skip
    return load_text(json.dumps(text), "ours")


def test_every_mistake_is_there() -> None:
    kinds = {name.partition("--")[0] for name in WRONG}
    assert kinds == {"labels-unshifted", "labels-shifted-twice", "loss-reduction", "pads-counted", "loss-input"}
    assert len(RIGHT) >= 7


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("given", [True, False])
def test_a_right_loss_is_not_accused(name: str, given: bool) -> None:
    kept = read(FOLDER / f"{name}.safetensors")
    found = tfstep.diagnose(ours(), kept) if given else tfstep.diagnose(kept)
    assert found.agrees, str(found)
    assert {match.path for match in found.matched} >= {"loss", "out.logits.grad"}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("given", [True, False])
def test_a_wrong_loss_has_one_cause(name: str, given: bool) -> None:
    kept = read(FOLDER / f"{name}.safetensors")
    found = tfstep.diagnose(ours(), kept) if given else tfstep.diagnose(kept)
    if name == "loss-input--smoothed" and not given:  # they asked for it
        assert propose(kept).keys["loss"]["smoothing"] == 0.1
        assert found.agrees, str(found)
        return
    idle = [("grad-missing", "tgt.E.grad")] * (given and "wte.padding_idx" in kept.settings)  # which ours has not
    assert [(cause.kind, cause.path) for cause in found.causes] == [(name.partition("--")[0], "loss"), *idle], str(
        found
    )
    guessed = any("labels: the next word of each row, guessed" in said.in_("en") for said in found.remarks)
    assert guessed == (name.startswith("labels") and not given)


@pytest.mark.parametrize("name", OTHER)
def test_a_loss_of_their_own_is_not_judged_where_no_scenario_says_it_is_wrong(name: str) -> None:
    kept = read(FOLDER / f"{name}.safetensors")
    found = tfstep.diagnose(kept)
    assert found.agrees, str(found)
    assert any("no loss is known" in said.in_("en") for said in found.remarks)
    with_ours = tfstep.diagnose(ours(), kept)
    assert not with_ours.agrees
    assert [str(cause.detail) for cause in with_ours.causes] == Z_LOSS * (name == "other--penalty")


@pytest.mark.parametrize("name", ["other--weights", "other--penalty", "loss-input--nll"])
def test_a_loss_that_is_not_recorded_is_named_by_the_first_gradient_alone(name: str) -> None:
    kept = read(FOLDER / f"{name}.safetensors")
    kept = replace(kept, arrays={n: array for n, array in kept.arrays.items() if array.size > 1})
    found = tfstep.diagnose(ours(), kept)
    assert not found.agrees
    own = {"loss-input--nll": [("loss-input", "loss")], "other--penalty": [("loss-reduction", "loss")]}.get(name, [])
    assert [(cause.kind, cause.path) for cause in found.causes] == own, str(found)
    assert found.first is not None
    assert np.isfinite(found.first.max_abs)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_arrays_without_what_a_recording_knows_of_them(name: str) -> None:
    """A bare dictionary: which are the weights, and which way round they lie, their names alone tell."""
    found = tfstep.diagnose(ours(), dict(read(FOLDER / f"{name}.safetensors").arrays))
    if name in RIGHT:
        assert found.agrees, str(found)
        return
    assert found.first is not None
    assert found.first.path == "loss", str(found)
    kinds = ["loss-reduction"] if name == "other--penalty" else [] if name in OTHER else [name.partition("--")[0]]
    assert [cause.kind for cause in found.causes if cause.path != "tgt.E.grad"] == kinds


def test_what_fills_up_rows_is_told_by_the_loss_the_table_or_the_number() -> None:
    said = {
        name: str(propose(read(FOLDER / f"{name}.safetensors")).remark)
        for name in ("right--flat", "pads-counted--flat")
    }
    assert "pads 0 (cross_entropy.ignore_index)" in said["right--flat"]
    assert "pads 0 (wte.padding_idx)" in said["pads-counted--flat"]
    found = tfstep.diagnose(read(FOLDER / "right--by-hand.safetensors"))
    assert any("pads 0 (fits their loss)" in text.in_("en") for text in found.remarks)
