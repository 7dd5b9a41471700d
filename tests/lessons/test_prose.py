"""The text of a lesson as lines: what is marked, and what only looks like a mark."""

import pytest

from tfstep.lessons.format.prose import prose_lines, verbatim_lines
from tfstep.view.text.spans import Span, plain
from tfstep.view.text.width import width


def spans(text: str) -> list[Span]:
    """The spans of a short text."""
    return [span for line in prose_lines(text, 200) for span in line]


@pytest.mark.parametrize("text", ["so **strong** a", "so *strong* a", "如此**strong**的", "如此*strong*的"])
def test_stress_is_shown_without_its_stars(text: str) -> None:
    marked = [span.text for span in spans(text) if span.role == "name"]
    assert "".join(marked) == "strong"
    assert "*" not in "".join(span.text for span in spans(text))


@pytest.mark.parametrize("text", ["2*3*4 and w1*x1", "2 * 3 * 4", "all of *.weights"])
def test_a_star_that_multiplies_stays(text: str) -> None:
    assert "".join(span.text for span in spans(text)) == text


def test_stars_in_code_stay() -> None:
    assert [span.text for span in spans("`a *b* c`") if span.role == "accent"]
    assert "*b*" in "".join(span.text for span in spans("`a *b* c`"))


def test_a_number_at_the_beginning_of_a_line_makes_no_list() -> None:
    assert len(list(prose_lines("it had a length of 1 and still has\n1. An added one", 200))) == 1
    assert len(list(prose_lines("1. one\n2. two", 200))) == 2


@pytest.mark.parametrize("cells", range(12, 60))
def test_no_line_is_wider_than_it_may_be(cells: int) -> None:
    text = "Look at the **loss** each time: it is content. 训练完听听它学会了什么；再错开两位试试。 `goto loss` and on."
    lines = [plain(each) for each in prose_lines(text, cells)]
    assert max(map(width, lines)) <= cells
    assert not [each for each in lines if each != each.rstrip()], "a space at the end would be a line of its own"
    assert "".join(lines).replace(" ", "") == text.replace("*", "").replace("`", "").replace(" ", "")


TABLE = "a1 = w1·x1 + b1        y1 = σ(a1)\n我爱 = w3·x1 + b2      y2 = σ(a2)\n\nloss"


def test_columns_come_closer_where_there_is_little_room() -> None:
    whole = [plain(each) for each in verbatim_lines(TABLE, 40)]
    assert whole == [f"  {each}" if each else "" for each in TABLE.split("\n")], "as they are where there is room"
    for cells in (32, 30, 28):
        rows = [plain(each) for each in verbatim_lines(TABLE, cells)]
        assert all(width(row) <= cells for row in rows)
        assert len(rows) == 4
        assert [width(row.partition("y")[0]) for row in rows[:2]] == [width(rows[0].partition("y")[0])] * 2
        assert [row.split() for row in rows] == [row.split() for row in TABLE.split("\n")]


def test_what_is_too_long_even_so_goes_on_in_the_next_line() -> None:
    rows = [plain(each) for each in verbatim_lines(TABLE, 16)]
    assert all(width(row) <= 16 for row in rows)
    assert "".join("".join(rows).split()) == "".join(TABLE.split())
