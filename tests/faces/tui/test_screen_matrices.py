"""The screen, driven key by key: how matrices are drawn."""

from pathlib import Path

import pytest
from screens import screen, shown

from tfstep.faces.tui.actions import tour
from tfstep.faces.tui.widgets.board import Board
from tfstep.view.text.symbols import set_ascii


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
        assert app.state.look.drawing.drawn == "auto"


async def test_more_and_fewer_digits() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("right", "right_parenthesis", "right_parenthesis")
        assert "+4.39172" in shown(app, "board")
        assert "5 digits" in shown(app, "status")
        await pilot.press(*["left_parenthesis"] * 9)
        assert "+4.4" in shown(app, "board")
        await pilot.press("right_parenthesis", "right_parenthesis")
        assert app.state.look.drawing.digits == 0


async def test_one_colour_range_for_all_matrices() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        own = [piece.grid.span.bound for piece in app.state.frame.pieces]
        await pilot.press("C")
        assert app.state.frame.pieces[0].grid.bound == max(own)
        await pilot.press("C")
        assert app.state.frame.pieces[0].grid.bound is None


async def test_the_cursor_is_seen_whatever_the_size() -> None:
    async with screen("enc0.ffn.hidden", size=(80, 24)) as (app, pilot):
        assert "▐" in shown(app, "board")
        await pilot.resize_terminal(70, 16)
        await pilot.press("end", "down", "down")
        assert "▐" in shown(app, "board") or "[]" in shown(app, "board")


async def test_the_largest_and_the_smallest_numbers_are_found() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        values = app.session.current.value[0, 0]
        ordered = sorted((abs(float(v)) for v in values.ravel()), reverse=True)
        for rank in (1, 2, 3):
            await pilot.press("x")
            assert abs(values[app.session.cell[-2:]]) == ordered[rank - 1]
        assert "3rd largest of 9 by size: scores[" in shown(app, "status")
        await pilot.press("X")
        assert "2nd largest of 9" in shown(app, "status")
        await pilot.press("up", "X")
        assert abs(values[app.session.cell[-2:]]) == ordered[-1]
        assert "smallest of 9" in shown(app, "status")


async def test_masked_numbers_are_no_extremes() -> None:
    async with screen("enc0.attn.masked", "padding") as (app, pilot):
        await pilot.press("X")
        assert abs(app.session.current.value[app.session.cell]) < 100
        await pilot.press("x")
        assert "largest of 32" in shown(app, "status")


async def test_heads_side_by_side() -> None:
    async with screen("enc0.attn.scores", "multi-head", size=(200, 50)) as (app, pilot):
        await pilot.press("H")
        board = shown(app, "board")
        assert all(f"head {n}" in board for n in (0, 1, 2))
        assert "告诉" in board
        await pilot.press("right_square_bracket", "down")
        assert app.session.cell[1:3] == (1, 1)
        assert [piece.grid.focused for piece in app.state.frame.pieces] == [False, True, False]
        assert {piece.grid.cursor for piece in app.state.frame.pieces} == {(1, 0)}
        line = shown(app, "board").splitlines()[0]
        await pilot.click("#board", offset=(line.index("head 0") + 9, 3))
        assert app.session.cell[1] == 0
        await pilot.press("tab")
        assert app.session.cell[1] == 1
        await pilot.press("H")
        assert "head 0" not in shown(app, "board")


async def test_a_head_is_picked_in_the_heading() -> None:
    async with screen("enc0.attn.scores", "multi-head") as (app, pilot):
        heading = shown(app, "heading").splitlines()
        y, line = next((y, line) for y, line in enumerate(heading) if "head ▸0◂ 1  2" in line)
        await pilot.click("#heading", offset=(line.index(" 2 ") + 1, y))
        assert app.session.cell[1] == 2
        assert "head  0  1 ▸2◂" in shown(app, "heading")
        assert not app.state.trail


async def test_values_on_the_shades_of_their_gradient() -> None:
    async with screen("enc0.attn.scores", "steve-builds-a-house") as (app, pilot):
        await pilot.press("G")
        gradient = app.session.current.grad
        assert gradient is not None
        row = shown(app, "board").splitlines()[2]
        arrows = "".join(sign for sign in row if sign in "↑↓")
        assert arrows == "".join("↑" if slope < 0 else "↓" for slope in gradient[0, 0, 0])
        assert "downhill" in shown(app, "board")
        await pilot.press("G")
        assert "Kᵀ" in shown(app, "board")


async def test_a_gradient_step_stands_beside_its_value() -> None:
    async with screen("enc0.attn.q_proj.grad") as (app, pilot):
        await pilot.press("g", "down")
        assert [piece.grid.key for piece in app.state.frame.pieces] == ["enc0.attn.q_proj", "enc0.attn.q_proj.grad"]
        assert [piece.grid.focused for piece in app.state.frame.pieces] == [False, True]
        assert app.state.frame.account.cell == "enc0.attn.q_proj.grad[0,1,0]"


async def test_from_a_gradient_its_value_is_overlaid() -> None:
    async with screen("enc0.attn.W_Q.grad") as (app, pilot):
        await pilot.press("G", "down")
        assert "downhill" in shown(app, "board")
        assert (app.state.frame.pieces[0].grid.values == app.session.trace["enc0.attn.W_Q"].value).all()
        assert app.state.frame.account.cell == "enc0.attn.W_Q.grad[1,0]"


