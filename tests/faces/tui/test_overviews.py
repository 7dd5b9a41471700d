"""A whole run at a glance: attention, gradients, the residual stream, the logit lens."""

from pathlib import Path

import numpy as np
import pytest
from screens import screen

import tfstep
from tfstep.address.grammar import parse_cell
from tfstep.faces.tui.app import Debugger
from tfstep.faces.tui.style.palette import TERMINAL
from tfstep.faces.tui.widgets.drawn import Drawn
from tfstep.faces.tui.widgets.instead.overview import Seen
from tfstep.faces.tui.widgets.instead.story import Told
from tfstep.view.overview.tables import Overview, attention, gradients, lens, stream
from tfstep.view.text.symbols import set_ascii

KEYS = {"A": attention, "B": gradients, "N": stream, "O": lens}


def drawn(app: Debugger) -> list[str]:
    widget = app.screen.query_one("#overview", Drawn)
    assert all(widget.render_line(y).cell_length == widget.size.width for y in range(widget.size.height))
    return [widget.render_line(y).text for y in range(widget.size.height)]


def of(name: str, make: object) -> tuple[tfstep.Session, Overview]:
    session = tfstep.Session(tfstep.load(name))
    found = make(session)  # type: ignore[operator]  # one of KEYS
    assert isinstance(found, Overview)
    return session, found


@pytest.mark.parametrize("name", ["gpt", "steve-builds-a-house"])
def test_every_number_stands_for_a_cell_of_the_run(name: str) -> None:
    for make in KEYS.values():
        session, found = of(name, make)
        for table in found.tables:
            assert table.values.shape == (len(table.rows), len(table.columns))
            for row, cells in zip(table.values, table.cells, strict=True):
                for value, cell in zip(row, cells, strict=True):
                    assert (cell is None) == bool(np.isnan(value))
                    if cell is not None:
                        path, index = parse_cell(cell)
                        assert np.isfinite(session.trace[path].value[tuple(index or ())])


def test_attention_is_that_of_every_head() -> None:
    session, found = of("multi-head", attention)
    weights = session.trace["enc0.attn.weights"].value
    assert len(found.tables) == weights.shape[1]
    for head, table in enumerate(found.tables):
        assert (table.values == weights[0, head]).all()


def test_gradients_have_their_root_mean_square() -> None:
    session, found = of("gpt", gradients)
    assert [row for table in found.tables for row in table.rows][:3] == ["tgt", "dec0.norm1", "dec0.norm2"]
    table = next(table for table in found.tables if "dec0.attn" in table.rows)
    assert table.rows == ["dec0.attn", "dec1.attn"], "the same parts of all layers below each other"
    assert table.values[0, table.columns.index("b_K")] == 0, "but for rounding"
    i, j = table.rows.index("dec0.attn"), table.columns.index("W_Q")
    grad = session.trace["dec0.attn.W_Q"].grad
    assert grad is not None
    assert table.values[i, j] == pytest.approx(np.sqrt((np.asarray(grad) ** 2).mean()))


def test_the_stream_has_the_length_of_every_word() -> None:
    session, found = of("gpt", stream)
    (table,) = found.tables
    for row, path in zip(table.values, table.rows, strict=True):
        assert row == pytest.approx([np.sqrt((word**2).sum()) for word in session.trace[path].value[0]])


def test_the_lens_is_the_end_of_the_model_on_every_layer() -> None:
    session, found = of("gpt", lens)
    (table,) = found.tables
    trace = session.trace
    get = {name: trace[name].value for name in ("dec.norm.gamma", "dec.norm.beta", "out.W", "out.b")}
    for row, path in zip(table.values, table.rows, strict=True):
        x = trace[path].value[0]
        normed = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        scores = (normed * get["dec.norm.gamma"] + get["dec.norm.beta"]) @ get["out.W"] + get["out.b"]
        shares = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
        assert row == pytest.approx(shares.max(-1), rel=1e-6)
    assert table.values[-1] == pytest.approx(trace["out.probs"].value[0].max(-1))


