"""Lines of spans, brought to a width."""

import pytest

from tfstep.view.text.spans import Span, apart, line, plain


@pytest.mark.parametrize(
    ("column", "text"), [(1, " 继续到"), (2, "继续到"), (3, "继 续到"), (5, "继续 到"), (9, "继续到")]
)
def test_no_wide_character_lies_across_a_column(column: int, text: str) -> None:
    assert plain(apart(line(Span("继"), Span("续到")), column)) == text
