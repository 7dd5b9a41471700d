"""What `record_beams.py` records and `test_beams.py` compares."""

from __future__ import annotations

from typing import Any

WIDER = 4.0
IDS = [5, 17, 9, 4, 6, 8]
CASES: dict[str, dict[str, Any]] = {
    "plain": {"num_beams": 3},
    "long": {"num_beams": 3, "length_penalty": 2.5},
    "short": {"num_beams": 4, "length_penalty": -1.0},
    "penalty": {"num_beams": 3, "repetition_penalty": 1.7},
    "greedy": {"num_beams": 1, "repetition_penalty": 1.7},
}
ENDS = {"gpt2": [2, 7, 11, 20], "llama": [2, 3, 30, 21, 14], "t5": [1, 12, 25]}
START = [0, 4]  # of T5's decoder
