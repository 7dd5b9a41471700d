"""Curves and maps in text."""

from collections.abc import Iterator

import numpy as np
import pytest

from tfstep.session.study.curves import Landscape
from tfstep.view.result.landscape import map_lines
from tfstep.view.text.chart import chart, spark
from tfstep.view.text.spans import plain
from tfstep.view.text.symbols import set_ascii


@pytest.fixture
def ascii_only() -> Iterator[None]:
    set_ascii(True)
    yield
    set_ascii(False)


def drawn(ys: np.ndarray, cells: int = 40) -> list[str]:
    return [plain(each) for each in chart(np.arange(len(ys)), [ys], cells)]


def test_a_rising_line_rises() -> None:
    rows = drawn(np.arange(20.0))
    bodies = [row.replace("┤", "│").partition("│")[2] for row in rows[:-2]]
    starts = [len(body) - len(body.lstrip()) for body in bodies]
    assert starts == sorted(starts, reverse=True)
    assert rows[0].lstrip().startswith("19")
    assert rows[-3].lstrip().startswith("0")
    assert all(len(row) <= 41 for row in rows)


def test_a_constant_and_numbers_that_are_none() -> None:
    assert len(drawn(np.ones(5))) > 5
    assert drawn(np.full(5, np.nan)) == []
    gap = drawn(np.array([1, 2, np.nan, np.inf, 3, 4.0]))
    assert gap[0].lstrip().startswith("4")


def test_without_symbols_a_chart_is_ascii(ascii_only: None) -> None:
    rows = drawn(np.array([3.0, 1, 2, 5]))
    assert all(row.isascii() for row in rows)
    assert any("." in row or "'" in row for row in rows)
    assert spark(np.array([1.0, 2, 3])).isascii()


def test_a_spark_is_lowest_at_the_least() -> None:
    assert spark(np.array([3.0, 1, 2])) == "█▁▅"
    assert spark(np.array([1.0, 2])) == ""
    assert spark(np.array([1.0, np.nan, 2])) == "▁!█"


def test_a_map_is_lightest_at_the_least_and_shows_where_we_are() -> None:
    xs = ys = np.linspace(-1, 1, 9)
    losses = xs[None, :] ** 2 + ys[:, None] ** 2
    found = Landscape(("a", "b"), xs, ys, losses, np.array([[-1.0, -1.0], [1.0, 1.0]]))
    rows = [plain(each).partition("│")[2] for each in map_lines(found)][2:11]
    assert rows[4][4] == " "
    assert rows[0][8] == "X", "up is up"
    assert rows[8][0] == "o"
