"""Why a number is what it is all the way down, and two runs at one step, written out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tfstep.engine.arrays.bits import same_bits
from tfstep.engine.trace import Trace
from tfstep.session.results import Compared
from tfstep.session.study.reasons import Reasons
from tfstep.text import Bilingual
from tfstep.view.cell.rules import rule_in_words
from tfstep.view.export.tables import KINDS
from tfstep.view.matrix.values import array_lines
from tfstep.view.report.explanation import in_cell, shortly
from tfstep.view.report.nesting import with_reason
from tfstep.view.text.number import brief
from tfstep.view.text.spans import Line, indented, line, span, table

RANKED = 12  # sources that are listed


def reasons_lines(found: Reasons, trace: Trace) -> Iterator[Line]:
    """The chain of the largest shares, then the sources with their shares."""
    start = with_reason(trace, found.chain[0].explanation)
    if start.note is not None:
        yield line(span(start.note, "name"))
    yield line(span(Bilingual("along the largest share", "沿最大份额"), "accent"))
    rows = []
    for depth, level in enumerate(found.chain):
        why = level.explanation
        rows.append(
            [
                span("  " * min(depth, 12) + in_cell(trace, why.cell), "name"),
                span(brief(why.value, 5)),
                span(rule_in_words(why.rule) if why.rule != "leaf" else _kind(trace, why.cell), "dim"),
                span(f"{level.share:.1%}", "dim"),
            ]
        )
    yield from indented(table(rows, "<><>"))
    last = found.chain[-1].explanation
    if not math.isfinite(last.value) and last.terms:
        yield line(span(Bilingual("it is born here, out of", "就在这里产生，由下面各数而来"), "accent"))
        yield from indented(shortly(trace, last))
    if math.isfinite(last.value) and last.rule != "leaf" and last.terms:
        yield line(span(Bilingual("from here on no cell has 0.1 % of it", "再往下，没有哪个格子占到 0.1%"), "dim"))
    yield line(span(Bilingual("what it comes from", "归根结底来自"), "accent"))
    rows = [
        [span(f"{each.share:.1%}"), span(in_cell(trace, each.cell), "name"), span(brief(each.value, 5))]
        for each in found.sources[:RANKED]
    ]
    yield from indented(table(rows, "><>"))
    rest = sum(each.share for each in found.sources[RANKED:])
    if rest:
        more = Bilingual("{n} more: {rest:.1%}", "另有 {n} 个：{rest:.1%}", n=len(found.sources) - RANKED, rest=rest)
        yield line(span(f"  {more}", "dim"))
    if found.constants > 0.0005:
        given = Bilingual(
            "numbers of the formulas themselves: {part:.1%}", "公式自身的常数：{part:.1%}", part=found.constants
        )
        yield line(span(f"  {given}", "dim"))
    if found.unfollowed > 0.0005:
        left = Bilingual("not followed further: {left:.1%}", "未再深究：{left:.1%}", left=found.unfollowed)
        yield line(span(f"  {left}", "dim"))


def _kind(trace: Trace, cell: str) -> str:
    node = trace.plan.paths.get(cell.partition("[")[0])
    return "" if node is None else str(KINDS.get(node.kind, ""))


def at_this_step(result: Compared, cells: int) -> Iterator[Line]:
    """The current tensor in both runs."""
    if result.there is None:
        yield line(span(Bilingual("{path} is only here", "{path} 只有这里有", path=result.here.path), "dim"))
        return
    if result.here.shape != result.there.shape:
        text = Bilingual(
            "{path} is {here} here, {there} there",
            "{path} 这里是 {here}，那里是 {there}",
            path=result.here.path,
            here=_sizes(result.here.shape),
            there=_sizes(result.there.shape),
        )
        yield line(span(text, "dim"))
        return
    if same_bits(result.here.value, result.there.value):
        yield line(span(Bilingual("{path} is equal to the bit", "{path} 完全相同", path=result.here.path), "dim"))
        return
    for name, tensor in zip(result.names, (result.here, result.there), strict=True):
        yield line(span(tensor.path, "name"), span(f"  {name}", "dim"))
        yield from indented(array_lines(tensor.value, cells - 2, tensor.node.spec.axes))


def _sizes(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "1"
