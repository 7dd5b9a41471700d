"""Frames: what the screen shows of a session, checked without any screen."""

import subprocess
import sys

import pytest

import tfstep
from tfstep.scenario.scenario import load_text
from tfstep.text import set_language
from tfstep.view.board.arrange import arrange
from tfstep.view.frame.frame import Camera, Frame
from tfstep.view.frame.panels import heading_lines, shares, top_line
from tfstep.view.frame.view_state import ViewState
from tfstep.view.matrix.grid import CHANGED, CURSOR, HATCHED, LIT, Grid
from tfstep.view.text.number import plain as number
from tfstep.view.text.number import told_apart
from tfstep.view.text.spans import line_width, plain


@pytest.fixture
def session() -> tfstep.Session:
    return tfstep.Session(tfstep.load("wo-ai-ni"))


def frame(session: tfstep.Session, **look: object) -> Frame:
    return Camera().frame(session, ViewState(**look))  # type: ignore[arg-type]  # the names are Look's own


def by_key(found: Frame) -> dict[str, Grid]:
    return {grid.key: grid for piece in found.pieces for grid in (piece.grid, *piece.under)}


def account(found: Frame) -> str:
    return "\n".join(plain(each) for each in found.account.lines(100, 30))


@pytest.mark.slow
def test_no_screen_is_needed() -> None:
    code = "import sys, tfstep.view.frame.frame; sys.exit('textual' in sys.modules or 'rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_row_and_the_column_of_the_cell_are_lit(session: tfstep.Session) -> None:
    session.run("goto enc0.attn.scores[0,0,1,2]")
    grids = by_key(frame(session))
    q, k, scores = (grids[f"enc0.attn.{name}"] for name in ("Q", "K", "scores"))
    assert (q.lit_row, k.lit_column, scores.cursor) == (1, 2, (1, 2))
    assert k.turned
    assert k.title == "Kᵀ"
    assert [m & LIT for m in q.marks(1, 0, 4)] == [LIT] * 4
    assert scores.marks(1, 0, 3) == [0, 0, CURSOR]


def test_words_stand_beside_the_rows(session: tfstep.Session) -> None:
    session.run("goto enc0.attn.scores")
    scores = by_key(frame(session))["enc0.attn.scores"]
    assert [scores.rows[i] for i in range(3)] == ["我", "爱", "你"]


def test_the_account_adds_up(session: tfstep.Session) -> None:
    session.run("goto enc0.attn.scores[0,0,1,2]")
    found = frame(session)
    assert found.account.name == "scores[爱,你]"
    assert found.account.total == found.account.value == session.current.value[0, 0, 1, 2]
    text = account(found)
    assert "= Q[爱,:] · K[你,:]" in text
    assert "recorded, difference 0" in text
    assert "∂loss/∂scores[爱,你]" in text


def test_the_gradient_says_which_way_the_loss_moves(session: tfstep.Session) -> None:
    session.run("goto out.logits")
    gradient = session.current.grad
    assert gradient is not None
    cell = max(((r, c) for r in range(3) for c in range(3)), key=lambda rc: gradient[0, rc[0], rc[1]])
    session.run(f"goto out.logits[0,{cell[0]},{cell[1]}]")
    assert "raises the loss by about" in account(frame(session))


def test_an_edit_is_marked_where_it_moved_something(session: tfstep.Session) -> None:
    session.run("goto enc0.attn.weights")
    assert frame(session).since is None
    session.run("set enc0.attn.W_Q[0,0] = 2")
    found = frame(session)
    weights = by_key(found)["enc0.attn.weights"]
    assert any(mark & CHANGED for mark in weights.marks(0, 0, 3))
    assert found.since is not None
    assert found.since.edits == (("W_Q[i0,o0]", "+1 → +2"),)
    assert found.since.title == "weights[我,:]"
    assert sum(bar.after for bar in found.since.bars) == pytest.approx(1)
    assert {row.text for row in found.rows if row.edited} >= {"q_proj"}
    assert not next(row for row in found.rows if row.text == "k_proj").changed
    session.run("undo")
    assert frame(session).since is None


