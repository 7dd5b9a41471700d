"""The text of a lesson: where numbers are filled in, and that none is typed."""

from __future__ import annotations

import re

from tfstep.lessons.format.lesson import Number, Pieces
from tfstep.scenario.file.mistakes import Place, Report
from tfstep.scenario.file.nodes import excerpt
from tfstep.text import Bilingual

_NUMBER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_TYPED = re.compile(r"(?<![\w.])[-+−]?\d+\.\d+")
_COMMENT = re.compile(r"^```.*?^```\s*$|<!--.*?-->", re.DOTALL | re.MULTILINE)  # a fenced block is none
_SPEC = re.compile(r"(?:[-+]?\.?\d{0,2}(?:\.\d{1,2})?[defg%]?|word\s+\S.*)$")


def read_pieces(text: str, place: Place, report: Report) -> Pieces:
    """The text with its numbers apart. ``place`` is that of its first character; mistakes go to ``report``."""
    pieces: list[str | Number] = []
    at = 0
    for found in _NUMBER.finditer(text):
        pieces.append(_plain(text, at, found.start(), place, report))
        pieces.append(_number(found[1], place_in(text, found.start(), place), report))
        at = found.end()
    pieces.append(_plain(text, at, len(text), place, report))
    return tuple(piece for piece in pieces if piece != "")


def without_comments(text: str) -> str:
    """The text with what stands between ``<!--`` and ``-->`` blotted out, so that every place stays what it was."""
    return _COMMENT.sub(lambda m: m[0] if m[0].startswith("`") else re.sub(r"[^\n]", " ", m[0]), text)


def place_in(text: str, offset: int, place: Place) -> Place:
    """The place of a character of a text that begins at ``place``, each line of it at the start of a line."""
    before = text[:offset]
    lines = before.count("\n")
    column = offset - (before.rfind("\n") + 1) + (place.column if not lines else 1)
    return Place(place.file, place.line + lines, column)


def _number(inner: str, place: Place, report: Report) -> Number:
    expr, bar, spec = inner.rpartition("|")
    if not bar:
        expr, spec = inner, ""
    expr, spec = expr.strip(), spec.strip()
    if not expr:
        report.add(place, Bilingual("{{{{ }}}} without an expression", "{{{{ }}}} 里没有表达式"))
    if spec and not _SPEC.match(spec):
        message = Bilingual(
            "the number is to be written as {spec!r}; allowed: .2f, .3g, d, .0%, `word PATH`",
            "数字的写法是 {spec!r}；可用：.2f、.3g、d、.0%、`word PATH`",
            spec=excerpt(spec),
        )
        report.add(place, message)
        spec = ""
    return Number(expr, spec, place)


def _plain(text: str, start: int, end: int, place: Place, report: Report) -> str:
    part = text[start:end]
    bare = _CODE.sub(lambda m: " " * len(m[0]), part)
    for typed in _TYPED.finditer(bare):
        message = Bilingual(
            "the number {it} is typed in; a lesson computes it: {{{{ EXPR | .2f }}}}",
            "数字 {it} 是手写的；课程里的数都要算出来：{{{{ EXPR | .2f }}}}",
            it=typed[0],
        )
        report.add(place_in(text, start + typed.start(), place), message)
    if (open_ := bare.find("{{")) >= 0:
        message = Bilingual("{{{{ is not closed by }}}}", "{{{{ 没有用 }}}} 闭合")
        report.add(place_in(text, start + open_, place), message)
    return part
