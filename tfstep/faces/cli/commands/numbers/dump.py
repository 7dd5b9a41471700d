"""``tfstep dump``: tensors in the format that is asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfstep import work
from tfstep.errors import CommandError
from tfstep.faces.cli.command import Argument, Choice, Option, Whole
from tfstep.faces.cli.opening import keeping, load, reading
from tfstep.faces.cli.options import command, output, paths, scenario, variant
from tfstep.faces.cli.output import Output, say_ours
from tfstep.faces.cli.settings import Settings, is_terminal
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.engine.trace import Tensor, Trace
    from tfstep.scenario.scenario import Scenario

SUFFIXES = {
    ".json": "json",
    ".npz": "npz",
    ".csv": "csv",
    ".md": "markdown",
    ".tex": "latex",
    ".svg": "svg",
    ".html": "html",
}
FORMATS = ("table", *SUFFIXES.values())


@click.pass_obj
def _run(
    settings: Settings,
    scenario: str,
    patterns: Sequence[str],
    variant: str | None,
    grad: bool,
    format: str | None,
    output: Path | None,
    precision: int | None,
) -> None:
    from tfstep import trace
    from tfstep.view.export import html, npz, svg, tables
    from tfstep.view.export.select import forward, select
    from tfstep.view.export.size import expect_numbers
    from tfstep.view.export.window import WHOLE
    from tfstep.view.text.number import REPORTED

    format = format or _by_suffix(output)
    loaded = load(settings, scenario, variant)
    traced = trace(loaded)
    for each in patterns:
        say_ours(traced, each)
    tensors = select(traced, patterns) if patterns else forward(traced)
    out = Output(settings, output)
    window = {"html": html.WINDOW, "svg": svg.WINDOW}.get(format, WHOLE)
    cells = sum(window.cells(tensor.shape) for tensor in tensors)
    expect_numbers(format, cells * (2 if grad else 1))
    if format == "npz":
        if out.file is None and is_terminal(sys.stdout):
            raise CommandError(
                Bilingual(
                    "an .npz is not for a terminal; name a file with -o FILE.npz",
                    ".npz 不能输出到终端；请用 -o 文件.npz 指定文件",
                )
            )
        out.data(lambda file: npz.archive(file, tensors, grad))
    elif format == "table":
        out.lines(tables.tables(work.each(tensors, work.TENSORS), grad, precision or REPORTED, out.columns))
    else:
        out.text(_pieces(format, loaded, traced, tensors, grad, precision))


def _pieces(
    format: str, scenario: Scenario, trace: Trace, tensors: Sequence[Tensor], grad: bool, precision: int | None
) -> Iterable[str]:
    """The text of a format that is text."""
    each = work.each(tensors, work.TENSORS)
    from tfstep.view.export import csv, html, json, latex, markdown, svg
    from tfstep.view.text.number import REPORTED

    heading = scenario.heading
    match format:
        case "json":
            return json.dump(scenario.name, scenario.variant, trace, each, grad, precision)
        case "csv":
            return csv.lines(each, grad, precision)
        case "markdown":
            return markdown.document(each, grad, precision or REPORTED)
        case "latex":
            return latex.document(each, grad, precision or REPORTED)
        case "svg":
            return [svg.picture(heading, each, grad, precision or REPORTED)]
        case _:
            return html.page(heading, each, grad, precision or REPORTED, paths=[tensor.path for tensor in tensors])


def _by_suffix(file: Path | None) -> str:
    """The format that the ending of a file means. Raises CommandError for one that means another format."""
    ending = file.suffix.lower() if file else ""
    if ending in ("", ".txt"):
        return "table"
    if ending not in SUFFIXES:
        raise CommandError(
            Bilingual(
                "{file}: {ending} is none of the formats; endings: .txt (a table), {known}; or say --format",
                "{file}：没有 {ending} 这种格式；可用的后缀：.txt（表格）、{known}；或用 --format 指明",
                file=file,
                ending=ending,
                known=", ".join(SUFFIXES),
            )
        )
    return SUFFIXES[ending]


COMMAND = command(
    "dump",
    Bilingual(
        "Print tensors: all of the forward pass, or those that a PATTERN names, in the order of the timeline.\n\n"
        "In a PATTERN * stands for any characters, dots included. Gradients, new values and what is inside a step "
        "must be spelled: '*.grad', '*.W_Q.new', '*.weights/exp'.\n\n"
        "JSON has every number in full, nan, inf and -inf as strings; its grad is null without --grad, and where no "
        "path leads to the loss. An .npz has one array a path; with --grad also the gradients, under PATH.grad. A csv "
        "has one number a line; svg and html are heatmaps.",
        "输出张量：整个前向过程的，或 PATTERN 指定的，按时间线的顺序。\n\n"
        "PATTERN 里的 * 代表任意字符，包括点。梯度、更新后的值和步骤内部的张量必须写明："
        "'*.grad'、'*.W_Q.new'、'*.weights/exp'。\n\n"
        "JSON 里的数是全精度的，nan、inf、-inf 写成字符串；没有 --grad，或者没有通向损失的路径时，grad 为 null。"
        ".npz 里每个路径一个数组；加上 --grad，梯度存在 PATH.grad 下。csv 每行一个数；svg 和 html 是热力图。",
    ),
    [
        scenario(),
        *reading(),
        keeping(),
        Argument(
            ["patterns"],
            Bilingual("which tensors; default: those of the forward pass", "哪些张量；默认为前向过程的"),
            nargs=-1,
            type=click.STRING,
            shell_complete=paths,
            metavar="[PATTERN]…",
        ),
        variant(),
        Option(["--grad"], Bilingual("with the gradients", "连同梯度"), default=False, is_flag=True),
        Option(
            ["--format"],
            Bilingual(
                "one of {formats}; default: by the suffix of FILE, else table",
                "{formats} 之一；默认按 FILE 的后缀，否则为 table",
                formats=", ".join(FORMATS),
            ),
            type=Choice(*FORMATS),
            metavar="FORMAT",
        ),
        output(),
        Option(
            ["--precision"],
            Bilingual(
                "significant digits; default: all in json, npz and csv, 4 elsewhere",
                "有效数字位数；默认 json、npz、csv 为全部，其他格式 4 位",
            ),
            type=Whole(1, 17),
            metavar="N",
        ),
    ],
    _run,
)
