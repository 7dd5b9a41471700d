"""The questions of the exam as they are written in ``first.yaml`` and ``second.yaml``, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct

from tfstep.lessons.format.lesson import Line, Pieces
from tfstep.lessons.format.words import read_pieces
from tfstep.scenario.file.mistakes import Report
from tfstep.scenario.file.nodes import Items, Node, Scalar, Section
from tfstep.scenario.file.yaml import parse
from tfstep.text import LANGUAGES

Texts = Mapping[str, Pieces]
"""A text in each language, its numbers to be filled in."""

HALVES = ("first", "second")
"""The two difficulties: one idea each; and several at once, gradients, what goes wrong in programs."""


class Option(Struct, frozen=True):
    """An answer that may be chosen, right where ``when`` holds; ``why`` names the misconception behind a wrong one."""

    text: Texts
    when: Line
    why: Texts | None


class Slip(Struct, frozen=True):
    """A wrong number, and the misconception that leads to it."""

    answer: Line
    why: Texts


class Item(Struct, frozen=True):
    """One question. ``rows`` are those of the syllabus that it covers, ``lesson`` the one that teaches it. Its numbers
    are drawn from ``draw``, those of ``let`` are worked out of them, both are written as ``$name``; then ``then`` runs in
    its scenario, and all else is worked out behind that. It asks for a
    number (``answer``) or for one of ``options``."""

    name: str
    half: str
    rows: tuple[int, ...]
    lesson: str
    scenario: str
    draw: Mapping[str, tuple[float, ...]]
    let: Mapping[str, Line]
    then: tuple[Line, ...]
    ask: Texts
    answer: Line | None
    tolerance: float | None
    slips: tuple[Slip, ...]
    options: tuple[Option, ...]


@cache
def bank() -> tuple[Item, ...]:
    """All questions, those of the first half first. Raises `Mistakes` where a file is wrong."""
    return tuple(item for half in HALVES for item in _read(half))


def _read(half: str) -> tuple[Item, ...]:
    path, report = Path(__file__).with_name(f"{half}.yaml"), Report()
    tree = parse("questions:\n" + path.read_text("utf-8"), str(path), report)
    items = tuple(_item(half, each, report) for each in _items(tree.get("questions")))
    report.raise_if_any()
    return items


def _item(half: str, node: Node, report: Report) -> Item:
    assert isinstance(node, Section), "a question is a list of keys"
    answer, tolerance = node.get("answer"), node.get("tolerance")
    return Item(
        _text(node.get("name")),
        half,
        tuple(int(_text(each)) for each in _items(node.get("rows"))),
        _text(node.get("lesson")),
        _text(node.get("scenario")),
        {name: tuple(float(_text(each)) for each in _items(values)) for name, values in _section(node.get("draw"))},
        {name: _line(each) for name, each in _section(node.get("let"))} if node.get("let") else {},
        tuple(_line(each) for each in _items(node.get("then"))),
        _texts(node.get("ask"), report),
        None if answer is None else _line(answer),
        None if tolerance is None else float(_text(tolerance)),
        tuple(
            Slip(_line(each.get("answer")), _texts(each.get("why"), report))
            for each in map(_section, _items(node.get("mistaken")))
        ),
        tuple(
            Option(
                _texts(each.get("text"), report),
                _line(each.get("when")),
                None if each.get("why") is None else _texts(each.get("why"), report),
            )
            for each in map(_section, _items(node.get("choices")))
        ),
    )


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Items) else ()


def _section(node: Node | None) -> Section:
    assert isinstance(node, Section), "keys with values belong here"
    return node


def _text(node: Node | None) -> str:
    assert isinstance(node, Scalar), "one value belongs here"
    return node.text


def _line(node: Node | None) -> Line:
    assert isinstance(node, Scalar), "an expression or a command belongs here"
    return Line(node.text, node.place)


def _texts(node: Node | None, report: Report) -> Texts:
    section = _section(node)
    return {each: read_pieces(_text(section.get(each)), section.place, report) for each in LANGUAGES}
