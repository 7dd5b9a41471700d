"""How the recorded arrays lie on disk: one ``GROUP.npz`` a group of cases, two entries a case.

``CASE.json`` holds the case itself (UTF-8 bytes) and the index of its numbers, ``CASE.numbers`` all numbers of the
case in one flat array, in the order of the index: an array of its own for each of some ten thousand small tensors
would cost three times the space.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent


@dataclass(frozen=True, eq=False)
class Case:
    """One recorded run.

    ``numbers`` has one array a key: ``PATH`` (value), ``PATH.grad``, ``PATH.new`` (a parameter after one update) and
    ``PATH.trained`` (after ``train.steps`` updates). ``null`` lists the paths that no way leads from to the loss.
    ``source`` says for each key whether PyTorch's own ``modules`` or the code written out by ``hand`` gave it.
    """

    name: str
    scenario: dict[str, Any]  # or, in the group `ops`, the op and its options
    numbers: dict[str, np.ndarray]
    null: list[str]
    source: dict[str, str]

    @property
    def text(self) -> str:
        """The scenario as a file: JSON, which is YAML too once infinity is spelled YAML's way."""
        return json.dumps(self.scenario, ensure_ascii=False).replace("-Infinity", "-.inf")

    @property
    def dtype(self) -> str:
        """``float64`` or ``float32``."""
        return str(self.scenario.get("model", {}).get("dtype", "float64"))


def save(group: str, cases: list[Case]) -> int:
    """Write ``GROUP.npz``; returns its size in bytes. The same cases give the same bytes."""
    entries: dict[str, np.ndarray] = {}
    for case in cases:
        index = [[key, list(array.shape), case.source[key]] for key, array in case.numbers.items()]
        text = json.dumps({"scenario": case.scenario, "null": case.null, "index": index}, ensure_ascii=False)
        entries[f"{case.name}.json"] = np.frombuffer(text.encode(), dtype=np.uint8)
        flat = [np.asarray(array, dtype=case.dtype).ravel() for array in case.numbers.values()]
        entries[f"{case.name}.numbers"] = np.concatenate(flat)
    file = FOLDER / f"{group}.npz"
    np.savez_compressed(file, allow_pickle=False, **entries)
    return file.stat().st_size


def load(group: str) -> list[Case]:
    """Read ``GROUP.npz``: its cases in the order in which they were recorded."""
    cases = []
    with np.load(FOLDER / f"{group}.npz", allow_pickle=False) as file:
        for entry in file.files:
            if not entry.endswith(".json"):
                continue
            name = entry.removesuffix(".json")
            told = json.loads(file[entry].tobytes())
            flat, at, numbers, source = file[f"{name}.numbers"], 0, {}, {}
            for key, shape, origin in told["index"]:
                size = math.prod(shape)
                numbers[key] = flat[at : at + size].reshape(shape)
                source[key] = origin
                at += size
            cases.append(Case(name, told["scenario"], numbers, told["null"], source))
    return cases
