"""``tfstep page``: a recorded run as one HTML file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tfstep.errors import CommandError
from tfstep.faces.cli.opening import load, reading
from tfstep.faces.cli.options import command, output, scenario, variant
from tfstep.faces.cli.output import Output
from tfstep.faces.cli.settings import Settings, is_terminal
from tfstep.text import Bilingual


@click.pass_obj
def _run(settings: Settings, scenario: str, variant: str | None, output: Path | None) -> None:
    from tfstep import trace
    from tfstep.faces.web.page.write import page

    if output is None and is_terminal(sys.stdout):
        raise CommandError(
            Bilingual(
                "a page is not for a terminal; name a file with -o FILE.html",
                "网页不能输出到终端；请用 -o 文件.html 指定文件",
            )
        )
    loaded = load(settings, scenario, variant)
    Output(settings, output).text([page(loaded, trace(loaded))])


COMMAND = command(
    "page",
    Bilingual(
        "Write a run as one HTML file, for a blog or a lecture: its steps are walked with the keys of the screen and the "
        "mouse, every cell says why, gradients included, in English and Chinese. The file needs no server and loads nothing.",
        "把一次运行写成一个 HTML 文件，可用于博客或课堂：用屏幕界面的按键或鼠标逐步走完，每个单元格都说明来历，包括梯度，"
        "中英文皆可。文件不需要服务器，也不加载任何东西。",
    ),
    [scenario(), *reading(), variant(), output()],
    _run,
)
