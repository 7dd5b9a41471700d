"""Nudging a number: to the digit exact, and one change however often the same number is nudged."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation

from tfstep.commands.change import loss_of
from tfstep.commands.language.line import leading_cell
from tfstep.commands.language.registry import command
from tfstep.commands.language.session import Session
from tfstep.errors import CommandError
from tfstep.session.address.target import cell
from tfstep.session.change.undo_history import Nudge
from tfstep.session.evaluate import evaluate
from tfstep.session.results import Changed, Edit, Result
from tfstep.text import Bilingual

USAGE = "nudge CELL [BY]"
STEP = Decimal("0.1")
BACK = Bilingual("back where it was: no change", "回到原值：没有改动")


@command(
    "change",
    USAGE,
    bare=True,
    completes=("cell", "expr"),
    about=Bilingual(
        "Move one number by BY (0.1). Nudges of the same number are one change, and back where it was is none.",
        "把一个数移动 BY（默认 0.1）。对同一个数的连续微调算一处改动，回到原值就不算改动。",
    ),
)
def _nudge(session: Session, rest: str) -> Result:
    place, words = leading_cell(rest)
    if not place or len(words) > 1:
        raise CommandError(Bilingual("usage: {usage}", "用法：{usage}", usage=USAGE))
    tensor, at = cell(session, place)
    name = f"{tensor.path}[{','.join(map(str, at))}]" if at else tensor.path
    by = _by(session, words[0]) if words else STEP
    journal, before = session.journal, session.trace
    last = journal.now.nudge
    if last is None or last.place != name:
        last = Nudge(name, float(tensor.value[at]), Decimal(0))
    if not math.isfinite(last.start):
        raise CommandError(
            Bilingual(
                "{cell} is {value}: there is nothing to nudge; `set` gives it a number",
                "{cell} 是 {value}，无法微调；用 `set` 给它一个数",
                cell=name,
                value=last.start,
            )
        )
    fresh = journal.now.nudge is None or journal.now.nudge.place != name
    moved = Nudge(name, last.start, last.by + by)
    old = tensor.value[at]
    if not moved.by:
        if not fresh:
            session.take_back()
        edit = Edit(name, old, session.trace[tensor.path].value[at], share=tensor.node.shares)
        return Changed((f"nudge {name} {by}",), (edit,), 0, loss_of(session, before), (BACK,))
    base = before if fresh else journal.entries[journal.at - 1].trace
    trace = base.edit({name: moved.value})
    line = f"set {name} = {moved.value!r}"
    entry = journal.now.changed(line, trace=trace, edited=session.edited | {tensor.path}, nudge=moved)
    session.record(entry, instead=not fresh)
    edit = Edit(name, old, trace[tensor.path].value[at], tensor.step is not None, tensor.node.shares)
    return Changed(
        (f"nudge {name} {by}",), (edit,), len(trace.plan.follow({tensor.node.slot})), loss_of(session, before)
    )


def _by(session: Session, text: str) -> Decimal:
    """By how much: as it is written, to the digit, or what an expression comes to. Raises CommandError."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        value = evaluate(session, text)
        found = Decimal(repr(float(value.item()))) if value.size == 1 else Decimal("nan")
    if not found.is_finite():
        raise CommandError(Bilingual("{text} is not a number to move by", "{text} 不是可以移动的量", text=text[:40]))
    return found
