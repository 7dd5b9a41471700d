"""``tfstep list``: what ships."""

from __future__ import annotations

import click

from tfstep.faces.cli.options import as_json, command, variant
from tfstep.faces.cli.output import Output
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual


@click.pass_obj
def _run(settings: Settings, variant: str | None, as_json: bool) -> None:
    from tfstep.scenario.file.catalog import summaries
    from tfstep.view.export import json
    from tfstep.view.text.spans import span, table

    found = [each for each in summaries() if variant is None or variant in each.variants]
    out = Output(settings)
    if as_json:
        rows = ({"name": s.name, "title": str(s.title), "kind": s.kind, "variants": list(s.variants)} for s in found)
        out.text([json.listing(rows)])
    else:
        cells = [
            [span(s.name, "name"), span(s.title), span(s.kind, "dim"), span(" ".join(s.variants), "dim")] for s in found
        ]
        out.lines(table(cells, "<<<<"))


COMMAND = command(
    "list",
    Bilingual(
        "List the scenarios that ship: name, title, kind of model, variants.",
        "列出自带的场景：名字、标题、模型种类、变体。",
    ),
    [variant(Bilingual("only scenarios that have this variant", "只列出有这个变体的场景")), as_json()],
    _run,
)
