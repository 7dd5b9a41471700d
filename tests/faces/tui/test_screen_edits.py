"""The screen, driven key by key: changing numbers, comparing, training, breakpoints."""

from pathlib import Path

import pytest
from screens import screen, shown
from textual.widgets import Input, Label

from tfstep.faces.tui.widgets.drawn import Drawn
from tfstep.faces.tui.widgets.plot import Plot


async def test_nudging_a_weight_moves_what_is_downstream() -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        before = app.session.trace["enc0.attn.weights"].value
        await pilot.press("shift+tab", "shift+tab")
        assert app.state.frame.focus == "enc0.attn.W_Q"
        await pilot.press("plus", "plus", "minus")
        assert app.session.trace["enc0.attn.W_Q"].value[0, 0] == 1.1
        assert (app.session.trace["enc0.attn.weights"].value != before).any()
        assert "~ W_Q[i0,o0] +1 → +1.1" in shown(app, "since")
        assert "q_proj ~" in shown(app, "tree")
        await pilot.press("u", "u", "u")
        assert (app.session.trace["enc0.attn.weights"].value == before).all()


async def test_a_nudge_and_back_is_no_change_and_several_are_one() -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        before = app.session.trace
        await pilot.press("shift+tab", "shift+tab", "plus", "minus")
        assert app.session.trace is before
        assert not app.session.journal.changes
        assert "back where it was" in shown(app, "status")
        await pilot.press("less_than_sign", *["plus"] * 7)
        assert app.session.journal.changes == ("set enc0.attn.W_Q[0,0] = 1.07",)
        await pilot.press("space")
        earlier = app.state.frame.account.value
        await pilot.press("space", "u")
        assert app.state.frame.account.value == earlier == 1.0, "Space shows what undo goes back to"
        await pilot.press("U", "right", "plus", "left", "plus")
        assert len(app.session.journal.changes) == 3, "nudges of another number between are a change of their own"


async def test_nudging_a_computed_number_is_told_apart() -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        assert "+ - pin" in shown(app, "footer")
        assert "nudge 0.1 pins it" in shown(app, "status")
        await pilot.press("shift+tab", "shift+tab")
        assert "+ - edit" in shown(app, "footer")
        assert "pins" not in shown(app, "status")


async def test_the_nudge_is_finer_and_coarser() -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        await pilot.press("less_than_sign")
        assert app.state.nudge == 0.01
        await pilot.press("greater_than_sign", "greater_than_sign")
        assert app.state.nudge == 1.0


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
        assert app.query_one("#sign", Label).content == "enc0.attn.W_Q[1,:] ="
        await pilot.press(*"0.5", "enter")
        assert app.session.trace["enc0.attn.W_Q"].value[1].tolist() == [0.5] * 4
        await pilot.press("R", *"eye(4)*2", "enter")
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


async def test_a_refused_edit_keeps_what_was_typed() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("e", *"2*nonsense", "enter")
        await pilot.pause()
        assert "there is no tensor 'nonsense'" in shown(app, "menu")
        assert app.query_one(Input).value == "2*nonsense"
        assert not app.session.edited
        await pilot.press(*["backspace"] * len("nonsense"), "8")
        assert "nonsense" not in shown(app, "menu")
        await pilot.press("enter")
        assert app.session.current.value[0, 0, 0, 0] == 16
        await pilot.press("e", *"1/", "enter", "escape", "n")
        assert app.session.current.path == "enc0.attn.scaled"


async def test_what_is_typed_stands_in_the_cell() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("right", "e", *"7.25")
        assert "▐ 7.25▌" in shown(app, "board")
        await pilot.press("escape")
        assert "7.25" not in shown(app, "board")


async def test_a_tensor_is_filled_from_a_menu() -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        await pilot.press("shift+tab", "shift+tab", "R")
        menu = shown(app, "menu")
        assert all(word in menu for word in ("zeros(4, 4)", "ones(4, 4)", "eye(4)", "randn(4, 4, seed=0)"))
        await pilot.press(*"ra", "tab", "enter")
        value = app.session.trace["enc0.attn.W_Q"].value
        assert value.shape == (4, 4)
        assert (value != 0).all()
        assert "randn(4, 4, seed=0)" in app.session.history[-1]
        await pilot.press("R", "down", "enter")
        assert (app.session.trace["enc0.attn.W_Q"].value == 0).all()
        await pilot.press("r", "tab")
        assert app.query_one(Input).value == "[0.0, 0.0, 0.0, 0.0]"
        await pilot.press("escape")


