"""Where breakpoints stop: which steps are marked in the timeline."""

from __future__ import annotations

from tfstep.session.state import State


def stops(state: State) -> frozenset[str]:
    """The paths of the steps at which an enabled breakpoint may stop; for a step inside a step the one around it."""
    found: set[str] = set()
    for point in state.points.enabled:
        if point.pattern is None:
            continue
        outer = point.pattern.text.partition("/")[0] if point.pattern.deep else None
        for node in state.trace.plan.steps:
            if node.path == outer or (outer is None and point.pattern.matches(state.trace, (node.number,))):
                found.add(node.path)
    return frozenset(found)


def key(state: State) -> tuple[object, ...]:
    """What `stops` depends on: as long as it is the same, so are they."""
    points = state.points.enabled
    return (id(state.trace.plan), *((point.number, point.pattern and point.pattern.text) for point in points))
