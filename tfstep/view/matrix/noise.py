"""Numbers that are 0 but for rounding: terms that cancel have left them (the gradient of b_K is one)."""

from __future__ import annotations

import numpy as np

from tfstep.engine.node import Node
from tfstep.engine.trace import Trace
from tfstep.engine.why import explain
from tfstep.text import Bilingual
from tfstep.view.matrix.memo import remembered

MOST = 4096  # cells of a tensor that is looked at
ROUNDED = Bilingual("0 but for rounding", "除舍入误差外就是 0")
TRIED = 64  # cells that are explained; where more are that small, they are what they are


def noise(trace: Trace, node: Node) -> np.ndarray | None:
    """Which cells of a tensor are 0 but for rounding, judged by their terms; None where none is, or it is too large."""
    values = trace.value(node.slot)
    if node.op is None or values.dtype.kind != "f" or values.size > MOST or node.slot in trace.pins:
        return None
    return remembered("noise", values, lambda: _noise(trace, node, values))


def without_noise(trace: Trace, node: Node) -> tuple[np.ndarray, np.ndarray | None]:
    """The numbers as they are to be shown, with 0 where they are nothing else, and which these are."""
    values, found = trace.value(node.slot), noise(trace, node)
    return (values if found is None else np.where(found, values.dtype.type(0), values)), found


def _noise(trace: Trace, node: Node, values: np.ndarray) -> np.ndarray | None:
    bound = 1e-12 if values.dtype == np.float64 else 1e-5
    sizes = np.abs(values)
    largest = max((float(np.abs(_finite(trace.value(slot))).max(initial=0.0)) for slot in node.slots), default=0.0)
    places = np.argwhere((sizes > 0) & (sizes <= bound * max(largest, largest**2)))
    if not 0 < len(places) <= TRIED:
        return None
    found = np.zeros(values.shape, bool)
    for place in places:
        cell = tuple(map(int, place))
        found[cell] = explain(trace, node.slot, cell).rounding
    return found if found.any() else None


def _finite(values: np.ndarray) -> np.ndarray:
    kept: np.ndarray = values[np.isfinite(values) & (np.abs(values) < 1e8)]
    return kept
