"""Many cases at once give what an edit gives in each."""

from __future__ import annotations

import numpy as np
import pytest

import tfstep
from tfstep.engine.cases import together
from tfstep.engine.cases.together import Moved, in_cases
from tfstep.engine.trace import Trace
from tfstep.scenario.scenario import load_text

EXPERTS = """
tfstep: 1
model: {kind: decoder, layers: 2, d_model: 4, heads: 2, d_ff: 4, experts: {count: 3, top: 2}}
vocab: {target: [<pad>, a, b, c]}
input: {target: [[a, b, c], [b, c]], labels: [[b, c, a], [c, a]]}
weights: {seed: 0, init: xavier}
"""


def traces() -> dict[str, Trace]:
    found = {name: tfstep.load(name).program.trace() for name in ("steve-builds-a-house", "gpt", "decoder-layer")}
    pinned = found["gpt"].edit({"dec0.ffn.hidden[0,0,:]": 0.7, "dec0.add1[0,1,2]": -1.0})
    return {**found, "pinned": pinned, "experts": load_text(EXPERTS).program.trace()}


@pytest.mark.slow
@pytest.mark.parametrize("alone", [together.ALONE, 1], ids=["by rules", "one by one"])
@pytest.mark.parametrize("name", ["steve-builds-a-house", "gpt", "decoder-layer", "pinned", "experts"])
def test_every_tensor_moved_in_a_case_of_its_own(name: str, alone: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "ALONE", alone)
    trace = traces()[name]
    nodes = [n for n in trace.plan.nodes if n.phase in ("", "forward") and n.kind in ("parameter", "step")]
    nodes = [n for n in nodes if n.dtype.kind == "f" and trace.plan.gradient(n) is not None]
    others = {n.slot: trace.value(n.slot) * 1.01 + 0.001 for n in nodes}
    moved = {slot: Moved(np.array([k]), value[None]) for k, (slot, value) in enumerate(others.items())}
    target = trace.plan.paths["loss"].slot
    found = in_cases(trace, len(moved), moved, target)
    assert found is not None
    wanted = [float(trace.edit({n.path: others[n.slot]}).value(target)) for n in nodes]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert len(set(wanted)) > len(nodes) / 2


def test_what_does_not_follow_is_not_computed() -> None:
    trace = tfstep.load("gpt").program.trace()
    out, before = trace.plan.paths["out.W"], trace.plan.paths["dec0.attn.scores"].slot
    moved = {out.slot: Moved(slice(None), np.stack([trace.value(out.slot)] * 2))}
    assert in_cases(trace, 2, moved, before) is None