async def test_without_a_gradient_it_says_so() -> None:
    async with screen("out.probs") as (app, pilot):
        await pilot.press("g")
        assert "no path leads from it to the loss" in shown(app, "status")


async def test_matrices_that_are_compared_scroll_together() -> None:
    async with screen("enc0.ffn.hidden", "steve-builds-a-house", size=(80, 24)) as (app, pilot):
        await pilot.press("g", "m")
        board = app.query_one("#board", Board)
        assert [placed.columns < placed.grid.breadth for placed in board.placed] == [True, True]
        board.wheel(board.placed[0].x + 2, board.placed[0].y + 3, 2, sideways=True)
        assert [board.window(placed.grid.key).column for placed in board.placed] == [2, 2]


async def test_an_arrow_that_is_spelled_out_is_no_minus() -> None:
    set_ascii(True)
    try:
        async with screen("enc0.attn.weights") as (app, _):
            assert " > " in shown(app, "board")
            assert " - " not in shown(app, "board")
    finally:
        set_ascii(False)


async def test_the_explanation_stays_in_its_place_from_step_to_step() -> None:
    async with screen("tgt.embed", "gpt", size=(200, 60)) as (app, pilot):
        edges = set()
        for _ in range(30):
            await pilot.press("n")
            edges.add(app.query_one("#why").region.y)
        assert len(edges) <= 2


async def test_the_likeliest_words_of_a_large_vocabulary_come_first_and_the_others_on_demand(tmp_path: Path) -> None:
    file = tmp_path / "words.yaml"
    file.write_text(
        "tfstep: 1\nmodel: {kind: decoder, layers: 1, d_model: 8, heads: 2, head: true}\nvocab: {size: 300}\n"
        "input: {target: 5 17 9, labels: next}\nweights: {init: {normal: 0.3}}\n"
    )
    async with screen("out.logits", str(file)) as (app, pilot):
        ranked = (-app.state.session.trace["out.logits"].value[0]).argsort(axis=-1, kind="stable")
        board = shown(app, "board")
        assert "largest first, 29" in board
        rows = [r for r in board.splitlines() if r.lstrip(" =")[:1] in "519" and "+" in r][
            -3:
        ]  # above it its operand's
        for row, words in zip(rows, ranked, strict=True):
            assert str(words[0]) in row
        await pilot.press("down")
        assert app.state.frame.cell == (0, 1, ranked[1][0])
        await pilot.press(*["right"] * 9)
        assert app.state.frame.cell == (0, 1, ranked[1][9])
        assert f" {ranked[1][9]} " in shown(app, "board")


SIZES = [(80, 24), (100, 30), (120, 36), (200, 60)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("at", ["dec0.attn.q_proj", "dec0.attn.scores", "dec0.ffn.hidden"])
async def test_the_numbers_of_the_result_are_seen_first(at: str, size: tuple[int, int]) -> None:
    async with screen(at, "gpt", size=size) as (app, _pilot):
        placed = app.query_one(Board).placed
        result = next(each for each in placed if each.grid.key == at)
        assert result.style is not None
        assert min(result.columns, result.grid.breadth) >= 6
        assert all(min(each.rows, each.grid.height) >= 1 for each in placed)


async def test_the_first_screen_shows_numbers_under_the_tour() -> None:
    async with screen(size=(80, 24)) as (app, pilot):
        tour.begin(app.state)
        app.redraw()
        await pilot.pause()
        assert all(each.style is not None for each in app.query_one(Board).placed)
        assert "raising it by 0.1 lowers the loss" in shown(app, "why")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["gpt", "milk", "wo-ai-ni"])
async def test_an_edit_turns_no_number_into_a_shade(name: str, size: tuple[int, int]) -> None:
    async with screen("loss", name, size=size) as (app, pilot):
        app.perform(f"goto {next(iter(app.session.trace.paths('*.W_Q')))}")
        await pilot.pause()

        def kinds() -> dict[str, tuple[bool, int]]:
            return {each.grid.key: (each.style is None, each.x) for each in app.query_one(Board).placed}

        before = kinds()
        await pilot.press("plus")
        after = kinds()
        assert {key for key, (shaded, _) in after.items() if shaded} <= {key for key, (s, _) in before.items() if s}
        await pilot.press("plus", "plus")
        assert kinds() == after, "from nudge to nudge nothing moves"
        assert "[]" not in shown(app, "board")


async def test_operands_are_scrolled_to_where_the_result_is() -> None:
    async with screen("dec0.attn.weights", "gpt", size=(80, 24)) as (app, pilot):
        await pilot.press(*["down"] * 15, *["right"] * 12)
        board = app.query_one(Board)
        for each in board.placed:
            window = board.window(each.grid.key)
            assert window.row <= 15 < window.row + each.rows
            assert window.column <= 12 < window.column + each.columns


async def test_100_columns_show_no_less_than_80() -> None:
    said = {}
    for size in ((80, 24), (100, 30)):
        async with screen("dec0.attn.scores", "gpt", size=size) as (app, _pilot):
            said[size] = len([line for line in shown(app, "why").splitlines() if line.strip()])
    assert said[100, 30] >= said[80, 24]


async def test_shares_of_1_have_no_sign_anywhere() -> None:
    async with screen("enc0.attn.weights") as (app, _):
        board, why = shown(app, "board"), shown(app, "why")
        low = (
            board.splitlines()[-1] if "…" in board.splitlines()[-1] else next(x for x in board.splitlines() if "…" in x)
        )
        assert "0.087 … 0.734" in low
        assert "+0.399" not in why
        assert "0.3992" in why
