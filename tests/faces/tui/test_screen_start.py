"""The start of the screen: what its first Frame shows, and what is left to be collected behind it."""

import gc

import pytest
from screens import screen
from textual.geometry import Region
from textual.strip import Strip

from tfstep.faces.tui.widgets.board import Board


async def test_the_matrices_are_whole_the_first_time_they_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are arranged in the size in which they are drawn, not in that of a widget that has none yet."""
    first: dict[str, str] = {}
    drawn = Board.render_lines

    def noted(board: Board, crop: Region) -> list[Strip]:
        strips = drawn(board, crop)
        first.setdefault(board.id or "", "\n".join(strip.text for strip in strips))
        return strips

    monkeypatch.setattr(Board, "render_lines", noted)
    async with screen() as (app, _):
        assert "E vocab × model" in first["board"]
        assert first["board"] == "\n".join(strip.text for strip in drawn(app.parts.board, app.parts.board.size.region))


async def test_garbage_is_looked_for_from_the_first_frame_on_and_not_in_what_is_loaded_by_then() -> None:
    before = gc.get_freeze_count()
    gc.disable()
    try:
        async with screen():
            assert gc.isenabled()
            assert gc.get_freeze_count() > before
    finally:
        gc.enable()
        gc.unfreeze()
