"""Passes that are made again: what was handed out stays, whatever is computed next."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tfstep
from tfstep.engine.accel.calls import repeat
from tfstep.engine.arrays.block import Block
from tfstep.session.change.training import Training


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeat, "OFTEN", 1)


def bits(trace: tfstep.Trace) -> dict[str, bytes]:
    return {node.path: trace.value(node.slot).tobytes() for node in trace.plan.nodes}


def test_a_trace_keeps_its_numbers() -> None:
    first = tfstep.trace(tfstep.load("gpt"))
    assert first.plan.repeat is not None
    assert not first.plan.repeat.refused
    before = bits(first)
    second = first.advance().run()
    assert second.runs == len(second.plan.computed)
    assert bits(second) != before
    assert bits(first) == before


def test_what_training_hands_out_stays() -> None:
    training = Training(tfstep.load("milk"))
    training.run(2)
    kept = training.parameters()
    copies = {path: value.copy() for path, value in kept.items()}
    training.run(3)
    for path, value in kept.items():
        np.testing.assert_array_equal(value, copies[path], err_msg=path)
        assert not value.flags.writeable


@pytest.mark.parametrize("name", ["milk", "gpt", "steve-builds-a-house"])
def test_updates_in_their_own_memory_are_those_of_traces(name: str) -> None:
    training = Training(tfstep.load(name))
    trace, plan = training.trace(), training.plan
    for update in range(4):
        kept, loss = trace.advance(), training.run(1)
        assert loss == float(trace["loss"].value)
        if update == 2:  # another pass of the plan between two updates, from other numbers
            Training(training.scenario).trace().run()
        found = training.parameters()
        assert isinstance(found, Block) is (update > 0 or plan.repeat is not None)
        assert [plan.nodes[leaf].path for leaf, _ in plan.carry] == list(found)
        for leaf, _ in plan.carry:
            path = plan.nodes[leaf].path
            assert found[path].tobytes() == kept.value(leaf).tobytes(), (update, path)
        trace = kept


def test_one_training_does_not_go_on_from_another() -> None:
    scenario = tfstep.load("milk")
    one, other = Training(scenario), Training(scenario)
    losses = [(one.run(1), other.run(1)) for _ in range(3)]
    assert all(a == b for a, b in losses)
    assert len({a for a, _ in losses}) == 3


def test_a_leaf_that_was_written_to_is_read_again() -> None:
    scenario = tfstep.load("gpt")
    trace = tfstep.trace(scenario)
    slot = next(node.slot for node in trace.plan.nodes if node.kind == "parameter")
    values: list[Any] = [None if node.op is not None else trace.values[node.slot] for node in trace.plan.nodes]
    values[slot] = np.array(values[slot])
    losses = []
    for _ in range(3):
        run = tfstep.Trace(trace.plan, list(values)).run()
        losses.append(float(run["loss"].value))
        values[slot][..., 0] += 1
    assert len({*losses}) == 3


def test_going_back_in_training_starts_from_the_old_numbers() -> None:
    session = tfstep.Session(tfstep.load("milk"))
    session.run("train 4")
    at_four = bits(session.trace)
    session.run("rewind 3")
    session.run("train 3")
    assert bits(session.trace) == at_four


def test_a_broken_off_pass_leaves_nothing_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = tfstep.trace(tfstep.load("gpt"))
    wanted, again = bits(trace.advance().run()), trace.plan.repeat
    assert again is not None
    calls = again._recorder.calls

    def stop(*given: object) -> None:
        raise KeyboardInterrupt

    middle = calls[len(calls) // 2]
    calls[len(calls) // 2] = (stop, ())
    with pytest.raises(KeyboardInterrupt):
        trace.advance().run()
    calls[len(calls) // 2] = middle
    assert bits(trace.advance().run()) == wanted
