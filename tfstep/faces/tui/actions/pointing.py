"""Moving the cell cursor: by keys, by the mouse, from matrix to matrix, from head to head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfstep.text import Bilingual
from tfstep.view.board.places import Piece
from tfstep.view.matrix.extremes import order, rank_named
from tfstep.view.matrix.grid import Grid
from tfstep.view.text.number import plain
from tfstep.view.text.spans import Span, line

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
    app.status = ()
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
    if app.look.heads and any("@" in grid.key for grid in grids(app.frame.pieces)):
        along(app, "head", by)
        return
    keys = list(dict.fromkeys([grid.key for grid in grids(app.frame.pieces)]))
    here = app.look.focus if app.look.focus in keys else app.frame.subject
    to = keys[(keys.index(here) + by) % len(keys)] if here in keys else keys[0]
    app.look_at(focus=None if to == app.frame.subject else to, factor=0)


def along(app: Debugger, axis: str, by: int) -> None:
    """The next head, or the next sentence of the batch."""
    if app.frame is None:
        return
    several = [each for each in app.frame.heading.planes if each.size > 1]
    named = [each for each in several if each.name == axis]
    others = [each for each in several if each.name not in ("head", "batch")]
    found = named or (others[-1:] if axis == "head" else others[:1])
    if not found:
        label = {
            "head": Bilingual("one head only", "这里只有一个头"),
            "batch": Bilingual("one sentence only", "这里只有一句"),
        }
        app.say(line(Span(str(label[axis]), "dim")))
        return
    pick(app, found[0].axis, (found[0].at + by) % found[0].size)


def extreme(app: Debugger, by: int) -> None:
    """The next largest number of the matrix by size, or back: from the largest to the smallest."""
    grid = focused(app)
    if grid is None or app.frame is None:
        return
    ordered = order(grid)
    if not ordered.count:
        app.say(line(Span(str(Bilingual("there is no number to be found", "没有可找的数")), "dim")))
        return
    key, place, rank = app.extreme
    begun = key == grid.key and place == grid.cursor
    rank = ordered.after(rank if begun and rank <= ordered.count else 0 if by > 0 else 1, by)
    place = ordered.place(rank)
    _put(app, app.frame.focus, grid.at(*place))
    app.extreme = (grid.key, place, rank)
    account = app.frame.account
    told = Bilingual("{rank} by size: ", "按绝对值{rank}：", rank=rank_named(rank, ordered.count))
    app.say(line(Span(str(told), "dim"), Span(account.name, "accent"), Span(f" = {plain(account.value)}", "strong")))


def pick(app: Debugger, axis: int, place: int) -> None:
    """Turn to another place on an axis: another head, another sentence."""
    if app.frame is None:
        return
    tensor = app.session.trace[app.frame.subject]
    cell = list(app.session.cursor.on(tensor))
    cell[axis] = place
    _put(app, tensor.path, tuple(cell))
