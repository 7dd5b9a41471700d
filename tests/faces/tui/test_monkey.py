"""Random keys, clicks and turns of the wheel at random sizes: no exception, and a session that its lines give again.

TFSTEP_MONKEY=20000 sets how many events there are in all, TFSTEP_SEED=1 draws others.
"""

import os
import random
from pathlib import Path

import numpy as np
import pytest
from textual.events import MouseScrollDown, MouseScrollUp
from textual.pilot import Pilot

import tfstep
from tfstep.errors import TfstepError
from tfstep.faces.tui.actions.table import ACTIONS
from tfstep.faces.tui.app import Debugger
from tfstep.text import set_language

SCENARIOS = ("wo-ai-ni", "padding", "neuron", "the-ball-is-blue", "multi-head", "hill")
COUNT = int(os.environ.get("TFSTEP_MONKEY", "300")) // len(SCENARIOS)
SEED = os.environ.get("TFSTEP_SEED", "0")
NAMES = [name for key in ACTIONS for name in key.all_keys if name not in ("q", "ctrl+z")]
WHEEL = (MouseScrollDown, MouseScrollUp)
TYPED = [*"0123456789.-[]:,*= abcdefgxyz", "enter", "enter", "escape", "tab", "up", "backspace", "left"]


@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_monkey_breaks_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    draw = random.Random(f"{name} {SEED}")
    session = tfstep.Session(tfstep.load(name))
    app = Debugger(session)
    monkeypatch.setattr(app, "exit", lambda *_: None)  # the palette offers it too
    async with app.run_test(size=(100, 30)) as pilot:
        for _ in range(COUNT):
            await _anything(pilot, app, draw)
            assert app.is_running
        await app.workers.wait_for_complete()
    set_language("en")
    again = tfstep.Session(tfstep.load(name))
    for line in session.history:
        try:
            again.run(line)
        except TfstepError:
            continue
    assert again.variant == session.variant
    assert again.edited == session.edited
    assert again.update == session.update
    for path in ("loss", *session.edited):
        assert np.array_equal(again.trace[path].value, session.trace[path].value, equal_nan=True)


async def _anything(pilot: Pilot[int], app: Debugger, draw: random.Random) -> None:
    chance = draw.random()
    place = (draw.randrange(app.size.width), draw.randrange(app.size.height))
    if chance < 0.02:
        await pilot.resize_terminal(draw.randint(5, 200), draw.randint(2, 60))
    elif chance < 0.1:
        await pilot.click(offset=place)
    elif chance < 0.13:
        await pilot.hover(offset=place)
    elif chance < 0.16:
        await pilot._post_mouse_events([draw.choice(WHEEL)], offset=place, button=0)
    elif app.query_one("#prompt").display:
        await pilot.press(draw.choice(TYPED))
    else:
        await pilot.press(draw.choice(NAMES))
