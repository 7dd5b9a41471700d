"""A session recorded: as a cast, as one moving picture, as the script that does it again."""

import io
import json
import shutil
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import Terminal

import tfstep
from tfstep.errors import CommandError
from tfstep.faces.tui.app import Debugger
from tfstep.faces.tui.work import gif
from tfstep.faces.tui.work.cast import LAST, PAUSE, Cast, moving
from tfstep.view.text.width import width


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


def has_fonts() -> bool:
    try:
        return bool(gif.Letters().mask("我"))
    except CommandError:
        return False


@pytest.mark.skipif(not has_fonts(), reason="there is no monospaced font, or none with Chinese")
async def test_a_gif_shows_the_pictures_in_turn(tmp_path: Path) -> None:
    from PIL import Image

    now = 0.0
    cast = Cast(tmp_path / "talk.gif", "talk", lambda: now)
    app = Debugger(tfstep.Session(tfstep.load("wo-ai-ni")))
    async with app.run_test(size=(80, 24)) as pilot:
        for key, seconds in (("n", 0.5), ("+", 60.0), ("?", 1.0)):
            await pilot.press(key)
            cast.drew(app.export_screenshot(), (80, 24))
            now += seconds
    said = str(cast.save((80, 24)))
    assert {each.name for each in tmp_path.iterdir()} == {"talk.cast", "talk.svg", "talk.tfs", "talk.gif"}
    assert str(tmp_path / "talk.gif") in said
    letters = gif.Letters()
    with Image.open(tmp_path / "talk.gif") as found:
        assert (found.format, found.n_frames) == ("GIF", 3)
        assert found.size == (80 * letters.width, 24 * letters.height)
        shown, pictures = [], []
        for k in range(3):
            found.seek(k)
            shown.append(found.info["duration"])
            pictures.append(found.convert("RGB").tobytes())
    assert shown == [500, 1000 * PAUSE, 1000 * LAST]
    assert len(set(pictures)) == 3


@pytest.mark.skipif(not has_fonts(), reason="there is no monospaced font, or none with Chinese")
def test_a_letter_stands_in_its_cells_in_its_colour() -> None:
    from PIL import Image
    from rich.console import Console
    from rich.text import Text

    console = Console(width=10, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.assemble(("我", "#ff0000 on #0000ff"), "a", ("  ", "on #00ff00")))
    letters = gif.Letters()
    with Image.open(io.BytesIO(gif.animated([console.export_svg()], [1.0], letters))) as found:
        image = found.convert("RGB")
    wide, high = letters.width, letters.height

    def colours(left: int, right: int) -> set[tuple[int, int, int]]:
        return {image.getpixel((x, y)) for x in range(left * wide, right * wide) for y in range(high)}

    assert (0, 0, 255) in colours(0, 2)
    assert any(red > 200 and blue < 80 for red, _, blue in colours(0, 2)), "the sign is red"
    assert not any(red > 200 and blue < 80 for red, _, blue in colours(2, 10))
    assert len(colours(2, 3)) > 2, "the letter behind it"
    assert (0, 255, 0) in colours(3, 4) & colours(4, 5)
    assert letters.mask("我").size == (width("我") * wide, high)


def test_a_gif_without_pillow_or_fonts_is_refused_before_anything_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "PIL", None)
        with pytest.raises(CommandError, match=r"pip install 'tfstep\[gif\]'"):
            Cast(tmp_path / "talk.gif", "talk")
        Cast(tmp_path / "talk.svg", "talk")
    monkeypatch.setattr(gif, "MONOSPACED", ("No Such Mono.ttf",))
    with pytest.raises(CommandError, match="no monospaced font for the GIF; install one of No Such Mono"):
        Cast(tmp_path / "talk.gif", "talk")


@pytest.mark.skipif(not has_fonts(), reason="there is no monospaced font, or none with Chinese")
def test_a_sign_that_no_font_has_is_named_and_the_rest_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.console import Console

    monkeypatch.setattr(gif, "OTHERS", ("No Such CJK.ttc",))
    cast = Cast(tmp_path / "talk.gif", "talk")
    console = Console(width=10, record=True, file=io.StringIO())
    console.print("我")
    cast.drew(console.export_svg(), (10, 1))
    with pytest.raises(CommandError, match="no font with 我 for the GIF; install one of No Such CJK"):
        cast.save((10, 1))
    assert {each.name for each in tmp_path.iterdir()} == {"talk.cast", "talk.svg", "talk.tfs"}


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
