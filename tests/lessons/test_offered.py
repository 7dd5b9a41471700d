"""What is offered as an answer: of one state with what is right; and the mistakes that wrong answers come from."""

from pathlib import Path

import pytest

from tfstep.commands.language.session import Session
from tfstep.lessons.format.catalog import load_lesson, scenario_of, shipped
from tfstep.lessons.format.reader import read_lesson
from tfstep.lessons.player.answers import ExpectedChoice
from tfstep.lessons.player.check import run
from tfstep.lessons.player.events import Asked
from tfstep.lessons.player.player import Player
from tfstep.scenario.file.mistakes import Mistakes
from tfstep.text import LANGUAGES

LESSON = """---
title: A choice
about: A lesson for tests.
scenario: SCENARIO
minutes: 5
order: 1
---

## One

```question
QUESTION
```

```question
kind: number
ask: And?
answer: loss
```

```try
print loss
```
"""
WORD = """kind: word
ask: Which word is first?
answer: src.tokens[0,0] * 0
words: enc0.attn.weights
then: tokens source 鲍勃 购买 桥
hints:
  - It has the number {{ src.tokens[0,0] }}."""
CHOICE = """kind: choice
ask: What is it, now {{ layer0.b[0] }}?
choices:
  - {text: "{{ layer0.b[0] }}", when: "layer0.b[0] == 7", why: never said}
  - {text: "{{ layer0.b[0] + 1 }}", when: "layer0.b[0] != 7", why: You took one too many.}
then: set layer0.b[0] = 7"""
NUMBER = """kind: number
ask: What is a?
answer: layer0.a[3,0]
mistaken:
  - {answer: "layer0.a[3,0] - layer0.b[0]", why: "The bias {{ layer0.b[0] }} is missing."}"""


def player(folder: Path, question: str, scenario: str = "neuron") -> Player:
    """A player that has come to the question."""
    file = folder / "mine.en.md"
    file.write_text(LESSON.replace("SCENARIO", scenario).replace("QUESTION", question), "utf-8")
    lesson = read_lesson(file)
    return Player(lesson, Session(scenario_of(lesson)))


def asked(of: Player) -> Asked:
    """The question as it is put."""
    return next(event for event in of.advance() if isinstance(event, Asked))


def test_words_and_hints_are_those_behind_the_commands_of_the_question(tmp_path) -> None:
    of = player(tmp_path, WORD, "steve-builds-a-house")
    found = asked(of)
    assert found.words == ("鲍勃", "购买", "桥")
    assert "史蒂夫" not in str(found.how)
    hint = of.hint()
    assert hint is not None
    assert str(of.session.trace["src.tokens"].value[0, 0]) not in hint.text, "that of 史蒂夫"
    assert next(of.answer("鲍勃")).right


def test_choices_are_those_behind_the_commands_and_the_question_is_of_now(tmp_path) -> None:
    of = player(tmp_path, CHOICE.replace(", why: never said", ""))
    found = asked(of)
    assert found.choices == ("7", "8")
    assert found.text == "What is it, now −2.5?"
    wrong = next(of.answer("2"))
    assert not wrong.right
    assert "You took one too many." in str(wrong.message)


def test_a_right_answer_is_no_mistake(tmp_path) -> None:
    with pytest.raises(Mistakes, match="taken as right"):
        asked(player(tmp_path, CHOICE))
    with pytest.raises(Mistakes, match="taken as right"):
        asked(player(tmp_path, NUMBER.replace(" - layer0.b[0]", "")))


def test_the_mistake_behind_a_number_is_named(tmp_path) -> None:
    of = player(tmp_path, NUMBER)
    asked(of)
    wrong = next(of.answer("4"))
    assert "The bias −2.5 is missing." in str(wrong.message)
    assert "Close" in str(next(of.answer("1.54")).message)
    assert str(next(of.answer("9")).message).startswith("No. Have another look")


@pytest.mark.parametrize("text", ["１．５", "３／２", "1。5", "（1＋2）／2", "−1.5 ＋ 3", "１．５。"])
def test_a_number_may_come_from_a_chinese_input_method(tmp_path, text) -> None:
    of = player(tmp_path, NUMBER)
    asked(of)
    assert next(of.answer(text)).right


CELL = """kind: cell
ask: Which?
of: layer0.y
answer: layer0.y == layer0.y[1,0]"""


@pytest.mark.parametrize("text", ["1,0", "１，０", "1、0", "（1，0）", "layer0。y［１，０］"])
def test_a_cell_may_come_from_a_chinese_input_method(tmp_path, text) -> None:
    of = player(tmp_path, CELL)
    asked(of)
    assert next(of.answer(text)).right


@pytest.mark.parametrize("text", ["1", "１", "A", "ａ", "1、", "１．", "（１）"])
def test_so_may_the_number_of_a_choice(tmp_path, text) -> None:
    of = player(tmp_path, CHOICE.replace(", why: never said", ""))
    asked(of)
    assert next(of.answer(text)).right


def test_the_check_gives_every_answer_that_is_offered(tmp_path, monkeypatch) -> None:
    of = player(tmp_path, CHOICE.replace(", why: never said", ""))
    given: list[str] = []
    judge = ExpectedChoice.judge

    def noted(self: ExpectedChoice, session: Session, text: str) -> bool:
        given.append(text)
        return judge(self, session, text)

    monkeypatch.setattr(ExpectedChoice, "judge", noted)
    run(of.lesson)
    assert {"1", "2"} <= set(given)


def test_the_check_refuses_words_of_which_none_is_right(tmp_path, monkeypatch) -> None:
    of = player(tmp_path, WORD, "steve-builds-a-house")
    monkeypatch.setattr("tfstep.lessons.player.ahead.words_of", lambda session, question: ("史蒂夫", "鲍勃2"))
    with pytest.raises(Mistakes):
        run(of.lesson)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", shipped())
def test_every_wrong_choice_has_its_reason(name: str, language: str) -> None:
    for step in load_lesson(name, language).steps:
        for asked in (each for each in step.questions if each.kind == "choice"):
            bare = [choice for choice in asked.choices if not choice.why]
            assert len(bare) == 1, f"{name}, {step.title}: of the choices, only the right one has no `why`"
            assert len(asked.choices) >= 3, f"{name}, {step.title}: two choices are a coin"
