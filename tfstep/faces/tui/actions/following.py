"""Following numbers to where they came from and to where they go, and back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tfstep.address.grammar import cell_name, parse_cell
from tfstep.address.indices import whole
from tfstep.errors import TfstepError
from tfstep.text import Bilingual
from tfstep.view.cell.readers import readers, reading_cell
from tfstep.view.cell.rules import rule_in_words
from tfstep.view.text.spans import Span, line
from tfstep.view.text.width import width

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger
    from tfstep.session.place import Position

TRAIL = 20  # marks of the way that are ever shown


class Mark(Struct, frozen=True):
    """Where one was before following a number; ``name`` is the cell as it is called on the screen, ``led`` the path
    of the tensor that it led to."""

    here: tuple[str, Position]
    subject: str | None
    focus: str | None
    path: str
    cell: tuple[int, ...]
    name: str
    led: str = ""


def factor(app: Debugger, by: int) -> None:
    """Mark the next number or name of the explanation."""
    if app.frame is not None and app.frame.account.links:
        app.look_at(factor=(app.look.factor + by) % len(app.frame.account.links))


def follow(app: Debugger) -> None:
    """Go to the cell that the marked number came from."""
    if app.frame is None:
        return
    links = app.frame.account.links
    if not links:
        text = Bilingual(
            "this number comes from nothing else: {rule}",
            "这个数不来自别的数：{rule}",
            rule=rule_in_words(app.frame.account.rule),
        )
        app.say(line(Span(str(text), "dim")))
        return
    go_to(app, links[min(app.look.factor, len(links) - 1)])


def onward(app: Debugger) -> None:
    """Go to a cell that reads this one; where several steps do, to the one that is chosen."""
    if app.frame is None:
        return
    found = readers(app.session.trace[app.frame.focus])
    if not found:
        text = Bilingual("no step reads {name}", "没有步骤读取 {name}", name=app.frame.account.name)
        app.say(line(Span(str(text), "dim")))
    elif len(found) == 1:
        go_to(app, found[0])
    else:
        from tfstep.faces.tui.widgets.chooser import Choice, Chooser

        trace = app.session.trace
        title = Bilingual("{name} goes to", "{name} 的去向", name=app.frame.account.name)
        choices = [Choice(path, trace[path].formula or "", partial(go_to, app, path)) for path in found]
        app.push_screen(Chooser(str(title), choices))


def go_to(app: Debugger, link: str) -> None:
    """Go to a cell or a tensor, remembering where we were. Of a tensor that reads the cell under the cursor, to a
    cell that does."""
    if app.frame is None or app.busy.refuses():
        return
    session, frame = app.session, app.frame
    here = cell_name(frame.focus, frame.cell)
    mark = Mark(session.here, app.look.subject, app.look.focus, frame.focus, frame.cell, frame.account.name)
    path, index = parse_cell(link)
    try:
        tensor = session.trace[path]
        if index is None and frame.focus in tensor.inputs:
            index = reading_cell(session.trace, path, here, session.cursor.on)
        if index is not None:
            session.cursor.move_to(tensor, whole(tensor, index))
        if tensor.step is not None:
            session.run(f"goto {path}")
    except TfstepError as error:
        app.say(line(Span(str(error), "bad")))
        return
    app.trail.append(replace(mark, led=path))
    app.status = ()
    app.look_at(subject=None if tensor.step is not None else path, focus=None, factor=0, mode="value")


def go_back(app: Debugger) -> None:
    """Return to where the last number was followed from."""
    if app.busy.refuses():
        return
    if not app.trail:
        app.say(
            line(
                Span(
                    str(Bilingual("nothing was followed: Enter follows a number", "还没有追踪过：回车追踪一个数")),
                    "dim",
                )
            )
        )
        return
    mark = app.trail.pop()
    app.session.return_to(mark.here)
    try:
        app.session.cursor.move_to(app.session.trace[mark.path], mark.cell)
    except TfstepError as error:  # the tensor is gone with another variant
        app.status = (line(Span(str(error), "bad")),)
    app.look_at(subject=mark.subject, focus=mark.focus, factor=0)


def trail(app: Debugger, cells: int) -> list[Span]:
    """The way one came, in so many cells: the last steps of it, and where one is; ``…`` where one walked on since."""
    if app.frame is None:
        return []
    names = [mark.name for mark in app.trail[-TRAIL:]]
    left = len(app.trail) - len(names)
    if names and app.trail[-1].led != app.frame.focus:
        names.append("…")
    here = app.frame.account.name
    while names and width(" › ".join([*names, here])) + 4 > cells:
        names.pop(0)
        left += 1
    before = " › ".join([*(["…"] if left else []), *names, ""])
    return [Span(before, "dim"), Span(here, "accent")]
