"""Where a training stops by itself: at an update after which a condition comes to hold, or what is watched is another
number.

A breakpoint without a condition holds at every update, and stops none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfstep.errors import TfstepError
from tfstep.session import moves
from tfstep.session.evaluate import Names, truth, worked_out
from tfstep.session.place import Position, tensor_at
from tfstep.session.stop.breakpoints import change_message, differ
from tfstep.session.stop.points import Pattern, Point, Stop
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.engine.trace import Trace
    from tfstep.expr import Expression
    from tfstep.session.state import State


class Halts:
    """The points that may stop a training. After `reached` has said so, ``stops`` are the reasons, and ``position``
    is the step of the first one, None where there is no step to go to. ``held`` are the breakpoints whose condition
    holds from the start, with the path where it does: they cannot come to hold."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.stops: list[Stop] = []
        self.position: Position | None = None
        points = [point for point in state.points.enabled if point.condition or point.watched]
        self._steps = {point.number: list(steps_of(state, point.pattern)) for point in points if point.pattern}
        self._points = [point for point in points if point.watched or self._steps[point.number]]
        start = {point.number: self._holds(point, state.trace) for point in self._points}
        self._held = {number: position is not None for number, position in start.items()}
        self.held = {number: tensor_at(state.trace, at).path for number, at in start.items() if at}

    def __bool__(self) -> bool:
        return bool(self._points)

    def reached(self, trace: Trace, update: int) -> bool:
        """Whether training stops after this update, which led to these numbers."""
        for point in self._points:
            position = self._holds(point, trace)
            before, self._held[point.number] = self._held[point.number], position is not None
            stop = None
            if point.watched is not None:
                stop = self._changed(point, trace, update, position is not None and not before)
            elif position is not None and not before:
                stop = Stop(_came_to_hold(point, update), point.number)
            if stop is None:
                continue
            if self.state.points.passed(point):
                continue
            self.stops.append(stop)
            self.position = self.position or position or None
        return bool(self.stops)

    def _holds(self, point: Point, trace: Trace) -> Position | None:
        """The first step at which the condition holds, ``()`` for a watchpoint; None where it does not."""
        if point.condition is None:
            return ()
        for position in self._steps.get(point.number, [self.state.step]):
            try:
                if truth(self.state, point.condition, tensor_at(trace, position), trace):
                    return position if point.watched is None else ()
            except TfstepError:
                continue
        return None

    def _changed(self, point: Point, trace: Trace, update: int, came: bool) -> Stop | None:
        assert point.watched is not None
        try:
            new = worked_out(self.state, point.watched, trace=trace)
        except TfstepError:
            return None
        if (point.condition is not None and not came) or not differ(point.last, new):
            return None
        old, point.last = point.last, new
        return change_message(point, old, new, by_update(update - 1, update))


def steps_of(state: State, pattern: Pattern) -> Iterator[Position]:
    """The steps that a pattern is on."""
    move = moves.into if pattern.deep else moves.over
    at: Position | None = (1,)
    while at is not None:
        if pattern.matches(state.trace, at):
            yield at
        at = move(state.trace, at)


def senseless(state: State, pattern: Pattern, condition: Expression) -> TfstepError | None:
    """Why a condition makes sense at no step that the pattern is on, if so: a function that is not there, an axis too
    many. Nothing is computed."""
    why = None
    for position in steps_of(state, pattern):
        try:
            condition.check(Names(state, tensor_at(state.trace, position)))
            return None
        except TfstepError as error:
            why = why or error
    return why


def _came_to_hold(point: Point, update: int) -> Bilingual:
    assert point.pattern is not None
    assert point.condition is not None
    return Bilingual(
        "breakpoint {number}: {pattern} ({condition}) since update {update}",
        "断点 {number}：{pattern}（{condition}），自第 {update} 次更新起成立",
        number=point.number,
        pattern=point.pattern.text,
        condition=point.condition.text,
        update=update,
    )


def by_update(start: int, end: int) -> Bilingual:
    """What made the change: one update, several, or going back."""
    if end < start:
        return Bilingual("back to update {end}", "回到第 {end} 次更新", end=end)
    if end == start + 1:
        return Bilingual("by update {end}", "由第 {end} 次更新引起", end=end)
    return Bilingual("by updates {start} to {end}", "由第 {start} 到 {end} 次更新引起", start=start + 1, end=end)
