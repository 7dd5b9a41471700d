"""A line typed with a Chinese input method is the line that is meant."""

import pytest

import tfstep
from tfstep.commands.language.line import half_width
from tfstep.commands.language.session import Session
from tfstep.scenario.scenario import load
from tfstep.session.results import Value


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("１．５、２", "1.5,2"),
        ("a＝（b＋c）＊2", "a=(b+c)*2"),
        ("w［0，0，‘我’，“爱”］", "w[0,0,'我',\"爱\"]"),
        ("'，' + 1，0", "'，' + 1,0"),
        ("`变体：路径`", "`变体：路径`"),
        ("‘，’", "'，'"),
        ("　？！：", " ?!:"),
        ("我爱你", "我爱你"),
    ],
)
def test_every_character_is_the_one_of_the_keyboard_except_in_quotes(typed, meant) -> None:
    assert half_width(typed) == meant
    assert len(half_width(typed)) == len(typed), "a place in the line stays what it is"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("print　１．５＋２", "print 1.5+2"),
        ("print attn.weights［0，0，2，（1）］", "print attn.weights[0,0,2,1]"),
        ("ｐｒｉｎｔ max（abs（attn。Q））", "print max(abs(attn.Q))"),
        ("print loss ＞ ０", "print loss > 0"),
    ],
)
def test_a_line_of_the_debugger(typed, meant) -> None:
    session = Session(load("attention"))
    one, other = session.run(typed), session.run(meant)
    assert isinstance(one, Value)
    assert isinstance(other, Value)
    assert (one.values == other.values).all()


def test_a_change_is_made_and_kept_as_it_was_typed() -> None:
    session = Session(load("attention"))
    session.run("set attn.b_Q［0］＝１．５")
    assert session.trace["attn.b_Q"].value[0] == 1.5


def test_words_of_a_text_are_left_as_they_are() -> None:
    session = Session(load("multi-head"))
    session.run("tokens source 我 ， 我 告诉 他 要 走 了 labels other other other other other other other other")
    assert session.trace["enc0.attn.weights"].node.spec.axes[-1].words(0)[:2] == ("我", "，")


@pytest.mark.parametrize("line", ["print（1+2）*3", "print(1+2)*3", "p（1+2）*3", "print （１＋２）＊３"])
def test_a_bracket_may_follow_print_at_once(line: str) -> None:
    assert float(tfstep.Session(tfstep.load("attention")).run(line).values) == 9


def test_a_function_alone_is_no_command() -> None:
    with pytest.raises(tfstep.TfstepError, match=r"`print sum\(loss\)` shows a value"):
        tfstep.Session(tfstep.load("attention")).run("sum(loss)")
    with pytest.raises(tfstep.TfstepError, match=r"'W_Q\[0,' is not a command .*`print W_Q\[0, 1\] \+ 1` shows"):
        tfstep.Session(tfstep.load("attention")).run("W_Q[0, 1] + 1")
