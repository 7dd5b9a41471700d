"""``tfstep steps``: the timeline."""

from __future__ import annotations

import click

from tfstep.faces.cli.opening import load, reading
from tfstep.faces.cli.options import as_json, command, depth, scenario, variant
from tfstep.faces.cli.output import Output, say
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual


@click.pass_obj
def _run(settings: Settings, scenario: str, variant: str | None, depth: int, as_json: bool) -> None:
    from tfstep.engine.trace import Trace
    from tfstep.view.export import json
    from tfstep.view.report.timeline import timeline, tree

    program = load(settings, scenario, variant).program
    rows = timeline(Trace.start(program.plan, program.leaves), depth)  # no number is needed
    out = Output(settings)
    if as_json:
        out.text([json.steps(rows)])
    else:
        out.lines(tree(rows))
    if "loss" not in program.plan.paths:
        say(
            Bilingual(
                "this scenario has no loss, so there is no backward phase and no update",
                "这个场景没有损失，所以没有反向阶段，也没有参数更新",
            )
        )


COMMAND = command(
    "steps",
    Bilingual(
        "Print every step of the timeline with its number, formula, op and shape: forward, backward, update.",
        "输出时间线的每一步：编号、公式、运算和形状；依次是前向、反向、参数更新。",
    ),
    [
        scenario(),
        *reading(),
        variant(),
        depth(
            Bilingual(
                "1 (default): the steps; 2: also what is inside them, numbered 14.2; and so on",
                "1（默认）：各步骤；2：还有步骤内部的，编号如 14.2；依此类推",
            )
        ),
        as_json(),
    ],
    _run,
)
