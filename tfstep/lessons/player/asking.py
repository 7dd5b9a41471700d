"""What a face is given to put a question: its text, what an answer looks like, what may be answered."""

from __future__ import annotations

from tfstep.commands.language.session import Session
from tfstep.lessons.format.filled import fill
from tfstep.lessons.format.lesson import Question
from tfstep.lessons.player.ahead import Ahead
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
    "recording": Bilingual("a file of arrays", "存有数组的文件"),
}
MOST_WORDS = 9  # words that are listed with a question


def fill_question(session: Session, question: Question, ahead: Ahead, cells: tuple[str, ...]) -> Asked:
    """The question as it stands now, its numbers filled in; what may be answered is that of its answer. Raises
    `Mistakes` where a number cannot be computed."""
    words, how = ahead.words, HOW[question.kind]
    if 0 < len(words) <= MOST_WORDS:
        how = Bilingual("{how}: {words}", "{how}：{words}", how=how, words=" ".join(words))
    if question.file:
        how = Bilingual(
            "Enter reads {file} in the current folder; or type the name of another file",
            "回车读取当前文件夹里的 {file}；也可以输入别的文件名",
            file=question.file,
        )
    of = question.of.text if question.of else ""
    return Asked(fill(session, question.ask), ahead.choices, how, cells, question.kind, words, of, question.file)
