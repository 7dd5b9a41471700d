"""Every law of the ops, on every case of every op."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from op_case import CONSTANTS, Case, arguments
from op_cases import CASES
from op_checks import CHECKS
from op_loops_model import LOOPS

from tfstep.engine.op import CATALOGUE


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_law(case: Case, check: Callable[[Case], None]) -> None:
    check(case)


def test_every_op_has_a_case_and_a_loop() -> None:
    assert {case.name for case in CASES} == set(CATALOGUE.ops) == set(LOOPS)


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.id for case in CASES}) == len(CASES)


@pytest.mark.parametrize("name", sorted(CATALOGUE.ops))
def test_vjps_are_tried_all(name: str) -> None:
    op = CATALOGUE.ops[name]
    tried = {index for case in CASES if case.name == name for index in arguments(case)}
    written = {k for k in range(len(op.arguments)) if op.vjp(k) is not None}
    assert written <= tried or op.name in ("select", "scatter_rows")
    for case in CASES:
        if case.name == name and case.smooth and op.arguments:
            floats = {op.arguments[k] for k, x in enumerate(case.inputs) if np.asarray(x).dtype.kind == "f"}
            assert {a for a in floats if getattr(op, f"vjp_{a}", None) is None} <= CONSTANTS.get(name, set())


@pytest.mark.parametrize("name", sorted(CATALOGUE.ops))
def test_formulas_name_only_what_there_is(name: str) -> None:
    op = CATALOGUE.ops[name]
    written = {a for k, a in enumerate(op.arguments) if op.vjp(k) is not None}
    assert set(op.vjp_formula) == written
    assert op.formula
