"""Keys that come faster than what they close is gone, and a screen too small for anything."""

from screens import screen
from textual.events import Key

from tfstep.faces.tui.lesson.drawing import _fitted
from tfstep.faces.tui.widgets.chooser import Chooser
from tfstep.faces.tui.widgets.plot import Plot


async def test_two_keys_at_once_close_a_picture_once() -> None:
    async with screen("loss") as (app, pilot):
        await pilot.press("colon", *"plot loss now", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        picture = app.screen
        assert isinstance(picture, Plot)
        for _ in range(3):
            picture.post_message(Key("escape", None))
        await pilot.pause()
        await pilot.press("n")
        assert app.is_running
        assert app.screen is app.screen_stack[0]


async def test_a_list_that_is_closed_before_it_is_there() -> None:
    async with screen() as (app, pilot):
        found = Chooser("title", [])
        found.on_mount()  # nothing of it is there yet
        await pilot.press("n")
        assert app.is_running


def test_a_sentence_in_no_room_at_all() -> None:
    assert _fitted((), -1) == [()]
