"""The timeline: every step of forward, backward and update, and what goes on inside steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from tfstep.address.roles import INNER, path_parts
from tfstep.engine.trace import Tensor, Trace
from tfstep.session.place import PHASE_NAMES
from tfstep.view.text.spans import Line, indented, line, padded, span
from tfstep.view.text.width import width


class Row(Struct, frozen=True, eq=False):
    """One step. ``depth`` is 1 for a step of the timeline, 2 for one inside it."""

    tensor: Tensor
    phase: str
    depth: int


def timeline(trace: Trace, depth: int = 1) -> Iterator[Row]:
    """All steps in order, each followed by what is inside it, down to ``depth`` levels."""
    for node in trace.plan.steps:
        yield from _opened(trace, trace[node.path], node.phase, 1, depth)


def _opened(trace: Trace, tensor: Tensor, phase: str, level: int, depth: int) -> Iterator[Row]:
    yield Row(tensor, phase, level)
    if level >= depth:
        return
    inside = tensor.trace.substeps(tensor.node.slot)
    for node in inside.plan.steps if inside is not None else ():
        yield from _opened(trace, trace[f"{tensor.path}/{node.path}"], phase, level + 1, depth)


def scope(path: str) -> str:
    """The part of the model that a tensor belongs to: ``enc0.attn`` for ``enc0.attn.scores.grad``."""
    return path_parts(path).of.partition(INNER)[0].rpartition(".")[0]


def tree(rows: Iterable[Row]) -> Iterator[Line]:
    """The steps by phase and by part of the model: number, formula, op, shape."""
    rows = list(rows)
    number = max((width(str(row.tensor.step)) for row in rows), default=0)
    formulas = [span("  " * (row.depth - 1) + (row.tensor.formula or "")) for row in rows]
    widest = min(72, max((width(f.text) for f in formulas), default=0))
    op = max((width(row.tensor.op or "") for row in rows), default=0)
    phase = part = None
    for row, formula in zip(rows, formulas, strict=True):
        if row.phase != phase:
            phase, part = row.phase, None
            yield line(span(PHASE_NAMES[phase], "accent"))
        if row.depth == 1 and scope(row.tensor.path) != part:
            part = scope(row.tensor.path)
            if part:
                yield line("  ", span(part, "name"))
        yield from indented(
            [
                (
                    *padded(span(row.tensor.step, "dim"), number, ">"),
                    *line("  "),
                    *padded(formula, widest),
                    *line("  "),
                    *padded(span(row.tensor.op, "dim"), op),
                    *line("  ", span("×".join(map(str, row.tensor.shape)), "dim")),
                )
            ],
            4,
        )
