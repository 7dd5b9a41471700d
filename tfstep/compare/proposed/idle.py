"""The row of a table that learns nothing, `padding_idx` of torch.nn.Embedding: their setting, and no mistake of a proposal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tfstep.address.roles import GRAD
from tfstep.compare.proposed.asked import settings
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.walk import Override
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan


def rows_without(kept: Recording) -> dict[str, int]:
    """The row that has no gradient of each table that has such a row, by the name of its weight."""
    told = settings(kept, "padding_idx")
    return {f"{key.rpartition('.')[0]}.weight".lstrip("."): row for key, row in told.items() if type(row) is int}


def idle_rows(plan: Plan, taken: Mapping[str, str], rows: Mapping[str, int]) -> dict[str, Override]:
    """For each of these tables that is read alone, and is tied to nothing, its gradient with 0 in that row."""
    found = {}
    for path, name in taken.items():
        node = plan.paths.get(path + GRAD)
        if name in rows and node is not None and node.op is not None and node.op.name != "accumulate":
            found[node.path] = _without(node, rows[name])
    return found


def _without(node: Node, row: int) -> Callable[[list[Any], Any], np.ndarray]:
    def made(args: list[Any], get: Any) -> np.ndarray:
        assert node.op is not None
        value = np.array(node.op.forward(*args, **node.attrs))
        value[row] = 0.0
        return value

    return made
