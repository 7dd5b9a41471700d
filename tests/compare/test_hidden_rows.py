"""A mask that hides rows whole: added to the scores or filled, both are right, and one mistake has one cause."""

import numpy as np
import pytest
from plants import TEXTS

import tfstep
from tfstep.compare.plant import Patch, planted
from tfstep.engine.trace import Trace
from tfstep.scenario.scenario import load_text

SCENARIO = load_text(TEXTS["small encoder"], "small.yaml")


def run(masked: Patch, below: bool = True) -> dict[str, np.ndarray]:
    """A run of somebody's own whose scores are masked so: its tensors, and the gradients of all of them."""
    program = SCENARIO.program
    plan = planted(program.plan, {"enc0.attn.masked": masked}, SCENARIO.model, SCENARIO.train)
    numbers = {program.plan.nodes[slot].path: value for slot, value in program.leaves.items()}
    leaves = {n.slot: numbers.get(n.path, plan.leaves.get(n.slot)) for n in plan.nodes if n.op is None}
    trace = Trace.start(plan, leaves).run()
    return {
        n.path: np.asarray(trace.value(n.slot))
        for n in plan.nodes
        if n.phase in ("", "forward", "backward") and n.dtype.kind == "f" and "~" not in n.path and "/" not in n.path
        if below or n.path != "enc0.attn.scaled.grad"
    }


def added(turned: bool, value: float) -> Patch:
    """scaled + value where the mask hides; ``turned``, queries are hidden in place of keys."""
    mask = SCENARIO.program.trace()["enc0.attn.mask"].value != 0
    hidden = np.broadcast_to(mask, (*mask.shape[:2], mask.shape[-1], mask.shape[-1]))
    return lambda at: at.args[0] + at.constant(value * (hidden.swapaxes(-1, -2) if turned else hidden))


@pytest.mark.parametrize("below", [True, False])
@pytest.mark.parametrize("value", [-1e9, -1e4, -1e30])
def test_an_added_mask_over_queries_is_one_cause(value: float, below: bool) -> None:
    """At −1e30 nothing is left of the scores, so the rows are even, and yet their gradient goes back to the scores."""
    theirs = run(added(turned=True, value=value), below)
    found = tfstep.diagnose(SCENARIO, theirs)
    assert [(cause.kind, cause.path) for cause in found.causes] == [("mask-axis", "enc0.attn.masked")], str(found)
    assert [fault.path for fault in found.faults] == ["enc0.attn.masked"]


def test_an_added_mask_is_right() -> None:
    found = tfstep.diagnose(SCENARIO, run(added(turned=False, value=-1e9)))
    assert found.agrees, str(found)
