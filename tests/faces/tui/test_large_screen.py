"""A large terminal: backward stands below forward, and the number is followed down to the inputs."""

import pytest
from screens import screen, shown

LARGE = (200, 60)


@pytest.mark.parametrize(
    ("at", "phase", "names"),
    [
        ("enc0.attn.scaled", "backward", ("∂masked", "∂scaled")),
        ("enc0.attn.W_Q.grad", "forward", ("W_Q",)),
        ("enc0.attn.scores.grad", "forward", ("Q", "K", "scores")),
    ],
)
async def test_the_other_direction_stands_below(at: str, phase: str, names: tuple[str, ...]) -> None:
    async with screen(at, size=LARGE) as (app, _):
        assert phase in shown(app, "turned")
        assert all(name in shown(app, "below") for name in names)


async def test_a_click_on_it_leads_there() -> None:
    async with screen("enc0.attn.scaled", size=LARGE) as (app, pilot):
        lines = shown(app, "below").splitlines()
        y = next(y for y, line in enumerate(lines) if "爱" in line.split("-")[0] and "我" not in line)
        await pilot.click("#below", offset=(lines[y].index("爱") + 4, y))
        assert app.session.current.path == "enc0.attn.masked.grad"
        assert app.session.cell[2] == 1
        assert app.state.trail, "and back"


async def test_nothing_of_it_on_a_smaller_screen() -> None:
    async with screen("enc0.attn.scaled", size=(120, 36)) as (app, _):
        assert not app.parts.below.display
        assert not app.parts.turned.display
        assert "down to the inputs" not in shown(app, "since")


async def test_a_number_is_followed_down_to_the_inputs() -> None:
    async with screen("enc0.attn.scaled", size=LARGE) as (app, pilot):
        text = shown(app, "since")
        assert "down to the inputs, along the largest share" in text
        assert "E[我,d0]" in text
        before = app.parts.why.region.y
        await pilot.press("tab", "plus")
        after = shown(app, "since")
        assert "since the edit" in after
        assert app.parts.why.region.y == before


async def test_of_a_pinned_number_there_is_nothing_to_follow() -> None:
    async with screen("enc0.attn.scaled", size=LARGE) as (app, pilot):
        await pilot.press("plus")
        assert "down to the inputs" not in shown(app, "since")


async def test_views_and_what_stood_before_the_edit_stand_alone() -> None:
    async with screen("enc0.attn.scaled", size=LARGE) as (app, pilot):
        await pilot.press("g")
        assert not app.parts.below.display
        await pilot.press("escape")
        assert app.parts.below.display


async def test_the_losses_of_a_training_are_a_curve_with_where_one_stands() -> None:
    async with screen("enc0.attn.weights", size=LARGE) as (app, pilot):
        assert "loss before" not in shown(app, "since")
        app.session.run("train 20")
        app.session.run("set enc0.attn.W_Q[0,0] = 2")
        app.session.run("train 10")
        app.redraw()
        await pilot.pause()
        text = shown(app, "since")
        assert "loss before each of 30 updates: 1.4385 → " in text
        curve = text[text.index("loss before") :]
        assert all(sign in curve for sign in ("1.439 ┤", "~", "▶")), "the edit, and where one stands"
        assert "since  train 10" in text
        place = app.parts.why.region.y
        await pilot.press("z", "H")
        assert "loss before each of 30 updates" in shown(app, "since"), "with all heads side by side as well"
        await pilot.press("H")
        assert app.parts.why.region.y == place
