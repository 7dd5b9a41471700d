"""Where the right answers stand in the lessons: no place is a good guess."""

from collections import Counter

import pytest

from tfstep.commands.language.session import Session
from tfstep.lessons.format.catalog import load_lesson, scenario_of, shipped
from tfstep.lessons.player.player import Player


@pytest.fixture(scope="module")
def right() -> dict[str, Counter[str]]:
    """How often each answer is right, of the questions of each kind, over all lessons that ship."""
    found: dict[str, Counter[str]] = {"choice": Counter(), "order": Counter()}
    for name in shipped():
        lesson = load_lesson(name, "en")
        player = Player(lesson, Session(scenario_of(lesson)))
        while not player.done:
            list(player.advance())
            if player.question is not None:
                found.setdefault(player.question.kind, Counter())[player.expected().accepted] += 1
                list(player.reveal())
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "answers"), [("choice", "123"), ("order", ("larger", "smaller", "same"))])
def test_every_place_is_right_in_its_share_of_cases(right, kind: str, answers) -> None:
    counted = right[kind]
    assert sum(counted.values()) > 30
    for each in answers:
        assert 0.2 <= counted[each] / sum(counted.values()) <= 0.45, counted
