"""What takes a while runs beside the screen: it can be stopped, and quitting does not wait for it."""

import asyncio
import time
from pathlib import Path

import pytest
from screens import screen, shown

import tfstep
from tfstep import work
from tfstep.faces.tui.app import Debugger
from tfstep.faces.tui.state import screen_state
from tfstep.faces.tui.widgets.drawn import Drawn


class OnlyAtSteps(work.Watcher):
    """A flag that lets a line begin."""

    def at_line(self) -> None:
        pass


def endless() -> None:
    """Work that ends only when it is asked to stop."""
    while (flag := work.present()) is not None:
        flag.at_step()
        time.sleep(0.002)


async def test_any_work_can_be_stopped() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        app.busy.do("endless", endless, app.conclude)
        await pilot.press("n", "enter", "t", "d", "backspace")
        assert not app.state.trail
        assert app.state.look.mode == "value"
        assert "Esc stops it" in shown(app, "status")
        assert app.session.current.path == "enc0.attn.scores"
        await pilot.press("escape")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert not app.state.running
        assert "stopped" in shown(app, "status")
        await pilot.press("n")
        assert app.session.current.path == "enc0.attn.scaled"


async def test_a_script_that_is_stopped_says_what_it_has_changed(tmp_path: Path) -> None:
    script = tmp_path / "long.tfs"
    sets = "".join(f"set enc0.attn.W_Q[0,{k}] = {k + 0.5}\n" for k in range(2))
    script.write_text(sets + "train 1000000\nset enc0.attn.W_Q[1,0] = 7\n", "utf-8")
    async with screen("enc0.attn.scores") as (app, pilot):
        app.busy.begin(f"source {script}")
        async with asyncio.timeout(30):
            while app.session.journal.at < 2:
                await asyncio.sleep(0.01)
        app.busy.stop()
        await app.workers.wait_for_complete()
        await pilot.pause()
        made = app.session.journal.at
        assert f"changes made: {made}" in shown(app, "status")
        assert app.session.trace["enc0.attn.W_Q"].value[1, 0] != 7, "no line is begun after the stop"


@pytest.mark.parametrize("command", ["check", "sweep dec0.attn.W_Q[0,0] -1 1 5", "variant {}", "generate 1"])
def test_what_computes_asks_whether_to_stop(command: str) -> None:
    session = tfstep.Session(tfstep.load("causal-mask"))
    flag = OnlyAtSteps()
    flag.up = True
    with work.watched(flag), pytest.raises(work.Cancelled):
        session.run(command.format(session.scenario.variants[-1]))
    assert session.journal.at == 0


async def test_q_stops_what_is_running_and_quits() -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        app.busy.do("endless", endless, app.conclude)
        await pilot.press("q")
        async with asyncio.timeout(10):
            while app.is_running:
                await asyncio.sleep(0.01)
        assert app.return_value == 0


@pytest.mark.parametrize("command", ["check", "diff swapped", "generate 1"])
async def test_what_looks_at_a_whole_model_runs_beside(command: str) -> None:
    async with screen("enc0.attn.scores") as (app, pilot):
        await settled(app, command)
        await pilot.pause()
        assert not app.state.running


async def test_of_a_large_model_variants_are_made_and_compared_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_state, "LARGE", 0)
    async with screen("enc0.attn.scores") as (app, pilot):
        done: list[str] = []
        do = app.busy.do
        monkeypatch.setattr(app.busy, "do", lambda name, *rest: (done.append(name), do(name, *rest)))
        await pilot.press("d")
        assert done == ["computing variant swapped"]
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.state.look.mode == "variant"
        await pilot.press("d")
        assert app.state.look.mode == "word", "what is there already is not made again"
        await settled(app, "variant no-position")
        await pilot.pause()
        assert app.session.variant == "no-position"
        await pilot.press("n")
        assert done == ["computing variant swapped", "variant no-position"]


async def settled(app: Debugger, command: str) -> None:
    app.perform(command)
    assert app.state.running == command
    await app.workers.wait_for_complete()


async def test_rows_that_say_a_word_are_paired_by_the_word_they_read(tmp_path: Path) -> None:
    path = tmp_path / "turned.yaml"
    model = "{kind: decoder, layers: 1, d_model: 4, heads: 1, d_ff: 8}"
    turned = "variants: {turned: {input: {target: b a}}}"
    path.write_text(
        f"tfstep: 1\nmodel: {model}\nvocab: [a, b, c]\ninput: {{target: a b, labels: b c}}\n{turned}\n", "utf-8"
    )
    async with screen("tgt.embed", str(path)) as (app, pilot):
        await pilot.press("d", "d")
        assert app.state.look.mode == "word"
        there, _, difference = (piece.grid for piece in app.state.frame.pieces)
        assert (there.values == app.session.trace_of("turned")["tgt.embed"].value[0, ::-1]).all()
        assert (difference.values == 0).all(), "a word is the same row of E in both"


async def test_what_a_check_found_is_read_to_its_end() -> None:
    async with screen("enc0.attn.scores", size=(80, 24)) as (app, pilot):
        await settled(app, "check")
        await pilot.pause()
        page = app.screen.query_one("#page", Drawn)
        text = "\n".join(page.render_line(y).text for y in range(page.size.height))
        assert "…" not in text
        worst = text[text.index("largest error") : text.index("softmax")]
        assert " at " in worst, "where the worst is stands behind all the rest"


@pytest.mark.parametrize(
    ("opened", "draw"), [("plot out.probs", "_draw"), ("help", "_fill"), ("t", "_draw"), ("ctrl+p", "_draw")]
)
async def test_what_is_closed_before_it_was_drawn_does_no_harm(opened: str, draw: str) -> None:
    async with screen("src.x") as (app, pilot):
        for _ in range(3):
            if opened in ("t", "ctrl+p"):
                await pilot.press(opened)
            else:
                app.perform(opened)
                await app.workers.wait_for_complete()
            await asyncio.sleep(0)
            panel = app.screen
            panel.call_after_refresh(getattr(panel, draw, app.redraw))  # as when the terminal is resized
            if len(app.screen_stack) > 1:
                panel.dismiss()
            await pilot.pause()
            assert len(app.screen_stack) == 1
