"""A screen to be driven by a test, and what stands on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot

import tfstep
from tfstep.faces.tui.app import Debugger
from tfstep.faces.tui.widgets.board import Board
from tfstep.faces.tui.widgets.drawn import Drawn
from tfstep.faces.tui.widgets.tree import Timeline


@asynccontextmanager
async def screen(
    at: str = "src.embed", name: str = "wo-ai-ni", size: tuple[int, int] = (120, 36), colour: bool = True
) -> AsyncIterator[tuple[Debugger, Pilot[int]]]:
    session = tfstep.Session(tfstep.load(name))
    session.run(f"goto {at}")
    app = Debugger(session, colour=colour)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


def shown(app: Debugger, name: str) -> str:
    """The text of one widget, as it stands on the screen."""
    widget = app.query_one(f"#{name}")
    assert isinstance(widget, Drawn | Board | Timeline)
    return "\n".join(widget.render_line(y).text for y in range(widget.size.height))