@pytest.mark.parametrize("cells", [30, 58, 100])
def test_the_edit_is_said_before_what_it_moved(session: tfstep.Session, cells: int) -> None:
    session.run("set enc0.attn.W_Q[0,0] = 2")
    since = frame(session).since
    assert since is not None
    head = plain(since.head(cells)[0])
    assert "W_Q[i0,o0] +1 → +2" in head
    assert ("tensors moved" in head) == (cells == 100)
    assert line_width(since.head(cells)[0]) <= cells


def test_a_share_pinned_beyond_one_is_a_full_bar(session: tfstep.Session) -> None:
    session.run("goto enc0.attn.weights")
    session.run("set enc0.attn.weights[0,0,0,0] = 1.5")
    since = frame(session).since
    assert since is not None
    drawn = [plain(each) for each in since.drawn(90, 12)]
    assert "█" * 24 in next(each for each in drawn if each.startswith("我"))


def test_what_moved_most_is_shown_with_how_far_and_a_row_that_cannot_move_is_not() -> None:
    masked = tfstep.Session(tfstep.load("causal-mask"))
    path = next(path for path in masked.trace.paths("*.W_Q"))
    masked.run(f"nudge {path}[0,0] 0.001")
    masked.run(f"goto {path.replace('W_Q', 'weights')}")
    since = frame(masked).since
    assert since is not None
    assert since.bars, "the first word sees itself alone: another row is shown"
    assert all(bar.before != bar.after for bar in since.bars)
    drawn = [plain(each) for each in since.drawn(100, 12)]
    assert since.loss is not None
    assert f"Δ {number(since.loss[1] - since.loss[0])}" in drawn[0]
    assert all(f"Δ {number(bar.after - bar.before)}" in text for bar, text in zip(since.bars, drawn[2:], strict=False))
    few = since.drawn(100, 3)
    most = max(since.bars, key=lambda bar: abs(bar.after - bar.before))
    assert plain(few[-1]).startswith(most.label)


def test_a_loss_has_as_many_digits_as_its_change_takes() -> None:
    assert told_apart(1.23456789, 1.2345678) == ("1.234567890", "1.234567800")
    assert told_apart(1.5, 1.25) == ("1.5000", "1.2500")
    assert told_apart(2.0, 2.0) == ("2", "2")


def test_nudges_in_a_row_count_as_one_edit(session: tfstep.Session) -> None:
    for _ in range(3):
        session.run("nudge enc0.attn.W_Q[0,0] 0.1")
    since = frame(session).since
    assert since is not None
    assert since.edits == (("W_Q[i0,o0]", "+1 → +1.3000"),)


def test_the_cursor_goes_into_an_operand(session: tfstep.Session) -> None:
    session.run("goto enc0.attn.q_proj")
    found = frame(session, focus="enc0.attn.W_Q")
    assert found.focus == "enc0.attn.W_Q"
    assert found.account.cell == "enc0.attn.W_Q[0,0]"
    assert by_key(found)["enc0.attn.q_proj"].lit_column == 0
    assert "a parameter: training changes it" in account(found)


def test_masked_cells_are_hatched_and_say_why() -> None:
    session = tfstep.Session(tfstep.load("padding"))
    mask = session.trace["enc0.attn.mask"].value
    row, column = next((r, c) for r in range(mask.shape[2]) for c in range(mask.shape[3]) if mask[0, 0, r, c])
    session.run(f"goto enc0.attn.weights[0,0,{row},{column}]")
    found = frame(session)
    weights = by_key(found)["enc0.attn.weights"]
    assert weights.marks(row, column, column + 1)[0] & HATCHED
    assert "padding: the key is <pad>" in account(found)


def test_value_gradient_and_new_stand_side_by_side(session: tfstep.Session) -> None:
    session.run("goto enc0.attn.q_proj")
    found = frame(session, subject="enc0.attn.W_Q", mode="gradient")
    assert list(by_key(found)) == ["enc0.attn.W_Q", "enc0.attn.W_Q.grad", "enc0.attn.W_Q.new"]


