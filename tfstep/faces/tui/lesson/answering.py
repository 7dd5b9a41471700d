"""Answers: by one key, by the cursor, or typed."""

from __future__ import annotations

from tfstep.address.grammar import cell_name
from tfstep.faces.tui.lesson.page import offered
from tfstep.faces.tui.lesson.state import LessonScreen, LessonState
from tfstep.faces.tui.state.screen import Candidate, Question
from tfstep.text import Bilingual


def begin(state: LessonState, screen: LessonScreen) -> None:
    """Enter: the cell under the cursor where a cell is asked for, else the prompt."""
    asked = state.page.asked
    if asked is not None and asked.kind == "cell":
        give(state, screen, cell_name(state.frame.focus, state.frame.cell))
    else:
        ask(state, screen, "" if asked is None else asked.file)


def key(state: LessonState, screen: LessonScreen, digit: str) -> None:
    """A digit: the answer with that key, or the first of a number."""
    asked = state.page.asked
    if asked is None:
        return
    answers = offered(asked)
    if asked.kind == "number" or (asked.kind == "word" and not answers):
        ask(state, screen, digit)
    elif digit in answers:
        give(state, screen, digit if asked.choices else answers[digit])


def ask(state: LessonState, screen: LessonScreen, text: str) -> None:
    """Let an answer be typed that begins so."""
    asked = state.page.asked
    words = asked.words if asked is not None else ()

    def ways(before: str) -> list[Candidate]:
        start = before.strip().casefold()
        return [(word, len(before), "") for word in words if word.casefold().startswith(start)]

    screen.ask_answer(Question("answer", str(Bilingual("your answer", "你的答案")), text, complete=ways))


def typed(state: LessonState, screen: LessonScreen, text: str) -> None:
    """An answer was typed: the key of a word is taken as well."""
    asked = state.page.asked
    if asked is not None:
        give(state, screen, offered(asked).get(text, text) if asked.words else text)


def give(state: LessonState, screen: LessonScreen, text: str) -> None:
    """Judge an answer."""
    state.page.given = text
    long = state.page.asked is not None and state.page.asked.kind == "recording"
    screen.take(lambda: state.player.answer(text), long)
