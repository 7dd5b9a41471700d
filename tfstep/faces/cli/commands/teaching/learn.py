"""``tfstep learn``: the lessons: a list of them, one of them, or all of them without a person."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from tfstep.faces.cli.command import Argument, Option
from tfstep.faces.cli.options import command, lessons, variant
from tfstep.faces.cli.output import Output, say
from tfstep.faces.cli.settings import Settings, has_screen
from tfstep.text import Bilingual
from tfstep.view.text.spans import Line


@click.pass_obj
def _run(
    settings: Settings,
    lesson: str | None,
    variant: str | None,
    plain: bool,
    check: bool,
    again: bool,
    key: bool,
    listed: bool,
) -> int:
    out = Output(settings)
    if check:
        return _check(out, lesson)
    if key:
        return _key(out, lesson)
    if lesson is None or listed:
        _list(out)
        return 0
    from msgspec.structs import replace

    from tfstep.commands.language.session import Session
    from tfstep.faces.learn import WIDTH, learn
    from tfstep.lessons.format.catalog import load_lesson, scenario_of
    from tfstep.lessons.player.progress import Progress

    loaded = load_lesson(lesson)
    if variant is not None:
        loaded = replace(loaded, variant=variant)
    if not plain and has_screen():
        from tfstep.faces.tui.lesson.start import read

        return read(loaded, settings.colored(sys.stdout), again)
    session = Session(scenario_of(loaded))

    def show(found: Iterable[Line]) -> None:
        out.lines(found)
        out.flush()

    return learn(loaded, session, Progress(), show, say, min(WIDTH, out.columns or WIDTH), again)


def _list(out: Output) -> None:
    from tfstep.lessons.format.catalog import summaries
    from tfstep.lessons.player.progress import Progress
    from tfstep.view.text.spans import span, table

    progress = Progress()
    rows = []
    for each in summaries():
        reached = progress.of(each.name)
        done = ""
        if reached is not None:
            going = Bilingual("{n}/{of}", "{n}/{of}", n=reached.step, of=reached.of)
            done = str(Bilingual("done", "已完成") if reached.done else going)
        minutes = Bilingual("{n} min", "{n} 分钟", n=each.minutes)
        rows.append(
            [
                span(str(each.order), "dim"),
                span(each.name, "name"),
                span(each.title),
                span(minutes, "dim"),
                span(done, "good"),
            ]
        )
    out.lines(table(rows, "><<><"))


def _key(out: Output, lesson: str | None) -> int:
    from tfstep.lessons.format.catalog import load_lesson, shipped
    from tfstep.lessons.player.key import key
    from tfstep.view.text.spans import line, span

    for name in [lesson] if lesson is not None else shipped():
        read = load_lesson(name)
        out.lines([line(span(read.title, "name"), span(f"   {read.name}", "dim"))])
        for each in key(read):
            out.lines(
                [
                    (),
                    line(span(f"{each.step}", "dim")),
                    line(span(each.ask)),
                    line(span("  = ", "dim"), span(each.right, "good")),
                ]
            )
            out.lines(
                line(span("  ≠ ", "dim"), span(wrong.answer.shown), span(f"  {wrong.told()}", "dim"))
                for wrong in each.mistaken
            )
        out.lines([()])
        sys.stdout.flush()
    return 0


def _check(out: Output, lesson: str | None) -> int:
    from tfstep.lessons.format.catalog import shipped
    from tfstep.lessons.player.check import failures
    from tfstep.view.text.spans import line, span

    failed = False
    for name, mistakes in failures([lesson] if lesson is not None else shipped()):
        for mistake in mistakes:
            say(mistake)
        failed = failed or bool(mistakes)
        word = span(Bilingual("failed", "失败"), "bad") if mistakes else span(Bilingual("ok", "通过"), "good")
        out.lines([line(word, f"  {name}")])
        out.flush()
    return 1 if failed else 0


COMMAND = command(
    "learn",
    Bilingual(
        "Learn the Transformer by its numbers. Without LESSON: list the lessons, and how far you have come. A lesson "
        "opens on the screen, its text beside the live matrices: Enter goes on, `?` gives a hint, `!` the answer, `P` "
        "goes back, `q` leaves; every key of the debugger works.\n\nWith --plain it is read line by line; there `b` "
        "goes back, and any command of the debugger runs. Without a terminal the answers are read from standard input.",
        "跟着数字学 Transformer。不写 LESSON 时列出课程和进度。课程在屏幕上打开，正文旁边就是实时的矩阵：回车继续，"
        "`?` 看提示，`!` 看答案，`P` 返回，`q` 离开；调试器的按键全都可用。\n\n加 --plain 则逐行阅读；此时 `b` 返回，"
        "可以执行任何调试器命令。没有终端时从标准输入读取答案。",
    ),
    [
        Argument(
            ["lesson"],
            Bilingual("the name of a lesson, or a file of one's own", "课程名，或自己的课程文件"),
            required=False,
            type=click.STRING,
            shell_complete=lessons,
        ),
        variant(Bilingual("begin with this variant of the scenario", "从场景的这个变体开始")),
        Option(
            ["--plain"],
            Bilingual("text alone, without the screen", "只用文本，不用屏幕界面"),
            default=False,
            is_flag=True,
        ),
        Option(
            ["--check"],
            Bilingual(
                "go through the lesson, or all of them, in both languages, without a person; status 1 if one fails",
                "不需要人，走完这一课（或全部课程）的两种语言；有失败则退出码为 1",
            ),
            default=False,
            is_flag=True,
        ),
        Option(
            ["--key"],
            Bilingual(
                "for a teacher: the questions, what is right, and the misconception behind each wrong answer that is foreseen",
                "给教师：列出问题、正确答案，以及预料得到的每个错误答案背后的误解",
            ),
            default=False,
            is_flag=True,
        ),
        Option(
            ["--list", "listed"],
            Bilingual("list the lessons, as without LESSON", "列出课程，同不写 LESSON"),
            default=False,
            is_flag=True,
            hidden=True,
        ),
        Option(["--again"], Bilingual("from the beginning", "从头开始"), default=False, is_flag=True),
    ],
    _run,
)
