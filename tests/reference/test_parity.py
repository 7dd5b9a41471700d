"""tfstep against the arrays recorded from PyTorch: values, every gradient, and the parameters after one update.

max|Δ| ≤ 1e-9·max|reference| + 1e-12 in float64; 1e-4 relative in float32. `record.py` makes the arrays; `table.py`
prints the worst error of each case.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from parity_compare import compare, compare_training
from parity_difference import difference, worst
from parity_pack import Case, load

READY = ("encoder", "extended", "decoder", "encoder-decoder", "attention", "mlp", "training", "updates")
CASES = [pytest.param(case, id=f"{group}-{case.name}") for group in READY for case in load(group)]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_values_gradients_and_updates_are_those_of_pytorch(case: Case, tmp_path: Path) -> None:
    differences = compare(case) + compare_training(case, tmp_path)
    too_far = [str(one) for one in differences if not one.excess <= 1]
    assert not too_far, f"worst: {worst(differences)}\n" + "\n".join(too_far)


@pytest.mark.parametrize(
    ("found", "dtype", "right"),
    [
        ([[1.0, -4.0 + 3e-9], [np.inf, np.nan]], "float64", True),
        ([[1.0, -4.0 + 5e-9], [np.inf, np.nan]], "float64", False),
        ([[1.0, -4.0 + 3e-4], [np.inf, np.nan]], "float32", True),
        ([[1.0, -4.0 + 5e-4], [np.inf, np.nan]], "float32", False),
        ([[1.0, -4.0], [-np.inf, np.nan]], "float64", False),
        ([[1.0, -4.0], [np.inf, 0.0]], "float64", False),
        ([[1.0, np.nan], [np.inf, np.nan]], "float64", False),
        ([[[1.0, -4.0], [np.inf, np.nan]]], "float64", False),
    ],
)
def test_a_difference_beyond_the_bound_is_seen(found: list[object], dtype: str, right: bool) -> None:
    reference = np.array([[1.0, -4.0], [np.inf, np.nan]])
    assert (difference("p", np.array(found), reference, dtype).excess <= 1) is right
