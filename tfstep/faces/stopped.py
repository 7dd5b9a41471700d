"""What is true of a line that was stopped on its way: nothing has changed, or so much."""

from __future__ import annotations

from tfstep.commands.language.session import Session
from tfstep.text import Bilingual


def state(session: Session) -> tuple[object, ...]:
    """What a line may leave behind, to be compared: how many changes there are of each variant stands last."""
    at = {name: journal.at for name, journal in session.journals.items() if journal.at}
    kept = (session.variant, id(session.trace), session.position, session.cell, tuple(session.points.all))
    return *kept, tuple(session.displays), tuple(session.values.named), at


def stopped(before: tuple[object, ...], after: tuple[object, ...]) -> Bilingual:
    """What is said of a line that was stopped."""
    if before == after:
        return Bilingual("stopped; nothing has changed", "已停止；什么都没变")
    old, new = before[-1], after[-1]
    assert isinstance(old, dict)
    assert isinstance(new, dict)
    more = sum(new.values()) - sum(old.values())
    if more <= 0:
        return Bilingual("stopped; what was done by then stands", "已停止；此前已做的保留")
    return Bilingual(
        "stopped; what was done by then stands: changes made: {n} (`undo` takes them back)",
        "已停止；此前已做的保留：{n} 处改动（`undo` 可撤销）",
        n=more,
    )
