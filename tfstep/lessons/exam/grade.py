"""Grading: what is right, and which misconception a wrong answer fits."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from tfstep.commands.language.session import Session
from tfstep.lessons.exam.bank import HALVES
from tfstep.lessons.exam.paper import Asked, Paper
from tfstep.lessons.player.answers import AnswerError


class Marked(Struct, frozen=True, eq=False):
    """One answer, graded. ``given`` is empty where there is none; ``why`` where no mistake is known that leads to
    it, ``fits`` where it is none of the misconceptions that have a name."""

    question: Asked
    given: str
    right: bool
    why: str = ""
    fits: str = ""


def mark(question: Asked, given: str, session: Session) -> Marked:
    """Grade one answer; the session reads numbers that are written as expressions. Raises AnswerError for none."""
    if not given.strip():
        return Marked(question, "", False)
    if question.right.judge(session, given):
        return Marked(question, given, True)
    for wrong in question.wrong:
        if wrong.answer.judge(session, given):
            return Marked(question, given, False, wrong.told(), wrong.fits)
    return Marked(question, given, False)


def grade(paper: Paper, answers: Mapping[int, str], session: Session) -> list[Marked]:
    """Grade the answers to a paper, by the numbers of its questions; what is no answer is wrong."""
    found = []
    for question in paper.questions:
        given = answers.get(question.number, "")
        try:
            found.append(mark(question, given, session))
        except AnswerError:
            found.append(Marked(question, given, False))
    return found


def points(marked: list[Marked]) -> dict[str, tuple[int, int]]:
    """Right answers, and how many there could be, in each half that was asked."""
    halves = {half: [each for each in marked if each.question.item.half == half] for half in HALVES}
    return {half: (sum(each.right for each in those), len(those)) for half, those in halves.items() if those}


def read_answers(text: str) -> dict[int, str]:
    """Answers as a file has them, one a line: ``7: 0.25``, or in the order of the questions where no number stands
    before them. Empty lines count as no answer there; lines that begin with ``#`` do not count."""
    found: dict[int, str] = {}
    lines = [line.strip() for line in text.splitlines() if not line.lstrip().startswith("#")]
    for k, line in enumerate(lines, 1):
        head, colon, rest = line.replace("：", ":").partition(":")
        if colon and head.strip().isdecimal() and len(head.strip()) < 10:
            found[int(head)] = rest.strip()
        else:
            found[k] = line
    return found
