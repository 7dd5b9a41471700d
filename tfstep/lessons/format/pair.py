"""Both languages of a lesson teach the same: the same steps, commands and questions. Prose is each one's own."""

from __future__ import annotations

from collections.abc import Iterator

from tfstep.lessons.format.lesson import Block, Lesson, Line, Prose, Question, Step
from tfstep.scenario.file.mistakes import Mistake, Place
from tfstep.text import Bilingual

Part = tuple[str, Place]  # what must be the same, and where it stands

_NAMES = {
    "Commands": Bilingual("commands", "命令"),
    "Claims": Bilingual("claims", "断言"),
    "Look": Bilingual("cells to look at", "要看的单元格"),
    "Try": Bilingual("things to try", "可尝试的命令"),
    "Question": Bilingual("a question", "问题"),
}


def differences(one: Lesson, other: Lesson) -> list[Mistake]:
    """Where ``other`` does not do what ``one`` does, each told at its place in ``other``."""
    return list(_differences(one, other))


def _differences(one: Lesson, other: Lesson) -> Iterator[Mistake]:
    for key in ("scenario", "variant", "minutes", "order"):
        mine, its = getattr(one, key), getattr(other, key)
        if mine != its:
            yield _mismatch(
                other.heads.get(key, Place(str(other.path), 1, 1)), f"{key}: {its}", f"{key}: {mine}", one.path.name
            )
    for mine, its in zip(one.steps, other.steps, strict=False):
        yield from _in_step(one, mine, its)
    if len(one.steps) != len(other.steps):
        place = other.steps[-1].place if other.steps else Place(str(other.path), 1, 1)
        message = Bilingual(
            "{n} steps; {file} has {m}",
            "共 {n} 步；{file} 有 {m} 步",
            n=len(other.steps),
            m=len(one.steps),
            file=one.path.name,
        )
        yield Mistake(place, message)


def _in_step(lesson: Lesson, one: Step, other: Step) -> Iterator[Mistake]:
    """The first thing in which two steps differ."""
    mine, its = list(_parts(one)), list(_parts(other))
    for (text, _), (other_text, place) in zip(mine, its, strict=False):
        if text != other_text:
            yield _mismatch(place, other_text, text, lesson.path.name)
            return
    if len(its) > len(mine):
        extra, place = its[len(mine)]
        yield _mismatch(place, extra, str(Bilingual("nothing", "没有")), lesson.path.name)
    elif len(mine) > len(its):
        nothing = str(Bilingual("nothing more in this step", "这一步没有更多内容"))
        yield _mismatch(other.place, nothing, mine[len(its)][0], lesson.path.name)


def _mismatch(place: Place, found: str, wanted: str, file: str) -> Mistake:
    message = Bilingual(
        "{found}; {file} has here: {wanted}", "{found}；{file} 此处是：{wanted}", found=found, file=file, wanted=wanted
    )
    return Mistake(place, message)


def _parts(step: Step) -> Iterator[Part]:
    """Everything in a step that must be the same in every language, in order."""
    for block in step.blocks:
        if isinstance(block, Question):
            yield from _of_question(block)
        elif not isinstance(block, Prose):
            yield str(_NAMES[type(block).__name__]), _first(block)
            yield from ((_bare(line.text), line.place) for line in block.lines)


def _first(block: Block) -> Place:
    assert not isinstance(block, Prose | Question)
    return block.lines[0].place if block.lines else Place("")


def _bare(line: str) -> str:
    """A command without the comment behind it, which is prose."""
    return line.split("  #")[0].split(" # ")[0].strip()


def _of_question(question: Question) -> Iterator[Part]:
    yield f"kind: {question.kind}", question.place
    for key in ("answer", "first", "second", "words", "of"):
        yield from _keyed(key, getattr(question, key), question.place)
    if question.tolerance is not None:
        yield f"tolerance: {question.tolerance}", question.place
    for choice in question.choices:
        yield f"when: {choice.when.text}", choice.when.place
        yield f"why: {bool(choice.why)}", choice.when.place
        yield f"fits: {choice.fits}", choice.when.place
    for mistaken in question.mistaken:
        yield from _keyed("of", mistaken.of, question.place)
        yield from _keyed("mistaken", mistaken.answer, question.place)
        yield f"fits: {mistaken.fits}", mistaken.answer.place
    if question.file:
        yield f"file: {question.file}", question.place
    for key in ("then", "show", "reveal", "needs"):
        for line in getattr(question, key):
            yield from _keyed(key, line, question.place)


def _keyed(key: str, line: Line | None, place: Place) -> Iterator[Part]:
    if line is not None:
        yield f"{key}: {line.text}", line.place
