"""Terms of a sum: the deepest level, one stop each, forwards and backwards."""

import math

import pytest

import tfstep
from tfstep.commands.language.session import Session
from tfstep.errors import PathError
from tfstep.scenario.scenario import load_text
from tfstep.session import moves
from tfstep.session.place import steps_inside
from tfstep.view.result.lines import text


@pytest.fixture
def session() -> Session:
    found = Session(tfstep.load("wo-ai-ni"))
    found.run("goto enc0.attn.scores[0,0,1,2]")
    return found


def test_each_term_is_a_stop_with_the_sum_up_to_it(session: Session) -> None:
    step = session.position
    q, k = session.trace["enc0.attn.Q"].value[0, 0, 1], session.trace["enc0.attn.K"].value[0, 0, 2]
    for n in range(1, 5):
        session.run("step")
        partial = session.partial
        assert partial is not None
        assert (session.position, partial.number, partial.of) == ((*step, n), n, 4)
        assert partial.term.value == q[n - 1] * k[n - 1]
        assert math.isclose(partial.total, float(q[:n] @ k[:n]))
        assert session.current.path == "enc0.attn.scores"
    session.run("step")
    assert (session.position, session.partial) == ((step[0] + 1,), None)


def test_step_and_reverse_step_are_inverses_down_to_the_terms(session: Session) -> None:
    session.run("goto start")
    walked = [session.position]
    while (to := moves.into(session.trace, walked[-1], session.inside)) is not None:
        walked.append(to)
    assert walked == sorted(set(walked))
    assert any(not steps_inside(session.trace, at[:-1]) and len(at) > 2 for at in walked)
    back = [walked[-1]]
    while (to := moves.back_into(session.trace, back[-1], session.inside)) is not None:
        back.append(to)
    assert back == walked[::-1]


def test_next_goes_from_term_to_term_and_finish_out_of_them(session: Session) -> None:
    step = session.position
    session.run("step")
    session.run("next 2")
    assert session.position == (*step, 3)
    session.run("reverse-next")
    assert session.position == (*step, 2)
    session.run("finish")
    assert session.position == step
    session.run(f"goto {step[0]}.4")
    session.run("next")
    assert session.position == (step[0] + 1,)


def test_the_cursor_moves_the_sum_and_an_edit_keeps_the_term(session: Session) -> None:
    session.run("step 2")
    session.cell = (0, 0, 2, 2)
    assert session.partial is not None
    assert session.partial.explanation.cell == "enc0.attn.scores[0,0,2,2]"
    session.run("set enc0.attn.W_Q[1,1] = 3")
    assert session.position[1:] == (2,)
    session.run("undo")
    assert session.position[1:] == (2,)
    session.run("set enc0.attn.scores[0,0,2,2] = 1")
    assert session.partial is None, "it is pinned now, and has steps inside"
    assert len(session.position) == 1


def test_what_is_no_sum_over_an_axis_has_no_terms(session: Session) -> None:
    for path in ("enc0.attn.scaled", "enc0.add1", "enc0.attn.weights/max"):
        session.run(f"goto {path}")
        at = session.position
        assert session.inside(session.trace, at) == steps_inside(session.trace, at)
        session.run("step")
        assert session.partial is None


def test_breakpoints_are_on_steps_and_a_run_leaves_the_terms(session: Session) -> None:
    step = session.position
    session.run("break enc0.attn.scores")
    session.run("step 2")
    assert session.position == (*step, 2)
    session.run("reverse-continue")
    assert session.position == step
    session.run("step 2")
    session.run("continue")
    assert session.position == (session.steps_total,)


def test_where_and_list_speak_of_the_term(session: Session) -> None:
    session.run("step 2")
    assert "term 2/4   9.2" in text(session.run("where"), session.trace)
    rows = text(session.run("list 1"), session.trace).splitlines()
    assert [row.split()[0] for row in rows[1:]] == ["9.1", "→", "9.3"]
    with pytest.raises(PathError, match=r"from 9\.1 to 9\.4"):
        session.run("goto 9.5")


@pytest.mark.slow
def test_very_long_sums_are_passed_over() -> None:
    text = f"tfstep: 1\nmodel: {{kind: mlp, sizes: [5000, 1]}}\ninput: {{x: [[{', '.join(['1'] * 5000)}]]}}\n"
    session = Session(load_text(text))
    session.run("goto layer0.a/matmul")
    session.run("step")
    assert session.partial is None
