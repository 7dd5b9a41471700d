"""Kernels fill what their bodies compute, to the bit: on large arrays, cut into blocks, on any number of threads."""

from __future__ import annotations

import numpy as np
import pytest
from op_case import Case
from op_cases import CASES
from op_cases_large import large_cases
from op_checks import check_kernels, check_timeline
from op_plans import own_steps, timeline

from tfstep.engine.accel import blocks
from tfstep.engine.accel.memory import LARGE
from tfstep.engine.op import CATALOGUE, Op


def kernels(op: Op) -> list[str]:
    return sorted(name for name in dir(op) if name.split("_")[0] == "kernel" and getattr(op, name) is not None)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("case", large_cases(), ids=lambda case: case.id)
def test_large_arrays_are_filled_as_the_body_computes_them(case: Case, dtype: type) -> None:
    inputs = tuple(x.astype(dtype) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in case.inputs)
    narrow = Case(case.name, inputs, case.attrs, case.title)
    assert any(n.spec.size * n.dtype.itemsize >= LARGE for n in own_steps(timeline(narrow))) or dtype is np.float32
    check_timeline(narrow)
    check_kernels(narrow)


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_threads_does_not_show(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "threads", lambda: count)
    for case in large_cases():
        if case.name in ("softmax", "layer_norm", "gelu", "cross_entropy", "linear"):
            check_kernels(case)


def test_every_kernel_is_tried_small_and_large() -> None:
    with_kernels = {name for name, op in CATALOGUE.ops.items() if kernels(op)}
    assert with_kernels <= {case.name for case in CASES}
    assert with_kernels <= {case.name for case in large_cases()}
