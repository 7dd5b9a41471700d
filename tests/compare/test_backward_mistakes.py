"""Backward passes written by hand: what is wrong in them is named, and nothing that merely follows from it."""

from __future__ import annotations

import numpy as np
import pytest
from hands_backward import Block
from plants import TEXTS, Start

import tfstep

TEXTS["relu block"] = TEXTS["small encoder"].replace("activation: gelu", "activation: relu")
TEXTS["pre block"] = TEXTS["pre-norm"].rstrip() + "\ntrain: {optimizer: sgd, lr: .1}\n"
MODELS = ("attention", "relu block", "pre block")


def rows_of(start: Start, *wrong: str) -> dict[str, np.ndarray]:
    paths = start.trace.plan.paths
    numbers = {**start.w, "src.x": start.trace["src.x"].value} if "src.x" in paths else start.w
    return Block(numbers, start.scenario.model, start.scenario.inputs, wrong).run()


@pytest.mark.parametrize("name", MODELS)
def test_a_right_backward_pass_agrees(name: str) -> None:
    start = Start(name)
    rows = rows_of(start)
    assert tfstep.diagnose(start.trace, rows).agrees
    forward_and_weights = {
        n: v for n, v in rows.items() if not n.endswith(".grad") or n.removesuffix(".grad") in start.w
    }
    assert tfstep.diagnose(start.trace, forward_and_weights).agrees


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("wrong", ["unscaled", "eps", "leaky", "no mask", "mask plus"])
def test_gradients_that_follow_from_a_mistake_of_the_forward_pass_are_not_accused(name: str, wrong: str) -> None:
    start = Start(name)
    rows = rows_of(start, wrong)
    if all(np.array_equal(rows[n], value) for n, value in rows_of(start).items() if n in rows):
        return
    for given in (
        rows,
        {n: v for n, v in rows.items() if not n.endswith((".grad", ".new")) or n[0:4] in ("enc0", "attn")},
    ):
        found = tfstep.diagnose(start.trace, given)
        assert len(found.causes) == 1
        assert {fault.path for fault in found.faults} == {found.causes[0].path, *found.causes[0].also}


@pytest.mark.parametrize("name", MODELS)
def test_gradients_past_a_step_that_nothing_explains_are_not_accused(name: str) -> None:
    start = Start(name)
    found = tfstep.diagnose(start.trace, rows_of(start, "drop"))
    assert not found.causes
    assert [fault.path.rpartition(".")[2] for fault in found.faults] == ["heads"]
