"""Reading a question block: its kind, and the keys that kind has."""

from __future__ import annotations

import re

from tfstep.errors import did_you_mean
from tfstep.lessons.format.fields import Fields
from tfstep.lessons.format.lesson import Choice, Line, Mistaken, Question
from tfstep.lessons.format.misconceptions import misconceptions
from tfstep.scenario.file.mistakes import Report
from tfstep.scenario.file.nodes import Items, Scalar, Section, excerpt
from tfstep.text import Bilingual

OWN = {
    "number": ("answer", "tolerance", "mistaken"),
    "word": ("answer", "words", "mistaken"),
    "cell": ("of", "answer"),
    "choice": ("choices",),
    "order": ("first", "second", "tolerance", "mistaken"),
    "recording": ("file", "needs", "mistaken"),
}
"""The kinds of questions, each with the keys of its own."""

SHARED = ("kind", "ask", "then", "show", "hints", "reveal", "because")
REQUIRED = ("kind", "ask")
OPTIONAL = ("tolerance", "mistaken")  # of the keys of a kind
_WHAT = Bilingual("a question", "问题")
RECORDED = r"[A-Za-z0-9][\w-]*\.(?:npz|safetensors)"  # a name and nothing else, so that it lies in the current folder


def read_question(text: str, file: str, first: int, report: Report) -> Question | None:
    """The question that a block spells; None, with mistakes in ``report``, where it is none."""
    fields = Fields(_WHAT, text, file, first, report)
    if fields.section is None:
        return None
    kind = fields.text(fields.need("kind"), "kind")
    if kind and kind not in OWN:
        message = Bilingual(
            "no kind of question {kind}{near}; allowed: {known}",
            "没有 {kind} 这种问题{near}；可用：{known}",
            kind=excerpt(kind),
            near=did_you_mean(kind, OWN),
            known=", ".join(OWN),
        )
        fields.add(fields.section.keys["kind"], message)
    if kind not in OWN:
        return None
    fields.allow((*SHARED, *OWN[kind]))
    for key in OWN[kind]:
        if key not in OPTIONAL:
            fields.need(key)
    hints = fields.get("hints")
    return Question(
        kind,
        fields.pieces(fields.need("ask"), "ask"),
        fields.section.keys["kind"],
        answer=_answer(fields),
        first=fields.line(fields.get("first"), "first"),
        second=fields.line(fields.get("second"), "second"),
        tolerance=_tolerance(fields),
        choices=_choices(fields) if kind == "choice" else (),
        words=fields.line(fields.get("words"), "words"),
        of=fields.line(fields.get("of"), "of"),
        then=fields.lines("then"),
        show=fields.lines("show"),
        hints=tuple(fields.pieces(each, "hints") for each in (hints.items if isinstance(hints, Items) else ())),
        reveal=fields.lines("reveal"),
        because=fields.pieces(fields.get("because"), "because"),
        mistaken=_mistaken(fields, kind),
        file=_file(fields),
        needs=fields.lines("needs"),
    )


def _file(fields: Fields) -> str:
    """The bare name of a file of arrays."""
    node = fields.get("file")
    text = fields.text(node, "file")
    if node is not None and text and not re.fullmatch(RECORDED, text):
        shape = Bilingual(
            "a bare name that ends in .npz or .safetensors", "以 .npz 或 .safetensors 结尾的文件名，不带文件夹"
        )
        fields.wrong(node, "file", shape)
    return text


def _answer(fields: Fields) -> Line | None:
    """An answer is worked out, so one that is a bare number is a mistake."""
    node = fields.get("answer")
    if isinstance(node, Scalar) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        message = Bilingual(
            "the answer {it} is typed in; write the expression that it comes from",
            "答案 {it} 是手写的；请写出算出它的表达式",
            it=node.text.strip(),
        )
        fields.add(node.place, message)
    return fields.line(node, "answer")


def _tolerance(fields: Fields) -> float | None:
    node = fields.get("tolerance")
    if node is None:
        return None
    if isinstance(node, Scalar) and isinstance(node.value, int | float) and node.value > 0:
        return float(node.value)
    fields.wrong(node, "tolerance", Bilingual("a number above 0", "大于 0 的数"))
    return None


def _choices(fields: Fields) -> tuple[Choice, ...]:
    node = fields.get("choices")
    if node is None:
        return ()
    read: list[Choice] = []
    for each in node.items if isinstance(node, Items) else ():
        found = _choice(fields, each) if isinstance(each, Section) else None
        if found is None:
            fields.wrong(each, "choices", Bilingual("the keys {{text: …, when: EXPR}}", "键 {{text: …, when: EXPR}}"))
        else:
            read.append(found)
    if not isinstance(node, Items) or len(node.items) < 2:
        fields.wrong(
            node,
            "choices",
            Bilingual("a list of two or more {{text: …, when: EXPR}}", "两个以上 {{text: …, when: EXPR}} 的列表"),
        )
    return tuple(read)


def _mistaken(fields: Fields, kind: str) -> tuple[Mistaken, ...]:
    node = fields.get("mistaken")
    if node is None:
        return ()
    keys, shape = {"answer", "why"}, Bilingual("a list of {{answer: …, why: …}}", "{{answer: …, why: …}} 的列表")
    if kind == "recording":
        keys |= {"of"}
        shape = Bilingual("a list of {{of: …, answer: …, why: …}}", "{{of: …, answer: …, why: …}} 的列表")
    read: list[Mistaken] = []
    for each in node.items if isinstance(node, Items) else ():
        answer = fields.line(each.get("answer"), "answer") if isinstance(each, Section) else None
        if answer is None or not isinstance(each, Section) or set(each.entries) - {"fits"} != keys:
            fields.wrong(each, "mistaken", shape)
        else:
            why, of = fields.pieces(each.get("why"), "why"), fields.line(each.get("of"), "of")
            read.append(Mistaken(answer, why, _fits(fields, each), of))
    if not isinstance(node, Items):
        fields.wrong(node, "mistaken", shape)
    return tuple(read)


def _choice(fields: Fields, section: Section) -> Choice | None:
    if set(section.entries) - {"why", "fits"} != {"text", "when"}:
        return None
    when, why = fields.line(section.get("when"), "when"), fields.pieces(section.get("why"), "why")
    return Choice(
        fields.pieces(section.get("text"), "text"), when or Line("", section.place), why, _fits(fields, section)
    )


def _fits(fields: Fields, section: Section) -> str:
    """The misconception that a wrong answer fits, or none."""
    node = section.get("fits")
    name = fields.text(node, "fits") if node is not None else ""
    if name and name not in misconceptions():
        message = Bilingual(
            "no misconception is called {name}{near}",
            "没有叫 {name} 的误解{near}",
            name=excerpt(name),
            near=did_you_mean(name, misconceptions()),
        )
        fields.add(section.keys["fits"], message)
    return name
