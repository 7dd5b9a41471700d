"""``tfstep explain``: why a number is what it is."""

from __future__ import annotations

import click

from tfstep.faces.cli.command import Argument
from tfstep.faces.cli.opening import keeping, load, reading
from tfstep.faces.cli.options import as_json, command, depth, paths, scenario, variant
from tfstep.faces.cli.output import Output, say_ours
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual


@click.pass_obj
def _run(settings: Settings, scenario: str, cell: str, variant: str | None, depth: int, as_json: bool) -> None:
    from tfstep import trace
    from tfstep.address.grammar import parse
    from tfstep.view.export import json
    from tfstep.view.report.explanation import explanation
    from tfstep.view.report.nesting import Nest

    traced = trace(load(settings, scenario, variant))
    say_ours(traced, parse(cell).path)
    found = Nest(traced).explain(cell, depth)
    out = Output(settings)
    if as_json:
        out.text([json.explanation(found)])
    else:
        out.lines(explanation(traced, found))


COMMAND = command(
    "explain",
    Bilingual(
        "Say why a number is what it is: the terms that it is the sum of, their total, and what was recorded.\n\n"
        "A CELL is a path with all its indices, words allowed: `enc0.attn.scores[0,0,1,2]`, "
        "`enc0.attn.scores[0,0,爱,你]`, `enc0.attn.W_Q.grad[0,0]`; a scalar is its bare path.",
        "说明一个数为什么是这个值：它由哪些项相加而成，合计多少，记录值多少。\n\n"
        "CELL 是路径加全部下标，下标可以写词：`enc0.attn.scores[0,0,1,2]`、"
        "`enc0.attn.scores[0,0,爱,你]`、`enc0.attn.W_Q.grad[0,0]`；标量只写路径。",
    ),
    [
        scenario(),
        *reading(),
        keeping(),
        Argument(["cell"], Bilingual("the number to explain", "要解释的数"), type=click.STRING, shell_complete=paths),
        variant(),
        depth(Bilingual("how many levels down; default: 1", "往下解释几层；默认 1")),
        as_json(),
    ],
    _run,
)
