"""Holding tfstep against one recorded case."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from parity_difference import Difference, difference
from parity_pack import Case

import tfstep
from tfstep.scenario.scenario import load_text


def compare(case: Case) -> list[Difference]:
    """Trace the case's scenario: one difference a recorded value, gradient and new parameter."""
    trace = tfstep.trace(load_text(case.text, f"{case.name}.yaml"))
    found = []
    for key, reference in case.numbers.items():
        path, _, kind = key.rpartition(".")
        if kind == "trained":
            continue
        array = trace[path].grad if kind == "grad" else trace[key].value
        if array is None:
            found.append(Difference(f"{key}: no gradient", np.inf, np.inf, np.inf))
            continue
        if array.dtype.kind == "f" and array.dtype != case.dtype:
            found.append(Difference(f"{key}: {array.dtype}, not {case.dtype}", np.inf, np.inf, np.inf))
        found.append(difference(key, array, reference, case.dtype))
    for path in case.null:
        if trace[path].grad is not None:
            found.append(
                Difference(f"{path}.grad: there is one, and no way from {path} to the loss", np.inf, 0.0, np.inf)
            )
    return found


def compare_training(case: Case, folder: Path) -> list[Difference]:
    """Train as the scenario says, from the command line: one difference a parameter; none where it is not trained."""
    references = {key: array for key, array in case.numbers.items() if key.endswith(".trained")}
    if not references:
        return []
    scenario, weights = folder / "scenario.yaml", folder / "trained.npz"
    scenario.write_text(case.text, encoding="utf-8")
    command = [sys.executable, "-m", "tfstep", "train", str(scenario), "-o", str(weights)]
    subprocess.run(command, check=True, capture_output=True)
    with np.load(weights, allow_pickle=False) as trained:
        arrays = {key: trained[key.removesuffix(".trained")] for key in references}
    return [difference(key, arrays[key], reference, case.dtype) for key, reference in references.items()]
