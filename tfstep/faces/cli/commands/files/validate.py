"""``tfstep validate``: every mistake of scenario and lesson files, and nothing where there is none."""

from __future__ import annotations

from collections.abc import Sequence

import click

from tfstep.faces.cli.command import Argument
from tfstep.faces.cli.options import command, variant
from tfstep.faces.cli.output import say
from tfstep.text import Bilingual


def _run(files: Sequence[str], variant: str | None) -> int:
    from tfstep.errors import TfstepError
    from tfstep.lessons.format.catalog import is_lesson, stem
    from tfstep.scenario.scenario import load, validate

    faults = 0
    lessons = dict.fromkeys(stem(file) for file in files if is_lesson(file))
    for file in files:
        if is_lesson(file):
            if stem(file) in lessons:  # its other language is checked with it
                del lessons[stem(file)]
                faults += _lesson(file)
            continue
        mistakes = validate(file, also=lambda scenario: scenario.program)
        for mistake in mistakes:
            say(mistake)
        if not mistakes and variant is not None:
            try:
                load(file, variant)
            except TfstepError as error:
                say(error)
                faults += 1
        faults += len(mistakes)
    return 2 if faults else 0


def _lesson(file: str) -> int:
    """Tell every mistake of a lesson, the file of the other language beside it included; returns how many."""
    from tfstep.lessons.player.check import check

    mistakes = check(file)
    for mistake in mistakes:
        say(mistake)
    return len(mistakes)


COMMAND = command(
    "validate",
    Bilingual(
        "Check scenario files, all their variants included, and lessons, in both languages. Every mistake is printed "
        "as FILE:LINE:COLUMN, what was found, and what is allowed; nothing where all is right. The exit status is 2 if "
        "there is any.",
        "检查场景文件（包括所有变体）和课程文件（两种语言）。每处错误都以 文件:行:列、读到的内容、允许的内容 的形式"
        "输出；没有错误就什么都不输出。有错误时退出码为 2。",
    ),
    [
        Argument(
            ["files"],
            Bilingual("scenario or lesson files", "场景或课程文件"),
            nargs=-1,
            required=True,
            type=click.STRING,
            metavar="FILE…",
        ),
        variant(Bilingual("each file must also have this variant", "每个文件还必须有这个变体")),
    ],
    _run,
)
