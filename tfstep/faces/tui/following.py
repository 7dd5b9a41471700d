"""Following numbers to where they came from, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfstep.engine.cell import index_of, parse_cell
from tfstep.errors import TfstepError
from tfstep.text import Text
from tfstep.view.spans import Span, line

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger
    from tfstep.session.place import Position


@dataclass(frozen=True)
class Mark:
    """Where one was before following a number."""

    position: Position
    subject: str | None
    focus: str | None
    path: str
    cell: tuple[int, ...]


def factor(app: Debugger, by: int) -> None:
    """Mark the next number of the equation."""
    if app.frame is not None and app.frame.account.links:
        app.look_at(factor=(app.look.factor + by) % len(app.frame.account.links))


def follow(app: Debugger) -> None:
    """Go to the cell that the marked number came from."""
    if app.frame is None:
        return
    links = app.frame.account.links
    if not links:
        text = Text(
            "this number comes from nothing else: {rule}", "这个数不来自别的数：{rule}", rule=app.frame.account.rule
        )
        app.say(line(Span(str(text), "dim")))
        return
    go_to(app, links[min(app.look.factor, len(links) - 1)])


def go_to(app: Debugger, link: str) -> None:
    """Go to a cell or a tensor, remembering where we were."""
    if app.frame is None:
        return
    session = app.session
    mark = Mark(session.position, app.look.subject, app.look.focus, app.frame.focus, app.frame.cell)
    path, index = parse_cell(link)
    try:
        tensor = session.trace[path]
        if index is not None:
            session.cursor.move_to(tensor, index_of(tensor, index))
        if tensor.step is not None:
            session.run(f"goto {path}")
    except TfstepError as error:
        app.say(line(Span(str(error), "bad")))
        return
    app.trail.append(mark)
    app.status = ()
    app.look_at(subject=None if tensor.step is not None else path, focus=None, factor=0, mode="value")


def go_back(app: Debugger) -> None:
    """Return to where the last number was followed from."""
    if not app.trail:
        app.say(
            line(Span(str(Text("nothing was followed: Enter follows a number", "还没有追踪过：回车追踪一个数")), "dim"))
        )
        return
    mark = app.trail.pop()
    app.session.position = mark.position
    try:
        app.session.cursor.move_to(app.session.trace[mark.path], mark.cell)
    except TfstepError as error:  # the tensor is gone with another variant
        app.status = (line(Span(str(error), "bad")),)
    app.look_at(subject=mark.subject, focus=mark.focus, factor=0)
