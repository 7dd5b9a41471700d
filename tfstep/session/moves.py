"""Moving over the timeline, forwards and in reverse.

`into` and `back_into` walk every step and everything inside it, each before its inside, and are exact
inverses. `over` and `back_over` stay at their depth. `out` and `back_out` leave what is around: from
inside a step to the step itself, on the timeline to the first step behind (or before) the scope.
Each gives the new position, or None at the end of the timeline. ``inside`` says how many there are inside a
step: only the steps that it unfolds to, or the terms of a cell as well.
"""

from __future__ import annotations

from typing import Protocol

from tfstep.engine.trace import Trace
from tfstep.session.place import Inside, Position, scopes, steps_inside


class Move(Protocol):
    """A move from one position to the next."""

    def __call__(self, trace: Trace, at: Position, inside: Inside = ...) -> Position | None: ...


def into(trace: Trace, at: Position, inside: Inside = steps_inside) -> Position | None:
    """The first step inside, where there is one; else the next step."""
    return (*at, 1) if inside(trace, at) else over(trace, at, inside)


def back_into(trace: Trace, at: Position, inside: Inside = steps_inside) -> Position | None:
    """The step that `into` comes from."""
    *around, number = at
    if number == 1:
        return tuple(around) or None
    at = (*around, number - 1)
    while last := inside(trace, at):
        at = (*at, last)
    return at


def over(trace: Trace, at: Position, inside: Inside = steps_inside) -> Position | None:
    """The next step at this depth; behind the last one, the step after what is around."""
    while at:
        *around, number = at
        if number < inside(trace, tuple(around)):
            return (*around, number + 1)
        at = tuple(around)
    return None


def back_over(trace: Trace, at: Position, inside: Inside = steps_inside) -> Position | None:
    """The step before at this depth; before the first one, the step that is around."""
    *around, number = at
    return (*around, number - 1) if number > 1 else tuple(around) or None


def out(trace: Trace, at: Position, inside: Inside = steps_inside) -> Position | None:
    """The step around; on the timeline the first step behind the scope, or the last one of all."""
    return _leave(trace, at, 1)


def back_out(trace: Trace, at: Position, inside: Inside = steps_inside) -> Position | None:
    """The step around; on the timeline the last step before the scope, or the first one of all."""
    return _leave(trace, at, -1)


def _leave(trace: Trace, at: Position, direction: int) -> Position | None:
    if len(at) > 1:
        return at[:-1]
    steps, index = trace.plan.steps, at[0] - 1
    phase, scope = steps[index].phase, scopes(trace.plan, steps[index])
    end = len(steps) - 1 if direction > 0 else 0
    if index == end:
        return None
    while index != end:
        index += direction
        if steps[index].phase != phase or scopes(trace.plan, steps[index])[: len(scope)] != scope:
            break
    return (index + 1,)
