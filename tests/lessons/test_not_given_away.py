"""No question is answered by the title of its step, by its own words, or by the text right before it."""

import re
from collections.abc import Iterator

import pytest

from tfstep.commands.language.session import Session
from tfstep.lessons.format.catalog import load_lesson, scenario_of, shipped
from tfstep.lessons.player.answers import ExpectedNumber
from tfstep.lessons.player.events import Asked, Said
from tfstep.lessons.player.player import Player
from tfstep.text import LANGUAGES, set_language

NUMBER = re.compile(r"(?<![\w.])[−+-]?\d+(?:\.\d+)?(?![\w.]*\d)")
WORDS = {
    "same": re.compile(r"\bsame\b|\bstays\b|\bnothing\b|\bunchanged\b|一样|不变|都不"),
    "larger": re.compile(r"\blarger\b|\bgrows\b|变大|更大|越来越大"),
    "smaller": re.compile(r"\bsmaller\b|\bshrinks\b|\bless\b|变小|更小|越来越小|越传越小"),
}
"""What an order is given away by."""


def numbers(text: str) -> set[float]:
    """The numbers that stand in a text."""
    return {float(each.replace("−", "-")) for each in NUMBER.findall(text)}


def given_away(name: str, language: str) -> Iterator[str]:
    """The questions of a lesson that are answered before they are."""
    lesson = load_lesson(name, language)
    player = Player(lesson, Session(scenario_of(lesson)))
    said = ""
    while not player.done:
        title = lesson.steps[player.step].title
        for event in player.advance():
            if isinstance(event, Said) and not event.verbatim:
                said = event.text
            elif isinstance(event, Asked):
                right = player.expected()
                where = f"{name} · {title}: {event.text[:50]}"
                if isinstance(right, ExpectedNumber) and min(abs(abs(right.value) - n) for n in range(5)) > 0.01:
                    foreseen = bool(player.worked().mistaken)  # "It is 256 now": what changes is what is asked
                    for what, text in (("asked", "" if foreseen else event.text), ("title", title), ("said", said)):
                        if any(abs(each - right.value) <= right.tolerance / 10 for each in numbers(text)):
                            yield f"{where} ({what})"
                elif event.kind == "order" and WORDS[right.accepted].search(title):
                    yield f"{where} (title)"
                elif event.kind == "choice":
                    text = event.choices[int(right.accepted) - 1].rstrip("。.")
                    if (len(text) > 1 and text in title) or (len(text) > 6 and text in said):
                        yield f"{where} (title or text)"
                elif event.kind == "word" and right.accepted in title.split():
                    yield f"{where} (title)"
        if player.question is not None:
            list(player.reveal())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", shipped())
def test_a_question_is_not_answered_before_it_is(name: str, language: str) -> None:
    set_language(language)
    try:
        assert list(given_away(name, language)) == []
    finally:
        set_language("en")
