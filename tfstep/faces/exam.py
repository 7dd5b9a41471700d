"""An exam in a terminal: question after question, the debugger at hand, graded at the end."""

from __future__ import annotations

from collections.abc import Iterator

from tfstep.commands.language.line import half_width
from tfstep.errors import TfstepError
from tfstep.faces.script import Say, Show, show_result
from tfstep.lessons.exam.grade import Marked, mark
from tfstep.lessons.exam.paper import Asked, Paper
from tfstep.lessons.exam.render import report, title
from tfstep.lessons.format.prose import prose_lines
from tfstep.lessons.player.answers import AnswerError
from tfstep.session.results import Quit
from tfstep.text import Bilingual
from tfstep.view.text.spans import line, span

_CELLS = 88


def sit(paper: Paper, show: Show, say: Say, typed: Iterator[str]) -> int:
    """Ask every question, then say what was right and which misconceptions the wrong answers fit."""
    show([line(span(title(paper), "name")), ()])
    say(
        Bilingual(
            "Enter alone leaves a question out, `:` runs a command of the debugger on its numbers, `q` ends",
            "直接回车跳过一题，`:` 开头在这一题的数上执行调试器命令，`q` 结束",
        )
    )
    marked: list[Marked] = []
    for question in paper.questions:
        found = _ask(question, show, say, typed)
        if found is None:
            break
        marked.append(found)
    show([(), *(line(span(each)) for each in report(marked))])
    return 0


def _ask(question: Asked, show: Show, say: Say, typed: Iterator[str]) -> Marked | None:
    """Its answer, graded; None where the reader leaves."""
    session = question.session()
    head, *rest = prose_lines(question.ask, _CELLS - 4)
    show([(), line(span(f"{question.number}. ", "accent"), *head), *rest])
    show([line(span(f"   {n}. ", "dim"), span(text)) for n, text in enumerate(question.choices, 1)])
    for given in typed:
        plain = half_width(given).strip()
        if plain in ("q", "quit", "exit"):
            return None
        try:
            if not plain.startswith(":"):
                return mark(question, given, session)
            result = session.run(plain[1:])
            if not isinstance(result, Quit):
                show_result(session, result, show, _CELLS)
        except (AnswerError, TfstepError) as error:
            say(error)
    return None
