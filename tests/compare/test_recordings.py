"""A recording is read as it was written: its arrays, their types, its notes."""

from pathlib import Path

import numpy as np
import pytest

from tfstep.compare.recorded.note import Note, RecordingError
from tfstep.compare.recorded.reading import read
from tfstep.compare.recorded.recording import Recording

ARRAYS = {
    "q": np.arange(6.0).reshape(2, 3),
    "half": np.array([0.5, -2], np.float16),
    "scalar": np.array(1.5, np.float32),
    "ids": np.array([3, 1], np.int64),
    "small": np.array([-1, 2], np.int8),
    "mask": np.array([True, False]),
}


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_what_is_written_is_read_back(tmp_path: Path, suffix: str) -> None:
    kept, path = Recording(), tmp_path / f"mine{suffix}"
    for name, array in ARRAYS.items():
        kept.add(name, array, Note("tensor", "mine.py:3") if name == "q" else None)
    kept.add("ids.grad", np.array([1, 2], np.uint16))
    kept.save(path)
    found = read(path)
    assert found.notes == {"q": Note("tensor", "mine.py:3")}
    assert [*found.arrays] == [*ARRAYS, "ids.grad"]
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
    assert (found["ids.grad"].dtype, found["ids.grad"].tolist()) == (np.dtype(np.int64), [1, 2])  # both formats have it


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_recording_that_is_cut_short_says_so(tmp_path: Path, suffix: str) -> None:
    kept, path = Recording(dict(ARRAYS)), tmp_path / f"mine{suffix}"
    kept.save(path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(RecordingError, match="cut short"):
        read(path)
