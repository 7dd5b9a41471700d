"""``tfstep worksheet``: exercises with blanks, and their key."""

from __future__ import annotations

from pathlib import Path

import click

from tfstep.faces.cli.command import Choice, Option, Whole
from tfstep.faces.cli.opening import load, reading
from tfstep.faces.cli.options import command, output, scenario, variant
from tfstep.faces.cli.output import Output
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual, printable

LEVELS = ("all", "products", "softmax", "masks", "gradients", "updates")
FORMATS = ("markdown", "html", "latex")


@click.pass_obj
def _run(
    settings: Settings,
    scenario: str,
    variant: str | None,
    seed: int,
    key: bool,
    level: str,
    rounded: bool,
    each: int,
    format: str,
    output: Path | None,
) -> None:
    from tfstep.lessons.worksheet.make import worksheet
    from tfstep.lessons.worksheet.render import FORMATS

    levels = () if level == "all" else (level,)
    sheet = worksheet(load(settings, scenario, variant), seed, levels, rounded, each)
    Output(settings, output).text([printable(FORMATS[format](sheet, key))])


COMMAND = command(
    "worksheet",
    Bilingual(
        "Print exercises out of a scenario: tables with some cells left blank. The seed draws the numbers and chooses "
        "the cells: thirty seeds, thirty sheets. What is printed is exact: the blanks follow from the numbers on the "
        "sheet.",
        "用场景出练习卷：表格中留出空格。种子决定数字和空格的位置：三十个种子，三十份卷子。"
        "卷面上的数是精确的：空格中的数就由卷面上的数算出。",
    ),
    [
        scenario(),
        *reading(),
        variant(),
        Option(
            ["--seed"],
            Bilingual("which sheet; default: 0", "第几份；默认 0"),
            default=0,
            type=Whole(0, 10**9),
            metavar="N",
        ),
        Option(
            ["--key"],
            Bilingual("the answers with their working as well, on a sheet of their own", "另附一页答案和算法"),
            default=False,
            is_flag=True,
        ),
        Option(
            ["--level"],
            Bilingual(
                "one sort of exercise: products, softmax, masks, gradients or updates; default: all",
                "只出一类题：products（点积）、softmax、masks（掩码）、gradients（梯度）、updates（更新）；默认 all",
            ),
            default="all",
            type=Choice(*LEVELS),
            metavar="LEVEL",
        ),
        Option(
            ["--round", "rounded"],
            Bilingual("small round numbers, for pencil and paper", "用小而整的数，便于笔算"),
            default=False,
            is_flag=True,
        ),
        Option(
            ["--each"],
            Bilingual("exercises of each sort; default: 2", "每类几题；默认 2"),
            default=2,
            type=Whole(1, 20),
            metavar="N",
        ),
        Option(
            ["--format"],
            Bilingual("markdown (default), html or latex", "markdown（默认）、html 或 latex"),
            default="markdown",
            type=Choice(*FORMATS),
            metavar="FORMAT",
        ),
        output(),
    ],
    _run,
)
