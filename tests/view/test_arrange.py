"""Where the matrices stand, on screens of any size."""

import numpy as np
import pytest
from msgspec.structs import replace

from tfstep.view.board.arrange import again, arrange
from tfstep.view.board.places import Arrangement, Piece
from tfstep.view.frame.view_state import AUTO, Drawing
from tfstep.view.matrix.grid import Grid
from tfstep.view.matrix.labels import Labels, shortened


def grid(name: str, rows: int, columns: int) -> Grid:
    values = np.linspace(-1, 1, rows * columns).reshape(rows, columns)
    return Grid(name, name, "a × b", values, Labels("position", rows, (), "p"), Labels("model", columns, (), "d"))


def product(n: int, k: int, m: int) -> list[Piece]:
    return [Piece("", grid("x", n, k)), Piece("·", grid("W", k, m)), Piece("=", grid("y", n, m), summary=True)]


def overlaps(found: Arrangement) -> bool:
    taken: set[tuple[int, int]] = set()
    for p in found.placed:
        cells = {(x, y) for x in range(p.x, p.x + p.width) for y in range(p.y, p.y + p.height)}
        if taken & cells:
            return True
        taken |= cells
    return False


def test_a_product_stands_in_one_row_where_there_is_room() -> None:
    found = arrange(product(3, 4, 4), 120, 20)
    assert [p.y for p in found.placed] == [0, 0, 0]
    assert [text for _, _, text in found.signs] == ["·", "="]
    assert all(p.style is not None and p.style.decimals == 3 for p in found.placed)


def test_narrow_screens_put_the_result_below() -> None:
    found = arrange(product(3, 4, 4), 60, 20)
    assert found.placed[2].y > found.placed[0].y
    assert all(p.style is not None for p in found.placed)


def test_where_numbers_do_not_fit_the_operands_become_shades() -> None:
    found = arrange([Piece("", grid("x", 8, 8)), Piece("→", grid("y", 8, 8), summary=True)], 80, 12)
    assert [p.style is None for p in found.placed] == [True, False]


@pytest.mark.parametrize("cells", [20, 40, 57, 90, 170])
@pytest.mark.parametrize("lines", [5, 12, 40])
@pytest.mark.parametrize("size", [(1, 1, 1), (3, 4, 4), (5, 30, 9), (300, 400, 200)])
def test_nothing_overlaps_or_sticks_out(cells: int, lines: int, size: tuple[int, int, int]) -> None:
    found = arrange(product(*size), cells, lines)
    assert not overlaps(found)
    assert found.placed[-1].grid.key == "y"
    for p in found.placed:
        assert p.x + p.width <= cells
        assert p.columns >= 1


def test_large_matrices_share_the_width_and_are_scrolled() -> None:
    found = arrange(product(32, 768, 768), 120, 30)
    assert all(p.columns < p.grid.breadth for p in found.placed)
    assert max(p.x + p.width for p in found.placed) <= 120


def test_numbers_are_written_however_little_room_there_is() -> None:
    found = arrange(product(12, 64, 64), 60, 12, Drawing("numbers"))
    assert all(p.style is not None and not p.shaded for p in found.placed)
    assert not overlaps(found)


def test_shades_alone_where_they_are_asked_for() -> None:
    found = arrange(product(3, 4, 4), 120, 20, Drawing("heat"))
    assert [p.style for p in found.placed] == [None] * 3


def test_digits_that_were_asked_for_are_kept() -> None:
    for digits in (1, 5):
        placed = arrange(product(3, 4, 4), 200, 20, Drawing(digits=digits)).placed
        assert {p.style.decimals for p in placed if p.style is not None} == {digits}


def test_of_large_matrices_all_are_in_numbers_and_the_result_has_more_room() -> None:
    x, w, y = arrange(product(12, 64, 64), 90, 20).placed
    assert None not in (x.style, w.style, y.style)
    assert y.width > x.width + w.width - 10
    assert x.columns == w.columns >= 5


@pytest.mark.parametrize(("cells", "lines"), [(58, 13), (70, 15), (90, 19), (90, 21)])
def test_no_shades_where_two_rows_of_numbers_fit(cells: int, lines: int) -> None:
    """What a gradient of d_model 8 looks like at 80, 100 and 120 columns."""
    placed = arrange(product(8, 8, 4), cells, lines).placed
    assert all(each.style is not None and min(each.rows, each.grid.height) >= 2 for each in placed)
    result = placed[-1]
    assert result.columns >= 4
    assert result.rows >= min(8, lines - 8), "its numbers come first"