async def test_before_and_after_in_the_same_place() -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        await pilot.press("space")
        assert "nothing was edited" in shown(app, "status")
        await pilot.press("shift+tab", "shift+tab", "plus")
        after, loss = shown(app, "board"), shown(app, "top")
        await pilot.press("space")
        assert "before the edit" in shown(app, "heading")
        assert shown(app, "top") != loss
        before = shown(app, "board")
        assert "+1.000~" in before
        assert "+1.100~" in after
        assert [len(row) for row in before.splitlines()] == [len(row) for row in after.splitlines()]
        assert app.state.frame.account.value == 1.0
        await pilot.press("space")
        assert shown(app, "board") == after
        await pilot.press("space", "plus")
        assert not app.state.look.earlier
        assert app.session.trace["enc0.attn.W_Q"].value[0, 0] == pytest.approx(1.2)


async def test_the_size_of_a_nudge_is_on_the_screen() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("less_than_sign", "right")
        assert "nudge 0.01" in shown(app, "status")


async def test_gradient_and_difference() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("g")
        assert "∂loss/∂scores" in shown(app, "board")
        await pilot.press("g")
        assert "Kᵀ" in shown(app, "board")
        await pilot.press("plus", "d")
        assert "before" in shown(app, "board")
        assert "difference" in shown(app, "board")


@pytest.mark.parametrize("keys", ["g g", "G G", "g escape", "plus d escape", "v v d d d", "H H"])
async def test_every_view_is_of_the_tensor_under_the_cursor_and_gives_it_back(keys: str) -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        await pilot.press("shift+tab", "shift+tab", "down", "right")
        for key in keys.split():
            await pilot.press(key)
            assert app.state.frame.focus == "enc0.attn.W_Q"
            assert app.state.frame.cell == (1, 1)
        assert app.state.frame.subject == "enc0.attn.q_proj"
        assert app.state.look.mode == "value"


async def test_what_was_pinned_is_compared_from_where_one_looks_at_it_as_it_was() -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        await pilot.press("plus", "space", "d")
        board = shown(app, "board")
        assert all(word in board for word in ("before", "q_proj", "difference"))


async def test_escape_leaves_one_view_at_a_time() -> None:
    async with screen("enc0.attn.weights", "multi-head") as (app, pilot):
        await pilot.press("H", "g", "escape")
        assert (app.state.look.mode, app.state.look.heads) == ("value", True)
        await pilot.press("escape")
        assert not app.state.look.heads


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
        by_position = app.state.frame.pieces[2].grid.values if app.state.frame else None
        await pilot.press("right", "d")
        assert "by word" in shown(app, "status")
        here, there = app.state.frame.pieces[1].grid, app.state.frame.pieces[0].grid
        assert there.cursor == here.cursor == (0, 1)
        assert (app.state.frame.pieces[2].grid.values != by_position).any()
        base, swapped = (app.session.trace_of(name)["src.x"].value[0] for name in ("base", "swapped"))
        assert (app.state.frame.pieces[2].grid.values == swapped - base[::-1]).all()
        await pilot.press("d")
        assert app.state.look.mode == "value"


async def test_variants_of_unequal_length_are_paired(tmp_path: Path) -> None:
    path = tmp_path / "lengths.yaml"
    model = "{kind: encoder, layers: 1, d_model: 4, heads: 1, d_ff: 8}"
    vocab = "{source: [<pad>, a, b, c], target: [a, b, c]}"
    longer = "variants: {longer: {input: {source: b a c, labels: b a c}}, two: {model: {heads: 2}}}"
    path.write_text(
        f"tfstep: 1\nmodel: {model}\nvocab: {vocab}\ninput: {{source: a b, labels: a b}}\n{longer}\n", "utf-8"
    )
    async with screen("enc0.attn.weights", str(path)) as (app, pilot):
        await pilot.press("v", "d")
        assert app.session.variant == "longer"
        here, there = (app.session.trace_of(name)["enc0.attn.weights"].value[0, 0] for name in ("longer", "base"))
        difference = app.state.frame.pieces[2].grid.values
        assert (difference[:2, :2] == here[:2, :2] - there).all()
        assert "-" in shown(app, "board").splitlines()[4].split()
        await pilot.press("d")
        difference = app.state.frame.pieces[2].grid.values
        assert (difference[:2, :2] == here[:2, :2] - there[::-1, ::-1]).all()
        assert "nan" not in shown(app, "board")
        await pilot.press("d", "v", "d")
        assert "cannot be compared" in shown(app, "status")


