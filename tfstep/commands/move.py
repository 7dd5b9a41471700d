"""Moving over the timeline: step, next, finish, their reverses, goto."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tfstep.commands.line import count, needed
from tfstep.commands.registry import command
from tfstep.session import moves
from tfstep.session.names import full_path
from tfstep.session.place import Position, find_place
from tfstep.session.results import Moved, Result
from tfstep.text import Text

if TYPE_CHECKING:
    from tfstep.commands.session import Session

AT_END = Text("the timeline ends here", "时间线到此为止")
AT_START = Text("the timeline starts here", "时间线从这里开始")


def arrived(session: Session, start: Position, end: Text | None = None, note: Text | None = None) -> Moved:
    """The result of a move that led from ``start`` to where we are."""
    return Moved(start, session.position, session.current, session.phase, session.steps_total, end, note=note)


def _repeat(session: Session, move: moves.Move, n: int, end: Text) -> Result:
    start = session.position
    for _ in range(n):
        to = move(session.trace, session.position)
        if to is None:
            return arrived(session, start, end)
        session.position = to
    return arrived(session, start)


@command(
    "move",
    "step [n]",
    aliases=("s",),
    key="s",
    repeats=True,
    about=Text(
        "Into the step: the first step inside it; past a primitive, the next one.",
        "单步进入：到内部的第一步；基本运算则到下一步。",
    ),
)
def _step(session: Session, rest: str) -> Result:
    return _repeat(session, moves.into, count(rest, "step [n]"), AT_END)


@command(
    "move",
    "next [n]",
    aliases=("n",),
    key="n",
    repeats=True,
    about=Text("Over the step: the next one at the same depth.", "单步跳过：到同一层的下一步。"),
)
def _next(session: Session, rest: str) -> Result:
    return _repeat(session, moves.over, count(rest, "next [n]"), AT_END)


@command(
    "move",
    "finish [n]",
    aliases=("fin",),
    key="o",
    repeats=True,
    about=Text(
        "Out: from inside a step to the step itself; else to the first step behind the sublayer, layer or phase.",
        "跳出：从一步的内部回到这一步；否则到本子层、本层或本阶段之后的第一步。",
    ),
)
def _finish(session: Session, rest: str) -> Result:
    return _repeat(session, moves.out, count(rest, "finish [n]"), AT_END)


@command(
    "move",
    "reverse-step [n]",
    aliases=("rs",),
    repeats=True,
    about=Text(
        "Back to where `step` came from, into the end of the step before.",
        "反向单步进入：回到 `step` 的来处，进入前一步的末尾。",
    ),
)
def _reverse_step(session: Session, rest: str) -> Result:
    return _repeat(session, moves.back_into, count(rest, "reverse-step [n]"), AT_START)


@command(
    "move",
    "reverse-next [n]",
    aliases=("rn",),
    key="p",
    repeats=True,
    about=Text("Back over the step before, at the same depth.", "反向单步跳过：到同一层的前一步。"),
)
def _reverse_next(session: Session, rest: str) -> Result:
    return _repeat(session, moves.back_over, count(rest, "reverse-next [n]"), AT_START)


@command(
    "move",
    "reverse-finish [n]",
    aliases=("rf",),
    repeats=True,
    about=Text(
        "Out backwards: to the step around; else to the last step before the sublayer, layer or phase.",
        "反向跳出：回到外面的那一步；否则到本子层、本层或本阶段之前的最后一步。",
    ),
)
def _reverse_finish(session: Session, rest: str) -> Result:
    return _repeat(session, moves.back_out, count(rest, "reverse-finish [n]"), AT_START)


@command(
    "move",
    "goto PLACE",
    aliases=("g", "go"),
    completes=("place",),
    about=Text(
        "Go to a tensor's step (a parameter's: where it is first read), a step number, `start`, `loss` or `end`.",
        "跳到某个张量的那一步（参数则到首次读取它的一步）、某个步号、`start`、`loss` 或 `end`。",
    ),
)
def _goto(session: Session, rest: str) -> Result:
    start = session.position
    position, cell = find_place(session.trace, needed(rest, "goto PLACE"), partial(full_path, session))
    session.position = position
    if cell is not None:
        session.cell = cell
    return arrived(session, start)
