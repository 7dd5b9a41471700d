"""The screen, driven key by key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

import tfstep
from tfstep.faces.tui.app import Debugger
from tfstep.faces.tui.board import Board
from tfstep.faces.tui.drawn import Drawn
from tfstep.faces.tui.help import Pages
from tfstep.faces.tui.keys import KEYS
from tfstep.faces.tui.tree import Timeline
from tfstep.text import language


@asynccontextmanager
async def screen(
    at: str = "src.embed", name: str = "wo-ai-ni", size: tuple[int, int] = (120, 36), colour: bool = True
) -> AsyncIterator[tuple[Debugger, Pilot[int]]]:
    session = tfstep.Session(tfstep.load(name))
    session.run(f"goto {at}")
    app = Debugger(session, colour=colour)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


def shown(app: Debugger, name: str) -> str:
    """The text of one widget, as it stands on the screen."""
    widget = app.query_one(f"#{name}")
    assert isinstance(widget, Drawn | Board | Timeline)
    return "\n".join(widget.render_line(y).text for y in range(widget.size.height))


async def test_stepping_over_into_and_out() -> None:
    async with screen("enc0.attn.masked") as (app, pilot):
        await pilot.press("n")
        assert app.session.current.path == "enc0.attn.weights"
        await pilot.press("s", "s", "s")
        assert app.session.current.path == "enc0.attn.weights/exp"
        assert "▶ exp" in shown(app, "tree")
        await pilot.press("o")
        assert app.session.current.path == "enc0.attn.weights"
        await pilot.press("p")
        assert app.session.current.path == "enc0.attn.masked"


async def test_the_step_is_on_the_screen() -> None:
    async with screen("enc0.attn.scores") as (app, _pilot):
        assert "scores = Q Kᵀ" in shown(app, "heading")
        assert "enc0 › attn › scores" in shown(app, "top")
        board = shown(app, "board")
        assert all(part in board for part in ("Kᵀ", "我", "query × key", "▐+4.00▌"))
        assert "= Q[我,:] · K[我,:]" in shown(app, "why")


@pytest.mark.parametrize(
    ("keys", "cell"), [("right down", (1, 1)), ("l l j", (1, 2)), ("end", (0, 2)), ("up left", (0, 0))]
)
async def test_the_cell_cursor(keys: str, cell: tuple[int, int]) -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press(*keys.split())
        assert app.session.cell[-2:] == cell


async def test_nudging_a_weight_moves_what_is_downstream() -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        before = app.session.trace["enc0.attn.weights"].value
        await pilot.press("shift+tab", "shift+tab")
        assert app.frame is not None
        assert app.frame.focus == "enc0.attn.W_Q"
        await pilot.press("plus", "plus", "minus")
        assert app.session.trace["enc0.attn.W_Q"].value[0, 0] == 1.1
        assert (app.session.trace["enc0.attn.weights"].value != before).any()
        assert "since the edit  W_Q[i0,o0] +1 → +1.1" in shown(app, "since")
        assert "q_proj ~" in shown(app, "tree")
        await pilot.press("u", "u", "u")
        assert (app.session.trace["enc0.attn.weights"].value == before).all()


async def test_the_nudge_is_finer_and_coarser() -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        await pilot.press("less_than_sign")
        assert app.nudge == 0.01
        await pilot.press("greater_than_sign", "greater_than_sign")
        assert app.nudge == 1.0


async def test_editing_a_cell_in_place() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("e")
        assert app.query_one(Input).value == "4"
        await pilot.press(*"-2.5", "enter")
        assert app.session.current.value[0, 0, 0, 0] == -2.5
        assert app.session.pinned == {"enc0.attn.scores"}
        assert "pinned; it would have been +4" in shown(app, "why")
        await pilot.press("e", "7", "escape")
        assert app.session.current.value[0, 0, 0, 0] == -2.5
        await pilot.press("n")
        assert app.session.current.path == "enc0.attn.scaled"


async def test_editing_a_row_a_tensor_the_words_and_the_model() -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        await pilot.press("shift+tab", "shift+tab", "down", "r")
        assert app.query_one(Input).value == "set enc0.attn.W_Q[1,:] = "
        await pilot.press("end", *"0.5", "enter")
        assert app.session.trace["enc0.attn.W_Q"].value[1].tolist() == [0.5] * 4
        await pilot.press("R", "end", *"eye(4)*2", "enter")
        assert app.session.trace["enc0.attn.W_Q"].value[1].tolist() == [0, 2, 0, 0]
        await pilot.press("w")
        assert app.query_one(Input).value == "tokens source 我 爱 你"
        await pilot.press("end", "backspace", "我", "enter")
        assert app.session.trace["src.tokens"].labels["position"] == [["我", "爱", "我"]]
        await pilot.press("M", "end", *"heads 2", "enter")
        assert app.session.trace["enc0.attn.scores"].shape[1] == 2


async def test_a_picture_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("S", "S")
        assert "wrote tfstep-wo-ai-ni-2.svg" in shown(app, "status")
    assert (tmp_path / "tfstep-wo-ai-ni-1.svg").read_text("utf-8").startswith("<svg")


async def test_a_wrong_edit_is_a_message() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("e", *"nonsense", "enter")
        await pilot.pause()
        assert "nonsense" in shown(app, "status")
        assert not app.session.edited


async def test_gradient_and_difference() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("g")
        assert "∂loss/∂scores" in shown(app, "board")
        await pilot.press("g")
        assert "Kᵀ" in shown(app, "board")
        await pilot.press("plus", "d")
        assert "before" in shown(app, "board")
        assert "difference" in shown(app, "board")


async def test_breakpoints_stop_and_are_marked() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("b", "p", "p", "p")
        row = next(row for row in shown(app, "tree").splitlines() if "scores" in row)
        assert row.startswith("●")
        assert "● 1" in shown(app, "top")
        await pilot.press("c")
        assert app.session.current.path == "enc0.attn.scores"
        assert "breakpoint 1" in shown(app, "status")
        await pilot.press("b")
        assert not app.session.points.all
        assert "●" not in shown(app, "tree")


async def test_without_edits_and_variants_there_is_no_difference(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    model = "{kind: encoder, layers: 1, d_model: 4, heads: 1, d_ff: 8}"
    vocab = "{source: [<pad>, a, b], target: [a, b]}"
    path.write_text(f"tfstep: 1\nmodel: {model}\nvocab: {vocab}\ninput: {{source: a b, labels: a b}}\n", "utf-8")
    async with screen("loss", str(path)) as (app, pilot):
        await pilot.press("d")
        assert "nothing was edited" in shown(app, "status")


async def test_two_variants_beside_each_other() -> None:
    async with screen("src.x") as (app, pilot):
        await pilot.press("v", "d")
        assert app.session.variant == "swapped"
        board = shown(app, "board")
        assert all(word in board for word in ("base", "swapped", "difference"))
        by_position = app.frame.pieces[2].grid.values if app.frame else None
        await pilot.press("right", "d")
        assert "by word" in shown(app, "status")
        assert app.frame is not None
        here, there = app.frame.pieces[1].grid, app.frame.pieces[0].grid
        assert there.cursor == here.cursor == (0, 1)
        assert (app.frame.pieces[2].grid.values != by_position).any()
        base, swapped = (app.session.trace_of(name)["src.x"].value[0] for name in ("base", "swapped"))
        assert (app.frame.pieces[2].grid.values == swapped - base[::-1]).all()
        await pilot.press("d")
        assert app.look.mode == "value"


async def test_variants_keep_the_step() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("v")
        assert app.session.variant == app.session.scenario.variants[1]
        assert app.session.current.path == "enc0.attn.scores"


async def test_following_a_number_and_returning() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("right", "full_stop", "enter")
        assert (app.session.current.path, app.session.cell) == ("enc0.attn.K", (0, 0, 1, 0))
        await pilot.press("enter", "enter")
        assert app.frame is not None
        assert app.frame.subject == "src.x"
        await pilot.press("backspace", "backspace", "backspace")
        assert (app.session.current.path, app.session.cell) == ("enc0.attn.scores", (0, 0, 0, 1))
        await pilot.press("backspace")
        assert "nothing was followed" in shown(app, "status")


async def test_following_into_a_weight() -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        await pilot.press("full_stop", "enter")
        assert app.frame is not None
        assert app.frame.subject == "enc0.attn.W_Q"
        await pilot.press("backspace")
        assert app.frame.subject == "enc0.attn.q_proj"


async def test_the_command_bar_completes_and_remembers() -> None:
    async with screen() as (app, pilot):
        await pilot.press("colon", *"goto enc0.attn.we", "tab", "enter")
        assert app.session.current.path == "enc0.attn.weights"
        await pilot.press("colon", "up")
        assert app.query_one(Input).value == "goto enc0.attn.weights"
        await pilot.press("escape", "n")
        assert app.session.current.path == "enc0.attn.heads"


async def test_an_error_in_a_command_is_a_message() -> None:
    async with screen() as (app, pilot):
        await pilot.press("colon", *"goto enc0.atn.scores", "enter")
        await pilot.pause()
        assert "enc0.attn.scores" in shown(app, "status")
        assert app.session.position == (1,)


async def test_training_leaves_the_screen_alive_and_can_be_stopped() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("colon", *"train 100000", "enter")
        await pilot.pause(0.3)
        assert app.busy.command == "train 100000"
        await pilot.press("right", "n")
        assert app.session.cell[-1] == 1
        assert app.session.current.path == "enc0.attn.scores"
        assert "/100000" in shown(app, "status")
        await pilot.press("escape")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert not app.busy.command
        assert 0 < app.session.update < 100000
        await pilot.press("escape", "n")
        assert app.session.current.path == "enc0.attn.scaled"
        await pilot.press("colon", *"rewind", "enter", "u", "u")
        assert app.session.update == 0


async def test_a_sweep_is_drawn() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("colon", *"sweep enc0.attn.W_Q[0,0] -1 1", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(app.screen, Pages)
        await pilot.press("escape")


async def test_search() -> None:
    async with screen() as (app, pilot):
        await pilot.press("slash", *"norm1", "enter")
        assert app.session.current.path == "enc0.norm1"
        await pilot.press("slash", "enter")
        assert app.session.current.path != "enc0.norm1"
        assert "norm1" in app.session.current.path


async def test_help_lists_every_key_and_command() -> None:
    async with screen(size=(120, 200)) as (app, pilot):
        await pilot.press("question_mark")
        assert isinstance(app.screen, Pages)
        page = app.screen.query_one("#page", Drawn)
        text = "\n".join(page.render_line(y).text for y in range(page.size.height))
        assert all(key.shown in text for key in KEYS)
        assert "goto PLACE" in text
        await pilot.press("escape")
        assert not isinstance(app.screen, Pages)


async def test_heads_and_sentences() -> None:
    async with screen("enc0.attn.scores", "padding") as (app, pilot):
        await pilot.press("right_curly_bracket")
        assert app.session.cell[0] == 1
        await pilot.press("left_curly_bracket")
        assert app.session.cell[0] == 0
        await pilot.press("right_square_bracket")
        assert app.session.cell[1] == 0
        assert "one head only" in shown(app, "status")


async def test_language_and_theme_are_switched_while_running() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("L")
        assert language() == "zh"
        assert "前向" in shown(app, "tree").replace(" ", "")
        dark = app.theme
        await pilot.press("T")
        assert app.theme != dark


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 36), (200, 60), (20, 5)])
async def test_every_size(size: tuple[int, int]) -> None:
    async with screen("enc0.attn.q_proj", size=size) as (app, pilot):
        await pilot.press("plus", "n", "g", "p")
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert "q_proj" in shown(app, "heading")
        assert app.query_one("#footer").region.bottom == 30


async def test_the_mouse_points_at_cells_steps_and_numbers() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        top = shown(app, "board").splitlines()
        x = top[0].index("Q ") + 5
        await pilot.click("#board", offset=(x, 3))
        assert app.frame is not None
        assert app.frame.focus == "enc0.attn.Q"
        rows = shown(app, "tree").splitlines()
        await pilot.click("#tree", offset=(8, next(y for y, row in enumerate(rows) if "heads" in row)))
        assert app.session.current.path == "enc0.attn.heads"


async def test_without_colour_there_is_none() -> None:
    async with screen("enc0.attn.scores", colour=False) as (app, _pilot):
        strips = app.screen._compositor.render_strips()
        colours = {
            colour.name
            for strip in strips
            for segment in strip
            if segment.style
            for colour in (segment.style.color, segment.style.bgcolor)
            if colour
        }
        assert colours <= {"default"}
        assert "▐+4.00▌" in "\n".join(strip.text for strip in strips)


async def test_quit() -> None:
    async with screen() as (app, pilot):
        await pilot.press("q")
    assert app.return_code == 0