def test_rows_of_matrices_are_scrolled_where_they_do_not_stand_there_whole() -> None:
    wide = [Piece("", grid("x", 8, 10)), Piece("·", grid("W", 10, 10)), Piece("=", grid("y", 8, 10), summary=True)]
    placed = arrange(wide, 90, 20).placed
    assert not overlaps(arrange(wide, 90, 20))
    assert all(each.style is not None for each in placed)
    assert placed[-1].rows == 8


def test_numbers_that_change_stay_in_their_places() -> None:
    """Also where they become a little wider, in fewer digits; not where other matrices stand there."""
    pieces = product(3, 4, 4)
    grids = [piece.grid for piece in pieces]
    found = arrange(pieces, 120, 20)
    places = [(p.x, p.y, p.width, p.height, p.cell) for p in found.placed]
    for times in (1.0, 0.5, -9.0, 0.01):
        now = [replace(each, values=each.values * times, _styles={}) for each in grids]
        held = again(found, grids, now, AUTO)
        assert held is not None
        assert [(p.x, p.y, p.width, p.height, p.cell) for p in held.placed] == places
        for p, each in zip(held.placed, now, strict=True):
            assert p.grid.values is each.values
            assert p.style is not None
            assert {len(text) for text in each.numbers(0, 0, 4, p.style)} == {p.style.cells}
            assert p.style.cells <= p.cell - 2
    assert (
        again(found, grids, [replace(grids[0], values=grids[0].values * 1e-200, _styles={}), *grids[1:]], AUTO) is None
    )
    assert again(found, grids, [replace(grids[0], key="z"), *grids[1:]], AUTO) is None
    assert again(found, grids, [grids[0], replace(grids[1], focused=True), grids[2]], AUTO) is None


def test_a_repeated_word_keeps_its_number() -> None:
    assert shortened("<pad>#12", 7) == "<pa…#12"
    assert shortened("<pad>", 4) == "<pa…"
    assert shortened("我#2", 8) == "我#2"


def test_what_is_remembered_is_what_would_be_found() -> None:
    for cells, lines in ((57, 11), (92, 21), (164, 40)):
        first = arrange(product(21, 16, 16), cells, lines)
        again = arrange(product(21, 16, 16), cells, lines)
        assert [(p.grid.key, p.x, p.y, p.width, p.height, p.style) for p in again.placed] == [
            (p.grid.key, p.x, p.y, p.width, p.height, p.style) for p in first.placed
        ]
        assert all(a.grid is not b.grid for a, b in zip(first.placed, again.placed, strict=True)), "its own numbers"


def test_the_result_stands_below_where_more_of_its_numbers_are_seen_so() -> None:
    x, w, y = arrange(product(21, 16, 16), 92, 21).placed
    assert y.style is not None
    assert y.columns >= 10
    assert y.y > max(x.y + x.height, w.y + w.height), "with a line between"


def panels(heads: int, rows: int, columns: int) -> list[Piece]:
    each = [replace(grid(f"h{k}", rows, columns), focused=k == 0) for k in range(heads)]
    return [Piece("", one, summary=True, panel=True) for one in each]


@pytest.mark.parametrize(("cells", "lines"), [(90, 21), (164, 40)])
def test_of_every_head_a_part_is_seen_where_not_all_of_each_has_room(cells: int, lines: int) -> None:
    found = arrange(panels(8, 24, 24), cells, lines)
    assert len(found.placed) == 8
    assert not overlaps(found)
    assert found.height <= lines
    for each in found.placed:
        assert each.x + each.width <= cells
        assert min(each.rows, each.columns) >= 4
    assert len({(each.rows, each.columns, each.cell) for each in found.placed}) == 1


def test_where_too_little_of_every_head_would_be_seen_there_are_pages() -> None:
    found = arrange(panels(8, 24, 24), 50, 12)
    assert 1 <= len(found.placed) < 8
    assert found.placed[0].grid.focused


def test_what_is_compared_has_its_columns_below_each_other() -> None:
    grids = [replace(grid(name, 6, 8), group="y") for name in ("before", "y", "difference")]
    pieces = [Piece(sign, each, summary=True) for sign, each in zip(("", "→", ""), grids, strict=True)]
    found = arrange(pieces, 90, 24)
    assert len({each.y for each in found.placed}) == 3
    assert len({(each.x, each.label, each.cell) for each in found.placed}) == 1
    assert not overlaps(found)
    assert all(x + 1 <= found.placed[0].x for x, _, _ in found.signs)
    few = arrange(pieces, 90, 19).placed
    assert max(each.rows for each in few) - min(each.rows for each in few) <= 1, "and as many rows"
    narrow = found.placed[1].width + 1
    assert all(each.x + each.width <= narrow for each in arrange(pieces, narrow, 24).placed), (
        "where there is room for it"
    )
