"""A few of each kind, by a fixed seed, on every push; ``run.py`` goes on for as long as one likes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "count"),
    [
        ("files", "20"),
        pytest.param("faults", "2", marks=pytest.mark.skipif(shutil.which("cc") is None, reason="no compiler")),
    ],
)
def test_nothing_fails_and_nothing_is_lost(tmp_path: Path, what: str, count: str) -> None:
    words = [sys.executable, str(HERE / "run.py"), what, "--count", count, "--seed", "1"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
    told = tmp_path / "long-failures.txt"
    assert done.returncode == 0, told.read_text("utf-8") if told.exists() else done.stderr
    assert "seed 1" in done.stdout
