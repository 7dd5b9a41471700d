"""A lesson without a person: every command runs, every answer is reached, every number is computed."""

from __future__ import annotations

from collections.abc import Iterator

from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.lessons.format.catalog import files, scenario_of
from tfstep.lessons.format.filled import mistakes_at
from tfstep.lessons.format.lesson import Lesson, Question, Try
from tfstep.lessons.format.pair import differences
from tfstep.lessons.format.reader import read_lesson
from tfstep.lessons.player.ahead import run_line
from tfstep.lessons.player.answers import ORDER, AnswerError
from tfstep.lessons.player.events import Judged
from tfstep.lessons.player.player import Player
from tfstep.lessons.player.recorded import ExpectedRecording, Made
from tfstep.scenario.file.mistakes import Mistake, Mistakes, Place, fault, in_order
from tfstep.text import LANGUAGES, Bilingual, language, set_language


def check(name: str, play: bool = True) -> list[Mistake]:
    """Every mistake of a lesson in both languages; an empty list if it is right.

    Without ``play`` only the files are read and compared; with it they are gone through from end to end. A file is
    played up to its first mistake. Raises `ScenarioError` where there is no such lesson.
    """
    paths = files(name)
    found: list[Mistake] = []
    lessons: list[Lesson] = []
    for path in paths:
        try:
            lessons.append(read_lesson(path))
        except Mistakes as mistakes:
            found += mistakes.mistakes
    if len(paths) < len(LANGUAGES):
        message = Bilingual("the lesson is there in one language only", "该课程只有一种语言")
        found.append(Mistake(Place(str(paths[0]), 1, 1), message))
    if len(lessons) == len(LANGUAGES):
        found += differences(lessons[0], lessons[1])
    for lesson in lessons if play else ():
        try:
            run(lesson)
        except Mistakes as mistakes:
            found += mistakes.mistakes
    return list(in_order(found))


def run(lesson: Lesson) -> None:
    """Play a lesson to its end, in its own language. Raises `Mistakes` at the first place where it fails."""
    before = language()
    set_language(lesson.language)
    try:
        _run(lesson)
    finally:
        set_language(before)


def _run(lesson: Lesson) -> None:
    player = Player(lesson, Session(scenario_of(lesson)))
    while not player.done:
        for _ in player.advance():
            pass
        if player.question is not None:
            _answer(player, player.question)
        elif player.over:
            _try(player, lesson.steps[player.over - 1].blocks)


def _answer(player: Player, question: Question) -> None:
    """Ask for every hint, give every answer that is offered, then the right one as a reader would type it."""
    while player.hint() is not None:
        pass
    right = player.expected()
    if isinstance(right, ExpectedRecording):
        with mistakes_at(question.place):
            _record(player, right)
        return
    accepted = right.accepted
    offered = _offered(player, question)
    with mistakes_at(question.place):
        chosen = [text for text in offered if right.judge(player.session, text)]
    if offered and len(chosen) != 1:
        raise fault(
            question.place,
            Bilingual(
                "of all that may be answered exactly one must be right; these are: {right}",
                "在可以回答的内容中，须恰有一个是对的；现在对的是：{right}",
                right=chosen,
            ),
        )
    with mistakes_at(question.place):
        events = list(player.answer(accepted))
        if not any(isinstance(event, Judged) and event.right for event in events):
            raise AnswerError(
                Bilingual("the answer {it} is not taken as right", "答案 {it} 没有被判为正确", it=accepted)
            )


def _record(player: Player, right: ExpectedRecording) -> None:
    """Every mistake that is foreseen is made in turn, and must be told; then the run is a right one. Raises TfstepError."""
    for each in right.mistakes:
        made = each.answer
        assert isinstance(made, Made), "that is what a recording's mistakes are"
        found = right.of(right.ours(made))
        if found.path != made.path or each.told() not in found.hints:
            raise AnswerError(
                Bilingual(
                    "the mistake {it} is not told: what is said is {said}",
                    "错误 {it} 没有被指出：给出的是 {said}",
                    it=made.shown,
                    said=f"{found.said} {' / '.join(found.hints)}",
                )
            )
    (judged, *_) = list(player.examine(right.ours()))
    if not (isinstance(judged, Judged) and judged.right):
        raise AnswerError(
            Bilingual("a right run is not taken as right: {said}", "正确的运行没有被判为正确：{said}", said=judged)
        )


def _offered(player: Player, question: Question) -> tuple[str, ...]:
    """The answers that a reader can choose from; none where anything may be typed."""
    ahead = player.worked()
    return {
        "choice": tuple(str(n + 1) for n in range(len(ahead.choices))),
        "order": tuple(ORDER),
        "word": ahead.words,
    }.get(question.kind, ())


def _try(player: Player, blocks: tuple[object, ...]) -> None:
    """Run what the reader is invited to, one line after the other."""
    for block in blocks:
        for line in block.lines if isinstance(block, Try) else ():
            run_line(player.session, line)


def failures(names: list[str]) -> Iterator[tuple[str, list[Mistake]]]:
    """The mistakes of several lessons, each with its name, as they are found."""
    for name in names:
        try:
            yield name, check(name)
        except TfstepError as error:
            yield name, [Mistake(Place(""), error.message)]
