"""`check` passes every op whose VJPs are right, and notices each VJP that has the wrong sign, wherever it moves the loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from op_case import Case, arguments
from op_cases import CASES
from op_plans import timeline

from tfstep.session.study.finite import gradients

SMOOTH = {case.name: case for case in reversed(CASES) if arguments(case)}
PAIRS = [(case, index) for case in SMOOTH.values() for index in arguments(case)]
IN_THE_LOSS = ("mul", "sum_loss")  # of which the loss of every timeline here is made as well


def some_gradient(case: Case, index: int) -> np.ndarray:
    grad = timeline(case)[f"x{index}"].grad
    assert grad is not None
    return grad


@pytest.mark.parametrize("case", SMOOTH.values(), ids=lambda case: case.id)
def test_right_gradients_pass(case: Case) -> None:
    found = gradients(timeline(case))
    assert found is not None
    assert found.holds, (found.worst, found.max_error)
    assert found.checked


@pytest.mark.parametrize(("case", "index"), PAIRS, ids=lambda each: getattr(each, "id", str(each)))
def test_a_wrong_sign_is_noticed(case: Case, index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert some_gradient(case, index).any(), "the case moves the loss"
    op, right = case.op, case.op.vjp

    def wrong(k: int) -> Any:
        vjp = right(k)
        return vjp if k != index else lambda *args, **attrs: -1.0 * vjp(*args, **attrs)

    monkeypatch.setattr(op, "vjp", wrong)
    name = op.arguments[index] if index < len(op.arguments) else f"x{index}"
    monkeypatch.setattr(op, f"kernel_{name}", None, raising=False)
    found = gradients(timeline(case))
    assert found is not None
    assert not found.holds
    assert found.worst is not None
    assert found.worst.startswith(f"x{index}") or case.name in IN_THE_LOSS
