"""A mistake of the forward pass and one of the gradients or of the update in one run by hand: both are named, in their order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plants import Start
from test_backward_mistakes import rows_of
from updates import TRAINS, UPDATES, clipped

import tfstep

FORWARD = (("unscaled", "scale"), ("eps", "norm-eps"), ("leaky", "activation"))
SOME = UPDATES[::3]


def begun(name: str, train: str) -> tuple[Start, Any]:
    start = Start(name)
    trace = tfstep.trace(start.scenario.with_changes({"train": TRAINS[train]}))
    return start, trace.edit({p: start.w[p] for p in start.parameters})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["relu block", "pre block"])
@pytest.mark.parametrize(("wrong", "first"), FORWARD)
def test_a_mistake_of_the_forward_pass_and_one_of_the_update(name: str, wrong: str, first: str) -> None:
    missed = []
    for what, train, kind, rule in SOME:
        start, trace = begun(name, train)
        rows = {n: v for n, v in rows_of(start, wrong).items() if not n.endswith(".new")}
        rows |= {f"{p}.new": rule(start.w[p], rows[f"{p}.grad"]) for p in start.parameters if f"{p}.grad" in rows}
        told = [cause.kind for cause in tfstep.diagnose(trace, rows).causes]
        if told != [first, kind]:
            missed.append((what, told))
    assert not missed


@pytest.mark.slow
@pytest.mark.parametrize("name", ["relu block", "pre block"])
@pytest.mark.parametrize(("wrong", "first"), FORWARD)
def test_a_mistake_of_the_forward_pass_and_one_of_the_gradients(name: str, wrong: str, first: str) -> None:
    start, trace = begun(name, "sgd")
    rows = {n: v for n, v in rows_of(start, wrong).items() if not n.endswith(".new")}
    own = {p: rows[f"{p}.grad"] for p in start.parameters if f"{p}.grad" in rows}
    gone = {**own, "enc0.ffn.W_2": np.zeros_like(own["enc0.ffn.W_2"])}
    twice = {p: 2 * g for p, g in own.items()}
    for kind, grads in (("grad-accumulated", twice), ("grad-clipped", clipped(own, 0.1)), ("grad-missing", gone)):
        found = tfstep.diagnose(trace, rows | {f"{p}.grad": g for p, g in grads.items()})
        assert [cause.kind for cause in found.causes] == [first, kind], str(found)
