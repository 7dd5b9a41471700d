"""Texts cut to a width."""

from tfstep.view.text.symbols import set_ascii
from tfstep.view.text.width import clip


def test_what_is_cut_off_is_marked() -> None:
    assert clip("weights", 5) == "weig…"
    assert clip("权重矩阵", 5) == "权重…"
    assert [clip("weights", n) for n in (0, 1)] == ["", "…"]


def test_without_symbols_the_mark_is_dots_and_counts() -> None:
    set_ascii(True)
    try:
        assert clip("weights", 6) == "wei..."
        assert clip("weights", 2) == ".."
    finally:
        set_ascii(False)
