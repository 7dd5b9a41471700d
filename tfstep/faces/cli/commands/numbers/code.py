"""``tfstep code``: a run, or some of its steps, as a program that needs NumPy or PyTorch alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from tfstep.errors import CommandError
from tfstep.faces.cli.command import Argument, Choice, Option
from tfstep.faces.cli.opening import load, reading
from tfstep.faces.cli.options import command, output, paths, scenario, variant
from tfstep.faces.cli.output import Output, say, say_ours
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual, printable


@click.pass_obj
def _run(
    settings: Settings,
    scenario: str,
    patterns: Sequence[str],
    variant: str | None,
    library: str,
    no_backward: bool,
    output: Path | None,
) -> int:
    from tfstep.code.arrays import Library
    from tfstep.code.program import outer, save, steps_only, too_large, whole
    from tfstep.view.export.select import select

    loaded = load(settings, scenario, variant)
    trace = loaded.program.trace()
    out = Output(settings, output)
    if patterns:
        for each in patterns:
            say_ours(trace, each)
        found = select(trace, patterns)
        out.text([steps_only(trace, outer(trace, found), Library(library))])
        return 0
    title = printable(f"{loaded.title} ({loaded.name}, {loaded.variant})".strip()).replace("\\", "").replace('"', "'")
    written = whole(trace, title, Library(library), backward=not no_backward)
    if written.arrays and out.file is None:
        raise CommandError(
            Bilingual(
                "{n} numbers are too many to stand in the program; -o FILE writes it with an .npz beside it",
                "有 {n} 个数，太多，不宜写进程序；用 -o FILE 写出程序和旁边的 .npz",
                n=too_large(written),
            )
        )
    if out.file is None:
        out.text([written.text])
        return 0
    for file in save(written, out.file):
        say(Bilingual("{file} is written", "已写入 {file}", file=file))
    return 0


COMMAND = command(
    "code",
    Bilingual(
        "Print the run as a program that needs NumPy, or PyTorch, alone, with its numbers: forward, backward and update, in "
        "NumPy a line a step, in PyTorch a module, autograd and an optimizer. Run, it prints the loss; every tensor is in T by "
        "its path, gradients under PATH.grad. With PATHs (`*` stands for any characters) the lines of these steps only.",
        "把这次运行写成只依赖 NumPy（或 PyTorch）的程序，连同其中的数：前向、反向、参数更新；NumPy 一步一行，PyTorch 则是"
        "模块、自动求导和优化器。运行时打印损失；每个张量都在 T 里，以路径为键，梯度在 PATH.grad 下。给出 PATH"
        "（`*` 代表任意字符）时只输出这些步骤的代码行。",
    ),
    [
        scenario(),
        *reading(),
        Argument(
            ["patterns"],
            Bilingual("steps whose lines are wanted", "要输出的步骤"),
            metavar="[PATH]...",
            nargs=-1,
            required=False,
            type=click.STRING,
            shell_complete=paths,
        ),
        variant(),
        Option(
            ["--to", "library"],
            Bilingual("the library that the program is written for", "程序所用的库"),
            default="numpy",
            type=Choice("numpy", "torch"),
            metavar="numpy|torch",
        ),
        Option(
            ["--no-backward"],
            Bilingual("the forward pass only", "只要前向传播"),
            default=False,
            is_flag=True,
        ),
        output(),
    ],
    _run,
)
