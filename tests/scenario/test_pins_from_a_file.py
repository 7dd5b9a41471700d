"""`pins: {file: …}` holds the arrays of a file by their paths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tfstep

TEXT = """tfstep: 1
model: {{kind: attention, d_model: 3}}
input: {{x: [[1, 0, 1], [0, 1, 1], [1, 1, 0]]}}
loss: {{kind: sum}}
pins: {{{pins}}}
"""
HELD = np.arange(9.0).reshape(1, 1, 3, 3)


def loaded(folder: Path, pins: str) -> tfstep.Scenario:
    (folder / "pinned.yaml").write_text(TEXT.format(pins=pins), "utf-8")
    return tfstep.load(folder / "pinned.yaml")


def test_its_arrays_are_held(tmp_path: Path) -> None:
    np.savez(tmp_path / "held.npz", **{"attn.scores": HELD})
    trace = tfstep.trace(loaded(tmp_path, "file: held.npz"))
    np.testing.assert_array_equal(trace["attn.scores"].value, HELD)
    assert not np.array_equal(trace["attn.scores/computed"].value, HELD)
    assert not trace["attn.q_proj"].grad.any()


def test_what_stands_beside_it_goes_before(tmp_path: Path) -> None:
    np.savez(tmp_path / "held.npz", **{"attn.scores": HELD})
    trace = tfstep.trace(loaded(tmp_path, "file: held.npz, attn.scores: 1"))
    np.testing.assert_array_equal(trace["attn.scores"].value, np.ones((1, 1, 3, 3)))


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (None, "there is no such file"),
        ({"attn.scores": np.ones((2, 2))}, "attn.scores"),
        ({"attn.scors": HELD}, "attn.scores"),
        ({"attn.W_Q": np.ones((3, 3))}, "parameter"),
    ],
)
def test_what_is_wrong_with_it_is_said(tmp_path: Path, arrays: dict[str, np.ndarray] | None, said: str) -> None:
    if arrays is not None:
        np.savez(tmp_path / "held.npz", **arrays)
    with pytest.raises(tfstep.TfstepError) as caught:
        tfstep.trace(loaded(tmp_path, "file: held.npz"))
    assert said in str(caught.value)
    assert "pinned.yaml:5" in str(caught.value)


def test_what_is_called_by_no_path_is_offered_one(tmp_path: Path) -> None:
    free = tfstep.trace(loaded(tmp_path, ""))
    arrays = {"q": free["attn.q_proj"].value[0], "w": free["attn.weights"].value[0, 0] + 1, "odd": np.ones(7)}
    np.savez(tmp_path / "held.npz", **arrays)
    with pytest.raises(tfstep.TfstepError) as caught:
        tfstep.trace(loaded(tmp_path, "file: held.npz"))
    said = str(caught.value)
    assert "there is no tensor 'q'" in said
    assert "its numbers are those of attn.q_proj: call it so in the file" in said
    assert "of its shape, 3×3, are" in said
    assert "nothing has its shape, 7" in said


def test_a_batch_of_one_may_be_left_out(tmp_path: Path) -> None:
    np.savez(tmp_path / "held.npz", **{"attn.scores": HELD[0, 0]})
    trace = tfstep.trace(loaded(tmp_path, "file: held.npz"))
    np.testing.assert_array_equal(trace["attn.scores"].value, HELD)


def test_a_parameter_that_starts_from_these_numbers_is_no_mistake(tmp_path: Path) -> None:
    np.savez(tmp_path / "held.npz", **{"attn.scores": HELD})
    free = tfstep.trace(loaded(tmp_path, "attn.scores: 1"))
    dump = {"x": free["x"].value, "attn.W_Q": free["attn.W_Q"].value, "attn.scores": HELD}
    np.savez(tmp_path / "held.npz", **dump)
    trace = tfstep.trace(loaded(tmp_path, "file: held.npz"))
    assert [trace.plan.nodes[slot].path for slot in trace.pins] == ["attn.scores"]
    np.testing.assert_array_equal(trace["attn.scores"].value, HELD)
