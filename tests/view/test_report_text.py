"""Widths, wrapping, symbols and the notation of numbers."""

import math

import numpy as np
import pytest

import tfstep
from tfstep.view.result.lines import text as told
from tfstep.view.text.number import Notation, brief, exact
from tfstep.view.text.symbols import plain, set_ascii
from tfstep.view.text.width import clip, left, right, width, wrap


@pytest.mark.parametrize(("text", "cells"), [("abc", 3), ("我爱你", 6), ("x̂", 1), ("√d_k", 4), ("，", 2), ("", 0)])
def test_width(text, cells):
    assert width(text) == cells
    assert width(left(text, 9)) == width(right(text, 9)) == 9


def test_clip_never_takes_more_than_it_may():
    for text in ("我爱你我爱你", "abcdefgh", "a我b爱"):
        for cells in range(9):
            assert width(clip(text, cells)) <= cells
    assert clip("abc", 3) == "abc"


@pytest.mark.parametrize(
    "text", ["one two three four five", "单步走过前向、反向和参数更新，追问任何一个数的来历。", "a 我 b"]
)
@pytest.mark.parametrize("cells", [10, 17, 40])
def test_wrapped_lines_fit_and_lose_nothing(text, cells):
    lines = wrap(text, cells)
    assert all(width(line) <= cells + 2 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line.startswith(("，", "。", "、")) for line in lines)


def test_paragraphs_stay_apart():
    assert wrap("one\n\ntwo", 20) == ["one", "", "two"]


def test_a_terminal_is_sent_no_control_characters():
    assert plain("\x1b[31mred\x07\u202e") == "\\x1b[31mred\\x07\\u202e"


def test_ascii_has_no_symbol_left():
    set_ascii(True)
    try:
        assert plain("∂L/∂x = Σ √2 · ½ − x̂ᵀ → …") == "dL/dx = sum sqrt 2 * 1/2 - x^^T -> ..."
    finally:
        set_ascii(False)
    assert plain("√") == "√"


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        ([0.28375, -0.5], ["0.2838", "-0.5000"]),
        ([12.345, 0.5], ["12.35", "0.50"]),
        ([1.0, 0.0, -2.0], ["1", "0", "-2"]),
        ([0.5, 1e-9], ["0.5000", "1.0e-09"]),
        ([0.5, -1e9], ["0.5000", "-1e+09"]),
        ([1e-9, 2e-9], ["1.000e-09", "2.000e-09"]),
        ([math.inf, -math.inf, math.nan, 0.25], ["inf", "-inf", "nan", "0.2500"]),
        ([-0.0, 0.001313], ["0", "0.001313"]),
    ],
)
def test_the_numbers_of_a_tensor(numbers, texts):
    notation = Notation(np.array(numbers), 4)
    assert [notation(x) for x in numbers] == texts


def test_whole_numbers_stay_whole():
    array = np.array([3, 12000000])
    assert [Notation(array)(x) for x in array.tolist()] == ["3", "12000000"]


@pytest.mark.parametrize("x", [0.1, 1 / 3, -1e-300, 2.0, 1e300])
def test_exact_reads_back(x):
    assert float(exact(x)) == x


def test_brief():
    assert [brief(x) for x in (0.123456, -0.0, math.nan, -math.inf)] == ["0.1235", "0", "nan", "-inf"]


def test_a_tied_parameter_is_shown_and_says_so():
    session = tfstep.Session(tfstep.load("gpt"))
    assert "tied" in told(session.run("show out.W[0]"), session.trace)


@pytest.mark.slow
def test_every_sentence_of_a_batch_has_its_own_words() -> None:
    session = tfstep.Session(tfstep.load("padding"))
    whole, second = (told(session.run(line), session.trace) for line in ("show src.x", "show src.x[1:]"))
    assert "  我 " in whole
    assert "  我 " in second
    assert "  今天 " not in second
    assert "batch\\position  0  1" in told(session.run("show src.tokens"), session.trace), "rows share no words"


def test_statistics_are_of_the_finite_numbers_and_count_the_others() -> None:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    session.run("set enc0.attn.weights[0,0,0,0] = nan")
    session.run("set enc0.attn.weights[0,0,0,1] = inf")
    assert told(session.run("show enc0.attn.weights"), session.trace).endswith("0 zeros, 1 NaN, 1 inf")


def test_what_cancels_is_said_to_be_rounding() -> None:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    assert "0 but for rounding" in told(session.run("explain enc0.attn.b_K.grad[0]"), session.trace)
    assert "rounding" not in told(session.run("explain enc0.attn.b_Q.grad[0]"), session.trace)
