"""Where a number goes: the steps that read it, and in each a cell that it has a part in."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from tfstep.address.grammar import parse_cell
from tfstep.engine.trace import Tensor
from tfstep.engine.why import explain
from tfstep.view.board.board import At

if TYPE_CHECKING:
    from tfstep.engine.trace import Trace

Cell = tuple[int, ...]
TRIED = 300  # cells of a step in which a number is looked for


def readers(tensor: Tensor) -> tuple[str, ...]:
    """The paths of the steps of the same phase that read a tensor, in their order."""
    trace, node = tensor.trace, tensor.node
    nodes = (trace.plan.nodes[slot] for slot in trace.plan.consumers[node.slot])
    return tuple(trace.prefix + each.path for each in nodes if each.phase == (node.phase or "forward"))


def reading_cell(root: Trace, path: str, source: str, at: At) -> Cell:
    """A cell of the step ``path`` that the cell ``source`` has a part in: the one under the cursor where it has,
    else the first that is found near it."""
    reader = root[path]
    here = at(reader)
    wanted = parse_cell(source)
    for cell in _near(reader.shape, here):
        why = explain(reader.trace, reader.node.slot, cell)
        if any(factor.cell and parse_cell(factor.cell) == wanted for term in why.terms for factor in term.factors):
            return cell
    return here


def _near(shape: Cell, here: Cell) -> list[Cell]:
    """The cells to try: this one, those along each of its axes, then all of them."""
    along = [
        (*here[:axis], k, *here[axis + 1 :])
        for axis in reversed(range(len(shape)))
        for k in range(min(shape[axis], 64))
    ]
    return list(dict.fromkeys([here, *along, *islice(np.ndindex(*shape), TRIED)]))[:TRIED]
