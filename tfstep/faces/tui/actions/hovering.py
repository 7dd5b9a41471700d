"""What the mouse is over, in a line for the status: a cell, a step, a name, a key."""

from __future__ import annotations

from tfstep.address.grammar import cell_name, parse_cell
from tfstep.engine.trace import Tensor
from tfstep.errors import TfstepError
from tfstep.faces.tui.state.action import spelled
from tfstep.faces.tui.state.screen_state import ScreenState
from tfstep.session.place import find_place, tensor_at
from tfstep.view.cell.equation import equation, name_of
from tfstep.view.cell.purpose import purpose
from tfstep.view.cell.sums import explain_cell
from tfstep.view.text.number import COMING, plain
from tfstep.view.text.spans import Line, Span, line
from tfstep.work import Glance, at_once, watched


def told(state: ScreenState, link: str | None) -> Line | None:
    """A line on what a link names; None where there is nothing to say."""
    if link is None:
        return None
    kind, _, rest = link.partition(":")
    if kind == "key":
        action = state.action(rest)
        if action is None:
            return None
        return line(Span(action.shown, "accent"), f"  {spelled(str(action.said), state.actions)}")
    if kind == "at":
        row, column, matrix = rest.split(":", 2)
        return told(state, _under(state, matrix, int(row), int(column)))
    with watched(Glance()):
        unknown: Line | None = line(Span(COMING, "dim"))
        return at_once(lambda: _named(state, link, kind, rest), unknown)


def _named(state: ScreenState, link: str, kind: str, rest: str) -> Line | None:
    try:
        if kind == "step":
            tensor = tensor_at(state.session.trace, find_place(state.session.trace, rest)[0])
            return _step(tensor)
        path, index = parse_cell(link)
        tensor = state.session.trace[path]
        return _step(tensor) if index is None else _cell(state, tensor, index)
    except TfstepError:  # what it names went away with another variant
        return None


def _under(state: ScreenState, key: str, row: int, column: int) -> str | None:
    """The cell at a place of a matrix of the board, as a link; None where the matrix is no tensor of this run."""
    path, at, _ = key.partition("@")
    grid = next((grid for grid in state.grids if grid.key == key), None)
    return None if grid is None or (at and not at.isdecimal()) else cell_name(path, grid.at(row, column))


def _step(tensor: Tensor) -> Line:
    said = purpose(tensor)
    return line(Span(tensor.path, "accent"), Span(f"  {tensor.formula or ''}  ", "strong"), Span(str(said), "dim"))


def _cell(state: ScreenState, tensor: Tensor, index: tuple[int, ...]) -> Line:
    trace = state.session.trace
    why = explain_cell(tensor, index, state.session.cursor.on)
    name = name_of(trace, cell_name(tensor.path, index))
    made = equation(trace, why, -1).symbols
    if not made:
        said = purpose(tensor)
        made = line(Span(str(said), "dim"))
    else:
        made = line(Span("= ", "dim"), *made)
    return line(Span(name, "accent"), Span(f"  {plain(why.value)}  ", "strong"), *made)
