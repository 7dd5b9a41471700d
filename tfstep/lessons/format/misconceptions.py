"""What people say about Transformers, and what is right: ``misconceptions.yaml``. Wrong answers name those they fit."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from msgspec import Struct

from tfstep.lessons.format.own import table, text, texts
from tfstep.scenario.file.mistakes import Report
from tfstep.text import Bilingual


class Misconception(Struct, frozen=True):
    """Something that is really said or asked: it stands in so many words in step ``step`` (from 1) of a lesson."""

    name: str
    lesson: str
    step: int
    said: Bilingual
    right: Bilingual


@cache
def misconceptions() -> dict[str, Misconception]:
    """All of them by name, in the order of the lessons. Raises `Mistakes` where the file is wrong."""
    report = Report()
    found = [
        Misconception(
            text(each.get("name")),
            text(each.get("lesson")),
            int(text(each.get("step"))),
            *(Bilingual.of(texts(each.get(key))) for key in ("said", "right")),
        )
        for each in table(Path(__file__).with_name("misconceptions.yaml"), report)
    ]
    report.raise_if_any()
    return {each.name: each for each in found}


def named(why: str, name: str) -> Bilingual:
    """What is said to whoever gives an answer that fits a misconception, with the misconception in its own words."""
    return Bilingual(
        "{why} (See “{it}” in the list of misconceptions.)",
        "{why}（见常见说法中的“{it}”。）",
        why=why,
        it=misconceptions()[name].said,
    )