async def test_variants_keep_the_step() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("v")
        assert app.session.variant == app.session.scenario.variants[1]
        assert app.session.current.path == "enc0.attn.scores"


async def test_training_leaves_the_screen_alive_and_can_be_stopped() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("colon", *"train 100000", "enter")
        await pilot.pause(0.3)
        assert app.state.running == "train 100000"
        await pilot.press("right", "n")
        assert app.session.cell[-1] == 1
        assert app.session.current.path == "enc0.attn.scores"
        assert "/100000" in shown(app, "status")
        await pilot.press("escape")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert not app.state.running
        assert 0 < app.session.update < 100000
        await pilot.press("escape", "n")
        assert app.session.current.path == "enc0.attn.scaled"
        await pilot.press("colon", *"rewind", "enter", "u", "u")
        assert app.session.update == 0


async def test_the_training_is_a_strip_that_is_walked() -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        assert "update" not in shown(app, "top")
        await pilot.press("z")
        assert "no update before this" in shown(app, "status")
        app.session.run("train 20")
        numbers = app.session.trace["enc0.attn.W_Q"].value
        app.redraw()
        await pilot.pause()
        assert "step 3/93  update 20/20" in shown(app, "top")
        changes = len(app.session.journal.changes)
        await pilot.press("z", "z", "z")
        assert app.session.update == 17
        top = shown(app, "top")
        assert "update 17/20" in top
        assert "▶" in top
        assert len(app.session.journal.changes) == changes + 1, "walking is one change"
        await pilot.press("Z", "Z", "Z")
        assert (app.session.trace["enc0.attn.W_Q"].value == numbers).all(), "to the bit"
        await pilot.press("Z")
        assert "no later update" in shown(app, "status")
        await pilot.press("z", "z", "z", "z", "z", "shift+tab", "shift+tab", "plus")
        app.session.run("train 3")
        app.redraw()
        await pilot.pause()
        top = shown(app, "top")
        assert "update 18/20" in top
        assert all(sign in top for sign in "~▶"), "where something was edited, and where one stands"


async def test_a_nudge_after_going_back_is_of_the_number_as_it_is_there() -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        app.session.run("train 3")
        app.session.run("nudge enc0.attn.W_Q[0,0] 0.1")
        app.session.run("rewind 2")
        before = float(app.session.trace["enc0.attn.W_Q"].value[0, 0])
        app.session.run("nudge enc0.attn.W_Q[0,0] 0.1")
        assert float(app.session.trace["enc0.attn.W_Q"].value[0, 0]) == pytest.approx(before + 0.1)
        await pilot.press("u")
        assert float(app.session.trace["enc0.attn.W_Q"].value[0, 0]) == before


async def test_a_sweep_is_drawn() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("colon", *"sweep enc0.attn.W_Q[0,0] -1 1", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(app.screen, Plot)
        drawn = app.screen.query_one("#plot", Drawn)
        text = "\n".join(drawn.render_line(y).text for y in range(drawn.size.height))
        assert "tangent" in text
        assert "●" in text
        assert drawn.region == app.query_one("#step").region
        await pilot.press("n")
        await pilot.pause()
        assert app.session.current.path == "enc0.attn.scaled", "the key that leaves does what it does"


@pytest.mark.parametrize(
    "command", ["plot", "plot out.probs", "plot out.probs[0,1] now", "landscape out.b[0] out.b[1]"]
)
@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 36)])
async def test_pictures_fit_into_the_place_of_the_step(command: str, size: tuple[int, int]) -> None:
    async with screen("enc0.attn.scores", size=size) as (app, pilot):
        app.session.run("train 3")
        await pilot.press("colon", *command, "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        drawn = app.screen.query_one("#plot", Drawn)
        text = [drawn.render_line(y).text for y in range(drawn.size.height)]
        assert any("…" not in each and each.strip() for each in text)
        await pilot.resize_terminal(90, 30)
        await pilot.pause()
        assert drawn.region == app.query_one("#step").region
        await pilot.press("escape")
        await pilot.pause()
        assert len(app.screen_stack) == 1
        assert app.session.current.path == "enc0.attn.scores"


async def test_inside_a_step_it_is_said_why_there_is_no_gradient() -> None:
    async with screen("enc0.attn.q_proj/matmul") as (app, pilot):
        for key in "gGd":
            before = shown(app, "board")
            await pilot.press(key)
            assert "`o` goes out to enc0.attn.q_proj" in shown(app, "status")
            assert shown(app, "board") == before
        await pilot.press("shift+tab", "g")
        assert "∂loss/∂W_Q" in shown(app, "board"), "a weight has one wherever it stands"
