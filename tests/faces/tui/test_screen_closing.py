"""Keys that come faster than what they close is gone, and a screen too small for anything."""

import asyncio
import time
from threading import Event

from screens import screen
from textual.events import Key

from tfstep import work
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


async def test_leaving_does_not_wait_for_what_runs() -> None:
    """The work is stopped at its next step, and what it came to is told to nobody."""
    ended = Event()

    def endless() -> None:
        try:
            while (watcher := work.present()) is not None:
                watcher.at_step()
                time.sleep(0.002)
        finally:
            ended.set()

    async with screen("loss") as (app, pilot):
        app.busy.do("endless", endless, app.conclude)
        await pilot.pause()
        app.exit(0)
        async with asyncio.timeout(30):
            while not ended.is_set():
                await asyncio.sleep(0.01)
