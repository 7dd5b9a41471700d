"""After an edit of a large model the screen shows what is known at once, and the rest while no key comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from screens import screen, shown
from textual.pilot import Pilot
from textual.widgets import Input

from tfstep.faces.tui.actions import hovering
from tfstep.faces.tui.app import Debugger
from tfstep.faces.tui.work import idle_work
from tfstep.text import set_language
from tfstep.view.frame import frame
from tfstep.view.text.spans import plain

W = "enc0.attn.W_Q"
PARTS = ("top", "tree", "heading", "board", "why", "since", "status", "footer")
NEVER = 3600.0
NUMBER = "  …"  # as it stands among numbers; the range of a matrix has one space before it


@asynccontextmanager
async def large(
    monkeypatch: pytest.MonkeyPatch, *, colour: bool = True, breath: float = NEVER
) -> AsyncIterator[tuple[Debugger, Pilot[int]]]:
    """A screen for which every model is large, with the cursor in a weight; nothing is computed beside the keys."""
    monkeypatch.setattr(frame, "SMALL", 0)
    monkeypatch.setattr(frame, "AT_ONCE", 0)
    monkeypatch.setattr("tfstep.session.change.marks.SMALL", 0)
    monkeypatch.setattr(idle_work, "BREATH", breath)
    monkeypatch.setattr(idle_work, "SLICE", 1e-9)
    async with screen("enc0.attn.q_proj", colour=colour) as (app, pilot):
        await pilot.press("shift+tab", "shift+tab")
        yield app, pilot


async def all_there(app: Debugger, pilot: Pilot[int], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The screen once nothing is coming any more, computed as it is while no key comes."""
    monkeypatch.setattr(idle_work, "BREATH", 0.001)
    app.redraw()
    async with asyncio.timeout(30):
        while app.state.coming:
            await asyncio.sleep(0.001)
    await pilot.pause()
    return {name: shown(app, name) for name in PARTS}


async def waited_for(monkeypatch: pytest.MonkeyPatch, *keys: str) -> dict[str, str]:
    """The screen after these keys where each waits for all numbers."""
    async with large(monkeypatch) as (app, pilot):
        monkeypatch.setattr(frame, "SMALL", 10**9)
        await pilot.press(*keys)
        assert not app.state.coming
        return {name: shown(app, name) for name in PARTS}


@pytest.mark.parametrize("colour", [True, False])
async def test_the_first_picture_says_what_is_coming_and_the_last_is_whole(
    monkeypatch: pytest.MonkeyPatch, colour: bool
) -> None:
    expected = await waited_for(monkeypatch, "plus")
    async with large(monkeypatch, colour=colour) as (app, pilot):
        before = shown(app, "board")
        assert NUMBER not in before
        await pilot.press("plus")
        assert app.state.coming
        assert "+1.100" in shown(app, "board"), "the weight itself is known"
        assert shown(app, "board").count(NUMBER) >= 12
        assert "loss …" in shown(app, "top")
        assert "∂loss/∂W_Q[i0,o0]  …" in shown(app, "why")
        assert "being computed" in shown(app, "board")
        assert app.session.journal.changes == (f"set {W}[0,0] = 1.1",)
        assert await all_there(app, pilot, monkeypatch) == expected


async def test_it_says_so_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    set_language("zh")
    async with large(monkeypatch) as (app, pilot):
        await pilot.press("plus")
        assert "计算中" in shown(app, "board")
        assert "损失 …" in shown(app, "top")
        assert "being" not in "".join(shown(app, name) for name in PARTS)


async def test_keys_between_find_their_own_picture_each(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = await waited_for(monkeypatch, "plus", "plus", "plus", "right", "plus", "left")
    async with large(monkeypatch) as (app, pilot):
        for value in ("+1.100", "+1.200", "+1.300"):
            await pilot.press("plus")
            assert value in shown(app, "board")
            assert app.state.coming
        await pilot.press("right", "plus", "left")
        assert app.state.frame.cell == (0, 0)
        assert app.session.journal.changes == (f"set {W}[0,0] = 1.3", f"set {W}[0,1] = 0.1")
        found = await all_there(app, pilot, monkeypatch)
        for each in (
            found,
            expected,
        ):  # which gradients moved is not known: those before the last edit nobody looked at
            del each["tree"]
        assert found == expected


async def test_a_key_ends_what_is_computed_for_the_picture_before(monkeypatch: pytest.MonkeyPatch) -> None:
    async with large(monkeypatch) as (app, pilot):
        await pilot.press("plus")
        old = app.idle._drawn
        await pilot.press("plus")
        done = app.session.trace.runs
        app.idle._go_on(old)
        assert app.session.trace.runs == done
        app.idle._go_on(app.idle._drawn)
        assert app.session.trace.runs > done


async def test_undo_between_shows_the_numbers_of_before_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with large(monkeypatch) as (app, pilot):
        board, top, why = (shown(app, name) for name in ("board", "top", "why"))
        loss = app.session.trace["loss"].value.tobytes()
        await pilot.press("plus", "u")
        assert app.session.trace["loss"].value.tobytes() == loss
        assert not app.state.coming or "…" not in shown(app, "why").split("before")[0]
        await all_there(app, pilot, monkeypatch)
        assert shown(app, "top") == top
        assert shown(app, "why").splitlines()[2:] == why.splitlines()[2:]
        assert [each.replace("~", " ") for each in shown(app, "board").split()] == board.split()
        await pilot.press("U")
        assert "+1.100" in shown(app, "board")


async def test_quitting_between_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with large(monkeypatch, breath=0.001) as (app, pilot):
        await pilot.press("plus", "q")
        async with asyncio.timeout(10):
            while app.is_running:
                await asyncio.sleep(0.001)
        assert app.return_value == 0


async def test_an_edit_that_is_refused_leaves_what_is_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    async with large(monkeypatch) as (app, pilot):
        app.perform(f"set {W}[0,0] = nothing")
        assert not app.state.coming, "nothing has changed"
        await pilot.press("plus")
        app.perform(f"set {W}[0,0] = nothing")
        await pilot.pause()
        refused = shown(app, "status")
        assert "nothing" in refused
        assert app.state.coming
        found = await all_there(app, pilot, monkeypatch)
        assert found["status"] == refused
        assert NUMBER not in found["board"]
        assert app.session.journal.changes == (f"set {W}[0,0] = 1.1",)


async def test_what_asks_for_a_number_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with large(monkeypatch) as (app, pilot):
        await pilot.press("plus", "tab", "tab")
        assert app.state.frame.focus == "enc0.attn.q_proj"
        assert "value" in app.state.frame.account.coming
        told = hovering.told(app.state, "enc0.attn.q_proj[0,0,0]")
        assert told is not None
        assert plain(told) == "…"
        await pilot.press("e")
        typed = app.query_one(Input).value
        assert float(typed) == pytest.approx(float(app.session.current.value[0, 0, 0]))


async def test_the_largest_number_is_sought_among_the_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    async with large(monkeypatch) as (app, pilot):
        app.perform(f"set {W}[0,0] = 40")
        await pilot.press("tab", "tab")
        assert app.state.coming
        key = next(action for action in app.state.actions if action.name == "largest").all_keys[0]
        await pilot.press(key)
        value = app.session.current.value[0]
        assert abs(value[app.state.frame.cell[-2:]]) == abs(value).max()
