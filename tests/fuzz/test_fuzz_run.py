"""A few of each kind, by a fixed seed, on every push; ``run.py`` goes on for as long as one likes."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))
import run


@pytest.mark.filterwarnings("ignore")
def test_nothing_is_neither_answered_nor_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    failed = run.main(1, 15)
    told = tmp_path / "fuzz-failures.txt"
    assert failed == 0, told.read_text("utf-8") if told.exists() else ""
