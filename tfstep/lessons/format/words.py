"""The text of a lesson: where numbers are filled in, and that none is typed."""

from __future__ import annotations

import re
from bisect import bisect_right

from tfstep.lessons.format.lesson import Number, Pieces
from tfstep.scenario.file.mistakes import Place, Report
from tfstep.scenario.file.nodes import excerpt
from tfstep.text import Bilingual

_NUMBER = re.compile(r"\{\{((?:(?!\{\{|\}\}).)*)\}\}", re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_TYPED = re.compile(r"(?<![\w.])[-+−]?\d+\.\d+")
_OPENS = re.compile(r"^```|<!--", re.MULTILINE)
_CLOSES = {"```": re.compile(r"^```\s*$", re.MULTILINE), "<!--": re.compile("-->")}
_SPEC = re.compile(r"(?:[-+]?\d{0,2}(?:(?:\.\d{1,2})?[efg%]?|d)|word\s+\S.*)$")


def read_pieces(text: str, place: Place, report: Report) -> Pieces:
    """The text with its numbers apart. ``place`` is that of its first character; mistakes go to ``report``."""
    pieces: list[str | Number] = []
    at, places = 0, _Places(text, place)
    for found in _NUMBER.finditer(text):
        pieces.append(_plain(text, at, found.start(), places, report))
        pieces.append(_number(found[1], places.of(found.start()), report))
        at = found.end()
    pieces.append(_plain(text, at, len(text), places, report))
    return tuple(piece for piece in pieces if piece != "")


def without_comments(text: str) -> str:
    """The text with what stands between ``<!--`` and ``-->`` blotted out, so that every place stays what it was."""
    parts, at, endless = [], 0, set[str]()
    for opening in _OPENS.finditer(text):
        kind = opening[0]
        if opening.start() < at or kind in endless:
            continue
        closing = _CLOSES[kind].search(text, opening.end())
        if closing is None:
            endless.add(kind)  # nor does any later one end
            continue
        inner = text[opening.start() : closing.end()]  # a fenced block holds no comments
        parts += [text[at : opening.start()], inner if kind == "```" else re.sub(r"[^\n]", " ", inner)]
        at = closing.end()
    return "".join([*parts, text[at:]])


class _Places:
    """The places of the characters of a text, whose lines are looked for once."""

    def __init__(self, text: str, place: Place) -> None:
        self.place = place
        self.starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def of(self, offset: int) -> Place:
        """The place of the character at an offset."""
        line = bisect_right(self.starts, offset) - 1
        column = offset - self.starts[line] + (1 if line else self.place.column)
        return Place(self.place.file, self.place.line + line, column)


def place_in(text: str, offset: int, place: Place) -> Place:
    """The place of a character of a text that begins at ``place``, each line of it at the start of a line."""
    return _Places(text, place).of(offset)


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


def _plain(text: str, start: int, end: int, places: _Places, report: Report) -> str:
    part = text[start:end]
    bare = _CODE.sub(lambda m: " " * len(m[0]), part)
    for typed in _TYPED.finditer(bare):
        message = Bilingual(
            "the number {it} is typed in; a lesson computes it: {{{{ EXPR | .2f }}}}",
            "数字 {it} 是手写的；课程里的数都要算出来：{{{{ EXPR | .2f }}}}",
            it=typed[0],
        )
        report.add(places.of(start + typed.start()), message)
    if (open_ := bare.find("{{")) >= 0:
        message = Bilingual("{{{{ is not closed by }}}}", "{{{{ 没有用 }}}} 闭合")
        report.add(places.of(start + open_), message)
    return part
