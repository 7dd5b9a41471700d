"""``tfstep check``: gradients and invariants."""

from __future__ import annotations

import click

from tfstep.faces.cli.opening import keeping, load, reading
from tfstep.faces.cli.options import as_json, command, scenario, variant
from tfstep.faces.cli.output import Output
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual


@click.pass_obj
def _run(settings: Settings, scenario: str, variant: str | None, as_json: bool) -> int:
    from tfstep.session.study.checks import check
    from tfstep.view.report.checks import report, report_json

    found = check(load(settings, scenario, variant))
    out = Output(settings)
    if as_json:
        out.text([report_json(found)])
    else:
        out.lines(report(found))
    return 0 if found.ok else 1


COMMAND = command(
    "check",
    Bilingual(
        "Check a scenario: every gradient against finite differences in float64, kinks skipped and counted, and what "
        "must hold of its kind of model. The exit status is 1 if anything fails.",
        "检查一个场景：用 float64 的有限差分核对每个梯度（折点跳过并计数），以及这类模型必须满足的性质。"
        "有一项不成立时退出码为 1。",
    ),
    [scenario(), *reading(), keeping(), variant(), as_json()],
    _run,
)