def test_before_and_after_stand_side_by_side(session: tfstep.Session) -> None:
    session.run("goto enc0.attn.q_proj")
    session.run("set enc0.attn.W_Q[0,0] = 2")
    before, after, difference = (piece.grid.values for piece in frame(session, mode="difference").pieces)
    assert (after - before == difference).all()
    assert difference.any()


def test_inner_steps_are_shown_when_stepped_into(session: tfstep.Session) -> None:
    session.run("goto enc0.attn.weights")
    for _ in range(3):
        session.run("step")
    found = frame(session)
    assert [row.text for row in found.rows if row.kind == "inner"] == ["max", "shift", "exp", "sum", "div"]
    assert next(row.text for row in found.rows if row.state == "now") == "exp"
    assert "All positive now" in found.heading.purpose


def test_the_term_we_are_at_is_lit_in_both_operands_and_in_the_equation(session: tfstep.Session) -> None:
    session.run("goto enc0.attn.scores[0,0,1,2]")
    session.run("step 3")
    found = frame(session)
    grids = by_key(found)
    assert grids["enc0.attn.Q"].lit_cells == {(1, 2)}
    assert grids["enc0.attn.K"].lit_cells == {(2, 2)}
    assert found.account.equation.links == ("enc0.attn.Q[0,0,1,2]", "enc0.attn.K[0,0,2,2]")
    assert "up to term 3 of 4" in account(found)
    assert next(row.text for row in found.rows if row.state == "now") == "scores"
    session.run("finish")
    assert frame(session).account.partial is None


def test_every_step_has_a_frame(session: tfstep.Session) -> None:
    camera = Camera()
    for _ in range(session.steps_total):
        found = camera.frame(session, ViewState())
        assert found.account.holds, found.subject
        assert found.heading.purpose, found.subject
        for cells in (30, 57, 90):
            lines = [
                *heading_lines(found.heading, cells),
                *found.account.lines(cells, 20),
                top_line(found.header, cells),
            ]
            assert max(map(line_width, lines)) <= cells
        session.run("next")


def test_chinese(session: tfstep.Session) -> None:
    set_language("zh")
    session.run("goto enc0.attn.scores")
    found = frame(session)
    assert found.rows[0].text == "前向"
    assert "与记录一致" in account(found)


@pytest.mark.parametrize("height", [8, 18, 30, 60])
def test_the_height_is_shared_out(height: int) -> None:
    board, why = shares(height, 12, 9, 7, 6)
    assert board + why <= height
    assert min(board, why) >= 1


def test_panels_stay_where_they_were_if_everything_fits_so() -> None:
    assert shares(30, 6, 9, 9)[0] == 12
    assert shares(30, 6, 9, 9, held=18)[0] == 18
    assert shares(30, 6, 9, 9, held=25)[0] == 21, "the explanation needs its lines"
    assert shares(30, 20, 9, 9, held=15)[0] == 20, "the matrices need theirs"
    assert shares(30, 90, 9, 9, held=20)[0] == 20
    assert shares(30, 90, 9, 9, held=12)[0] == 21, "there is more room than that"
    assert shares(28, 21, 11, 7) == (21, 7), "the numbers go before empty lines"


def test_before_the_pin_there_was_less_inside(session: tfstep.Session) -> None:
    session.run("set enc0.attn.weights[0,0,0,0] = 0.5")
    session.run("goto enc0.attn.weights/computed")
    assert frame(session, earlier=True).subject == "enc0.attn.weights"


def test_the_heading_says_what_made_it_in_words() -> None:
    session = tfstep.Session(tfstep.load("hill"))
    session.run("goto x.grad")
    assert frame(session).heading.op == "gradient of formula"
    set_language("zh")
    try:
        assert frame(session).heading.op == "formula 的梯度"
        assert frame(session, subject="x").heading.op == "参数"
    finally:
        set_language("en")


