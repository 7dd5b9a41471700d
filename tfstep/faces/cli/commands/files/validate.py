"""``tfstep validate``: every mistake of scenario and lesson files, and nothing where there is none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from tfstep.faces.cli.command import Argument, Choice, Option
from tfstep.faces.cli.options import command, files, variant
from tfstep.faces.cli.output import Output, say
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.scenario.file.mistakes import Mistake


def _run(files: Sequence[str], variant: str | None, form: str) -> int:
    found = list(_mistakes(files, variant, form))
    if form == "text":
        for mistake in found:
            say(mistake)
        for warning in [] if found else _warnings(files):
            say(warning)
    else:
        Output(Settings()).text([_FORMS[form](found)])
    return 2 if found else 0


def _mistakes(files: Sequence[str], variant: str | None, form: str) -> Iterator[Mistake]:
    """Every mistake of the files, one after another; of a lesson those of its other language, too.

    What a machine reads names the file also where there is none.
    """
    from msgspec.structs import replace

    from tfstep.errors import TfstepError
    from tfstep.lessons.format.catalog import is_lesson, stem
    from tfstep.lessons.player.check import check
    from tfstep.scenario.file.mistakes import Mistake, Mistakes, Place
    from tfstep.scenario.scenario import load, validate

    lessons = dict.fromkeys(stem(file) for file in files if is_lesson(file))
    for file in files:
        if is_lesson(file):
            if stem(file) in lessons:  # its other language is checked with it
                del lessons[stem(file)]
                yield from check(file)
            continue
        mistakes = validate(file, also=lambda scenario: scenario.program)
        for each in mistakes:
            yield each if each.place.file or form == "text" else replace(each, place=Place(file))
        if not mistakes and variant is not None:
            try:
                load(file, variant)
            except Mistakes as error:
                yield from error.mistakes
            except TfstepError as error:
                yield Mistake(Place(file), error.message)


def _warnings(files: Sequence[str]) -> Iterator[Bilingual]:
    """What is no mistake but will be regretted: numbers that are given and are NaN or infinite, rows that will be."""
    from tfstep.lessons.format.catalog import is_lesson
    from tfstep.scenario import empty_rows
    from tfstep.scenario.scenario import load
    from tfstep.scenario.weights.broken import warnings

    for file in files:
        if not is_lesson(file):
            base = load(file)
            yield from warnings(file, base)
            for each in base.variants:
                yield from empty_rows.warnings(file, base.with_variant(each))


def _json(found: Sequence[Mistake]) -> str:
    """A list, one object a mistake; ``line`` and ``column`` are null where it concerns the whole file."""
    rows = (
        json.dumps(
            {
                "file": each.place.file,
                "line": each.place.line or None,
                "column": each.place.column or None,
                "message": str(each.message),
            },
            ensure_ascii=False,
        )
        for each in found
    )
    inner = ",\n".join(rows)
    return f"[\n{inner}\n]\n" if inner else "[]\n"


def _github(found: Sequence[Mistake]) -> str:
    """Annotations as GitHub Actions reads them off a job's output: it shows them at the lines of a pull request."""
    return "".join(_annotation(each) for each in found)


def _annotation(each: Mistake) -> str:
    places = [f"file={_escaped(each.place.file)}"] if each.place.file else []
    if each.place.line:
        places += [f"line={each.place.line}", f"col={each.place.column}"]
    message = str(each.message).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::error {','.join(places)}::{message}\n"


def _escaped(value: str) -> str:
    marks = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C"))
    for mark, spelled in marks:
        value = value.replace(mark, spelled)
    return value


_FORMS = {"json": _json, "github": _github}

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
            shell_complete=files,
        ),
        variant(Bilingual("each file must also have this variant", "每个文件还必须有这个变体")),
        Option(
            ["--format", "form"],
            Bilingual(
                "text (on standard error), json, or github: annotations for GitHub Actions; default: text",
                "text（输出到标准错误）、json 或 github（GitHub Actions 的标注）；默认 text",
            ),
            default="text",
            type=Choice("text", "json", "github"),
            metavar="text|json|github",
        ),
    ],
    _run,
)
