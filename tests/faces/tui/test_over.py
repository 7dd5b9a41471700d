"""What is opened over the screen gets keys before its parts are there, and after they are gone."""

import pytest
from screens import screen
from textual.events import Key

from tfstep.faces.tui.widgets.chooser import Chooser
from tfstep.faces.tui.widgets.help import Pages
from tfstep.faces.tui.widgets.over import Over


@pytest.mark.parametrize(("key", "kind"), [("question_mark", Pages), ("ctrl+p", Chooser)])
async def test_a_key_for_what_is_gone_does_nothing(key: str, kind: type[Over]) -> None:
    async with screen() as (app, pilot):
        await pilot.press(key)
        await pilot.pause()
        page = app.screen
        assert isinstance(page, kind)
        assert page.there
        await pilot.press("escape")
        await pilot.pause()
        assert len(app.screen_stack) == 1
        assert not page.there
        for each in ("9", "e", "enter", "escape", "slash"):
            await page.on_event(Key(each, each if len(each) == 1 else None))
        for action in ("take", "leave", "search", "find(1)", "move(1)", "scroll_by(1)"):
            await app.run_action(action, page)
        await pilot.pause()
        assert app.is_running
        assert len(app.screen_stack) == 1


async def test_a_key_before_its_parts_are_there_does_nothing() -> None:
    async with screen() as (app, _):
        page = Pages(lambda cells: [()])
        assert not page.there
        await page.on_event(Key("9", "9"))
        await app.run_action("search", page)
        assert app.is_running
