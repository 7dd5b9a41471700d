"""The line of source that computed an array is kept with it, and quoted."""

from pathlib import Path

import pytest

import tfstep


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_recording_by_hand_keeps_its_lines(tmp_path: Path, suffix: str) -> None:
    trace, path = tfstep.trace(tfstep.load("attention")), tmp_path / f"mine{suffix}"
    scores = trace["attn.scores"].value
    with tfstep.recording(path) as r:
        r.s = scores
        r["scaled"] = scores / 2
    found = tfstep.diagnose("attention", path)
    assert found.causes[0].line.startswith("test_lines.py:")
    assert found.causes[0].line.endswith(': r["scaled"] = scores / 2')
    assert f"theirs: scaled  {found.causes[0].line}" in str(found)
    assert r.recording.note("s").line.endswith(": r.s = scores")
