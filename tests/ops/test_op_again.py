"""A pass whose calls are noted is made again with other numbers: the bits are those of the steps one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from op_case import Case
from op_cases import CASES
from op_cases_large import large_cases
from op_checks import same_bits
from op_plans import timeline

from tfstep.engine.accel.calls.recorder import Recorder, RefusedError, Watched
from tfstep.engine.accel.calls.repeat import Repeat
from tfstep.engine.trace import Trace


def others(trace: Trace, factor: float) -> list[Any]:
    """The leaves with other numbers, and no steps."""
    moved = [None if node.op is not None else trace.values[node.slot] for node in trace.plan.nodes]
    return [x * x.dtype.type(factor) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in moved]


def step_by_step(trace: Trace, values: list[Any]) -> list[Any]:
    found = list(values)
    with np.errstate(all="ignore"):
        for slot, run in trace.plan.program:
            found[slot] = np.asarray(run(found))
    return found


def check(case: Case, dtype: str) -> bool:
    """Whether its pass can be had again; then the bits are compared."""
    with np.errstate(over="ignore"):
        inputs = tuple(x.astype(dtype) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in case.inputs)
    trace = timeline(case, inputs=inputs)
    again = Repeat(trace.plan)
    for factor in (1.0, 0.75, 0.5):
        leaves = others(trace, factor)
        found = list(leaves)
        if not again.run(found):
            return False
        for node, a, b in zip(trace.plan.nodes, found, step_by_step(trace, leaves), strict=True):
            same_bits(np.asarray(a), np.asarray(b), f"{case.id} {dtype}: {node.path}, numbers times {factor}")
    return True


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_op_again(dtype: str) -> None:
    had = [check(case, dtype) for case in CASES]
    assert sum(had) > 0.8 * len(had), "hardly any was to be had"


def test_large_arrays_again() -> None:
    assert sum([check(case, "float64") for case in large_cases()]) > 10


def watched(*numbers: float) -> Watched:
    recorder = Recorder(1 << 12)
    place = recorder.place((len(numbers),), np.dtype("float64"))
    recorder.do(np.copyto, (place, 0.0))
    recorder.plain(place)[...] = numbers
    return place


@pytest.mark.parametrize(
    "leave",
    [
        lambda x: float(np.add.reduce(x)),
        lambda x: bool(x.any()),
        lambda x: x[x > 1],
        lambda x: x[0],
        lambda x: x.tolist(),
        lambda x: list(x),
        lambda x: x.argmax(),
        lambda x: np.linalg.norm(x) * x,
        lambda x: x + np.ones(3),
        lambda x: x + (np.asarray(x) * 2),
        lambda x: x * np.asarray(x).max(),
        lambda x: np.add(x, 1, out=np.empty(3)),
    ],
)
def test_what_numbers_decide_is_refused(leave: Any) -> None:
    with pytest.raises(RefusedError):
        leave(watched(1.0, 2.0, 3.0))
