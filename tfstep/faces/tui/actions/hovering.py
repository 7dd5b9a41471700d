"""What the mouse is over, said in the status line: a cell, a step, a name, a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.address.grammar import cell_name, parse_cell
from tfstep.errors import TfstepError
from tfstep.faces.tui.actions.pointing import grids
from tfstep.session.place import find_place, tensor_at
from tfstep.view.cell.equation import equation, name_of
from tfstep.view.cell.purpose import purpose
from tfstep.view.cell.sums import explain_cell
from tfstep.view.text.number import plain
from tfstep.view.text.spans import Line, Span, clipped, line

if TYPE_CHECKING:
    from textual.widget import Widget

    from tfstep.engine.trace import Tensor
    from tfstep.faces.tui.app import Debugger


def told(app: Debugger, link: str | None) -> Line | None:
    """A line on what a link names; None where there is nothing to say."""
    if link is None or app.frame is None:
        return None
    kind, _, rest = link.partition(":")
    if kind == "key":
        key = app.keys[int(rest)]
        return line(Span(key.shown, "accent"), f"  {key.said}")
    if kind == "at":
        row, column, matrix = rest.split(":", 2)
        return told(app, _under(app, matrix, int(row), int(column)))
    try:
        if kind == "step":
            tensor = tensor_at(app.session.trace, find_place(app.session.trace, rest)[0])
            return _step(tensor)
        path, index = parse_cell(link)
        tensor = app.session.trace[path]
        return _step(tensor) if index is None else _cell(app, tensor, index)
    except TfstepError:  # what it names went away with another variant
        return None


def _under(app: Debugger, key: str, row: int, column: int) -> str | None:
    """The cell at a place of a matrix of the board, as a link; None where the matrix is no tensor of this run."""
    path, at, _ = key.partition("@")
    grid = next((grid for grid in grids(app.frame.pieces) if grid.key == key), None) if app.frame else None
    return None if grid is None or (at and not at.isdecimal()) else cell_name(path, grid.at(row, column))


def _step(tensor: Tensor) -> Line:
    said = purpose(tensor)
    return line(Span(tensor.path, "accent"), Span(f"  {tensor.formula or ''}  ", "strong"), Span(str(said), "dim"))


def _cell(app: Debugger, tensor: Tensor, index: tuple[int, ...]) -> Line:
    trace = app.session.trace
    why = explain_cell(tensor, index, app.session.cursor.on)
    name = name_of(trace, cell_name(tensor.path, index))
    made = equation(trace, why, -1).symbols
    if not made:
        said = purpose(tensor)
        made = line(Span(str(said), "dim"))
    else:
        made = line(Span("= ", "dim"), *made)
    return line(Span(name, "accent"), Span(f"  {plain(why.value)}  ", "strong"), *made)


def hovered(app: Debugger, place: Widget, found: Line | None) -> None:
    """Show it in the first line of the status; without it, what stood there.

    A widget may hear that the mouse left it after another has heard that it came: it has no say then.
    """
    if found is None and app.hovered is not place:
        return
    app.hovered = place if found is not None else None
    if app.frame is None or app.busy.command or not app.query_one("#status").display or app.jump is not None:
        return
    if found is not None:
        app.tell(clipped(found, app.size.width - 2))
    else:
        app.redraw()
