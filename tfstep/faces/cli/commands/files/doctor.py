"""``tfstep doctor``: what tfstep finds on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from tfstep.faces.cli.options import command
from tfstep.faces.cli.output import Output
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.faces.doctor.findings import Finding
    from tfstep.view.text.spans import Line


@click.pass_obj
def _run(settings: Settings) -> None:
    from tfstep.faces.doctor.findings import findings
    from tfstep.faces.doctor.widths import measure

    Output(settings).lines(_lines(list(findings(measure()))))


def _lines(found: list[Finding]) -> Iterator[Line]:
    from tfstep.view.text.spans import Span, line
    from tfstep.view.text.width import left, width

    wide = max(width(str(each.title)) for each in found)
    for each in found:
        mark = Span("! ", "bad") if each.advice else Span("  ")
        yield line(mark, Span(left(str(each.title), wide), "dim"), Span(f"  {each.found}"))
        if each.advice is not None:
            yield line(Span(" " * (wide + 4)), Span(str(each.advice), "accent"))


COMMAND = command(
    "doctor",
    Bilingual(
        "Tell what tfstep finds on this machine: versions, terminal, colours, widths of characters, fonts, and where "
        "it keeps files; with advice where something is amiss.",
        "说明 tfstep 在本机看到的情况：版本、终端、颜色、字符宽度、字体，以及文件保存在哪里；有问题时给出建议。",
    ),
    [],
    _run,
)
