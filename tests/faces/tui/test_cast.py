"""A session recorded: as a cast, as one moving picture, as the script that does it again."""

import json
import shutil
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import Terminal

import tfstep
from tfstep.faces.tui.work.cast import PAUSE, moving


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    found = Terminal(tmp_path)
    yield found
    found.close()


def picture(text: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 4"><text>{text}</text></svg>'


def test_pictures_are_shown_in_turn_and_long_pauses_are_cut() -> None:
    found = ET.fromstring(moving([(0.0, picture("a")), (1.0, picture("b")), (60.0, picture("c"))]))
    assert found.get("viewBox") == "0 0 8 4"
    shows = [each.attrib for each in found.iter("{http://www.w3.org/2000/svg}animate")]
    assert len(shows) == 3
    total = float(shows[0]["dur"].removesuffix("s"))
    assert total == pytest.approx(1 + PAUSE + 3)
    starts = []
    for each in shows:
        times, values = [float(t) for t in each["keyTimes"].split(";")], each["values"].split(";")
        assert len(times) == len(values)
        assert times[0] == 0
        assert times == sorted(times)
        starts.append(times[values.index("visible")] * total)
    assert starts == pytest.approx([0, 1, 1 + PAUSE], abs=1e-3)


def test_nothing_shown_is_an_empty_picture() -> None:
    assert ET.fromstring(moving([])).tag.endswith("svg")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_a_session_is_recorded_and_done_again(terminal: Terminal, tmp_path: Path) -> None:
    talk = tmp_path / "talk.cast"
    terminal.run(
        f"{sys.executable} -m tfstep run wo-ai-ni --at enc0.attn.W_Q --lang en --record {talk}; echo status $?"
    )
    terminal.press("+")
    terminal.press("+")
    terminal.press(":", "goto nowhere", "Enter")
    terminal.press(":", "goto loss", "Enter")
    assert "status 0" in terminal.shell("q")

    head, *events = [json.loads(row) for row in talk.read_text("utf-8").splitlines()]
    assert (head["version"], head["width"], head["height"]) == (2, 80, 24)
    assert all(kind in "or" for _, kind, _ in events)
    seconds = [second for second, _, _ in events]
    assert seconds == sorted(seconds)
    assert "W_Q" in "".join(data for _, _, data in events)

    found = ET.parse(tmp_path / "talk.svg")
    assert len(list(found.iter("{http://www.w3.org/2000/svg}animate"))) >= 4

    lines = (tmp_path / "talk.tfs").read_text("utf-8").splitlines()
    assert lines == ["nudge enc0.attn.W_Q[0,0] 0.1", "nudge enc0.attn.W_Q[0,0] 0.1", "goto loss"]
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    for each in lines:
        session.run(each)
    assert session.trace["enc0.attn.W_Q"].value[0, 0] == 1.2
    assert session.current.path == "loss"
