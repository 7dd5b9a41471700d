"""``tfstep repl``: the line debugger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from tfstep.faces.cli.command import Option
from tfstep.faces.cli.opening import keeping, load, reading
from tfstep.faces.cli.options import command, scenario, scripts, variant
from tfstep.faces.cli.output import Output, say
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual
from tfstep.view.text.spans import Line


@click.pass_obj
def _run(
    settings: Settings,
    scenario: str,
    variant: str | None,
    files: Sequence[Path],
    lines: Sequence[str],
    batch: bool,
) -> int:
    from tfstep.commands.language.session import Session
    from tfstep.faces.repl import repl

    out = Output(settings)

    def show(found: Iterable[Line]) -> None:
        out.lines(found)
        out.flush()
        if out.closed and not batch:  # nobody sees it: what is typed would run into the dark
            raise BrokenPipeError

    return repl(Session(load(settings, scenario, variant)), show, say, [str(file) for file in files], lines, batch)


COMMAND = command(
    "repl",
    Bilingual(
        "Debug a scenario line by line, in the language of the screen's command bar; `help` lists the commands.\n\n"
        "Without a terminal the lines are read from standard input.",
        "用命令逐条调试一个场景，语言与屏幕的命令栏相同；`help` 列出命令。\n\n没有终端时从标准输入读取命令。",
    ),
    [
        scenario(),
        *reading(),
        keeping(),
        variant(),
        *scripts(),
        Option(
            ["--batch"],
            Bilingual(
                "end after the files and commands; status 1 if one failed or an `expect` did not hold",
                "执行完文件和命令就结束；有命令失败或 `expect` 不成立时退出码为 1",
            ),
            default=False,
            is_flag=True,
        ),
    ],
    _run,
)
