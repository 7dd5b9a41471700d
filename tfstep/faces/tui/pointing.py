"""Moving the cell cursor: by keys, by the mouse, from matrix to matrix, from head to head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfstep.text import Text
from tfstep.view.grid import Grid
from tfstep.view.places import Piece
from tfstep.view.spans import Span, line

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger


def grids(pieces: Sequence[Piece]) -> list[Grid]:
    """Every matrix of the board, in reading order."""
    return [grid for piece in pieces for grid in piece.grids]


def focused(app: Debugger) -> Grid | None:
    """The matrix that the cursor is in."""
    return next((grid for grid in grids(app.frame.pieces) if grid.focused), None) if app.frame else None


def cursor(app: Debugger, rows: int, columns: int) -> None:
    """Move the cursor within its matrix; at the edge it stays."""
    grid = focused(app)
    if grid is None or grid.cursor is None or app.frame is None:
        return
    row = max(0, min(grid.cursor[0] + rows, grid.height - 1))
    column = max(0, min(grid.cursor[1] + columns, grid.breadth - 1))
    _put(app, app.frame.focus, grid.at(row, column))


def _put(app: Debugger, path: str, cell: tuple[int, ...]) -> None:
    app.session.cursor.move_to(app.session.trace[path], cell)
    app.look_at(factor=0)


def point(app: Debugger, key: str, row: int, column: int) -> None:
    """Put the cursor where the mouse points, into whichever matrix."""
    grid = next((grid for grid in grids(app.frame.pieces) if grid.key == key), None) if app.frame else None
    if grid is None or app.frame is None:
        return
    path = key.partition("@")[0]
    if path.removesuffix(".grad").removesuffix(".new") == app.frame.subject:
        path = app.frame.subject
    elif not grid.focused:
        app.look_at(focus=path)
    if path == app.frame.subject:
        app.look_at(focus=None)
    _put(app, path, grid.at(row, column))


def matrix(app: Debugger, by: int) -> None:
    """Put the cursor into the next matrix of the step."""
    if app.frame is None or app.look.mode != "value":
        return
    keys = list(dict.fromkeys([grid.key for grid in grids(app.frame.pieces)]))
    here = app.look.focus if app.look.focus in keys else app.frame.subject
    to = keys[(keys.index(here) + by) % len(keys)] if here in keys else keys[0]
    app.look_at(focus=None if to == app.frame.subject else to, factor=0)


def along(app: Debugger, axis: str, by: int) -> None:
    """The next head, or the next sentence of the batch."""
    if app.frame is None:
        return
    tensor = app.session.trace[app.frame.subject]
    names = tensor.axes
    if axis not in names or tensor.shape[names.index(axis)] < 2:
        label = {"head": Text("one head only", "这里只有一个头"), "batch": Text("one sentence only", "这里只有一句")}
        app.say(line(Span(str(label[axis]), "dim")))
        return
    k = names.index(axis)
    cell = list(app.session.cursor.on(tensor))
    cell[k] = (cell[k] + by) % tensor.shape[k]
    _put(app, tensor.path, tuple(cell))
