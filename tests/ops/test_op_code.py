"""The code of every op and of every VJP, on every case, gives its numbers."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import numpy as np
import pytest
from op_case import Case
from op_cases import CASES
from op_checks import close
from op_plans import timeline

from tfstep.code.program import whole


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_program_of_a_case_gives_its_numbers(case: Case) -> None:
    trace = timeline(case)
    written = whole(trace, "case")
    space: dict[str, object] = {"NUMBERS": written.arrays}
    text = written.text.replace('NUMBERS = np.load(Path(__file__).with_suffix(".npz"))', "")
    with redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        exec(compile(text, case.id, "exec"), space)
    found = space["T"]
    assert isinstance(found, dict)
    for node in trace.plan.steps:
        value = np.asarray(found[node.path])
        close(value.astype(float), trace.value(node.slot).astype(float), 1e-12, f"{case.id}: {node.path}")
