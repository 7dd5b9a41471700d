"""Breakpoints and watchpoints: where a move stops, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tfstep.address.grammar import cell_name
from tfstep.engine.arrays.bits import same_bits
from tfstep.errors import TfstepError
from tfstep.session.evaluate import Names, truth, worked_out
from tfstep.session.place import Position, position_of
from tfstep.session.stop.points import Point, Stop
from tfstep.session.stop.which_cell import cell_of
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.expr import Expression
    from tfstep.session.state import State


def stops(state: State, direction: int) -> list[Stop]:
    """Why a move that has just come to ``state.position`` stops there, if it does."""
    found = [(point, stop) for point in state.points.enabled if (stop := _stop(state, point, direction)) is not None]
    return [stop for point, stop in found if not state.points.passed(point)]


def moved_watches(state: State, by: Bilingual | None = None) -> list[Stop]:
    """The watched values that a change of the numbers has moved; ``by`` names the change."""
    found = []
    for point in state.points.enabled:
        if point.watched is not None:
            new = _value(state, point.watched)
            if differ(point.last, new) and _holds(state, point):
                found.append(change_message(point, point.last, new, by))
            point.last = new
    return found


def _stop(state: State, point: Point, direction: int) -> Stop | None:
    if point.watched is not None:
        return _watched(state, point, direction)
    assert point.pattern is not None
    if not point.pattern.matches(state.trace, state.position) or not _holds(state, point):
        return None
    condition: Bilingual | str = ""
    cell = None
    if point.condition is not None:
        cell = cell_of(state, point.condition)
        at = "" if cell is None else Bilingual(", at {cell}", "，在 {cell}", cell=cell_name(state.current.name, cell))
        condition = Bilingual(" ({text}{at})", "（{text}{at}）", text=point.condition.text, at=at)
    reason = Bilingual(
        "breakpoint {number}: {pattern}{condition}",
        "断点 {number}：{pattern}{condition}",
        number=point.number,
        pattern=point.pattern.text,
        condition=condition,
    )
    return Stop(reason, point.number, cell=cell)


def _holds(state: State, point: Point) -> bool:
    """Whether the condition holds here; where it makes no sense (an axis that is not there), it does not."""
    if point.condition is None:
        return True
    try:
        return truth(state, point.condition, state.current)
    except TfstepError:
        return False


# -- watching --------------------------------------------------------------------------------------


def _watched(state: State, point: Point, direction: int) -> Stop | None:
    """Whether the step we have come to makes, or changes, what is watched."""
    assert point.watched is not None
    if len(state.position) > 1 or not _is_made_by(state, point.watched, state.position):
        return None
    at = state.position[0]
    before, after = _at_time(state, point.watched, at - 1), _at_time(state, point.watched, at)
    if not differ(before, after) or not _holds(state, point):
        return None
    by = Bilingual("by {path}", "由 {path} 引起", path=state.current.path)
    return change_message(point, *((before, after) if direction > 0 else (after, before)), by)


def change_message(point: Point, old: np.ndarray | None, new: np.ndarray | None, by: Bilingual | None) -> Stop:
    """That a watched value is another one now; ``by`` names what made it so."""
    assert point.watched is not None
    never = Bilingual(" (there was none before)", "（此前还没有值）") if old is None else ""
    gone = Bilingual(" (before it there is none)", "（在它之前还没有值）") if new is None else ""
    reason = Bilingual(
        "watchpoint {number}: {text} changed{by}{never}{gone}",
        "监视点 {number}：{text} 变了{by}{never}{gone}",
        number=point.number,
        text=point.watched.text,
        by=Bilingual(", {by}", "，{by}", by=by) if by is not None else "",
        never=never,
        gone=gone,
    )
    return Stop(reason, point.number, old, new)


def differ(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    """Whether two values, or one that is there and one that is not, differ in a bit."""
    if a is None or b is None:
        return a is not b
    return not same_bits(a, b)


def _value(state: State, expression: Expression) -> np.ndarray | None:
    try:
        return worked_out(state, expression)
    except TfstepError:
        return None


def _is_made_by(state: State, expression: Expression, position: Position) -> bool:
    """Whether this step makes, or as an update replaces, a tensor that the expression reads."""
    made = state.trace.plan.steps[position[0] - 1]
    for name in expression.names:
        if name.variant is None and not name.path.startswith("$"):
            try:
                tensor = Names(state).tensor(name.path)
            except TfstepError:
                continue
            new = tensor.trace.plan.new(tensor.node) if tensor.step is None else None
            if new is made or (tensor.step is not None and position_of(tensor, state.trace)[0] == made.number):
                return True
    return False


def _at_time(state: State, expression: Expression, time: int) -> np.ndarray | None:
    """The value of an expression once the first ``time`` steps have run; None while it has none."""
    try:
        return np.asarray(expression.evaluate(Names(state, time=time)))
    except TfstepError:
        return None
