"""Finding one's way on the screen: following numbers both ways, jumping, the palette, the menu, hovering."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from screens import screen, shown
from textual.events import Paste
from textual.widgets import Input

from tfstep.faces.tui.actions.jump import LETTERS, labels
from tfstep.faces.tui.actions.outcome import hint
from tfstep.faces.tui.actions.tour import first_time
from tfstep.faces.tui.widgets.chooser import Chooser
from tfstep.faces.tui.widgets.drawn import Drawn
from tfstep.text import set_language


async def test_a_parameter_that_is_gone_to_has_the_cursor() -> None:
    async with screen("loss") as (app, pilot):
        await pilot.press("colon")
        await pilot.press(*"goto enc0.attn.W_Q[2,3]", "enter")
        assert (app.state.frame.subject, app.state.frame.account.cell) == ("enc0.attn.q_proj", "enc0.attn.W_Q[2,3]")
        await pilot.press("plus")
        assert app.session.trace["enc0.attn.W_Q"].value[2, 3] == 0.1
        await pilot.press("n")
        assert app.state.frame.focus == "enc0.attn.k_proj"


async def test_the_trail_says_where_one_came_from() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("right", "enter", "enter")
        assert shown(app, "status").strip().startswith("scores[我,爱] › Q[我,d0] › q_proj[我,d0]")
        await pilot.press("backspace")
        assert shown(app, "status").strip().startswith("scores[我,爱] › Q[我,d0]")
        await pilot.press("n")
        assert shown(app, "status").strip().startswith("scores[我,爱] › … › K[")
        await pilot.press("p")
        await pilot.resize_terminal(40, 20)
        await pilot.pause()
        assert "Q[我,d0]" in shown(app, "status")


async def test_a_number_is_followed_to_where_it_goes() -> None:
    async with screen("enc0.attn.Q") as (app, pilot):
        await pilot.press("down", "right", "t")
        assert app.session.current.path == "enc0.attn.scores"
        why = app.session.trace.explain("enc0.attn.scores" + str(list(app.session.cell)).replace(" ", ""))
        assert "enc0.attn.Q[0,0,1,1]" in {factor.cell for term in why.terms for factor in term.factors}
        await pilot.press("backspace")
        assert (app.session.current.path, app.session.cell) == ("enc0.attn.Q", (0, 0, 1, 1))


async def test_a_weight_is_followed_to_a_cell_that_reads_it() -> None:
    async with screen("enc0.attn.q_proj") as (app, pilot):
        await pilot.press("shift+tab", "shift+tab", "down", "right", "right", "t")
        assert app.session.current.path == "enc0.attn.q_proj"
        assert app.session.cell[-1] == 2
        assert app.state.look.focus is None


async def test_of_several_readers_one_is_chosen() -> None:
    async with screen("src.x") as (app, pilot):
        await pilot.press("t")
        assert isinstance(app.screen, Chooser)
        await pilot.press(*"v_proj", "enter")
        await pilot.pause()
        assert app.session.current.path == "enc0.attn.v_proj"
        await pilot.press("backspace")
        assert app.session.current.path == "src.x"


async def test_nothing_reads_the_last_number() -> None:
    async with screen("loss") as (app, pilot):
        await pilot.press("t")
        assert "no step reads loss" in shown(app, "status")


async def test_the_gradient_is_followed_by_keys() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        links = app.state.frame.account.links
        assert "enc0.attn.scores.grad[0,0,0,0]" in links
        assert "enc0.attn.Q.grad" in links
        for _ in range(links.index("enc0.attn.Q.grad")):
            await pilot.press("full_stop")
        await pilot.press("enter")
        assert app.session.current.path == "enc0.attn.Q.grad"
        await pilot.press("backspace")
        assert app.state.frame.subject == "enc0.attn.scores"


async def test_labels_to_jump_by() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("f")
        row = next(row for row in shown(app, "tree").splitlines() if row.strip().endswith("heads"))
        await pilot.press(row.strip()[0])
        assert app.session.current.path == "enc0.attn.heads"
        await pilot.press("f")
        assert app.state.jump is not None
        spots = app.state.jump.spots
        label = next(label for label, spot in spots.items() if spot.place == "board" and len(label) > 1)
        await pilot.press(*label)
        assert app.state.jump is None
        assert "[" in shown(app, "status")
        await pilot.press("f", "escape", "n")
        assert app.session.current.path == "enc0.attn.concat"


@pytest.mark.parametrize("n", [0, 1, 26, 27, 100, 400, 676])
def test_no_label_begins_another(n: int) -> None:
    found = labels(n)
    assert len(set(found)) == n
    assert not any(a != b and b.startswith(a) for a in found for b in found)
    assert all(set(each) <= set(LETTERS) for each in found)


async def test_everything_in_one_list() -> None:
    async with screen() as (app, pilot):
        await pilot.press("ctrl+p", *"ffn.act", "enter")
        await pilot.pause()
        assert app.session.current.path == "enc0.ffn.act"
        await pilot.press("ctrl+p", *"swapped", "enter")
        await pilot.pause()
        assert app.session.variant == "swapped"
        await pilot.press("ctrl+p", *"landscape", "enter")
        await pilot.pause()
        assert app.query_one("#answer", Input).value == "landscape "
        await pilot.press("escape", "ctrl+p", *"no such thing at all", "enter", "escape")
        await pilot.pause()
        assert not isinstance(app.screen, Chooser)
        await pilot.press("ctrl+p", "down", "enter")
        await pilot.pause()
        assert len(app.session.position) == 1


async def test_keys_in_one_burst_are_the_palettes_and_then_the_screens() -> None:
    async with screen() as (app, pilot):
        for key in ("ctrl+p", "f", "f", "n", "full_stop", "a", "c", "t", "enter", "n"):
            app.simulate_key(key)
        async with asyncio.timeout(60):
            while len(app.session.history) < 3:
                await pilot.pause()
        assert app.session.history[1:] == ["goto enc0.ffn.act", "next"]


async def test_the_next_match_and_the_one_before() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("asterisk")
        assert app.session.current.path == "enc0.attn.scores.grad"
        await pilot.press("number_sign")
        assert app.session.current.path == "enc0.attn.scores"
        await pilot.press("slash", *"norm1", "enter", "asterisk")
        assert "norm1" in app.session.current.path
        assert "norm1: 2 of" in shown(app, "status")


async def test_a_menu_stands_above_the_command_bar() -> None:
    async with screen() as (app, pilot):
        await pilot.press("colon")
        await pilot.pause()
        assert "next [n]" not in shown(app, "menu")
        assert "next" in shown(app, "menu")
        await pilot.press(*"goto enc0.attn.w", "down", "down")
        await pilot.pause()
        menu = app.query_one("#menu", Drawn)
        answer = app.query_one("#answer", Input)
        assert menu.lit is not None
        assert answer.value.removeprefix("goto ") in shown(app, "menu").splitlines()[menu.lit]
        await pilot.press("up")
        assert answer.value == "goto enc0.attn.w"
        await pilot.press("escape")
        assert not menu.display


async def test_a_megabyte_is_pasted() -> None:
    from textual import events

    async with screen() as (app, pilot):
        app.post_message(events.Paste("n" * 1_000_000))
        await pilot.pause()
        assert app.session.position == (1,)
        await pilot.press("colon")
        answer = app.query_one("#answer", Input)
        answer.post_message(events.Paste("x " * 500_000))
        await pilot.pause()
        assert 0 < len(answer.value) <= 20_000
        await pilot.press("enter")
        assert "x" in shown(app, "status")


async def test_the_mouse_explains_what_it_is_over() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        rows = shown(app, "tree").splitlines()
        await pilot.hover("#tree", offset=(8, next(y for y, row in enumerate(rows) if "weights" in row)))
        assert "Each row in shares of 1" in shown(app, "status")
        x = shown(app, "board").splitlines()[0].index("Q ") + 5
        await pilot.hover("#board", offset=(x, 3))
        assert "Q[爱,d0]" in shown(app, "status")
        await pilot.hover("#footer", offset=(1, 0))
        assert "Over the step" in shown(app, "status")
        await pilot.click("#footer", offset=(1, 0))
        assert app.session.current.path == "enc0.attn.scaled"


async def test_every_theme_and_both_languages() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        seen = {app.theme}
        for _ in range(2):
            await pilot.press("T")
            assert "▐+4.00▌" in shown(app, "board")
            seen.add(app.theme)
        assert len(seen) == 3
        await pilot.press("T", "L", "colon", "escape", "ctrl+p", "escape", "question_mark", "escape")
        assert app.theme in seen
        set_language("en")


async def test_a_held_key_leaves_nothing_to_be_done() -> None:
    from textual import events

    async with screen() as (app, pilot):
        drawn = []
        draw = app.draw
        app.draw = lambda: (drawn.append(app.session.position), draw())  # type: ignore[assignment,func-returns-value]  # counts
        for _ in range(60):
            app.post_message(events.Key("n", "n"))
        await pilot.pause()
        assert app.session.position == (61,), "no key is lost"
        assert drawn[-1] == (61,)
        assert len(drawn) < 20
        assert "▶" in shown(app, "tree")


async def test_storms_of_sizes_end_well() -> None:
    from textual import events
    from textual.geometry import Size

    async with screen("enc0.attn.scores") as (app, pilot):
        for k in range(80):
            size = Size(20 + 3 * k % 180, 5 + k % 55)
            app.post_message(events.Resize(size, size, size, None))
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert app.query_one("#footer").region.bottom == 30
        assert "scores" in shown(app, "heading")


async def test_one_returns_even_where_the_step_is_gone() -> None:
    async with screen("layer0.y", "neuron") as (app, pilot):
        for _ in range(len(app.session.trace.plan.steps)):
            await pilot.press("n")
        await pilot.press("enter")
        assert app.state.trail
        app.perform("variant no-bias")
        await pilot.press("backspace")
        assert app.is_running
        assert app.session.current.path in app.session.trace.plan.paths


async def test_the_tour_turns_when_one_does_what_it_says() -> None:
    async with screen("enc0.attn.masked") as (app, pilot):
        assert app.state.tour is None
        await pilot.press("f2")
        assert "tour  1/6" in shown(app, "card")
        assert "n goes to the next one, p goes back" in " ".join(shown(app, "card").split())
        await pilot.press("n")
        assert "tour  2/6" in shown(app, "card")
        await pilot.press("s")
        assert "tour  3/6" in shown(app, "card")
        await pilot.press("down")
        assert "tour  4/6" in shown(app, "card")
        await pilot.press("o", "plus")
        assert "tour  5/6" in shown(app, "card")
        await pilot.press("colon", "x", "escape")
        assert "tour  5/6" in shown(app, "card")
        await pilot.press("f2", "f2")
        assert app.state.tour is None
        assert not app.query_one("#card").display
        await pilot.press("f2", "L")
        assert "导览" in shown(app, "card").replace(" ", "")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert app.query_one("#card").region.bottom == 22
        await pilot.press("escape", "n")
        assert app.state.tour is None


def test_the_tour_is_shown_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert first_time()
    assert not first_time()


async def test_several_pasted_lines_are_run_up_to_the_first_that_is_refused() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("colon")
        app.query_one(Input).post_message(Paste("goto enc0.attn.W_Q\nnudge W_Q[0,0]\n\ntrain 2\ngoto loss\n"))
        await pilot.pause()
        for _ in range(20):
            await app.workers.wait_for_complete()
            await pilot.pause()
        assert app.session.current.path == "loss"
        assert app.session.update == 2
        assert app.session.journal.changes == ("set enc0.attn.W_Q[0,0] = 1.1", "train 2")
        assert app.asked is None
        await pilot.press("colon")
        app.query_one(Input).post_message(Paste("goto start\ngoto nowhere\ngoto end"))
        for _ in range(5):
            await pilot.pause()
        assert app.session.position == (1,)
        assert "was not run: goto end" in shown(app, "status")


async def test_a_page_leaves_other_keys_to_the_screen() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("colon", *"where", "enter")
        await pilot.pause()
        assert len(app.screen_stack) == 2
        await pilot.press("n")
        await pilot.pause()
        assert len(app.screen_stack) == 1
        assert app.session.current.path == "enc0.attn.scaled"


async def test_the_help_is_searched() -> None:
    async with screen("enc0.attn.scores", size=(80, 24)) as (app, pilot):
        await pilot.press("question_mark", "slash", *"watch", "enter")
        page = app.screen.query_one("#page", Drawn)
        assert page.lit is not None
        assert "watch" in page.texts[page.lit].lower()
        first = page.lit
        await pilot.press("n")
        assert page.lit > first
        assert "watch" in page.texts[page.lit].lower()
        await pilot.press("N", "escape")
        await pilot.pause()
        assert len(app.screen_stack) == 1


async def test_enter_that_was_typed_before_the_screen_was_there_is_kept() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("ctrl+j")
        assert app.session.current.path == "enc0.attn.Q", "a line feed is what a terminal makes of it until then"


async def test_enter_of_before_the_screen_was_there_is_one_wherever_it_arrives() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await pilot.press("ctrl+p", *"ffn.act", "ctrl+j")
        await pilot.pause()
        assert app.session.current.path == "enc0.ffn.act"
        await pilot.press("colon", *"goto loss", "ctrl+j")
        assert app.session.current.path == "loss"
        await pilot.press("W", "down", "ctrl+j")
        await pilot.pause()
        assert app.session.current.path != "loss"
        await pilot.press("A", "ctrl+j")
        await pilot.pause()
        assert app.session.current.path == "enc0.attn.weights"
        await pilot.press("question_mark", "ctrl+j", "n")
        await pilot.pause()
        assert app.session.current.path == "enc0.attn.heads"


async def test_where_nan_begins_stands_on_the_screen(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", **{"enc0.attn.W_Q": np.full((4, 4), np.nan)})
    file = tmp_path / "broken.yaml"
    file.write_text(
        "tfstep: 1\nmodel: {kind: encoder, layers: 1, d_model: 4, heads: 1, d_ff: 8}\n"
        "vocab: {source: [<pad>, a, b], target: [x, y]}\ninput: {source: a b, labels: x y}\n"
        "weights: {file: w.npz, partial: true}\n"
    )
    async with screen("src.embed", str(file), size=(80, 24)) as (app, pilot):
        for _ in range(2):
            assert "it begins in enc0.attn.W_Q" in shown(app, "status")
            assert [span.text for span in hint(app.state, 78) if span.role == "bad"] == [app.state.broken]
            await pilot.press("right")
        app.perform("set enc0.attn.W_Q = eye(4)")
        await pilot.press("right")
        assert "begins" not in shown(app, "status")
