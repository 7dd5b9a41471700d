"""Small parameters that are updated together, in a pass that is made again, get the bits that each gets by itself."""

from __future__ import annotations

import numpy as np
import pytest

import tfstep
from tfstep.engine.accel.calls import alike, repeat
from tfstep.scenario.scenario import Scenario, load_text
from tfstep.session.change.training import Training

MODEL = """
tfstep: 1
model: {kind: encoder, layers: 2, d_model: 6, heads: 2, d_ff: 5, dtype: DTYPE}
vocab: [<pad>, a, b, c, d]
input: {source: [[a, b, c], [c, d]], labels: [[b, c, a], [d, a]]}
weights: {seed: 0, init: xavier}
train: {TRAIN}
"""
RULES = {
    "sgd": "optimizer: sgd, lr: 0.1",
    "momentum": "optimizer: sgd, lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.01",
    "adam": "optimizer: adam, lr: 0.01",
    "adam with decay": "optimizer: adam, lr: 0.01, weight_decay: 0.1, eps: 1.0e-6",
    "adamw": "optimizer: adamw, lr: 0.01, weight_decay: 0.1",
    "clipped by value": "optimizer: adam, lr: 0.01, clip_value: 0.01",
    "clipped by norm": "optimizer: adam, lr: 0.01, clip_norm: 0.1",
    "schedule": "optimizer: adam, lr: 0.01, schedule: {kind: noam, warmup: 3}",
}


def scenario(rule: str, dtype: str) -> Scenario:
    return load_text(MODEL.replace("TRAIN", RULES[rule]).replace("DTYPE", dtype))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("rule", RULES)
def test_the_bits_are_those_of_the_steps(rule: str, dtype: str) -> None:
    training = Training(scenario(rule, dtype))
    again = repeat.Repeat(training.plan)
    for _ in range(3):
        one, other = training.trace().run(), training.trace()
        assert again.run(other.values)
        for node in one.plan.nodes:
            a, b = one.value(node.slot), other.value(node.slot)
            assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes()), node.path
        training.run(1)
    steps = [node for node in training.plan.steps if node.phase == "update"]
    assert sum(len(group.steps) for group in alike.groups(training.plan)) > len(steps) / 4


def test_a_session_trains_as_its_timeline_says(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = []
    for often in (1, 1000):
        monkeypatch.setattr(repeat, "OFTEN", often)
        sessions.append(tfstep.Session(tfstep.load("milk")))
        sessions[-1].run("train 5")
    for node in sessions[0].trace.plan.nodes:
        values = [session.trace.value(node.slot) for session in sessions]
        np.testing.assert_array_equal(*values, err_msg=node.path)


def test_a_pin_in_the_update_holds() -> None:
    session = tfstep.Session(tfstep.load("hill"))
    path = next(node.path for node in session.trace.plan.steps if node.phase == "update")
    session.run(f"set {path} = 0.25")
    session.run("train 2")
    assert session.trace[path].value.ravel()[0] == 0.25
