"""The matrices of the present step: its operands beside its result, with what makes the cell under the cursor lit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from tfstep.address.indices import Cell
from tfstep.engine.naming import short
from tfstep.engine.node import Node
from tfstep.engine.trace import Tensor, Trace
from tfstep.text import Bilingual
from tfstep.view.board.operands import Operand, Reading, read_operands
from tfstep.view.board.places import Piece
from tfstep.view.matrix.grid import Grid
from tfstep.view.matrix.likeliest import likeliest, ordered
from tfstep.view.matrix.plane import seen, with_numbers, without_numbers

At = Callable[[Tensor], tuple[int, ...]]  # the cell of a tensor that the cursor stands on
MOST_OPERANDS = 5
MOST_LIT = 512


def step_board(
    tensor: Tensor,
    at: At,
    focus: str | None,
    before: Trace | None,
    sources: Mapping[str, Sequence[Cell]],
    alone: bool = False,
) -> tuple[Piece, ...]:
    """Operands and result of the step that makes a tensor (a leaf stands alone).

    ``sources`` are the cells, by path, that the cell under the cursor is made from; ``alone``: only they are lit.
    """
    reading = read_operands(tensor.trace, tensor.node)
    operands = reading.operands[:MOST_OPERANDS]
    result = seen(tensor.trace, tensor.node, at(tensor), before=before)
    grids = [seen(o.trace, o.node, at(_tensor(o)), turned=o.turned, before=before) for o in operands]
    order = likeliest(tensor.node, result)
    result = ordered(result, order)
    grids = [
        ordered(grid, order if grid.values.shape == result.values.shape else likeliest(o.node, grid))
        for o, grid in zip(operands, grids, strict=True)
    ]
    keys = [grid.key for grid in grids]
    focused = keys.index(focus) if focus in keys else -1
    place = result.place(at(tensor))
    if focused < 0:
        result = replace(result, cursor=place, focused=True)
        if place is not None:
            grids = [
                _picked(grid, sources) if alone else _lit(reading, k, grid, result, place, sources)
                for k, grid in enumerate(grids)
            ]
    else:
        own = grids[focused]
        here = own.place(at(_tensor(operands[focused])))
        grids[focused] = replace(own, cursor=here, focused=True)
        result, grids = _lit_by_operand(reading, focused, here, result, grids)
    return _pieces(reading, operands, grids, result)


def _tensor(operand: Operand) -> Tensor:
    return Tensor(operand.trace, operand.node, operand.node.number or None)


def _lit(
    reading: Reading,
    k: int,
    grid: Grid,
    result: Grid,
    place: tuple[int, int],
    sources: Mapping[str, Sequence[Cell]],
) -> Grid:
    """One operand with the numbers lit that the cell of the result at ``place`` is made from."""
    row, column = place[0], result.column(*place)
    if reading.kind == "product" and k < 2:
        return replace(grid, lit_row=row) if k == 0 else replace(grid, lit_column=column)
    if grid.values.shape == result.values.shape:
        grid = replace(grid, toward=place)
    if grid.key in sources:
        return _picked(grid, sources)
    if grid.height == 1 and grid.breadth == result.breadth:
        return replace(grid, lit_cells=frozenset({(0, column)}))
    if grid.values.shape == result.values.shape:
        return replace(grid, lit_cells=frozenset({place})) if reading.kind == "cells" else replace(grid, lit_row=row)
    if result.rank == 1 and grid.breadth == result.breadth:
        return replace(grid, lit_column=column)
    if grid.height == result.height > 1:
        return replace(grid, lit_row=row)
    return grid


def _picked(grid: Grid, sources: Mapping[str, Sequence[Cell]]) -> Grid:
    """An operand with the cells lit that ``sources`` names."""
    found = (grid.place(cell) for cell in sources.get(grid.key, ())[:MOST_LIT])
    return replace(grid, lit_cells=frozenset(cell for cell in found if cell is not None))


def _lit_by_operand(
    reading: Reading, k: int, here: tuple[int, int] | None, result: Grid, grids: list[Grid]
) -> tuple[Grid, list[Grid]]:
    """With the cursor in operand ``k``: what its cell has a part in."""
    if here is None:
        return result, grids
    row, column = here
    own = grids[k]
    if reading.kind == "product" and k == 0:
        grids[1] = replace(grids[1], lit_row=column)
        return replace(result, lit_row=row), grids
    if reading.kind == "product" and k == 1:
        grids[0] = replace(grids[0], lit_column=row)
        return _lit_columns(result, column), grids
    if own.height == 1 and own.breadth == result.breadth:
        return _lit_columns(result, column), grids
    if own.values.shape == result.values.shape:
        lit = replace(result, lit_cells=frozenset({here})) if reading.kind == "cells" else replace(result, lit_row=row)
        return lit, grids
    return result, grids


def _lit_columns(grid: Grid, column: int) -> Grid:
    """A plane with one column of its tensor lit, wherever each row has it."""
    if grid.order is None:
        return replace(grid, lit_column=column)
    rows, places = np.nonzero(grid.order == column)
    return replace(grid, lit_cells=frozenset(zip(rows.tolist(), places.tolist(), strict=True)))


def _pieces(reading: Reading, operands: tuple[Operand, ...], grids: list[Grid], result: Grid) -> tuple[Piece, ...]:
    """Operands with vectors put under the matrix before them where their columns are the same."""
    pieces: list[Piece] = []
    for operand, grid in zip(operands, grids, strict=True):
        last = pieces[-1] if pieces else None
        if (
            last is not None
            and grid.rank == 1
            and not grid.turned
            and last.grid.breadth == grid.breadth
            and last.grid.rank > 1
            and (reading.kind == "product" or operand.sign == "")
        ):
            sign = operand.sign or "·"
            grid = replace(grid, title=f"{sign} {grid.title}" if reading.kind == "product" else grid.title)
            pieces[-1] = replace(last, under=(*last.under, grid))
        else:
            pieces.append(Piece(operand.sign, grid))
    return (*pieces, Piece(reading.equals, result, summary=True))


def gradient_board(tensor: Tensor, at: At, before: Trace | None) -> tuple[Piece, ...]:
    """A tensor, its gradient, and its value after the update, as far as there are such; from a gradient or a new value
    as well."""
    family = _family(tensor)
    first = seen(tensor.trace, family[""], at(tensor))
    order = likeliest(family[""], first)
    place = ordered(first, order).place(at(tensor))
    pieces = []
    for name, node in family.items():
        grid = ordered(seen(tensor.trace, node, at(tensor), before=before), order)
        title = f"∂loss/∂{short(family[''].path)}" if name == "gradient" else short(node.path)
        grid = replace(grid, title=title, cursor=place, focused=node is tensor.node, group=tensor.path)
        pieces.append(Piece("", grid, summary=True))
    hidden = pieces[0].grid.hidden
    return tuple(replace(piece, grid=replace(piece.grid, hidden=hidden)) for piece in pieces)


def overlaid_board(tensor: Tensor, at: At, before: Trace | None) -> tuple[Piece, ...]:
    """A tensor whose ground is the shade of its gradient, with arrows that point downhill; from that gradient and from
    a new value as well. Empty without a gradient."""
    family = _family(tensor)
    if "gradient" not in family:
        return ()
    value = family[""]
    found = seen(tensor.trace, value, at(tensor), before=before)
    slope = seen(tensor.trace, family["gradient"], at(tensor))
    name = short(tensor.trace.prefix + value.path)
    if slope.coming and not found.coming:  # the shades are not there yet, and those of the numbers say something else
        found = without_numbers(found, found.key, found.title)
    found = replace(found, slope=slope.values, bound=slope.end, scale="signed")
    found = ordered(found, likeliest(value, found))
    found = replace(
        found, key=tensor.path, title=f"{name}, ∂loss/∂{name}", cursor=found.place(at(tensor)), focused=True
    )
    return (Piece("", found, summary=True),)


def _family(tensor: Tensor) -> dict[str, Node]:
    """What a tensor is one of: a value, its gradient (``gradient``) and its new value (``new``), the value first."""
    plan = tensor.trace.plan
    value = plan.base(tensor.node) if tensor.node.role.name in ("gradient", "new") else tensor.node
    family = {"": value, "gradient": plan.gradient(value), "new": plan.new(value)}
    return {role: node for role, node in family.items() if node is not None}


def difference_board(tensor: Tensor, at: At, before: Trace) -> tuple[Piece, ...]:
    """A tensor before and after, and what was added. Empty where it was not there before or had another shape."""
    old = before.plan.paths.get(tensor.node.path)
    if old is None or old.shape != tensor.shape:
        return ()
    now = seen(tensor.trace, tensor.node, at(tensor), before=before)
    order = likeliest(tensor.node, now)
    now, was = ordered(now, order), ordered(seen(before, old, at(tensor)), order)
    place = now.place(at(tensor))
    was = replace(was, key=was.key + "@before", title=str(Bilingual("before", "之前")), cursor=place, group=now.key)
    now = replace(now, cursor=place, focused=True, group=now.key)
    key, title = now.key + "@difference", str(Bilingual("difference", "差"))
    if now.coming or was.coming:
        change = without_numbers(was, key, title)
    else:
        with np.errstate(all="ignore"):
            moved = tensor.value - before.value(old.slot)
        change = with_numbers(was, key, title, now.note, moved)
    return (
        Piece("", was, summary=True),
        Piece("→", now, summary=True),
        Piece("", replace(change, cursor=place, group=now.key), summary=True),
    )
