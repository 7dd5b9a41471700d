"""A lesson is fair: what a step speaks of is shown in it, and no question is answered before it is."""

import re
from collections.abc import Iterator

import pytest

from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.lessons.format.catalog import load_lesson, scenario_of, shipped
from tfstep.lessons.format.lesson import Number, Pieces, Prose
from tfstep.lessons.player.answers import ExpectedNumber
from tfstep.lessons.player.events import Asked, Event, Ran, Said, Worked
from tfstep.lessons.player.player import Player
from tfstep.session.evaluate import evaluate
from tfstep.text import LANGUAGES, set_language
from tfstep.view.text.number import brief

NAME = re.compile(r"(?<![\w.:`*/-])`?([a-z]\w*(?:\.\w+)+)`?(?![\w(])")
PATHS = re.compile(r"[a-z]\w*(?:\.\w+)+")
NUMBER = re.compile(r"(?<![\w.])[−+-]?\d+(?:\.\d+)?(?![\w.]*\d)")
ORDERS = {
    "same": re.compile(r"\bsame\b|\bstays\b|\bnothing\b|\bunchanged\b|一样|不变|都不"),
    "larger": re.compile(r"\blarger\b|\bgrows\b|变大|更大|越来越大"),
    "smaller": re.compile(r"\bsmaller\b|\bshrinks\b|变小|更小|越来越小|越传越小"),
}
"""What in a title gives an order away."""


class Shown:
    """What a step of a lesson names, and what of it is shown: as a board, among its operands, or as a number."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.before: set[str] = set()
        self.named: set[str] = set()
        self.shown: set[str] = set()

    def path(self, text: str) -> str | None:
        """The path of the tensor that a name means, or None where it means none."""
        try:
            return self.session.trace[text].path
        except TfstepError:
            return None

    def show(self, text: str) -> None:
        """Note the tensors that a command or an expression reads, with what stands beside them."""
        for name in PATHS.findall(text.replace("`", " ")):
            if (found := self.path(name)) is not None:
                self.shown |= {found, found.removesuffix(".grad"), *self.session.trace[found].inputs}

    def say(self, pieces: Pieces, verbatim: bool = False) -> None:
        """Note the tensors that a text names, if it is no listing, and those whose numbers it has."""
        text = "" if verbatim else "\u0000".join(piece for piece in pieces if isinstance(piece, str))
        for name in NAME.findall(text):
            if (found := self.path(name)) is not None:
                self.named.add(found)
        for piece in pieces:
            if isinstance(piece, Number):
                self.show(piece.expr)

    def take(self, event: Event) -> None:
        """Note what an event shows."""
        if isinstance(event, Ran):
            self.show(event.line)
        elif isinstance(event, Worked):
            for each in event.explanations:
                self.show(each.cell)

    def missing(self) -> list[str]:
        """What the step that is over named and did not show; what stood there at the end of the one before counts."""
        found = sorted(self.named - self.shown - self.before)
        self.before, self.named, self.shown = self.shown, set(), set()
        return found


def numbers(text: str) -> set[float]:
    """The numbers that stand in a text."""
    return {float(each.replace("−", "-")) for each in NUMBER.findall(text)}


SMALL = 0.01  # so near to a number from 0 to 4, as which are in every text


def on_screen(session: Session, line: str) -> set[float]:
    """The numbers that a command or a name shows, as they are printed."""
    shown = re.fullmatch(r"(?:show|print|goto)?\s*(.+)", line)
    try:
        return {float(brief(each)) for each in evaluate(session, shown[1]).reshape(-1).tolist()} if shown else set()
    except (TfstepError, ValueError):
        return set()


def given_away(player: Player, asked: Asked, title: str, said: str, seen: set[float]) -> bool:
    """Whether a question is answered by its title, its own words, its hints, the text of its step or what is on the
    screen. A number may stand in the question where a mistake is foreseen: then it is asked whether it changes."""
    right = player.expected()
    if isinstance(right, ExpectedNumber):
        if min(abs(abs(right.value) - n) for n in range(5)) <= SMALL:
            return False
        ahead, question = player.worked(), player.question
        assert question is not None
        texts = " ".join((title, said, *ahead.hints, "" if ahead.mistaken else asked.text))
        here = set().union(seen, *(on_screen(player.session, line.text) for line in question.show))
        return any(abs(each - right.value) <= right.tolerance / 10 for each in numbers(texts) | here)
    if asked.kind == "order":
        return ORDERS[right.accepted].search(title) is not None
    if asked.kind == "choice":
        text = asked.choices[int(right.accepted) - 1].rstrip("。.")
        return (len(text) > 1 and text in title) or (len(text) > 6 and text in said)
    return asked.kind == "word" and right.accepted in title.split()


def unfair(name: str, language: str) -> Iterator[str]:
    """What in a lesson is not fair."""
    lesson = load_lesson(name, language)
    player = Player(lesson, Session(scenario_of(lesson)))
    shown, said, seen = Shown(player.session), "", set[float]()
    while not player.done:
        number, first = player.step, player.at
        step = lesson.steps[number]
        if first == 0:
            said, seen = "", set()
        for event in player.advance():
            shown.take(event)
            if isinstance(event, Said):
                said += f" {event.text}"
            elif isinstance(event, Ran):
                seen |= on_screen(player.session, event.line)
            elif isinstance(event, Asked) and given_away(player, event, step.title, said, seen):
                yield f"{step.title}: given away: {event.text}"
        for block in step.blocks[first:]:
            if isinstance(block, Prose):
                shown.say(block.pieces, block.verbatim)
        if (question := player.question) is not None:
            shown.say(question.ask)
            for line in (*question.show, *question.reveal, *question.then):
                shown.show(line.text)
            for event in player.reveal():
                shown.take(event)
            shown.say(question.because)
        if player.done or player.step != number:
            yield from (f"{step.title}: not shown: {each}" for each in shown.missing())


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", shipped())
def test_a_lesson_is_fair(name: str, language: str) -> None:
    set_language(language)
    try:
        assert list(unfair(name, language)) == []
    finally:
        set_language("en")
