"""The questions of the exam as they are written in ``first.yaml`` and ``second.yaml``, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct

from tfstep.lessons.format.lesson import Line, Pieces
from tfstep.lessons.format.misconceptions import misconceptions
from tfstep.lessons.format.own import items, line, section, table, text, texts
from tfstep.lessons.format.words import read_pieces
from tfstep.scenario.file.mistakes import Report
from tfstep.scenario.file.nodes import Node, Section

Drawn = float | str
"""What may be drawn: a number, or words such as those of a sentence, which stand wherever their name does."""

Texts = Mapping[str, Pieces]
"""A text in each language, its numbers to be filled in."""

HALVES = ("first", "second")
"""The two difficulties: one idea each; and several at once, gradients, what goes wrong in programs."""


class Option(Struct, frozen=True):
    """An answer that may be chosen, right where ``when`` holds; ``why`` names the misconception behind a wrong one."""

    text: Texts
    when: Line
    why: Texts | None
    fits: str


class Slip(Struct, frozen=True):
    """A wrong number, and the misconception that leads to it."""

    answer: Line
    why: Texts
    fits: str


class Item(Struct, frozen=True):
    """One question. ``rows`` are those of the syllabus that it covers, ``lesson`` the one that teaches it. Its numbers
    and words are drawn from ``draw``, those of ``let`` are worked out of them, all are written as ``$name``; then
    ``then`` runs in its scenario, and all else is worked out behind that. It asks for a number (``answer``) or for one
    of ``options``."""

    name: str
    half: str
    rows: tuple[int, ...]
    lesson: str
    scenario: str
    draw: Mapping[str, tuple[Drawn, ...]]
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
    found = tuple(_item(half, each, report) for each in table(path, report))
    report.raise_if_any()
    return found


def _item(half: str, node: Section, report: Report) -> Item:
    answer, tolerance = node.get("answer"), node.get("tolerance")
    return Item(
        text(node.get("name")),
        half,
        tuple(int(text(each)) for each in items(node.get("rows"))),
        text(node.get("lesson")),
        text(node.get("scenario")),
        {name: tuple(_drawn(text(each)) for each in items(values)) for name, values in section(node.get("draw"))},
        {name: line(each) for name, each in section(node.get("let"))} if node.get("let") else {},
        tuple(line(each) for each in items(node.get("then"))),
        _texts(node.get("ask"), report),
        None if answer is None else line(answer),
        None if tolerance is None else float(text(tolerance)),
        tuple(
            Slip(line(each.get("answer")), _texts(each.get("why"), report), _fits(each))
            for each in map(section, items(node.get("mistaken")))
        ),
        tuple(
            Option(
                _texts(each.get("text"), report),
                line(each.get("when")),
                None if each.get("why") is None else _texts(each.get("why"), report),
                _fits(each),
            )
            for each in map(section, items(node.get("choices")))
        ),
    )


def _drawn(written: str) -> Drawn:
    try:
        return float(written)
    except ValueError:
        return written


def _fits(wrong: Section) -> str:
    name = text(wrong.get("fits")) if wrong.get("fits") else ""
    assert not name or name in misconceptions(), f"no misconception is called {name}"
    return name


def _texts(node: Node | None, report: Report) -> Texts:
    place = section(node).place
    return {each: read_pieces(it, place, report) for each, it in texts(node).items()}
