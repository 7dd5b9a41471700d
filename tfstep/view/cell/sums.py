"""Very long sums: the largest terms of a row times a column, and the rest as one number."""

from __future__ import annotations

import numpy as np

from tfstep.address.grammar import cell_name
from tfstep.engine.naming import notation
from tfstep.engine.trace import Tensor
from tfstep.engine.why import Explanation, Factor, Term, bound_of, explain, least_of, recorded_as
from tfstep.view.board.board import At
from tfstep.view.board.operands import Operand, read_operands
from tfstep.view.matrix.grid import Grid
from tfstep.view.matrix.plane import plane

LONG = 128  # terms from which only the largest are made
SHOWN = 6


class LongSum(Explanation, frozen=True):
    """An explanation by its largest terms; ``more`` others come to ``rest``, and ``of_all`` is Σ|terms| over all."""

    more: int = 0
    rest: float = 0.0
    of_all: float = 0.0

    @property
    def size(self) -> float:
        """Σ|terms| over all terms."""
        return self.of_all


def explain_cell(tensor: Tensor, cell: tuple[int, ...], at: At) -> Explanation:
    """Why a cell is what it is; of a very long sum only the terms that are shown are made."""
    return _long(tensor, cell, at) or explain(tensor.trace, tensor.node.slot, cell)


def _long(tensor: Tensor, cell: tuple[int, ...], at: At) -> LongSum | None:
    """The sum, where the step is a product of two matrices, with a row added or not, and the numbers agree."""
    trace, node = tensor.trace, tensor.node
    if node.op is None or node.slot in trace.pins or max(max(s) if s else 0 for s in _shapes(tensor)) < LONG:
        return None
    reading = read_operands(trace, node)
    place = plane(trace, node, cell).place(cell)
    if reading.kind != "product" or place is None:
        return None
    a, b, *others = reading.operands
    first, second, *added = (_plane(each, at) for each in reading.operands)
    if first.breadth < LONG or first.breadth != second.height or place[0] >= first.height:
        return None
    if any(each.height != 1 or place[1] >= each.breadth for each in added):
        return None
    row, column = first.values[place[0]].astype(float), second.values[:, place[1]].astype(float)
    products = row * column
    if not np.isfinite(products).all():
        return None
    last = [
        Term((_factor(each, grid.at(0, place[1]), grid.values[0, place[1]]),), None, float(grid.values[0, place[1]]))
        for each, grid in zip(others, added, strict=True)
    ]
    terms = [
        Term(
            (_factor(a, first.at(place[0], k), row[k]), _factor(b, second.at(k, place[1]), column[k])),
            None,
            float(products[k]),
        )
        for k in np.argsort(-np.abs(products), kind="stable")[: SHOWN - len(last)].tolist()
    ]
    value, total = float(tensor.value[cell]), float(products.sum()) + sum(term.value for term in last)
    shown = recorded_as(node, total)
    made = (*terms, *last)
    found = LongSum(
        cell_name(tensor.path, cell),
        value,
        node.op.name,
        made,
        shown,
        shown - value,
        notation=notation(trace, node),
        bound=bound_of(node),
        least=least_of(node),
        more=first.breadth - len(terms),
        rest=total - sum(term.value for term in made),
        of_all=float(np.abs(products).sum()) + sum(abs(term.value) for term in last),
    )
    return found if found.holds else None


def _shapes(tensor: Tensor) -> list[tuple[int, ...]]:
    return [tensor.trace.plan.nodes[slot].shape for slot in tensor.node.slots] or [()]


def _plane(operand: Operand, at: At) -> Grid:
    tensor = Tensor(operand.trace, operand.node, operand.node.number or None)
    return plane(operand.trace, operand.node, at(tensor), turned=operand.turned)


def _factor(operand: Operand, cell: tuple[int, ...], value: float) -> Factor:
    name = cell_name(operand.path, cell)
    return Factor(name, name, float(value))
