"""Numbers in passing are those of a whole run, whatever is pinned, and take a part of its memory."""

import tracemalloc

import numpy as np
import pytest

from tfstep.engine.accel import memory
from tfstep.engine.trace import Trace
from tfstep.scenario.scenario import load, load_text
from tfstep.session.study import checks
from tfstep.session.study.invariants import INVARIANTS, repeatable

WORDS = " ".join(f"w{k % 9}" for k in range(400))
LONG = """\
model: {{kind: {kind}, d_model: 4, norm: none, positional: {positional}}}
vocab: [<pad>, w0, w1, w2, w3, w4, w5, w6, w7, w8]
input: {{{side}: {words}, labels: {words}}}
"""


def fresh(trace: Trace) -> Trace:
    """The same with every step still to be computed."""
    values = [value if node.op is None else None for node, value in zip(trace.plan.nodes, trace.values, strict=True)]
    return Trace(trace.plan, values, trace.pins)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wo-ai-ni", "steve-builds-a-house", "backprop-by-hand", "half-precision", "rope"])
@pytest.mark.parametrize("pinned", [False, True])
@pytest.mark.parametrize("keep", ["all", "less"])
def test_every_number_is_that_of_a_run(name: str, pinned: bool, keep: str) -> None:
    trace = load(name).keeping(keep).program.trace()
    forward = [n for n in trace.plan.steps if n.phase == "forward" and n.dtype.kind == "f"]
    if pinned:
        trace = trace.edit({forward[len(forward) // 2].path: 0.25, forward[-2].path: -0.5})
    passing = fresh(trace)
    found = dict.fromkeys(
        node.path for node, value in passing.in_turn() if np.array_equal(value, trace.value(node.slot))
    )
    assert list(found) == [node.path for node in trace.plan.computed]
    assert all(passing.stale(node.slot) for node in trace.plan.computed)  # it stays as it was
    last = trace.plan.steps[-1]
    np.testing.assert_array_equal(passing.passed(last.slot), trace.value(last.slot))
    assert passing.stale(last.slot)


def test_what_is_there_is_handed_out() -> None:
    trace = load("wo-ai-ni").program.trace()
    slot = trace.plan.paths["loss"].slot
    assert trace.passed(slot) is trace.value(slot)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "side", "positional"), [("encoder", "source", "none"), ("decoder", "target", "rope")])
def test_what_must_hold_is_checked_beside_the_run_and_not_with_copies_of_it(
    kind: str, side: str, positional: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = load_text(LONG.format(kind=kind, side=side, positional=positional, words=WORDS))
    program = told.program
    taken: dict[str, int] = {}

    def measured(name: str, run: object) -> None:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        assert callable(run)
        run()
        taken[name] = tracemalloc.get_traced_memory()[1] - before

    monkeypatch.setattr(memory, "_HUGE", None)  # so that all memory is NumPy's, and counted
    tracemalloc.start()
    try:
        kept: list[Trace] = []
        measured("run", lambda: kept.append(program.trace()))
        measured("repeatable", lambda: repeatable(told))
        for rule in INVARIANTS:
            measured(rule.__name__, lambda rule=rule: rule(told, kept[0]))
    finally:
        tracemalloc.stop()
    whole = taken.pop("run")
    assert whole > 400 * 400 * 8 * 7  # scores, scaled, masked, weights, and their gradients
    assert max(taken.values()) < 0.6 * whole, taken
    monkeypatch.setattr(checks, "gradients", lambda trace: None)
    assert all(each.holds is not False for each in checks.check(told, kept[0]).invariants)
