"""The equation under the matrices: no name for two axes, no sum without names, no claim about the loss that is not so."""

from __future__ import annotations

import pytest

import tfstep
from tfstep import Session
from tfstep.scenario.scenario import load_text
from tfstep.view.cell.equation import equation
from tfstep.view.frame.frame import Camera, Frame
from tfstep.view.frame.view_state import ViewState
from tfstep.view.text.spans import plain

SUM = "model: {kind: formula, given: {%s}, steps: {s: %s}}\n"


@pytest.fixture
def session() -> Session:
    return Session(tfstep.load("wo-ai-ni"))


def frame(session: Session) -> Frame:
    return Camera().frame(session, ViewState())


def panel(session: Session, place: str) -> str:
    session.run(f"goto {place}")
    return "\n".join(plain(each) for each in frame(session).account.lines(120, 30))


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("enc0.attn.W_Q.grad[0,0]", "= x[:,i0] · ∂q_proj[:,o0]"),
        ("enc0.attn.W_Q.grad[1,2]", "= x[:,i1] · ∂q_proj[:,o2]"),
        ("enc0.ffn.W_1.grad[0,0]", "= norm1[:,i0] · ∂hidden[:,o0]"),
        ("enc0.norm1.gamma.grad[0]", "= ∂norm1[:,d0] · xhat[:,d0]"),
        ("enc0.attn.scores[0,0,1,2]", "= Q[爱,:] · K[你,:]"),
    ],
)
def test_one_name_is_not_given_to_two_axes(session: Session, cell: str, said: str) -> None:
    assert said in panel(session, cell)


def test_what_a_gradient_calls_its_places_can_be_typed(session: Session) -> None:
    for name, cell in (("src.x[爱,i1]", (0, 1, 1)), ("enc0.attn.q_proj.grad[你,o2]", (0, 2, 2))):
        session.run(f"goto {name}")
        assert session.cell == cell


def test_a_long_sum_names_the_terms_that_it_shows() -> None:
    names = [f"x{k}" for k in range(1, 10)]
    given = ", ".join(f"{name}: {k}" for k, name in enumerate(names, 1))
    trace = tfstep.trace(load_text(SUM % (given, " + ".join(f"{name}**2" for name in names))))
    found = plain(equation(trace, trace.explain("s")).symbols)
    assert found.startswith("x9"), "the largest stand first"
    assert found.count("+") == 6
    assert found.endswith("+ …")
    few = tfstep.trace(load_text(SUM % (given, "x1 + x2 + x3 + x4 + x5")))
    assert plain(equation(few, few.explain("s")).symbols) == "x1 + x2 + x3 + x4 + x5"


def test_a_gradient_that_was_edited_claims_nothing_about_the_loss(session: Session) -> None:
    cell = "enc0.attn.scores[0,0,1,2]"
    assert "raises the loss" in panel(session, cell)
    slope = session.run("sweep enc0.attn.W_Q[0,0] 0 2 5").sweep.gradient  # type: ignore[attr-defined]  # a Swept
    session.run("set enc0.attn.scores.grad[0,0,1,2] = -0.5")
    for place in (cell, "enc0.attn.scores.grad[0,0,1,2]"):
        said = panel(session, place)
        assert "edited, not computed: it does not say how the loss moves" in said
        assert "the loss by about" not in said
    for place in ("enc0.attn.W_Q.grad[0,0]", "enc0.attn.Q[0,0,1,0]"):
        said = panel(session, place)
        assert "follows enc0.attn.scores.grad, which was edited" in said
        assert "the loss by about" not in said
    for place in ("enc0.attn.weights[0,0,1,2]", "enc0.attn.scores.grad[0,0,1,1]"):
        assert "the loss by about" in panel(session, place), "what does not follow stays as it is"
    assert "it does not say how the loss moves" in str(session.run(f"explain {cell}"))
    assert "How much the loss moves" not in str(session.run("explain enc0.attn.scores.grad[0,0,1,2]"))
    again = session.run("sweep enc0.attn.W_Q[0,0] 0 2 5").sweep.gradient  # type: ignore[attr-defined]  # a Swept
    assert again == slope, "the tangent is the loss's own"
    assert session.trace["enc0.attn.W_Q"].grad[0, 0] != slope


def test_what_was_not_edited_is_not_called_an_edit(session: Session) -> None:
    def effects() -> str:
        found = frame(session).since
        assert found is not None
        return "\n".join(plain(each) for each in found.head(160))

    session.run("train 3")
    session.run("rewind 3")
    assert "since  rewind 3" in effects()
    assert "the edit" not in effects()
    session.run("set enc0.attn.W_Q[0,0] = 0.5")
    assert "since the edit" in effects()
