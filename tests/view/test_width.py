"""Texts brought to a width, in scripts whose characters are several of Unicode's."""

import pytest
import wcwidth

from tfstep.commands.language.session import Session
from tfstep.scenario.scenario import load_text
from tfstep.text import printable
from tfstep.view.result.lines import text
from tfstep.view.text.spans import line, line_width, plain, span, table
from tfstep.view.text.symbols import plain as shown
from tfstep.view.text.symbols import set_ascii
from tfstep.view.text.width import NARROW, WIDE, characters, clip, left, pieces, right, width

WIDTHS = {
    "weights": 7,
    "我爱你": 6,
    "สวัสดี": 4,
    "नमस्ते": 4,
    "क्षि": 2,
    "e\u0301": 1,
    "y\u0302": 1,
    "👨\u200d👩\u200d👧": 2,
    "❤\ufe0f": 2,
    "한국어": 6,
    "√Σ∂ᵀ": 4,
}


@pytest.mark.parametrize(("word", "cells"), WIDTHS.items())
def test_a_text_is_as_wide_as_a_terminal_draws_it(word: str, cells: int) -> None:
    assert width(word) == cells
    for wide in (cells, cells + 3):
        assert [width(fit(word, wide)) for fit in (left, right)] == [wide, wide]
        assert (left(word, wide).rstrip(), right(word, wide).lstrip()) == (word, word)
    assert "".join(characters(word)) == word


@pytest.mark.parametrize("word", WIDTHS)
def test_a_table_keeps_its_columns(word: str) -> None:
    rows = [[span(word), span(1.5), span("|")], [span("plain"), span(word), span("|")]]
    lines = table(rows, "<><")
    assert len({line_width(each) for each in lines}) == 1
    assert {width(plain(each).partition("|")[0]) for each in lines} == {
        max(width(word), 5) + 2 + max(width(word), 3) + 2
    }


def test_a_character_is_never_cut_in_two() -> None:
    assert clip("नमस्ते", 3) == "नम…"
    assert clip("สวัสดี", 3) == "สวั…"
    assert clip("👨\u200d👩\u200d👧👨\u200d👩\u200d👧", 3) == "👨\u200d👩\u200d👧…"
    assert clip("e\u0301e\u0301e\u0301", 2) == "e\u0301…"


def test_joiners_show_where_they_join_nothing() -> None:
    assert shown("a\u200db") == "a\\u200db"
    assert shown("\u200d") == "\\u200d"
    for joined in ("👨\u200d👩", "❤\ufe0f\u200d🔥", "क्\u200dष", "می\u200cخواهم"):
        assert shown(joined) == joined


def test_words_of_any_script_stand_in_a_matrix_with_its_columns() -> None:
    words = ["สวัสดี", "नमस्ते", "我", "👨\u200d👩\u200d👧"]
    scenario = load_text(
        "tfstep: 1\nmodel: {kind: encoder, layers: 1, d_model: 2, heads: 1, d_ff: 2}\n"
        f"vocab: [<pad>, {', '.join(words)}]\ninput: {{source: {' '.join(words)}}}\nweights: {{seed: 1}}\n"
    )
    session = Session(scenario)
    rows = text(session.run("show enc0.attn.weights"), session.trace).splitlines()
    matrix = [row for row in rows if any(row.strip().startswith(word) for word in words)]
    assert len(matrix) == len(words)
    assert len({width(row) for row in matrix}) == 1
    for label, row in zip(words, matrix, strict=True):
        assert row.strip().startswith(label)


def test_what_is_cut_off_is_marked() -> None:
    assert clip("weights", 5) == "weig…"
    assert clip("权重矩阵", 5) == "权重…"
    assert [clip("weights", n) for n in (0, 1)] == ["", "…"]
    assert plain(line("a", None, span("b"))) == "ab"


def test_without_symbols_the_mark_is_dots_and_counts() -> None:
    set_ascii(True)
    try:
        assert clip("weights", 6) == "wei..."
        assert clip("weights", 2) == ".."
    finally:
        set_ascii(False)


def test_characters_that_stand_alone_are_as_wide_as_unicode_says() -> None:
    """What is measured without the tables agrees with them, one by one and beside each other."""
    for ranges, cells in ((NARROW, 1), (WIDE, 2)):
        found = [chr(code) for first, last in ranges for code in range(ord(first), ord(last) + 1)]
        assert len(found) > 100
        assert {wcwidth.width(c) for c in found} == {cells}
        text = "".join(found)
        assert list(wcwidth.iter_graphemes(text)) == list(characters(text)) == found
        assert width(text) == wcwidth.width(text) == cells * len(found)


def test_a_line_breaks_between_words_and_between_chinese_characters() -> None:
    assert pieces("see  enc0.attn 的第三个数：+0.105\nα·β　x") == [
        *("see", "  ", "enc0.attn", " ", "的", "第", "三", "个", "数", "：", "+0.105"),
        *("α·β", "　", "x"),
    ]


def test_what_python_calls_printable_holds_nothing_to_be_shown_by_its_code() -> None:
    everything = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    marked = [c for c in everything if printable(f"\t{c}") != f"\t{c}"]  # behind a tab every character is looked at
    assert marked
    assert not [c for c in marked if c.isprintable()]
    assert [printable(f"a\n{c}") != f"a\n{c}" for c in marked] == [True] * len(marked)
