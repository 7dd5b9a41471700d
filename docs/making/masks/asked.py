"""What every library's attention is asked, and the scenarios that an answer may agree with: no library is needed here.

One head and five words whose vectors are ±1 and sum to 0, so that a layer norm leaves them as they are; no projections.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tfstep.scenario.scenario import load_text

ANSWERS = Path(__file__).parent / "answers.json"
NEAR = 5e-6  # of float32, through a layer norm and back
WORDS = [
    [1, 1, 1, 1, -1, -1, -1, -1],
    [1, 1, 1, -1, 1, -1, -1, -1],
    [1, -1, 1, -1, 1, -1, 1, -1],
    [1, 1, -1, -1, 1, 1, -1, -1],
    [-1, 1, -1, 1, -1, 1, 1, -1],
]
SEES = [
    [True, True, False, False, True],
    [False, True, True, False, False],
    [True, False, True, True, False],
    [False, False, True, True, True],
    [True, False, False, True, True],
]
NOTHING = [[row != 2] * 5 for row in range(5)]
PADDED = [[True, True, True, False, False]] * 5
BIAS = [[-abs(i - j) / 2 for j in range(5)] for i in range(5)]


class NotAskedError(Exception):
    """A way to attend has no such question."""


def not_(mask: list[list[bool]]) -> list[list[bool]]:
    """What sees, hidden."""
    return [[not each for each in row] for row in mask]


def ones(mask: list[list[bool]]) -> list[list[float]]:
    """True as 1, false as 0."""
    return [[float(each) for each in row] for row in mask]


def added(mask: list[list[bool]], lowest: float = -np.inf) -> list[list[float]]:
    """True as 0, false as a very negative number."""
    return [[0.0 if each else lowest for each in row] for row in mask]


VARIANTS: dict[str, dict[str, Any]] = {
    "unmasked": {},
    "seen": {"custom": SEES},
    "inverse": {"custom": added(not_(SEES))},
    "ones": {"custom": ones(SEES)},
    "bias": {"custom": BIAS},
    "bias-hides": {"custom": [[i == j for j in range(5)] for i in range(5)]},
    "bias-shows": {"custom": added([[i != j for j in range(5)] for i in range(5)])},
    "row-zero": {"custom": NOTHING, "empty": "zero"},
    "row-even": {"custom": NOTHING, "empty": "uniform"},
    "row-nan": {"custom": NOTHING, "empty": "nan"},
    "top": {"causal": True, "corner": "top"},
    "bottom": {"causal": True, "corner": "bottom"},
    "unmasked-two": {},
    "pads": {"custom": PADDED},
    "pads-inverse": {"custom": added(not_(PADDED))},
    "pads-ones": {"custom": ones(PADDED)},
}
"""The keys of `model.mask` of every scenario that an answer may agree with."""
TWO = ("top", "bottom", "unmasked-two")
"""Those in which the last two words ask all five."""


@dataclass(frozen=True)
class Question:
    """A mask that is handed over, and the variant that each answer to it agrees with, in all rows or in one."""

    mask: Any
    answers: dict[str, str]
    only: int | None = None

    @property
    def queries(self) -> int:
        """How many words ask, the last ones."""
        return 2 if self.mask == "causal" else 5


ROWS = {"zero": "row-zero", "even": "row-even", "NaN": "row-nan", "ignored": "unmasked"}
QUESTIONS = {
    "boolean": Question(SEES, {"sees": "seen", "hides": "inverse", "added": "ones", "ignored": "unmasked"}),
    "0/-inf": Question(added(SEES), {"added": "seen", "sees": "inverse"}),
    "1/0": Question(ones(SEES), {"added": "ones", "sees": "seen", "hides": "inverse", "ignored": "unmasked"}),
    "bias": Question(BIAS, {"added": "bias", "hides": "bias-hides", "sees": "bias-shows", "ignored": "unmasked"}),
    "nothing, boolean": Question(NOTHING, ROWS, only=2),
    "nothing, -inf": Question(added(NOTHING), ROWS, only=2),
    "nothing, -1e9": Question(added(NOTHING, -1e9), ROWS, only=2),
    "causal": Question("causal", {"top": "top", "bottom": "bottom", "ignored": "unmasked-two"}),
}
PADS = {
    "boolean": Question(PADDED[0], {"sees": "pads", "hides": "pads-inverse", "added": "pads-ones"}),
    "1/0": Question(ones(PADDED)[0], {"sees": "pads", "hides": "pads-inverse", "added": "pads-ones"}),
    "0/-inf": Question(added(PADDED)[0], {"added": "pads", "sees": "pads-inverse"}),
    "nothing": Question([False] * 5, ROWS, only=2),
}
OF_KIND = {"masks": QUESTIONS, "pads": PADS}


def text() -> str:
    """The scenario file, in flow style: a line a variant."""
    model = {"kind": "attention", "d_model": 8, "projections": False, "output": False, "bias": False}
    lines = ["tfstep: 1", f"model: {_flow(model)}", f"input: {_flow({'x': WORDS})}", "variants:"]
    for name, keys in VARIANTS.items():
        told: dict[str, Any] = {"model": {"mask": keys}} if keys else {}
        if name in TWO:
            told["input"] = {"x": WORDS[-2:], "memory": WORDS}
        lines.append(f"  {name}: {_flow(told)}")
    return "\n".join(lines) + "\n"


def _flow(told: dict[str, Any]) -> str:
    return json.dumps(told).replace("-Infinity", "-.inf").replace('"', "")


@cache
def weights(variant: str) -> np.ndarray:
    """The attention weights of a variant: (query, key)."""
    return np.asarray(load_text(text(), variant=variant).program.trace()["attn.weights"].value)[0, 0]


def answer(question: Question, found: np.ndarray) -> tuple[str, float]:
    """The answer whose variant gives these numbers, and by how much it differs at most; "other" where none does."""
    rows = slice(None) if question.only is None else question.only
    for name, variant in question.answers.items():
        ours = weights(variant)[rows]
        if np.allclose(found[rows], ours, rtol=0, atol=NEAR, equal_nan=True):
            return name, float(np.abs(np.nan_to_num(found[rows]) - np.nan_to_num(ours)).max())
    return "other", np.nan
