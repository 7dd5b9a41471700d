"""The screen, driven key by key: stepping, looking, following, the prompt, the mouse."""

from pathlib import Path

import pytest
from screens import screen, shown
from textual.widgets import Input

from tfstep.faces.tui.actions.table import ACTIONS
from tfstep.faces.tui.widgets.drawn import Drawn
from tfstep.faces.tui.widgets.help import Pages
from tfstep.text import language, set_language
from tfstep.view.text.spans import line_width


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


async def test_a_key_of_a_chinese_input_method_is_the_one_that_it_stands_for() -> None:
    async with screen("enc0.attn.masked") as (app, pilot):
        await pilot.press("ｎ")
        assert app.session.current.path == "enc0.attn.weights"
        await pilot.press("fullwidth_question_mark")
        assert isinstance(app.screen, Pages)


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


async def test_following_a_number_and_returning() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("right", "full_stop", "enter")
        assert (app.session.current.path, app.session.cell) == ("enc0.attn.K", (0, 0, 1, 0))
        await pilot.press("enter", "enter")
        assert app.state.frame.subject == "src.x"
        await pilot.press("backspace", "backspace", "backspace")
        assert (app.session.current.path, app.session.cell) == ("enc0.attn.scores", (0, 0, 0, 1))
        await pilot.press("backspace")
        assert "nothing was followed" in shown(app, "status")


async def test_following_into_a_weight() -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        await pilot.press("full_stop", "enter")
        assert app.state.frame.subject == "enc0.attn.W_Q"
        await pilot.press("backspace")
        assert app.state.frame.subject == "enc0.attn.q_proj"


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


async def test_search() -> None:
    async with screen() as (app, pilot):
        await pilot.press("slash", *"norm1", "enter")
        assert app.session.current.path == "enc0.norm1"
        await pilot.press("slash", "enter")
        assert app.session.current.path != "enc0.norm1"
        assert "norm1" in app.session.current.path


async def test_a_search_finds_the_weight_before_what_is_made_of_it() -> None:
    async with screen() as (app, pilot):
        found = []
        for _ in range(4):
            await pilot.press("slash", *(() if found else "W_Q"), "enter")
            found.append(app.state.frame.focus)
        assert found[0] == "enc0.attn.W_Q"
        assert found[1].startswith("enc0.attn.W_Q.grad")
        assert found[-1].startswith("enc0.attn.W_Q.")
        await pilot.press("colon", *"goto W_Q", "enter")
        assert app.state.frame.focus == "enc0.attn.W_Q"


async def test_the_palette_offers_the_weight_first() -> None:
    async with screen() as (app, pilot):
        await pilot.press("ctrl+p", *"W_Q", "enter")
        await pilot.pause()
        assert app.state.frame.focus == "enc0.attn.W_Q"


async def test_a_search_for_a_cell_goes_to_it() -> None:
    async with screen() as (app, pilot):
        await pilot.press("slash", *"weights[我,爱]", "enter")
        assert (app.session.current.path, app.session.cell) == ("enc0.attn.weights", (0, 0, 0, 1))


async def test_help_lists_every_key_and_command() -> None:
    async with screen(size=(120, 200)) as (app, pilot):
        await pilot.press("question_mark")
        assert isinstance(app.screen, Pages)
        page = app.screen.query_one("#page", Drawn)
        text = "\n".join(page.render_line(y).text for y in range(page.size.height))
        assert all(key.shown in text for key in ACTIONS)
        assert "goto PLACE" in text
        await pilot.press("escape")
        assert not isinstance(app.screen, Pages)


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 36)])
@pytest.mark.parametrize("chosen", ["en", "zh"])
async def test_a_narrow_footer_names_every_key_that_one_needs(size: tuple[int, int], chosen: str) -> None:
    set_language(chosen)
    async with screen("enc0.attn.scores", size=size) as (app, _pilot):
        keys = shown(app, "footer").split()
        assert {"n", "p", "s", "o", "e", "+", "-", "Tab", ".", "Enter", "⌫", "W", "^P", "?"} <= set(keys)


async def test_of_many_heads_it_is_said_which_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "many.yaml"
    model = "{kind: encoder, layers: 1, d_model: 48, heads: 12, d_ff: 8}"
    vocab = "{source: [<pad>, a, b, c, d, e, f], target: [a, b]}"
    path.write_text(
        f"tfstep: 1\nmodel: {model}\nvocab: {vocab}\ninput: {{source: a b c d e f a b c d, labels: a b a b a b a b a b}}\n"
    )
    async with screen("enc0.attn.weights", str(path), size=(80, 24)) as (app, pilot):
        await pilot.press("H")
        assert "heads 0 to " in shown(app, "heading")
        assert "of 12 are shown: [ ] turns" in shown(app, "heading")
        await pilot.press("left_square_bracket")
        assert " to 11 of 12" in shown(app, "heading") or "heads 11 to 11" in shown(app, "heading")


async def test_the_marks_end_at_the_last() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        links = app.state.frame.account.links
        await pilot.press(*["full_stop"] * (len(links) + 3))
        assert app.state.look.factor == len(links) - 1
        assert "the last one" in shown(app, "status")
        await pilot.press("comma")
        assert app.state.look.factor == len(links) - 2


