"""How a move is made: step by step, stopping at breakpoints, and what is told on arrival."""

from __future__ import annotations

from msgspec.structs import replace

from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.session import moves
from tfstep.session.place import Position
from tfstep.session.results import Message, Moved, Result, Value
from tfstep.session.stop import breakpoints
from tfstep.session.stop.points import Stop
from tfstep.session.study.origin import broken_between, broken_here
from tfstep.text import Bilingual

DEEPEST = 5  # stops whose commands move on to further stops


def _no_further(session: Session, direction: int) -> Bilingual:
    """That the timeline goes no further, and what leads on from there."""
    if direction < 0:
        more = (
            Bilingual("; `rewind` goes back to the update before", "；`rewind` 回到上一次更新")
            if session.update
            else ""
        )
        return Bilingual("the timeline starts here{more}", "时间线从这里开始{more}", more=more)
    more = (
        Bilingual("; `train` goes on to the next update", "；`train` 继续下一次更新")
        if session.trace.plan.carry
        else ""
    )
    return Bilingual("the timeline ends here{more}", "时间线到此为止{more}", more=more)


def hop(session: Session, move: moves.Move, n: int, direction: int) -> Result:
    """Make a move up to ``n`` times; a breakpoint on the way stops it."""
    start = session.position
    for _ in range(n):
        to = move(session.trace, session.position, session.inside)
        if to is None:
            return arrival(session, start, end=_no_further(session, direction))
        session.position = to
        if session.partial is None and (stops := breakpoints.stops(session, direction)):
            return arrival(session, start, stops)
    return arrival(session, start)


def run(session: Session, direction: int, target: Position | None = None) -> Moved:
    """Go on to the next breakpoint, to ``target``, or to the end of the timeline."""
    start = session.position
    deep = session.points.deep or (target is not None and len(target) > 1)
    forwards, backwards = (moves.into, moves.back_into) if deep else (moves.over, moves.back_over)
    move = forwards if direction > 0 else backwards
    to: Position | None = session.step if session.partial is not None and direction < 0 else None
    while (to := to or move(session.trace, session.position)) is not None:
        session.position = to
        if stops := breakpoints.stops(session, direction):
            return arrival(session, start, stops)
        if to == target:
            return arrival(session, start)
        to = None
    first, last = sorted((start[0], session.position[0]))
    passed = broken_between(session, first + (direction > 0), last)
    return arrival(session, start, end=_no_further(session, direction), note=passed)


def arrival(
    session: Session,
    start: Position,
    stops: list[Stop] | None = None,
    end: Bilingual | None = None,
    note: Bilingual | None = None,
) -> Moved:
    """The result of a move that led from ``start`` to where we are: with what is displayed, and what stops run."""
    for stop in stops or ():
        if stop.cell is not None:
            session.cell = stop.cell
            break
    note = broken_here(session) or note
    displays = [*display_results(session)]
    moved = Moved(
        start,
        session.position,
        session.current,
        session.phase,
        session.steps_total,
        end,
        tuple(stops or ()),
        note=note,
        partial=session.partial,
    )
    for point, line in session.points.commands(stops or ()):
        if session.depth < DEEPEST:
            with session.spoken_by(point.speaker):
                displays.append(_or_error(session, line, Bilingual("breakpoint {n}", "断点 {n}", n=point.number)))
    return replace(moved, displays=tuple(displays))


def display_results(session: Session) -> list[Result]:
    """What `display` asked for, as it is now."""
    results: list[Result] = []
    for number, line in session.displays.items():
        found = _or_error(session, line, Bilingual("display {n}", "显示项 {n}", n=number))
        results.append(with_number(number, found))
    return results


def with_number(number: int, result: Result) -> Result:
    """A displayed value with the number that `undisplay` knows it by."""
    return replace(result, expression=f"{number}: {result.expression}") if isinstance(result, Value) else result


def _or_error(session: Session, line: str, asked: Bilingual) -> Result:
    """The result of a line that the user does not type now; an error is told, and ends nothing."""
    try:
        return session.run_within(line)
    except TfstepError as error:
        return Message((Bilingual("{asked}: {error}", "{asked}：{error}", asked=asked, error=error),))
