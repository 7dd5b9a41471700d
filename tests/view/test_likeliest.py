"""Of a large vocabulary the likeliest words come first, wherever its numbers are drawn or listed for people."""

import numpy as np
import pytest

import tfstep
from tfstep.engine.trace import Tensor
from tfstep.scenario.scenario import load_text
from tfstep.view.board.arrange import arrange
from tfstep.view.export import html, markdown
from tfstep.view.export.slices import MOST, slices
from tfstep.view.frame.frame import Camera
from tfstep.view.frame.view_state import ViewState
from tfstep.view.matrix.grid import WORD, Grid

TEXT = """tfstep: 1
model: {{kind: decoder, layers: 1, d_model: 8, heads: 2, head: true}}
vocab: {{size: {size}}}
input: {{target: 5 17 9, labels: next}}
weights: {{init: {{normal: 0.3}}}}
"""


@pytest.fixture
def session() -> tfstep.Session:
    return tfstep.Session(load_text(TEXT.format(size=300)))


def grids(session: tfstep.Session, mode: str = "value") -> list[Grid]:
    found = Camera().frame(session, ViewState(mode=mode))
    return [piece.grid for piece in found.pieces]


def largest(values: np.ndarray) -> list[list[int]]:
    return np.argsort(-values, axis=-1, kind="stable").tolist()  # type: ignore[no-any-return]  # a nested list


def test_each_row_begins_with_its_largest_number_and_names_the_word(session: tfstep.Session) -> None:
    session.run("goto out.logits")
    logits, shown = session.trace["out.logits"].value[0], grids(session)[-1]
    for row, words in enumerate(largest(logits)):
        assert [shown.at(row, k) for k in range(300)] == [(0, row, word) for word in words]
        assert shown.values[row].tolist() == logits[row, words].tolist()
        text = shown.numbers(row, 0, 1, shown.style(3))[0]
        assert text[:WORD].strip() == str(words[0])
        assert float(text[WORD:]) == pytest.approx(logits[row, words[0]], abs=0.01)
    assert all(shown.place(shown.at(row, k)) == (row, k) for row in range(3) for k in (0, 7, 299))


def test_the_cursor_begins_on_the_likeliest_word_and_stays_on_its_word(session: tfstep.Session) -> None:
    session.run("goto out.logits")
    logits = session.trace["out.logits"].value[0]
    assert grids(session)[-1].cursor == (0, 0)
    assert session.cursor.on(session.trace["out.logits"]) == (0, 0, int(logits[0].argmax()))
    session.run("goto out.logits[0,2,7]")
    shown = grids(session)[-1]
    assert shown.cursor == (2, largest(logits)[2].index(7))
    session.run("next")  # probs
    assert shown.at(*shown.cursor) == (0, 2, 7)
    assert grids(session)[-1].at(*(grids(session)[-1].cursor or ())) == (0, 2, 7)


def test_of_the_operands_the_column_of_the_word_is_lit(session: tfstep.Session) -> None:
    session.run("goto out.logits[0,1,250]")
    found = Camera().frame(session, ViewState())
    x, w = (piece for piece in found.pieces if not piece.summary)
    assert (x.grid.lit_row, w.grid.lit_column) == (1, 250)
    assert w.under[0].lit_cells == {(0, 250)}


def test_from_a_weight_its_word_is_lit_in_every_row(session: tfstep.Session) -> None:
    session.run("goto out.logits")
    session.cursor.move_to(session.trace["out.W"], (3, 250))
    found = Camera().frame(session, ViewState(focus="out.W"))
    shown = found.pieces[-1].grid
    assert {shown.at(*place) for place in shown.lit_cells} == {(0, row, 250) for row in range(3)}


def test_a_gradient_stands_in_the_order_of_its_tensor_or_by_size(session: tfstep.Session) -> None:
    session.run("goto out.logits[0,0,17]")
    value, gradient = grids(session, "gradient")
    assert value.order is gradient.order
    np.testing.assert_array_equal(
        gradient.values, np.take_along_axis(session.trace["out.logits"].grad[0], value.order, -1)
    )
    (both,) = grids(session, "overlaid")
    np.testing.assert_array_equal(both.slope, gradient.values)
    session.run("goto out.logits.grad")
    alone = grids(session)[-1]
    assert alone.at(0, 0) == (0, 0, 17)  # the word that it had to say
    assert (np.diff(np.abs(alone.values), axis=-1) <= 0).all()


def test_what_was_edited_is_marked_at_its_word(session: tfstep.Session) -> None:
    session.run("goto out.logits")
    session.run("set out.b[42] = 100")
    before, after, change = grids(session, "difference")
    assert after.at(0, 0) == (0, 0, 42)
    assert [int(change.values[row, 0] > 90) for row in range(3)] == [1, 1, 1]
    assert before.order is after.order


def test_a_few_words_have_a_column_each() -> None:
    session = tfstep.Session(load_text(TEXT.format(size=64)))
    session.run("goto out.logits")
    shown = grids(session)[-1]
    assert shown.order is None
    assert shown.at(1, 5) == (0, 1, 5)


@pytest.mark.parametrize(("cells", "lines"), [(90, 20), (56, 12), (30, 10)])
def test_at_least_one_word_has_room(session: tfstep.Session, cells: int, lines: int) -> None:
    session.run("goto out.logits")
    found = Camera().frame(session, ViewState())
    placed = arrange(found.pieces, cells, lines).placed[-1]
    assert placed.style is not None
    assert placed.columns >= 1
    assert placed.x + placed.width <= cells


def tensor(session: tfstep.Session) -> Tensor:
    found: Tensor = session.trace["out.logits"]
    return found


def test_pages_have_columns_for_the_likeliest_words_alone(session: tfstep.Session) -> None:
    logits = tensor(session).value[0]
    ((part,),) = slices(tensor(session), False, 4)
    assert len(part.columns) == MOST
    assert {str(words[0]) for words in largest(logits)} <= set(part.columns)
    assert part.cell(1, 2) == f"out.logits[0,1,{part.columns[2]}]"
    assert part.numbers[1][2] == logits[1, int(part.columns[2])]
    assert f"{300 - MOST} more words" in part.caption
    assert len("".join(markdown.document([tensor(session)], False, 4))) < 3000
    assert len("".join(html.page("x", [tensor(session)], True, 4))) < 60_000
