"""The line under a matrix, and the range of its colours."""

import numpy as np

from tfstep.text import set_language
from tfstep.view.board.places import Piece
from tfstep.view.board.ranges import one_range
from tfstep.view.matrix.grid import Grid
from tfstep.view.matrix.summary import summary
from tfstep.view.text.spans import plain

NOW = np.array([[1.0, -2.0], [0.5, 3.0]])
WAS = np.array([[1.0, -2.5], [0.5, -4.0]])


def grid(values: np.ndarray = NOW, **more: object) -> Grid:
    return Grid("m", "m", "a × b", values, **more)  # type: ignore[arg-type]  # the names are the Grid's own


def text(found: Grid, cells: int) -> str:
    return plain(summary(found, cells))


def test_it_says_as_much_as_there_is_room_for() -> None:
    assert text(grid(), 40) == "-2 … +3  μ +0.625"
    assert text(grid(), 16) == "-2 … +3"
    assert text(grid(), 5) == ""


def test_what_an_edit_moved_stands_there_with_its_size() -> None:
    moved = grid(before=WAS)
    assert text(moved, 60) == "-2 … +3  μ +0.625  ~ 2 of 4 moved, at most ±7"
    assert text(moved, 40) == "-2 … +3  ~ 2 of 4 moved, at most ±7"
    assert text(moved, 14) == "-2 … +3  ~ ±7"
    set_language("zh")
    assert "4 个中 2 个变动，最大 ±7" in text(moved, 60)


def test_nothing_moved_is_not_said() -> None:
    assert "~" not in text(grid(before=NOW.copy()), 60)


def test_masked_numbers_are_counted() -> None:
    assert text(grid(np.array([[1.0, -1e9]])), 60).endswith("(1 ▒)")


def test_before_and_now_are_written_alike() -> None:
    large = grid(before=NOW * 100)
    assert large.style(3) == grid(NOW * 100).style(3)
    assert large.levels(0, 0, 2) == [0, 0]


def test_one_range_for_all_matrices() -> None:
    small, large = grid(NOW / 100), grid(NOW)
    share = grid(np.array([[0.5, 0.5]]), scale="probability")
    alone = small.levels(0, 0, 2)
    pieces = one_range([Piece("", small), Piece("·", share), Piece("=", large)])
    assert [piece.grid.bound for piece in pieces] == [3.0, 0.5, 3.0]
    assert pieces[0].grid.levels(0, 0, 2) == [0, 0] != alone
    assert pieces[2].grid.levels(0, 0, 2) == large.levels(0, 0, 2)


def test_a_number_that_went_to_infinity_moved_by_no_finite_amount() -> None:
    found = grid(np.array([[np.inf, 1.0]]), before=np.array([[4.0, 1.0]]))
    assert text(found, 60).endswith("~ 1 of 2 moved, at most inf")
