"""A paper, its key and a graded paper, as Markdown or HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from tfstep.lessons.exam.bank import HALVES
from tfstep.lessons.exam.grade import Marked, points
from tfstep.lessons.exam.paper import Asked, Paper
from tfstep.text import Bilingual

NAMES = {
    "first": Bilingual("First half: one idea each", "第一部分：每题一个知识点"),
    "second": Bilingual("Second half: several ideas at once", "第二部分：综合题"),
}
KEY = Bilingual("Key", "答案")


def title(paper: Paper) -> str:
    """``Exam 7``."""
    return str(Bilingual("Exam {seed}", "试卷 {seed}", seed=paper.seed))


def markdown(paper: Paper, key: bool) -> str:
    """The paper; with ``key`` the right answers and the misconceptions behind wrong ones on a sheet of their own."""
    lines = [f"# {title(paper)}", "", str(Bilingual("Name: ________", "姓名：________")), ""]
    for half, questions in _halves(paper):
        lines += [f"## {NAMES[half]}", ""]
        for each in questions:
            lines += [f"**{each.number}.** {_plain(each.ask)}", ""]
            lines += [f"   {n}. {_plain(text)}" for n, text in enumerate(each.choices, 1)]
            lines += ["" if each.choices else "   ______", ""]
    if key:
        lines += ["---", "", f"# {title(paper)} · {KEY}", ""]
        for each in paper.questions:
            lines += [f"**{each.number}.** {_plain(str(each.right.shown))}  (`tfstep learn {each.item.lesson}`)", ""]
            lines += [f"   - {_plain(f'{wrong.answer.shown} → {wrong.told()}')}" for wrong in each.wrong]
            lines += [""]
    return "\n".join(lines)


def html(paper: Paper, key: bool) -> str:
    """The same as a page for a printer, the key on a page of its own."""
    parts = [_STYLE, f"<h1>{escape(title(paper))}</h1><p>{Bilingual('Name: ________', '姓名：________')}</p>"]
    for half, questions in _halves(paper):
        parts.append(f"<h2>{escape(str(NAMES[half]))}</h2>")
        for each in questions:
            choices = "".join(f"<li>{escape(text)}</li>" for text in each.choices)
            below = f"<ol>{choices}</ol>" if choices else "<p>______</p>"
            parts.append(f"<section><p><b>{each.number}.</b> {escape(each.ask)}</p>{below}</section>")
    if key:
        parts.append(f'<h1 class="key">{escape(title(paper))} · {KEY}</h1>')
        for each in paper.questions:
            wrong = "".join(f"<li>{escape(f'{w.answer.shown} → {w.told()}')}</li>" for w in each.wrong)
            right = escape(str(each.right.shown))
            lesson = f"<code>tfstep learn {escape(each.item.lesson)}</code>"
            parts.append(f"<section><p><b>{each.number}.</b> {right} ({lesson})</p><ul>{wrong}</ul></section>")
    return "<!doctype html>\n<meta charset=utf-8>\n" + "\n".join(parts) + "\n"


def report(marked: list[Marked]) -> Iterator[str]:
    """What a graded paper says: the points of each half, then every wrong answer with the misconception it fits."""
    for half, (right, most) in points(marked).items():
        yield str(Bilingual("{half}: {n} of {most}", "{half}：{n} / {most}", half=NAMES[half], n=right, most=most))
    for each in marked:
        if each.right:
            continue
        given = each.given or Bilingual("no answer", "未作答")
        yield ""
        yield str(
            Bilingual(
                "{n}. {given} — right: {right}",
                "{n}. {given}；正确答案：{right}",
                n=each.question.number,
                given=given,
                right=each.question.right.shown,
            )
        )
        if each.why:
            yield f"   {each.why}"
        yield f"   tfstep learn {each.question.item.lesson}"


FORMATS = {"markdown": markdown, "html": html}

_STYLE = """<style>
body { font-family: serif; max-width: 46em; margin: 2em auto }
section { break-inside: avoid }
.key { break-before: page }
</style>"""


def _plain(text: str) -> str:
    """Text in which a word such as ``<pad>`` is no tag of Markdown's; code between backticks stays as it is."""
    return re.sub(r"`[^`]*`|<", lambda found: "\\<" if found[0] == "<" else found[0], text)


def _halves(paper: Paper) -> Iterator[tuple[str, list[Asked]]]:
    for half in HALVES:
        found = [each for each in paper.questions if each.item.half == half]
        if found:
            yield half, found
