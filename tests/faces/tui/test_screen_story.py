"""The story of a number: a tree that is walked, unfolded in place and followed; how few keys a question takes."""

import pytest
from screens import screen, shown

from tfstep.address.grammar import parse_cell
from tfstep.faces.tui.app import Debugger
from tfstep.faces.tui.widgets.drawn import Drawn
from tfstep.faces.tui.widgets.instead.story import Told
from tfstep.view.cell.story import Story
from tfstep.view.text.spans import plain


def tree(app: Debugger) -> str:
    widget = app.screen.query_one("#story", Drawn)
    return "\n".join(widget.render_line(y).text for y in range(widget.size.height))


def lit(app: Debugger) -> str:
    widget = app.screen.query_one("#story", Drawn)
    assert widget.lit is not None
    return widget.render_line(widget.lit).text.strip()


async def test_the_whole_story_is_on_one_screen() -> None:
    async with screen("enc0.attn.weights") as (app, pilot):
        await pilot.press("right", "W")
        text = tree(app)
        assert "▾ weights[我,爱]  0.4856  = exp[我,爱] / sum[我,0] = +1 / +2.0592" in text
        assert "▸ exp[我,爱]  +1  = exp(shift[我,爱])" in text, "an operand's own equation"
        assert "▾ ∂loss/∂weights[我,爱]  +0.3494  = ∂heads[我,:] · V[爱,:]" in text
        assert "▸ → heads[我,d0]" in text, "where it goes"
        assert "share: a term's part of its sum" in text
        assert "↓" not in next(each for each in text.splitlines() if "share:" in each), "all of it is seen"


async def test_the_tree_unfolds_in_place_and_is_followed_and_come_back_to() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("right", "W", "down", "right")
        assert lit(app).startswith("▾ Q[我,d0]")
        await pilot.press("right")
        assert lit(app).startswith("▸ q_proj[我,d0]")
        await pilot.press("left")
        assert lit(app).startswith("▾ Q[我,d0]")
        await pilot.press("down", "enter")
        await pilot.pause()
        assert (app.session.current.path, app.session.cell) == ("enc0.attn.q_proj", (0, 0, 0))
        await pilot.press("backspace")
        await pilot.pause()
        assert (app.session.current.path, app.session.cell) == ("enc0.attn.scores", (0, 0, 0, 1))
        assert isinstance(app.screen, Told)
        assert lit(app).startswith("▸ q_proj[我,d0]"), "as it was left"
        await pilot.press("n")
        await pilot.pause()
        assert app.session.current.path == "enc0.attn.scaled", "another key does what it does"


async def test_the_window_of_why_is_walked() -> None:
    async with screen("enc0.attn.weights") as (app, pilot):
        await pilot.press("colon", *"why", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(app.screen, Told)
        assert "constant" in tree(app), "down to what is given"
        rows = app.screen.story.rows()
        assert rows[-1].key[0] == "sources"
        await pilot.press(*["down"] * (len(rows) - 1), "enter")
        await pilot.pause()
        assert app.state.frame.account.cell == rows[-1].cell


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (100, 30), (200, 60)])
async def test_the_tree_fits(size: tuple[int, int]) -> None:
    async with screen("enc0.attn.weights", "multi-head", size=size) as (app, pilot):
        await pilot.press("W", "asterisk")
        widget = app.screen.query_one("#story", Drawn)
        assert all(widget.render_line(y).cell_length == widget.size.width for y in range(widget.size.height))
        await pilot.press(*["down"] * 40)
        assert lit(app)
        await pilot.press("escape")
        assert len(app.screen_stack) == 1


@pytest.mark.parametrize("path", ["enc0.attn.weights", "enc0.norm1", "loss", "enc0.attn.W_Q", "enc0.attn.W_Q.grad"])
async def test_every_row_is_a_cell_with_its_number_and_shares_add_up(path: str) -> None:
    async with screen(path) as (app, _pilot):
        trace = app.session.trace
        story = Story(trace, app.state.frame.account.cell, app.session.cursor.on)
        for _ in range(3):
            story.opened |= {row.key for row in story.rows()}
        rows = story.rows()
        assert len(rows) > 3
        for row in rows:
            assert row.cell is not None
            at, index = parse_cell(row.cell)
            assert story.why(row.cell).value == trace[at].value[tuple(index or ())]
            assert plain(story.drawn(row, 100)).strip()
        for above in rows:
            beneath = [row for row in rows if row.key[:-1] == above.key and row.share is not None]
            terms = 0 if above.cell is None else len(story.why(above.cell).terms)
            if beneath and terms == len(beneath):
                assert sum(row.share or 0 for row in beneath) == pytest.approx(1)


WHY_A_WEIGHT = [
    "ctrl+p",
    *"wts",
    "enter",
    "right",
    "W",
    "asterisk",
]  # twenty keys where nothing but `.` and Enter follow
WHERE_FROM = ["ctrl+p", *"wq", "enter"]  # ten by stepping to it
NUDGE = ["ctrl+p", *"wq", "enter", "plus", "u"]  # twelve


async def test_why_is_a_weight_what_it_is_down_to_the_inputs() -> None:
    async with screen("src.embed") as (app, pilot):
        for key in WHY_A_WEIGHT:
            await pilot.press(key)
        await pilot.pause()
        assert "weights[我,爱]" in tree(app)
        assert any(row.cell and row.cell.startswith("src.pos") for row in app.screen.story.rows())
    assert len(WHY_A_WEIGHT) <= 10


async def test_where_a_gradient_comes_from() -> None:
    async with screen("src.embed") as (app, pilot):
        for key in WHERE_FROM:
            await pilot.press(key)
        await pilot.pause()
        assert "comes from x[:,i0] · ∂q_proj[:,o0]" in shown(app, "why")
    assert len(WHERE_FROM) <= 5


async def test_a_weight_is_nudged_and_the_loss_seen_and_undone() -> None:
    async with screen("src.embed") as (app, pilot):
        before = app.session.trace
        for key in NUDGE[:-1]:
            await pilot.press(key)
        await pilot.pause()
        assert app.state.frame.focus == "enc0.attn.W_Q"
        assert "loss 1.4385 → 1.4316" in shown(app, "status")
        await pilot.press(NUDGE[-1])
        assert app.session.trace is before
    assert len(NUDGE) <= 6
