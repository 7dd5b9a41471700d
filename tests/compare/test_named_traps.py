"""What libraries do otherwise than one guesses is named; recorded by `make_traps.py` with torch 2.13 and transformers 5.24."""

from pathlib import Path
from typing import Any

import pytest

import tfstep
from tfstep.compare.recorded.reading import read

FOLDER = Path(__file__).with_name("traps")
IDS = [3, 4, 5, 6, 7]


def named(name: str, ids: list[int], changes: dict[str, Any], **how: Any) -> list[tuple[str, str, str]]:
    """The causes of one run beside the model that it is of."""
    scenario = tfstep.load(FOLDER / name, ids=ids, **how).with_changes(changes)
    causes = tfstep.diagnose(scenario, FOLDER / f"{name}.safetensors").causes
    return [(cause.kind, cause.path, cause.detail.in_("en")) for cause in causes]


@pytest.mark.parametrize("causal", [False, True])
def test_a_boolean_mask_of_four_axes_that_is_added(causal: bool) -> None:
    ((kind, path, detail),) = named("added", IDS, {"model": {"mask": {"causal": causal}}})
    assert (kind, path) == ("mask-added", "enc0.attn.masked")
    assert "a causal mask of 1 (visible) and 0 is added" in detail


def test_positions_that_cut_the_sequence() -> None:
    ((kind, path, detail),) = named("cut", IDS, {"input": {"positions": [[0, 1, 4, 5, 6]]}})
    assert (kind, path) == ("mask-unasked", "dec0.attn.masked")
    assert "positions do not grow by one" in detail


def test_frequencies_of_rope_in_bfloat16() -> None:
    ((kind, path, detail),) = named("rounded-rope", IDS * 4, {})
    assert (kind, path) == ("dtype", "dec0.attn.Q_rot")
    assert "the frequencies of rope rounded to bfloat16" in detail


def test_a_loss_in_float32_within_a_run_of_float64() -> None:
    ((kind, path, detail),) = named("single-loss", IDS, {}, dtype="float64")
    assert (kind, path) == ("dtype", "loss")
    assert detail == "computed in float32"


def test_a_float_mask_is_recorded_as_it_is_added_and_the_fast_path_is_told_of() -> None:
    kept = read(FOLDER / "float-mask.safetensors")
    found = tfstep.diagnose(kept)
    assert found.agrees, found
    assert any("its fast path" in each.in_("en") and "src_mask" in str(kept.arrays.keys()) for each in found.remarks)
