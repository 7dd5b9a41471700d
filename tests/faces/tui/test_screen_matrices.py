"""The screen, driven key by key: how matrices are drawn."""

from screens import screen, shown


async def test_numbers_on_shades_plain_numbers_and_shades() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        grounds = {segment.style.bgcolor for segment in app.query_one("#board").render_line(4) if segment.style}
        assert len(grounds) > 3
        await pilot.press("m")
        assert "plain numbers" in shown(app, "status")
        assert "+4.39" in shown(app, "board")
        plain = {segment.style.bgcolor for segment in app.query_one("#board").render_line(4) if segment.style}
        assert len(plain) == 1
        await pilot.press("m")
        assert "+4.39" not in shown(app, "board")
        await pilot.press("m")
        assert app.look.drawing.drawn == "auto"


async def test_more_and_fewer_digits() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("right", "right_parenthesis", "right_parenthesis")
        assert "+4.39172" in shown(app, "board")
        assert "5 digits" in shown(app, "status")
        await pilot.press(*["left_parenthesis"] * 9)
        assert "+4.4" in shown(app, "board")
        await pilot.press("right_parenthesis", "right_parenthesis")
        assert app.look.drawing.digits == 0


async def test_one_colour_range_for_all_matrices() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        assert app.frame is not None
        own = [piece.grid.span.bound for piece in app.frame.pieces]
        await pilot.press("C")
        assert app.frame.pieces[0].grid.bound == max(own)
        await pilot.press("C")
        assert app.frame.pieces[0].grid.bound is None


async def test_the_cursor_is_seen_whatever_the_size() -> None:
    async with screen("enc0.ffn.hidden", size=(80, 24)) as (app, pilot):
        assert "▐" in shown(app, "board")
        await pilot.resize_terminal(70, 16)
        await pilot.press("end", "down", "down")
        assert "▐" in shown(app, "board") or "[]" in shown(app, "board")
