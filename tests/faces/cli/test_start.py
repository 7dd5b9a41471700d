"""``tfstep`` alone on a terminal: what the picker offers, finds and opens."""

import pytest

from tfstep.faces.tui.widgets.board import Board
from tfstep.faces.tui.widgets.drawn import Drawn
from tfstep.faces.tui.widgets.picker import Picker
from tfstep.faces.tui.widgets.preview import Offer

OFFERS = [
    Offer("lesson", "neuron", "A neuron is a function", "8 min"),
    Offer("scenario", "neuron", "A neuron is a function", "mlp"),
    Offer("scenario", "wo-ai-ni", "语序", "encoder"),
]


async def chosen(*keys: str) -> Offer | None:
    app = Picker(OFFERS)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
    return app.return_value


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["enter"], OFFERS[0]),
        (["down", "enter"], OFFERS[1]),
        (["down", "down", "enter"], OFFERS[2]),
        (["down", "down", "up", "enter"], OFFERS[1]),
        ([*"wo-ai", "enter"], OFFERS[2]),
        ([*"mlp", "enter"], OFFERS[1]),
        (["down", "escape"], None),
    ],
)
async def test_keys_choose(keys, expected):
    assert await chosen(*keys) == expected


async def test_what_finds_nothing_opens_nothing():
    app = Picker(OFFERS)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"zzz", "enter")
        assert app.found == []
        assert "nothing fits" in shown(app, "offers")
        await pilot.press("escape")
        assert app.found == OFFERS
        assert app.is_running
        await pilot.press("escape")
        assert not app.is_running
    assert app.return_value is None


async def test_a_title_has_room_before_a_name():
    long = Offer("lesson", "layernorm-batchnorm", "Layer norm or batch norm", "8 min")
    app = Picker([long])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "Layer norm or batch norm" in shown(app, "offers")
        assert "layernorm-batchnorm" in shown(app, "about")
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        assert "layernorm-batchnorm  Layer norm or batch norm" in shown(app, "offers")


async def test_what_is_lit_is_told_beside_the_list():
    app = Picker(OFFERS)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("down", "down")
        await pilot.pause(0.3)
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "parameters" in shown(app, "about")
        assert "enc0.attn.weights" in shown(app, "about")
        assert "我" in shown(app, "matrix")
        await pilot.press("ctrl+l", "ctrl+t")
        assert "个参数" in shown(app, "about").replace(" ", "")
        assert "选择" in shown(app, "title")
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert not app.query_one("#preview").display
        await pilot.press("escape")


async def test_the_mouse_lights_and_opens():
    app = Picker(OFFERS)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        y = next(y for y, row in enumerate(shown(app, "offers").splitlines()) if "wo-ai-ni" in row)
        await pilot.click("#offers", offset=(6, y))
        assert app.at == 2
        assert app.is_running
        await pilot.click("#offers", offset=(6, y))
    assert app.return_value == OFFERS[2]


async def test_one_begins_where_one_was():
    app = Picker(OFFERS, at=OFFERS[2])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
    assert app.return_value == OFFERS[2]


def shown(app, name):
    widget = app.query_one(f"#{name}")
    assert isinstance(widget, Drawn | Board)
    return "\n".join(widget.render_line(y).text for y in range(widget.size.height))


def test_everything_that_ships_is_offered_and_opened(tfstep, monkeypatch):
    from tfstep.faces.cli import start
    from tfstep.scenario.file.catalog import shipped

    offered, opened = [], []

    def pick(offers, colour, at):
        offered[:] = offers
        return OFFERS[2] if not opened else None

    monkeypatch.setattr("tfstep.faces.cli.group.has_screen", lambda: True)
    monkeypatch.setattr(start, "pick", pick)
    monkeypatch.setattr(start.run.COMMAND, "callback", lambda **options: opened.append(options["scenario"]) or 0)
    assert tfstep().status == 0
    assert opened == ["wo-ai-ni"]
    assert [offer.name for offer in offered if offer.kind == "scenario"] == shipped()
