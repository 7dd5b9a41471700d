"""``tfstep exam``: fifty questions, asked, graded or printed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tfstep.faces.cli.command import Choice, Option, Whole
from tfstep.faces.cli.options import command, output
from tfstep.faces.cli.output import Output, say
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual

HALVES = ("both", "first", "second")
FORMATS = ("markdown", "html")


@click.pass_obj
def _run(
    settings: Settings,
    seed: int,
    key: bool,
    half: str,
    answers: Path | None,
    format: str,
    output: Path | None,
) -> int:
    from tfstep.lessons.exam.paper import paper
    from tfstep.lessons.exam.render import FORMATS, report

    made = paper(seed) if half == "both" else paper(seed, (half,))
    out = Output(settings, output)
    if answers is not None:
        from tfstep.commands.language.session import Session
        from tfstep.lessons.exam.grade import grade, read_answers
        from tfstep.scenario.file.reading import read_text
        from tfstep.scenario.scenario import load

        out.text(["\n".join(report(grade(made, read_answers(read_text(answers)), Session(load("neuron")))))])
        return 0
    if key or output is not None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        out.text([FORMATS[format](made, key)])
        return 0
    from tfstep.faces.exam import sit

    return sit(made, out.lines, say, _typed())


def _typed() -> Iterator[str]:
    while True:
        try:
            yield input("? ")
        except EOFError:
            return


COMMAND = command(
    "exam",
    Bilingual(
        "Fifty questions, 25 on one idea each and 25 on several at once. The seed draws their numbers: a class can "
        "sit thirty different ones. On a terminal they are asked one by one, the debugger at hand (`:print p`), and "
        "graded at the end with the misconception behind each wrong answer. With --key, -o, or on a pipe the paper is "
        "printed. With --answers a file is graded: one answer a line, `7: 0.25` or in order.",
        "五十道题：25 道各考一个知识点，25 道综合题。题中的数由种子决定，一个班可以人手一份不同的卷子。在终端里逐题作答，"
        "随时可用调试器（`:print p`），最后评分，并指出每个错误答案背后的误解。加 --key、-o 或输出到管道时打印试卷。"
        "加 --answers 则批改一个文件：一行一个答案，写 `7: 0.25` 或按题目次序。",
    ),
    [
        Option(
            ["--seed"],
            Bilingual("which paper; default: 0", "第几份；默认 0"),
            default=0,
            type=Whole(0, 10**9),
            metavar="N",
        ),
        Option(
            ["--key"],
            Bilingual(
                "print the paper with its key: right answers, and what wrong ones come from",
                "打印试卷并附答案：正确答案，以及错误答案从何而来",
            ),
            default=False,
            is_flag=True,
        ),
        Option(
            ["--half"],
            Bilingual(
                "first (one idea each), second (several) or both (default)",
                "first（单项）、second（综合）或 both（默认）",
            ),
            default="both",
            type=Choice(*HALVES),
            metavar="HALF",
        ),
        Option(
            ["--answers"],
            Bilingual("grade the answers in this file", "批改该文件里的答案"),
            type=click.Path(path_type=Path),
            metavar="FILE",
        ),
        Option(
            ["--format"],
            Bilingual("markdown (default) or html", "markdown（默认）或 html"),
            default="markdown",
            type=Choice(*FORMATS),
            metavar="FORMAT",
        ),
        output(),
    ],
    _run,
)
