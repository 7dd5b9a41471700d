"""What an edit costs: only what it reaches is computed, and only when it is read; what comes out is exact."""

import pytest

from tfstep.commands.language.session import Session
from tfstep.engine.trace import Trace
from tfstep.scenario.scenario import load_text

DEEP = """
tfstep: 1
model: {kind: encoder, layers: 12, d_model: 4, heads: 2, d_ff: 8}
vocab: [<pad>, a, b, c]
input: {source: a b c, labels: b c a}
"""


@pytest.fixture
def session() -> Session:
    return Session(load_text(DEEP))


def run(trace: Trace, phase: str) -> int:
    """How many steps of a phase are there."""
    return sum(not trace.stale(node.slot) for node in trace.plan.steps if node.phase == phase)


def test_an_edit_of_the_last_layer_and_the_loss_run_little(session: Session) -> None:
    forward = run(session.trace, "forward")
    session.run("set enc11.attn.W_Q[0,0] = 0.3")
    session.run("print loss")
    assert 0 < session.trace.runs <= 0.15 * forward
    assert session.trace.runs < forward
    backward = [n for n in session.trace.plan.steps if n.phase == "backward" and session.trace.stale(n.slot)]
    assert len(backward) > 100, "no gradient runs until it is looked at"
    ran = session.trace.runs
    session.run("print enc11.attn.W_Q.grad[0,0]")
    assert session.trace.runs > ran


def test_all_numbers_equal_a_full_run_to_the_bit(session: Session) -> None:
    session.run("set enc11.attn.W_Q[0,0] = 0.3")
    lazy = session.trace
    values = [v if n.op is None else None for n, v in zip(lazy.plan.nodes, lazy.values, strict=True)]
    whole = Trace(lazy.plan, values).run()
    for node in lazy.plan.nodes:
        assert lazy.value(node.slot).tobytes() == whole.value(node.slot).tobytes(), node.path


def test_what_an_edit_does_not_reach_is_shared(session: Session) -> None:
    before = session.trace
    session.run("set enc11.attn.W_Q[0,0] = 0.3")
    node = before.plan.paths["enc5.norm2"]
    assert session.trace.value(node.slot) is before.value(node.slot)


def test_moving_and_marks_compute_no_gradient(session: Session) -> None:
    session.run("set enc11.attn.W_Q[0,0] = 0.3")
    session.run("goto enc11.attn.weights")
    session.run("n 3")
    assert all(session.trace.stale(n.slot) for n in session.trace.plan.steps if n.path == "enc11.attn.W_Q.grad")
