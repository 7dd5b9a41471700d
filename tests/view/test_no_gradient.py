"""What is said where a tensor has no gradient."""

import pytest

import tfstep
from tfstep.scenario.scenario import load_text
from tfstep.view.cell.no_gradient import no_gradient
from tfstep.view.export.tables import tables

GIVEN = """
model:
  kind: formula
  given: {n: 3}
  parameters: {x: [1, 2], b: [0, 0]}
  steps: {m: n + 1, aside: b + 1, y: x * n * m}
"""


def said(trace: tfstep.Trace, path: str) -> str:
    return "\n".join("".join(span.text for span in line) for line in tables([trace[path]], grad=True))


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("n", "given, not learned: no gradient is recorded"),
        ("aside", "no path leads from it to the loss"),
        ("b", "no path leads from it to the loss"),
        ("y/mul", "inside a step no gradient is recorded"),
    ],
)
def test_it_is_said_why_there_is_no_gradient(path: str, why: str) -> None:
    trace = tfstep.trace(load_text(GIVEN + "loss: sum(y)"))
    assert said(trace, path).endswith(why)
    assert str(no_gradient(trace[path])) == why


@pytest.mark.parametrize("path", ["x", "y", "loss", "x.grad", "x.new"])
def test_nothing_is_said_of_gradients_and_of_what_has_one(path: str) -> None:
    trace = tfstep.trace(load_text(GIVEN + "loss: sum(y)\ntrain: {lr: 0.1}"))
    assert no_gradient(trace[path]) is None
    assert not [word for word in ("no path", "gradient is") if word in said(trace, path)]


def test_a_weight_s_gradient_leads_nowhere_and_nothing_is_said() -> None:
    assert "no path" not in said(tfstep.trace(tfstep.load("wo-ai-ni")), "enc0.attn.W_Q.grad")


def test_without_a_loss_that_is_why() -> None:
    assert said(tfstep.trace(load_text(GIVEN)), "x").endswith("no gradient: there is no loss")
