"""The lessons that ship, and where the files of a lesson are.

They stand in ``lessons/`` as pairs ``NAME.en.md`` and ``NAME.zh.md``: inside the package in a wheel, beside it in a
source tree.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from msgspec import Struct

from tfstep import reach
from tfstep.errors import did_you_mean
from tfstep.lessons.format.lesson import Lesson
from tfstep.lessons.format.reader import read_lesson
from tfstep.scenario.file import catalog as scenarios
from tfstep.scenario.file.mistakes import Mistakes, Place, Report, fault
from tfstep.scenario.file.nodes import Scalar, excerpt
from tfstep.scenario.file.reading import read_text
from tfstep.scenario.file.yaml import parse
from tfstep.scenario.scenario import Scenario, load
from tfstep.text import LANGUAGES, Bilingual, language

_PACKAGE = Path(__file__).resolve().parents[2]
ENDS = tuple(f".{each}.md" for each in LANGUAGES)


@cache
def folder() -> Path | None:
    """The folder of the lessons that ship, or None in a broken installation."""
    places = (_PACKAGE / "lesson_files", _PACKAGE.parent / "lessons")
    return next((place for place in places if next(place.glob("*.en.md"), None) is not None), None)


def is_lesson(name: str) -> bool:
    """Whether a file's name is that of a lesson."""
    return name.endswith(ENDS)


def stem(name: str) -> str:
    """The name of a lesson without the end that its file has."""
    for end in ENDS:
        name = name.removesuffix(end)
    return name


class Summary(Struct, frozen=True):
    """What a list shows of a lesson."""

    name: str
    title: Bilingual
    about: Bilingual
    scenario: str
    minutes: int
    order: int


def summaries() -> list[Summary]:
    """Of all lessons that ship, in their order."""
    place = folder()
    paths = sorted(place.glob("*.en.md")) if place else []
    return sorted((_summary(path) for path in paths), key=lambda each: (each.order, each.name))


def shipped() -> list[str]:
    """The names of the lessons that ship, in their order."""
    return [each.name for each in summaries()]


def _summary(path: Path) -> Summary:
    """Of one lesson, reading no more of it than its keys, and trusting them."""
    name = path.name.removesuffix(".en.md")
    heads = {each: _head(path.with_name(f"{name}.{each}.md")) for each in LANGUAGES}
    title, about = ({each: str(heads[each].get(key, "")) for each in LANGUAGES} for key in ("title", "about"))
    en = heads["en"]
    order, minutes = (int(en.get(key) or 0) for key in ("order", "minutes"))
    return Summary(name, Bilingual.of(title), Bilingual.of(about), en.get("scenario", ""), minutes, order)


def _head(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    text = read_text(path).partition("\n")[2].partition("\n---")[0]
    tree = parse(text + "\n", str(path), Report())
    return {key: node.text for key, node in tree if isinstance(node, Scalar)}


def files(name: str) -> tuple[Path, ...]:
    """The files of a lesson, one a language: of one that ships, or of a file beside which the other lies.

    A name that ends as a file's is that of a file; a bare one is looked for first among those that ship.

    Raises `ScenarioError`, naming the nearest, where there is neither.
    """
    place = folder()
    bare = stem(name)
    for base in (Path(),) if bare != name or place is None else (place, Path()):
        found = tuple(path for end in ENDS if (path := base / f"{bare}{end}").is_file())
        if found:
            return found
    known = shipped()
    message = Bilingual(
        "no lesson '{name}'{hint}, neither a file nor one that ships; see `tfstep learn`",
        "没有课程“{name}”{hint}：既不是文件，也不是自带课程；见 `tfstep learn`",
        name=excerpt(name),
        hint=did_you_mean(Path(bare).name, known),
    )
    raise fault(Place(""), message)


def load_lesson(name: str, lang: str | None = None) -> Lesson:
    """A lesson in one language (that of the program), or in the other where it has no other. Raises `Mistakes`."""
    paths = files(name)
    wanted = lang or language()
    path = next((path for path in paths if path.name.endswith(f".{wanted}.md")), paths[0])
    return read_lesson(path)


def scenario_of(lesson: Lesson) -> Scenario:
    """The scenario that a lesson opens: one that ships, or a file counted from the lesson's folder.

    Raises `Mistakes`, those of the scenario's file at their own place.
    """
    name = lesson.scenario
    if name not in scenarios.shipped():
        beside = lesson.path.parent / name
        name = str(beside) if beside.is_file() else name
        if beside.is_file() and not reach.may_read(beside, lesson.path):
            raise fault(lesson.heads.get("scenario", Place(str(lesson.path))), reach.too_far(beside))
    try:
        return load(name, lesson.variant)
    except Mistakes as mistakes:
        if all(each.place.line for each in mistakes.mistakes):
            raise
        raise fault(lesson.heads.get("scenario", Place(str(lesson.path))), mistakes.message) from None
