"""Answers that are words."""

from tfstep.commands.language.session import Session
from tfstep.lessons.player.answers import ExpectedWord
from tfstep.scenario.scenario import load
from tfstep.text import Bilingual


def test_a_word_as_it_is_spelled_comes_before_one_in_other_letters() -> None:
    session = Session(load("milk"))
    words = ("The", "cat", "the", "milk")
    first = ExpectedWord("The", Bilingual("{it}", "{it}", it="The"), words)
    assert first.judge(session, "The")
    assert not first.judge(session, "the")
    assert ExpectedWord("cat", Bilingual("{it}", "{it}", it="cat"), words).judge(session, " CAT ")
