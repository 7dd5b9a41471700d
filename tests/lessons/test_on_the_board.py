"""What a step of a lesson speaks of is shown in that step: on the board, among its operands, or as a number."""

import re
from collections.abc import Iterator

import pytest

from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.lessons.format.catalog import load_lesson, scenario_of, shipped
from tfstep.lessons.format.lesson import Number, Pieces, Prose
from tfstep.lessons.player.events import Ran, Worked
from tfstep.lessons.player.player import Player

NAME = re.compile(r"(?<![\w.:`*/-])`?([a-z]\w*(?:\.\w+)+|(?:src|tgt)\.\w+)`?(?![\w(])")
PATHS = re.compile(r"[a-z]\w*(?:\.\w+)*")


def path(session: Session, text: str) -> str | None:
    """The path of the tensor that a name means, or None where it means none."""
    try:
        return session.trace[text].path
    except TfstepError:
        return None


def named(session: Session, pieces: Pieces) -> set[str]:
    """The tensors that a text calls by their names; its numbers are shown as they stand."""
    text = "\u0000".join(piece for piece in pieces if isinstance(piece, str))
    return {found for name in NAME.findall(text) if (found := path(session, name)) is not None}


def with_operands(session: Session, shown: str) -> Iterator[str]:
    """A tensor, and what stands beside it on the board."""
    yield shown
    yield shown.removesuffix(".grad")
    yield from session.trace[shown].inputs


def of_text(session: Session, text: str) -> Iterator[str]:
    """The tensors whose numbers an expression or a command reads."""
    for name in PATHS.findall(text.replace("`", " ")):
        if "." in name and (found := path(session, name)) is not None:
            yield from with_operands(session, found)


def missing(name: str) -> Iterator[str]:
    """The tensors that a step of a lesson names and does not show."""
    lesson = load_lesson(name, "en")
    player = Player(lesson, Session(scenario_of(lesson)))
    said: set[str] = set()
    shown: set[str] = set()
    before: set[str] = set()

    def take(pieces: Pieces) -> None:
        said.update(named(player.session, pieces))
        for piece in pieces:
            if isinstance(piece, Number):
                shown.update(of_text(player.session, piece.expr))

    while not player.done:
        step = player.step
        blocks = lesson.steps[step].blocks
        first = player.at
        events = list(player.advance())
        if player.question is not None:
            question = player.question
            take(question.ask)
            for line in (*question.show, *question.reveal, *question.then):
                shown.update(of_text(player.session, line.text))
            events += player.reveal()
            take(question.because)
        for block in blocks[first:]:
            if isinstance(block, Prose):
                take(block.pieces)
        for event in events:
            if isinstance(event, Ran):
                shown.update(of_text(player.session, event.line))
            elif isinstance(event, Worked):
                for each in event.explanations:
                    shown.update(of_text(player.session, each.cell))
        if player.done or player.step != step:
            yield from (f"{name} {step + 1}: {each}" for each in sorted(said - shown - before))
            said, before, shown = set(), shown, set()


@pytest.mark.parametrize("name", shipped())
def test_what_is_named_is_shown(name: str) -> None:
    assert list(missing(name)) == []
