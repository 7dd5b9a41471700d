"""The colours: what is to be read can be read, on whatever it stands."""

import pytest
from rich.color import Color

import tfstep
from tfstep.faces.tui.app import Debugger
from tfstep.faces.tui.style.legend import COLOURS, SIGNS
from tfstep.faces.tui.style.palette import DARK, LIGHT, TERMINAL, Palette, role, shade
from tfstep.view.matrix.grid import CHANGED, CURSOR, LEVELS, LIT

GROUNDS = ("paper", "panel", "bar")


def luminance(colour: Color) -> float:
    parts = [c / 255 for c in colour.get_truecolor()]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: Color | None, b: Color | None) -> float:
    assert a is not None
    assert b is not None
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)
def test_text_stands_out(palette: Palette) -> None:
    for ground in GROUNDS:
        for name in ("", "strong", "accent", "key", "good", "bad", "changed", "dim"):
            style = role(palette, name, paper=getattr(palette, ground))
            assert contrast(style.color, style.bgcolor) >= 4.5, (name, ground)


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)
@pytest.mark.parametrize("scale", ["signed", "probability"])
def test_numbers_can_be_read_on_every_shade(palette: Palette, scale: str) -> None:
    for level in range(-LEVELS, LEVELS + 1):
        for marks in (0, LIT, CURSOR):
            style = shade(palette, scale, level, marks, True, False)
            assert contrast(style.color, style.bgcolor) >= 4.5, (level, marks)


def test_the_terminals_own_colours_are_named() -> None:
    for level in range(-LEVELS, LEVELS + 1):
        for marks in (0, LIT, CURSOR, CHANGED):
            style = shade(TERMINAL, "signed", level, marks, True, False)
            assert style.color is not None
            assert style.bgcolor is not None
            assert style.color.name.isidentifier()
            assert style.bgcolor.name.isidentifier()
            assert style.color != style.bgcolor or style.color.is_default


@pytest.mark.parametrize("palette", [DARK, LIGHT, TERMINAL], ids=lambda palette: palette.name)
def test_one_colour_has_one_meaning(palette: Palette) -> None:
    told = [role(palette, each.role) for each in COLOURS]
    assert len({(style.color, style.bgcolor) for style in told}) == len(told)
    assert all(each.signs for each in COLOURS if each.role != "shared8"), "never by colour alone"
    assert shade(palette, "signed", 0, CHANGED, True, False).color == role(palette, "changed").color
    assert len({each.means.en for each in (*COLOURS, *SIGNS)}) == len((*COLOURS, *SIGNS))


@pytest.mark.parametrize("palette", [DARK, LIGHT, TERMINAL], ids=lambda palette: palette.name)
async def test_colours_chosen_before_the_start_are_those_chosen_later(palette: Palette) -> None:
    pictures = []
    for early in (True, False):
        app = Debugger(tfstep.Session(tfstep.load("wo-ai-ni")))
        if early:
            app.theme = palette.name
        async with app.run_test(size=(120, 36)) as pilot:
            await pilot.pause()
            if not early:
                app.theme = LIGHT.name  # and back: the style sheets are read once more
                app.theme = palette.name
                await pilot.pause()
                app.repaint()
                await pilot.pause()
            pictures.append([[*line] for line in app.screen._compositor.render_strips()])
    assert pictures[0] == pictures[1]
