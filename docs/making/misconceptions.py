"""What people say about Transformers, what is right, the step that meets it, and the questions that it gets wrong."""

from __future__ import annotations

from collections.abc import Iterator

from making.markdown import code, head, table
from tfstep.lessons.exam.bank import bank
from tfstep.lessons.format.catalog import load_lesson, shipped
from tfstep.lessons.format.misconceptions import misconceptions
from tfstep.text import Bilingual

TITLE = Bilingual("What people say about Transformers, and what is right", "关于 Transformer 的常见说法，以及实际情况")
INTRO = Bilingual(
    "Each of these is really said or asked. Each stands in so many words in one step of a lesson, where it meets the "
    "numbers: `tfstep learn LESSON`. And each gets a question wrong: of a lesson (its name and the step), or of "
    "`tfstep exam` (the name of the question). Whoever gives the answer that fits is told so; `tfstep learn LESSON "
    "--key` and `tfstep exam --key` show a teacher which answer that is.",
    "下面每一条都真有人这么说、这么问。每一条都原话写在某一课的某一步里，在那里拿数字对照：`tfstep learn 课程`。"
    "每一条也都会让人答错一道题：课程里的（写着课程名和第几步），或者 `tfstep exam` 里的（写着题名）。照这种说法作答的人，会当场"
    "得知是哪一条；老师用 `tfstep learn 课程 --key` 和 `tfstep exam --key` 可以看到哪个答案对应哪一条。",
)
COLUMNS = (
    Bilingual("People say", "常听到的说法"),
    Bilingual("What is right", "实际上"),
    Bilingual("Lesson", "课程"),
    Bilingual("Step", "步骤"),
    Bilingual("Asked in", "考它的题"),
)


def page(language: str) -> Iterator[str]:
    """The lines of the page."""
    yield from head(TITLE, language)
    other = ("misconceptions.zh.md", "中文") if language == "en" else ("misconceptions.md", "English")
    yield f"[{other[1]}]({other[0]})\n"
    yield f"{INTRO.in_(language)}\n"
    asked = dict(_asked())
    rows = []
    for name, each in misconceptions().items():
        lesson = load_lesson(each.lesson, language)
        rows.append(
            (
                each.said.in_(language),
                each.right.in_(language),
                f"[{each.lesson}](../lessons/{each.lesson}.{language}.md)",
                lesson.steps[each.step - 1].title,
                ", ".join(dict.fromkeys(place for it, place in _asked() if it == name)) if name in asked else "",
            )
        )
    yield from table([each.in_(language) for each in COLUMNS], rows)


def _asked() -> Iterator[tuple[str, str]]:
    """Each misconception with a question that it gets wrong."""
    for name in shipped():
        for number, step in enumerate(load_lesson(name, "en").steps, 1):
            for question in step.questions:
                for wrong in (*question.choices, *question.mistaken):
                    if wrong.fits:
                        yield wrong.fits, f"{name} {number}"
    for item in bank():
        for each in (*item.slips, *item.options):
            if each.fits:
                yield each.fits, code(f"exam {item.name}")
