"""Nothing on the screen moves while one edits: panels, matrices and their numbers keep their places."""

import pytest
from screens import screen, shown

from tfstep.faces.tui.app import Debugger

PLACES = ("enc0.attn.q_proj", "enc0.attn.scores", "enc0.attn.b_Q.new")


def places(app: Debugger) -> dict[str, object]:
    """Where every panel and every matrix stands."""
    found: dict[str, object] = {}
    for name in ("heading", "board", "turned", "below", "why"):
        widget = app.query_one(f"#{name}")
        found[name] = widget.region.y if widget.display else None
    for each in app.parts.board.placed:
        found[each.grid.key] = (each.x, each.y, each.width, each.height, each.style is None)
    return found


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 36), (200, 60)])
@pytest.mark.parametrize("name", ["wo-ai-ni", "padding"])
async def test_nothing_moves_at_an_edit_and_back(name: str, size: tuple[int, int]) -> None:
    async with screen("src.embed", name, size=size) as (app, pilot):
        for path in PLACES:
            app.perform(f"goto {path}")
            await pilot.pause()
            for keys in ((), ("tab",)):
                await pilot.press(*keys)
                before = places(app)
                for key in ("plus", "space", "space", "u"):
                    await pilot.press(key)
                    assert places(app) == before, f"{path} {keys} {key}"


async def test_an_edit_that_has_no_lines_of_its_own_is_told_in_the_status_line() -> None:
    async with screen("enc0.attn.q_proj", size=(80, 24)) as (app, pilot):
        await pilot.press("shift+tab", "shift+tab", "plus")
        assert "nudge enc0.attn.W_Q[0,0]" in shown(app, "status")
        assert not app.parts.since.display
        before = places(app)
        await pilot.press("right", "left")
        assert "~ W_Q[i0,o0] +1 → +1.1000" in shown(app, "status")
        assert "loss 1.4385 → 1.4316" in shown(app, "status")
        assert places(app) == before


async def test_the_cursor_is_seen_without_colour_in_the_narrowest_columns() -> None:
    async with screen("enc0.attn.Q", "padding", size=(100, 30), colour=False) as (app, pilot):
        await pilot.press("right", "plus", "d")
        assert all(each.tight for each in app.parts.board.placed)
        first = next(row for row in shown(app, "board").splitlines() if "今天" in row)
        assert "▐+0.10" in first.split("今天")[2]
        assert "before the edit 0" in shown(app, "why")