async def test_groups_of_the_backward_pass_have_names_of_their_own() -> None:
    async with screen("loss.grad", "steve-builds-a-house") as (app, _pilot):
        names = [row.text for row in app.state.frame.rows if row.depth == 1]
        assert len(names) == len(set(names)) > 5
        assert "dec0 ∂norm3" in names


async def test_the_footer_says_what_ends_what_is_open() -> None:
    async with screen(size=(80, 24)) as (app, pilot):
        await pilot.press("e")
        assert shown(app, "footer").split() == ["Enter", "set", "Esc", "cancel"]
        await pilot.press("escape", "colon")
        assert "Tab complete" in shown(app, "footer")
        await pilot.press("escape")
        assert "n p s o step" in shown(app, "footer")
        app.perform("where")
        await pilot.pause()
        keys = app.screen.query_one("#page-keys", Drawn)
        assert keys.render_line(0).text.split() == ["Esc", "close"]
        assert app.screen.query_one("#pages").size.height < 10


async def test_ctrl_c_says_which_key_quits() -> None:
    async with screen() as (app, pilot):
        await pilot.press("ctrl+c")
        assert shown(app, "status").split() == ["q", "quits"]
        assert not app._notifications


async def test_help_begins_with_what_is_looked_at() -> None:
    async with screen("enc0.attn.weights") as (app, pilot):
        await pilot.press("right", "question_mark")
        page = app.screen.query_one("#page", Drawn)
        lines = [page.render_line(y).text.strip() for y in range(page.size.height)]
        assert lines[0].startswith("enc0.attn.weights")
        text = "\n".join(lines[: lines.index("All keys")])
        assert "Each row in shares of 1" in text
        assert "into it: max  shift  exp" in text
        assert "go where it goes: enc0.attn.heads" in text
        assert "back to" not in text, "nothing was followed yet"
        assert "pin it" in text


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
        assert app.state.frame.focus == "enc0.attn.Q"
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


@pytest.mark.parametrize("columns", [80, 100, 120])
@pytest.mark.parametrize("command", ["help", "help softmax"])
async def test_no_line_of_the_help_is_cut(command: str, columns: int) -> None:
    async with screen(size=(columns, 30)) as (app, pilot):
        app.perform(command)
        await pilot.pause()
        page = app.screen.query_one("#page", Drawn)
        assert max(line_width(each) for each in page._lines) + page.indent <= page.size.width


async def test_a_key_takes_back_what_its_partner_did() -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        await pilot.press("plus", "u")
        assert app.session.journal.at == 0
        await pilot.press("U")
        assert app.session.journal.at == 1
        here = app.state.frame.cell
        await pilot.press("right", "down")
        assert app.state.frame.cell != here
        await pilot.press("left", "k")
        assert app.state.frame.cell == here
        await pilot.press("pagedown")
        assert app.state.frame.cell[-2] == app.session.current.shape[-2] - 1
        await pilot.press("pageup")
        assert app.state.frame.cell == here
        await pilot.press("full_stop", "full_stop", "comma")
        assert app.state.look.factor == 1


async def test_the_head_before() -> None:
    async with screen("enc0.attn.weights", "multi-head") as (app, pilot):
        await pilot.press("right_square_bracket")
        assert app.state.frame.cell[1] == 1
        await pilot.press("left_square_bracket")
        assert app.state.frame.cell[1] == 0


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_step_is_code_under_its_formula(size: tuple[int, int]) -> None:
    async with screen("enc0.attn.scores", size=size) as (app, pilot):
        await pilot.press("i")
        heading = shown(app, "heading")
        assert heading.index("scores = Q Kᵀ") < heading.index("enc0_attn_scores = enc0_attn_Q @ ")
        assert "d_enc0_attn_scores = d_enc0_attn_scaled / 2.0" in heading
        await pilot.press("n", "n", "n")
        heading = shown(app, "heading")
        assert "softmax(enc0_attn_masked)" in heading
        assert ("return exp / exp.sum" in heading) == (size[1] > 30), "as much as there is room for"
        assert ("lines more: `code`" in heading) == (size[1] < 30)
        assert "0.399" in shown(app, "board")
        await pilot.press("i")
        assert "softmax(enc0" not in shown(app, "heading")


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ("enc0.attn.W_Q.new", ["def adam_new(", "new_enc0_attn_W_Q = adam_new(enc0_attn_W_Q, "]),
        ("enc0.attn.b_Q.grad", ["d_enc0_attn_b_Q = d_enc0_attn_q_proj.reshape(3, 16).sum(axis=0)"]),
        ("enc0.norm1", ["def layer_norm(", "d_enc0_norm1_through_enc0_add2 = d_enc0_add2", "d_enc0_norm1 = "]),
        ("loss", ["def cross_entropy(", "d_loss = np.ones"]),
    ],
)
async def test_steps_back_and_of_the_update_are_code_as_well(path: str, lines: list[str]) -> None:
    async with screen(path, "steve-builds-a-house", size=(160, 50)) as (app, pilot):
        await pilot.press("i")
        heading = shown(app, "heading")
        assert [each for each in lines if each not in heading] == []