def test_numbers_that_a_formula_reads_stand_beside_it() -> None:
    session = tfstep.Session(tfstep.load("hill"))
    session.run("goto f")
    assert list(by_key(frame(session))) == ["x", "y", "f"]
    assert by_key(frame(session))["x"].note == ""


def test_a_mask_stays_hatched_beside_another_variant() -> None:
    session = tfstep.Session(tfstep.load("padding"))
    session.run("variant mask-off")
    session.run("goto enc0.attn.weights")
    base = by_key(frame(session, mode="word"))["enc0.attn.weights@base"]
    assert base.marks(0, 0, 8)[-1] & HATCHED


@pytest.mark.parametrize("cells", [30, 44, 60, 90])
def test_integers_are_always_written_out(session: tfstep.Session, cells: int) -> None:
    found = frame(session)
    assert found.heading.path == "src.embed"
    placed = {each.grid.key: each for each in arrange(found.pieces, cells, 10).placed}
    assert placed["src.embed"]
    tokens = placed.get("src.tokens")
    assert tokens is None or tokens.style is not None


def test_the_way_to_a_step_ends_in_its_name_however_narrow(session: tfstep.Session) -> None:
    for path, last in (
        ("enc0.attn.W_Q.grad", "∂W_Q"),
        ("enc0.attn.W_Q.new", "W_Q.new"),
        ("enc0.attn.q_proj", "q_proj"),
    ):
        session.run(f"goto {path}")
        header = frame(session).header
        assert header.trail[-1] == last
        assert f"› {last} " in plain(top_line(header, 72))


def test_a_sum_that_is_too_long_keeps_its_total() -> None:
    session = tfstep.Session(tfstep.load("steve-builds-a-house"))
    session.run("goto enc0.attn.q_proj")
    shown = [plain(each) for each in frame(session).account.lines(58, 6)]
    assert len(shown) == 6
    assert "recorded, difference" in shown[-1]
    assert shown[-2].endswith(" …")
    assert plain(frame(session).account.lines(58, 30)[-1]) != shown[-1]


def test_a_step_of_a_formula_is_no_neuron() -> None:
    text = "model: {kind: formula, parameters: {w: 2}, steps: {y: 1/w}}\nloss: y\n"
    session = tfstep.Session(load_text(text))
    session.run("goto y")
    assert "neuron" not in frame(session).heading.purpose
    session = tfstep.Session(tfstep.load("neuron"))
    session.run("goto layer0.y")
    assert "neuron" in frame(session).heading.purpose


def test_numbers_that_are_not_finite_are_written_whole() -> None:
    text = "model: {kind: formula, parameters: {w: 0}, steps: {y: 1/w}}\nloss: y\n"
    session = tfstep.Session(load_text(text))
    session.run("goto y")
    (grid,) = (each for each in by_key(frame(session)).values() if each.key == "y")
    assert grid.style(3).text(float("inf")).strip() == "+inf"
    assert grid.style(3).text(float("nan")).strip() == "nan"
    assert not session.trace.explain("y").rounding


def test_an_edit_is_told_below_the_explanation() -> None:
    assert shares(28, 9, 8, 6, 6, held=14) == (14, 8), "in the lines that are left"
    assert shares(28, 15, 8, 6, 6, held=19) == (15, 8), "five of them"
    assert shares(28, 25, 8, 6, 6) == (22, 6), "or in none: then the status line says it"


def test_of_a_number_that_is_not_finite_it_is_not_said_how_the_loss_follows_it() -> None:
    text = (
        "model: {kind: formula, given: {x: 1.0e+300}, parameters: {w: 1.0e+300}, steps: {a: w*x, y: a - a}}\nloss: y\n"
    )
    session = tfstep.Session(load_text(text))
    session.run("goto y")
    said = account(frame(session))
    assert "∂loss/∂y" in said
    assert "raises the loss" not in said
    session.run("set w = 2")
    assert "raises the loss" in account(frame(session))
