"""What lies behind a question: what is right, what its own commands give, and the session then."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from tfstep.commands.language.line import split
from tfstep.commands.language.registry import find
from tfstep.commands.language.session import Session
from tfstep.errors import CommandError
from tfstep.lessons.format.filled import fill, mistakes_at, words_along
from tfstep.lessons.format.lesson import Line, Question
from tfstep.lessons.player.answers import AnswerError, Expected, Wrong, expected, mistakes_of
from tfstep.lessons.player.branch import Branch
from tfstep.lessons.player.events import Ran
from tfstep.lessons.player.quantity import Quantity
from tfstep.lessons.player.recorded import expected_recording
from tfstep.session.results import Result
from tfstep.session.speaker import LESSON
from tfstep.text import Bilingual


def words_of(session: Session, question: Question) -> tuple[str, ...]:
    """The words that may be answered, each once. Raises `Mistakes`."""
    return tuple(dict.fromkeys(words_along(session, question.words))) if question.words is not None else ()


class Ahead(Struct, frozen=True, eq=False):
    """A question worked out, so that it need not be worked out again when it is answered: what is right, the choices,
    words and hints as they are then, what certain mistakes lead to, and the quantity that an answer may not read."""

    right: Expected
    ran: tuple[Ran, ...]
    branch: Branch
    choices: tuple[str, ...]
    words: tuple[str, ...]
    hints: tuple[str, ...]
    mistaken: tuple[Wrong, ...]
    quantity: Quantity | None

    @classmethod
    def of(cls, session: Session, own: Branch, question: Question) -> Ahead:
        """From the lesson's own numbers; the session is as before afterwards. Raises `Mistakes`."""
        here = Branch.of(session)
        own.restore(session, keep=False)
        ran = tuple(run_all(session, question.then))
        right, mistaken = _right(session, question)
        found = cls(
            right,
            ran,
            Branch.of(session),
            tuple(fill(session, choice.text) for choice in question.choices),
            words_of(session, question),
            tuple(fill(session, hint) for hint in question.hints),
            mistaken,
            Quantity.of(session, question),
        )
        here.restore(session, keep=False)
        return found

    def judge(self, session: Session, text: str) -> bool:
        """Whether an answer is right. Raises AnswerError where it is none, or reads what is asked for."""
        if self.quantity is not None and (said := self.quantity.read_by(session, text)) is not None:
            raise AnswerError(said)
        return self.right.judge(session, text)

    def mistake(self, session: Session, text: str) -> str:
        """What is said of the mistake that leads to a wrong answer; empty where none is known that does."""
        for wrong in self.mistaken:
            try:
                if wrong.answer.judge(session, text):
                    return wrong.told()
            except AnswerError:
                continue
        return ""

    def enter(self, session: Session) -> tuple[Ran, ...]:
        """Go there, as if the commands had been run only now."""
        self.branch.restore(session, keep=False)
        return self.ran


def _right(session: Session, question: Question) -> tuple[Expected, tuple[Wrong, ...]]:
    """What is right now, and what certain mistakes lead to."""
    if question.kind == "recording":
        run = expected_recording(session, question)
        return run, run.mistakes
    return expected(session, question), tuple(mistakes_of(session, question))


def invited(line: Line) -> str:
    """A line that a reader is invited to try, found to touch no files. Raises `Mistakes`."""
    with mistakes_at(line.place):
        for each in line.text.split(";"):
            word, rest = split(each)
            for begun in (word, *rest.split()) if word and find(word).name == "commands" else (word,):
                if begun.isalpha() and (reason := _touches(begun)) is not None:
                    raise CommandError(reason)
    return line.text


def _touches(word: str) -> Bilingual | None:
    try:
        return LESSON.touches_no_files() if find(word).files else None
    except CommandError:
        return None


def run_line(session: Session, line: Line) -> Result:
    """Run a command of the lesson. Raises `Mistakes` at its place."""
    with mistakes_at(line.place), session.spoken_by(LESSON):
        return session.run_within(line.text)


def run_all(session: Session, lines: tuple[Line, ...]) -> Iterator[Ran]:
    """Run commands of the lesson one by one, each with what it gives. Raises `Mistakes`."""
    for line in lines:
        yield Ran(line.text, run_line(session, line))
