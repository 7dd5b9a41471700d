"""``tfstep`` alone on a terminal: what the picker offers, finds and opens."""

import pytest
from textual.widgets import OptionList

from tfstep.faces.tui.picker import Offer, Picker

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
        assert app.query_one("#offers", OptionList).option_count == 0
        assert app.is_running
        await pilot.press("escape")
    assert app.return_value is None


def test_everything_that_ships_is_offered_and_opened(tfstep, monkeypatch):
    from tfstep.faces.cli import start
    from tfstep.scenario.catalog import shipped

    offered, opened = [], []

    def pick(offers, colour):
        offered[:] = offers
        return OFFERS[2] if not opened else None

    monkeypatch.setattr("tfstep.faces.cli.group.has_screen", lambda: True)
    monkeypatch.setattr(start, "pick", pick)
    monkeypatch.setattr(start.run.COMMAND, "callback", lambda **options: opened.append(options["scenario"]) or 0)
    assert tfstep().status == 0
    assert opened == ["wo-ai-ni"]
    assert [offer.name for offer in offered if offer.kind == "scenario"] == shipped()
