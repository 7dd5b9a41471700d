"""What the README records of a wrong attention is diagnosed as it says."""

import re
from pathlib import Path

import numpy as np
import pytest

import tfstep

ROOT = Path(__file__).parents[2]


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True))


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_the_first_diagnosis(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```py\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    assert block.count("\n") < 10
    draw = np.random.default_rng(0)
    own = {"x": draw.normal(size=(4, 3))} | {name: draw.normal(size=(3, 2)) for name in ("Wq", "Wk", "Wv")}
    exec(block, {"tfstep": tfstep, "softmax": softmax, **own})
    found = tfstep.diagnose(tfstep.load("attention"), "mine.npz")
    assert [cause.kind for cause in found.causes] == ["bias-missing", "scale"]
    assert "scaled = scores · 1, in place of scores / √2 = scores · 0.707107" in str(found)
