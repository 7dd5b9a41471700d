"""What a face is given to put a question: its text, what an answer looks like, what may be answered."""

from __future__ import annotations

from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.lessons.format.filled import fill, words_along
from tfstep.lessons.format.lesson import Question
from tfstep.lessons.player.events import Asked
from tfstep.text import Bilingual

HOW = {
    "number": Bilingual("a number, or an expression such as 2*0.5", "一个数，或算式，如 2*0.5"),
    "word": Bilingual("a word", "一个词"),
    "cell": Bilingual(
        "a cell: its row and column, as numbers or words, such as 1,0", "一个单元格：行和列，用数字或词，如 1,0"
    ),
    "choice": Bilingual("the number of a choice", "选项的编号"),
    "order": Bilingual("larger, smaller or same", "大、小 或 一样"),
}
MOST_WORDS = 9  # words that are listed with a question


def fill_question(session: Session, question: Question, cells: tuple[str, ...]) -> Asked:
    """The question as it stands now, its numbers filled in. Raises `Mistakes` where one cannot be computed."""
    words, how = _words(session, question), HOW[question.kind]
    if 0 < len(words) <= MOST_WORDS:
        how = Bilingual("{how}: {words}", "{how}：{words}", how=how, words=" ".join(words))
    choices = tuple(fill(session, choice.text) for choice in question.choices)
    of = question.of.text if question.of else ""
    return Asked(fill(session, question.ask), choices, how, cells, question.kind, words, of)


def _words(session: Session, question: Question) -> tuple[str, ...]:
    """The words that may be answered, each once; none where only the question's commands bring them about."""
    if question.words is None:
        return ()
    try:
        return tuple(dict.fromkeys(words_along(session, question.words)))
    except TfstepError:
        return ()
