"""Norms that each have an eps of their own, which a scenario cannot say: that is how they are, and no mistake."""

from __future__ import annotations

from collections.abc import Mapping

from tfstep.compare.plant import Patch, Site
from tfstep.engine.op import Array
from tfstep.engine.plan import Plan

NORMS = ("layer_norm", "rms_norm", "batch_norm")


def each_its_own(plan: Plan, taken: Mapping[str, str], eps: Mapping[str, float]) -> dict[str, Patch]:
    """The norms with the eps that is theirs: ``taken`` are the names of our parameters in theirs, ``eps`` is by the
    name of a norm's scale."""

    def with_eps(value: float) -> Patch:
        def made(at: Site) -> Array:
            assert at.node.op is not None
            return at.tape.record(at.node.op, at.args, {**at.attrs, "eps": value}, at.node.spec)

        return made

    found = {}
    for node in plan.steps:
        if node.op is not None and node.op.name in NORMS and node.phase == "forward" and len(node.slots) > 1:
            name = taken.get(plan.nodes[node.slots[1]].path, "")
            if name in eps:
                found[node.path] = with_eps(eps[name])
    return found
