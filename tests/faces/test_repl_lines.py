"""When a line of the line debugger is whole, and when it goes on."""

import pytest

from tfstep.faces.repl import goes_on


@pytest.mark.parametrize(
    "text", ["print sum([1,2,", "print max(", "set x = [[1,2],", "print 1 + \\", "print sum([1,\n2,"]
)
def test_an_open_bracket_or_a_backslash_goes_on(text: str) -> None:
    assert goes_on(text)


@pytest.mark.parametrize(
    "text", ["", "print loss", "print sum([1,\n2])", "print w['(']", "print 1 +", "print max(\n", "x)"]
)
def test_what_is_whole_or_ended_by_an_empty_line_runs(text: str) -> None:
    assert not goes_on(text)
