"""Random keys and clicks at random sizes: no exception, and a session that a fresh run of its lines gives again."""

import os
import random
from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep.errors import TfstepError
from tfstep.faces.tui.app import Debugger
from tfstep.faces.tui.keys import KEYS
from tfstep.text import set_language

COUNT = int(os.environ.get("TFSTEP_MONKEY", "60"))
NAMES = [name for key in KEYS for name in key.names.split(",") if name != "q"]
TYPED = [*"0123456789.-[]:,*= abcdefgxyz", "enter", "enter", "escape", "tab", "up", "backspace", "left"]
SCENARIOS = ("wo-ai-ni", "padding", "neuron")


@pytest.mark.parametrize("seed", range(3))
async def test_a_monkey_breaks_nothing(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    draw = random.Random(seed)
    name = SCENARIOS[seed % len(SCENARIOS)]
    session = tfstep.Session(tfstep.load(name))
    app = Debugger(session)
    async with app.run_test(size=(100, 30)) as pilot:
        for _ in range(COUNT):
            chance = draw.random()
            if chance < 0.03:
                await pilot.resize_terminal(draw.randint(5, 200), draw.randint(2, 60))
            elif chance < 0.15:
                x, y = draw.randrange(app.size.width), draw.randrange(app.size.height)
                await pilot.click(offset=(x, y))
            elif app.query_one("#prompt").display:
                await pilot.press(draw.choice(TYPED))
            else:
                await pilot.press(draw.choice(NAMES))
            assert app.is_running
        shown = {path: session.trace[path].value for path in ("loss",)}
    set_language("en")
    again = tfstep.Session(tfstep.load(name))
    for line in session.history:
        try:
            again.run(line)
        except TfstepError:
            continue
    assert again.variant == session.variant
    assert again.edited == session.edited
    assert np.array_equal(again.trace["loss"].value, shown["loss"], equal_nan=True)
