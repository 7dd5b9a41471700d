"""What a teacher sees of a lesson's questions: what is right, and the mistakes that are known to lead elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from tfstep.commands.language.session import Session
from tfstep.lessons.format.catalog import scenario_of
from tfstep.lessons.format.filled import fill
from tfstep.lessons.format.lesson import Lesson
from tfstep.lessons.player.answers import Wrong
from tfstep.lessons.player.player import Player
from tfstep.text import Bilingual


class Keyed(Struct, frozen=True):
    """One question: the title of its step, what it asks, what is right, and each wrong answer with its mistake."""

    step: str
    ask: str
    right: Bilingual
    mistaken: tuple[Wrong, ...]


def key(lesson: Lesson) -> Iterator[Keyed]:
    """The questions of a lesson in order, worked out by playing it. Raises `Mistakes` where it is wrong."""
    player = Player(lesson, Session(scenario_of(lesson)))
    while not player.done:
        for _ in player.advance():
            pass
        if (question := player.question) is not None:
            ahead, title = player.worked(), lesson.steps[player.step].title
            yield Keyed(
                title,
                fill(player.session, question.ask),
                ahead.right.shown,
                ahead.mistaken,
            )
            for _ in player.reveal():
                pass
