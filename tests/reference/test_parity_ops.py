"""Single operations and their VJPs against torch.nn.functional: far out, at large and infinite scores, at flat rows."""

from __future__ import annotations

import pytest
from parity_difference import worst
from parity_op_compare import compare_op
from parity_pack import Case, load

CASES = [pytest.param(case, id=case.name) for case in load("ops")]


@pytest.mark.parametrize("case", CASES)
def test_result_and_vjps_are_those_of_pytorch(case: Case) -> None:
    one = worst(compare_op(case))
    assert one.excess <= 1, str(one)