@pytest.mark.parametrize("key", list(KEYS))
@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 60)])
async def test_one_key_each_and_every_cell_can_be_asked_why(key: str, size: tuple[int, int]) -> None:
    async with screen("dec0.attn.weights", "gpt", size=size) as (app, pilot):
        await pilot.press(key)
        await pilot.pause()
        assert isinstance(app.screen, Seen)
        drawn(app)
        while app.screen.cell is None:
            await pilot.press("right")
        cell = app.screen.cell
        await pilot.press("W")
        await pilot.pause()
        assert isinstance(app.screen, Told)
        assert app.screen.story.cell == cell
        await pilot.press("escape")
        await pilot.pause()
        assert app.state.frame.account.cell == cell
        await pilot.press("backspace")
        await pilot.pause()
        assert app.session.current.path == "dec0.attn.weights"


async def test_eight_heads_of_64_words_are_seen_at_once_and_zoomed_into(tmp_path: Path) -> None:
    words = [f"w{k}" for k in range(64)]
    path = tmp_path / "wide.yaml"
    path.write_text(
        "tfstep: 1\nmodel: {kind: encoder, layers: 1, d_model: 16, heads: 8, d_ff: 8}\n"
        f"vocab: {{source: [<pad>, {', '.join(words)}], target: [a, b]}}\n"
        f"input: {{source: {' '.join(words)}, labels: {'a b ' * 32}}}\n"
    )
    for size in ((80, 24), (120, 36)):
        async with screen("enc0.attn.scores", str(path), size=size) as (app, pilot):
            await pilot.press("A")
            await pilot.pause()
            text = "\n".join(drawn(app))
            assert all(f"head {k}" in text for k in range(8))
            await pilot.press("tab", "tab", *["down"] * 40, *["right"] * 9)
            value = app.session.trace["enc0.attn.weights"].value[0, 2, 40, 9]
            assert f"head 2  w40 → w9  {value:.5f}"[:20] in "\n".join(drawn(app))
            await pilot.press("enter")
            await pilot.pause()
            assert (app.session.current.path, app.session.cell) == ("enc0.attn.weights", (0, 2, 40, 9))


async def test_columns_that_are_not_seen_are_counted() -> None:
    async with screen("loss", "gpt", size=(80, 24)) as (app, pilot):
        await pilot.press("B")
        await pilot.pause()
        head = next(each for each in drawn(app) if "W_Q" in each)
        seen = len(head.split()) - 2
        assert head.rstrip().endswith(f"+{8 - seen} →")
    async with screen("loss", "gpt", size=(120, 36)) as (app, pilot):
        await pilot.press("B")
        await pilot.pause()
        text = "\n".join(drawn(app))
        assert "→" not in text
        assert all(name in text for name in ("gamma", "W_O", "b_2"))


async def test_what_is_not_there_is_said() -> None:
    async with screen("loss", "house-price") as (app, pilot):
        await pilot.press("A")
        assert "no attention" in app.parts.status.texts[0]
        await pilot.press("O")
        assert "says no words" in app.parts.status.texts[0]


@pytest.mark.parametrize("few", ["none", "sixteen", "ascii"])
async def test_a_picture_is_read_without_colours(few: str) -> None:
    set_ascii(few == "ascii")
    try:
        async with screen("dec0.attn.weights", "gpt", size=(80, 24), colour=few != "none") as (app, pilot):
            if few == "sixteen":
                app.theme = TERMINAL.name
            await pilot.press("A")
            await pilot.pause()
            rows = [row for row in drawn(app)[4:14] if row.strip()]
            signs = {sign for row in rows for sign in row}
            assert "▀" not in signs
            assert len(signs) > 3, "darker and lighter ones"
            assert any(sign in rows[0] for sign in "◆X"), "where the cursor is"
            tops = app.screen._compositor.render_strips()
            assert any("gpt" in strip.text for strip in tops), "the screen beneath is seen"
    finally:
        set_ascii(False)
