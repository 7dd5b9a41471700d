"""Half precision against what PyTorch's CPU kernels recorded (`record_half.py`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tfstep.ops  # noqa: F401  # enters the ops in the catalogue
from tfstep.engine.arrays.half import HALVES, rounded, spacing
from tfstep.engine.op import CATALOGUE
from tfstep.scenario.scenario import Scenario

RECORDED = np.load(Path(__file__).parent / "half.npz", allow_pickle=False)
ATTRS = {"layer_norm": {"eps": 1e-5}, "rms_norm": {"eps": 1e-5}, "mean": {"axis": -1}, "sum": {"axis": -1}}
OPS = sorted({name.split(".")[1] for name in RECORDED.files} - {"ones", "stalled"})


def units(one: np.ndarray, other: np.ndarray, half: str) -> np.ndarray:
    """How many distances between the numbers there each cell is off."""
    sizes = np.maximum(abs(one), abs(other))
    return np.asarray(abs(one - other) / np.vectorize(lambda size: spacing(size, half))(sizes))


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("name", OPS)
def test_an_op_has_the_numbers_of_pytorch(name: str, half: str) -> None:
    op, key = CATALOGUE.ops[name], f"{half}.{name}"
    args = [RECORDED[f"{key}.{argument}"] for argument in op.arguments]
    y = rounded(op.forward(*args, **ATTRS.get(name, {})), half)
    assert y.dtype == np.float32
    assert units(y, RECORDED[f"{key}.y"], half).max() <= 1
    for k, argument in enumerate(op.arguments):
        theirs = RECORDED[f"{key}.{argument}.grad"]
        vjp = op.vjp(k)
        assert vjp is not None
        ours = rounded(vjp(RECORDED[f"{key}.g"], y, *args, **ATTRS.get(name, {})), half)
        # what cancels within a cell, as in the backward of layer norm, is measured by the largest cell
        assert abs(ours - theirs).max() <= spacing(float(abs(theirs).max()), half)


@pytest.mark.parametrize("half", HALVES)
def test_a_sum_of_ones_does_not_stall(half: str) -> None:
    total = rounded(CATALOGUE.ops["sum"].forward(np.ones((1, 1000), np.float32), axis=-1), half)
    assert float(total.squeeze()) == float(RECORDED[f"{half}.ones"]) == 1000


@pytest.mark.parametrize("half", HALVES)
def test_one_step_of_adam_goes_where_that_of_pytorch_goes(half: str) -> None:
    """1.0 stays and .5 moves by twice the rate in bfloat16; in float16 eps is 0, and a gradient of 0 gives NaN."""
    model = {
        "kind": "formula",
        "dtype": half,
        "given": {"g": [1.0, 1.0, 0.0]},
        "parameters": {"p": [1.0, 0.5, 1.0]},
        "steps": {"y": "p * g"},
    }
    trace = Scenario.from_dict(
        {"model": model, "loss": "sum(y)", "train": {"optimizer": "adam", "lr": 1e-3}}
    ).program.trace()
    np.testing.assert_array_equal(trace["p.new"].value, RECORDED[f"{half}.stalled"])
