"""The planes of tensors of higher rank, and panels of them."""

import numpy as np
import pytest

from tfstep.view.board.arrange import arrange
from tfstep.view.board.places import Piece
from tfstep.view.frame.view_state import Drawing
from tfstep.view.matrix.extremes import MOST, order, rank_named
from tfstep.view.matrix.grid import Grid
from tfstep.view.matrix.picker import Choice, link_target, link_to
from tfstep.view.text.spans import plain


def test_every_place_is_written_out_of_few() -> None:
    choice = Choice(1, "head", 1, 3)
    assert plain(choice.long()) == "head  0 ▸1◂ 2  [ ]"
    assert plain(choice.short()) == "head 1 of 3"
    assert [span.link for span in choice.long() if span.link] == ["@1=0", "@1=2"]


@pytest.mark.parametrize(("at", "text"), [(0, "head ▸0◂ 1  2  3  4 … 11"), (6, "… " + " 4  5 ▸6◂ 7  8 … 11")])
def test_of_many_those_around_the_present_one(at: int, text: str) -> None:
    assert text in plain(Choice(1, "head", at, 12).long())


def test_a_link_to_a_place_is_no_cell() -> None:
    assert link_target(link_to(1, 2)) == (1, 2)
    assert link_target("enc0.attn.scores[0,0]") is None


def panels(count: int, rows: int, columns: int, present: int = 0) -> list[Piece]:
    values = np.linspace(-1, 1, rows * columns).reshape(rows, columns)
    return [
        Piece("", Grid(f"p@{k}", f"head {k}", "", values * k, focused=k == present), summary=True, panel=True)
        for k in range(count)
    ]


@pytest.mark.parametrize("drawn", ["auto", "numbers", "heat"])
@pytest.mark.parametrize("size", [(60, 10), (90, 30), (164, 50), (12, 4)])
@pytest.mark.parametrize("count", [2, 3, 12])
def test_panels_are_alike_and_the_present_one_is_there(drawn: str, size: tuple[int, int], count: int) -> None:
    found = arrange(panels(count, 8, 8, count - 1), *size, Drawing(drawn))
    assert any(placed.grid.focused for placed in found.placed)
    assert len({(placed.width, placed.height, placed.cell) for placed in found.placed}) == 1
    assert len({(placed.x, placed.y) for placed in found.placed}) == len(found.placed)
    assert all(p.x + p.width <= size[0] and p.y + p.height <= size[1] for p in found.placed)


def test_panels_stay_where_they_are_when_another_is_turned_to() -> None:
    places = [[(p.grid.key, p.x, p.y) for p in arrange(panels(3, 8, 8, k), 100, 30).placed] for k in range(3)]
    assert places[0] == places[1] == places[2]


def test_numbers_in_the_order_of_their_size() -> None:
    values = np.array([[1.0, -7.0, 0.0], [np.nan, 3.0, -1e9]])
    found = order(Grid("m", "m", "", values))
    assert [found.place(rank) for rank in (1, 2, 3, 4)] == [(0, 1), (1, 1), (0, 0), (0, 2)]
    assert (found.count, found.after(4, 1), found.after(1, -1)) == (4, 1, 4)


def test_of_very_many_numbers_the_ends_are_in_order() -> None:
    values = np.random.default_rng(0).normal(size=(100, 300))
    found = order(Grid("m", "m", "", values))
    sizes = np.sort(np.abs(values).ravel())[::-1]
    for rank in (1, 2, MOST, found.count - MOST + 1, found.count):
        assert abs(values[found.place(rank)]) == sizes[rank - 1]
    assert found.after(MOST, 1) == found.count - MOST + 1
    assert found.after(found.count - MOST + 1, -1) == MOST


@pytest.mark.parametrize(
    ("rank", "text"),
    [(1, "largest of 30"), (2, "2nd largest of 30"), (11, "11th largest of 30"), (30, "smallest of 30")],
)
def test_a_rank_in_words(rank: int, text: str) -> None:
    assert str(rank_named(rank, 30)) == text
