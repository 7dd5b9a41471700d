"""Parameters under the names of the checkpoint that they came from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tfstep.families.back import checkpoint
from tfstep.families.binding import bind
from tfstep.families.config import FamilyError
from tfstep.families.registry import family
from tfstep.scenario.scenario import Scenario
from tfstep.scenario.weights.files import open_weight_file
from tfstep.scenario.weights.parameter import is_memory


def their_names(scenario: Scenario) -> dict[str, str]:
    """The full name of the tensor that holds each parameter in the file of a family; empty where there is none."""
    taken, file = scenario.program.taken, scenario.weights.file
    if taken is None or not taken.family or file is None:
        return {}
    known = {node.path: node.shape for node in scenario.program.plan.nodes if node.kind == "parameter"}
    held = bind(family(taken.family), open_weight_file(file).shapes, known, scenario.model)
    return {path: source.name for path, source in held.sources.items()}


def as_they_came(scenario: Scenario, arrays: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], bool]:
    """The arrays under the names of the family that they came from, what an optimizer remembers under ours; and
    whether that is so: where the family has no name for one, all stay under ours.
    """
    names, taken = their_names(scenario), scenario.program.taken
    if not names or taken is None:
        return dict(arrays), False
    kept = {path: array for path, array in arrays.items() if is_memory(path)}
    parameters = {path: array for path, array in arrays.items() if path not in kept}
    try:
        return checkpoint(family(taken.family), parameters, names, scenario.model) | kept, True
    except FamilyError:
        return dict(arrays), False
