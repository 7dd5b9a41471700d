"""The picture of a large run after an edit: what is known at once, a sign for what is still to be computed."""

from itertools import takewhile

import numpy as np
import pytest

import tfstep
from tfstep.engine.trace import Trace
from tfstep.view.frame import frame as frames
from tfstep.view.frame.frame import Camera, Frame
from tfstep.view.frame.panels import top_line
from tfstep.view.frame.view_state import ViewState
from tfstep.view.matrix.grid import Grid
from tfstep.view.matrix.summary import summary
from tfstep.view.text.spans import plain
from tfstep.work import Glance, NotYetError, watched

W = "enc0.attn.W_Q"


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every model were large."""
    monkeypatch.setattr(frames, "SMALL", 0)
    monkeypatch.setattr(frames, "AT_ONCE", 0)


def edited(at: str = "enc0.attn.q_proj") -> tfstep.Session:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    session.run(f"goto {at}")
    session.run(f"nudge {W}[0,0] 0.3")
    return stale(session)


def stale(session: tfstep.Session) -> tfstep.Session:
    """What the command itself computed, which it does of a small model, is to be computed again."""
    trace = session.trace
    for slot in trace.plan.follow({trace.plan.paths[W].slot}):
        trace.values[slot] = None
    return session


def grids(found: Frame) -> list[Grid]:
    pieces = (*found.pieces, *(found.counterpart.pieces if found.counterpart is not None else ()))
    return [grid for piece in pieces for grid in piece.grids]


def all_known(trace: Trace) -> Trace:
    return trace.edit({}).run()


def words(found: Frame) -> str:
    since = found.since.drawn(110, 8) if found.since is not None else []
    return "\n".join(plain(each) for each in (top_line(found.header, 120), *found.account.lines(110, 12), *since))


def test_what_the_edit_reached_has_a_sign_and_the_rest_its_numbers() -> None:
    session = edited()
    found = Camera().frame(session, ViewState(focus=W), 0.0)
    assert found.coming
    by_key = {grid.key: grid for grid in grids(found)}
    assert not by_key[W].coming
    assert by_key[W].values[0, 0] == 1.3
    assert by_key["enc0.attn.q_proj"].coming
    assert found.header.loss == "…"
    said = words(found)
    assert "W_Q[i0,o0]  +1.3" in said
    assert "before the edit +1" in said
    assert "∂loss/∂W_Q[i0,o0]  …" in said
    assert "after the update …" in said
    assert "loss 1.4385 → …" in said


@pytest.mark.parametrize("mode", ["value", "gradient", "overlaid", "difference", "variant", "word", "theirs"])
@pytest.mark.parametrize("heads", [False, True])
def test_no_number_of_it_is_another_one_than_when_all_is_computed(mode: str, heads: bool) -> None:
    """At every step and in every view: what has no sign is as it is in the whole picture."""
    session = edited()
    seen = 0
    for node in session.trace.plan.steps[::3]:
        session.run(f"goto {node.path}")
        stale(session)
        look = ViewState(mode=mode, heads=heads, wide=True)
        first = Camera().frame(session, look, 0.0)
        whole = Camera().frame(session, look)
        assert not whole.coming
        for one, other in zip(grids(first), grids(whole), strict=True):
            assert (one.key, one.values.shape) == (other.key, other.values.shape)
            if one.coming:
                seen += 1
                assert np.isnan(one.values).all(), "nothing stale is in it"
                assert one.numbers(0, 0, 1, one.style(3)) == ["…"]
                assert not any(one.levels(0, 0, one.breadth))
                assert plain(summary(one, 40)).startswith("…")
            else:
                np.testing.assert_array_equal(one.values, other.values)
                assert one.style(3) == other.style(3)
        a, b = first.account, whole.account
        for name in ("value", "gradient", "after"):
            assert name in a.coming or getattr(a, name) == getattr(b, name), name
        assert "made" in a.coming or (a.equation, a.total) == (b.equation, b.total)
        assert first.header.loss in ("…", whole.header.loss)
    assert seen, "there is something to see"


def test_a_pinned_number_is_known_at_once() -> None:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    session.run("goto enc0.attn.scores")
    session.run("nudge enc0.attn.scores[0,0,0,0] 0.5")
    found = Camera().frame(session, ViewState(), 0.0)
    assert found.account.value == 4.5
    assert "value" not in found.account.coming
    assert not next(grid for grid in grids(found) if grid.key == "enc0.attn.scores").coming


def test_every_look_gets_further_however_short_it_is() -> None:
    session, camera, look = edited(), Camera(), ViewState(focus=W)
    most = len(session.trace.plan.steps) + 1
    looks = sum(1 for _ in takewhile(lambda _: camera.frame(session, look, 1e-9).coming, range(most)))
    assert 0 < looks < most, "not all of it in one, and all of it in the end"
    again = Camera().frame(session, look)
    assert again.header.loss == Camera().frame(session, look, 0.0).header.loss != "…"
    for path in ("loss", W + ".grad", "enc0.attn.q_proj"):
        computed = all_known(session.trace)[path].value
        assert (session.trace[path].value == computed).all(), path


def test_where_less_is_kept_it_is_waited_for() -> None:
    session = tfstep.Session(tfstep.load("wo-ai-ni").keeping("less"))
    session.run(f"nudge {W}[0,0] 0.3")
    assert not Camera().frame(session, ViewState(), 0.0).coming


def test_a_step_that_is_there_can_be_looked_into() -> None:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    for node in session.trace.plan.steps:
        session.run(f"goto {node.path}")
        assert not Camera().frame(session, ViewState(), 0.0).coming, node.path


def test_a_glance_waits_for_no_step() -> None:
    session = edited()
    with watched(glance := Glance()), pytest.raises(NotYetError):
        _ = session.trace["loss"].value
    assert glance.missed
    assert session.trace.stale(session.trace.plan.paths["loss"].slot)
