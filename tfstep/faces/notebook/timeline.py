"""A run as a timeline that folds: phases, parts of the model, steps with what they make."""

from __future__ import annotations

from itertools import groupby

from tfstep.engine.trace import Trace
from tfstep.faces.notebook import style
from tfstep.session.place import PHASE_NAMES
from tfstep.view.python.line import summary, summed_up
from tfstep.view.report.timeline import Row, scope, timeline
from tfstep.view.text.markup import escape


def trace(shown: Trace) -> str:
    """The whole output for one run; the forward pass is open. A step that an edit left waiting is not computed."""
    parts = [style.heading(summary(shown))]
    for phase, rows in groupby(timeline(shown), key=lambda row: row.phase):
        steps = list(rows)
        inner = "".join(
            _part(name, list(each)) for name, each in groupby(steps, key=lambda row: scope(row.tensor.path))
        )
        title = f"<b>{escape(str(PHASE_NAMES[phase]))}</b> <span class=dim>{len(steps)}</span>"
        parts.append(style.details(title, inner, is_open=phase == "forward"))
    return style.output(*parts)


def _part(name: str, rows: list[Row]) -> str:
    table = style.rows([_row(row) for row in rows], left=4)
    return style.details(f"{escape(name)} <span class=dim>{len(rows)}</span>", table, is_open=True) if name else table


def _row(row: Row) -> list[str]:
    tensor = row.tensor
    waiting = tensor.trace.stale(tensor.node.slot)
    shape = "×".join(map(str, tensor.shape))
    what = "…" if waiting else summed_up(tensor.value)
    return [
        str(tensor.step),
        escape(tensor.formula or ""),
        f"<span class=dim>{escape(tensor.op or '')} {shape}</span>",
        escape(what),
    ]
