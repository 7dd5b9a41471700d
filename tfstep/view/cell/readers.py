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
Named = tuple[str, Cell]  # a cell with the path of its tensor
TRIED = 300  # cells of a step in which a number is looked for
TERMS = 20_000  # terms of them that are looked at: a word of a large vocabulary is made of as many
INNER = 4  # inner steps that are looked into, one within the other, where they have
FEW = 64  # terms at most


def readers(tensor: Tensor) -> tuple[str, ...]:
    """The paths of the steps of the same phase that read a tensor, in their order."""
    trace, node = tensor.trace, tensor.node
    nodes = (trace.plan.nodes[slot] for slot in trace.plan.consumers[node.slot])
    return tuple(trace.prefix + each.path for each in nodes if each.phase == (node.phase or "forward"))


def reading_cell(root: Trace, path: str, source: str, at: At) -> Cell:
    """A cell of the step ``path`` that the cell ``source`` has a part in: the one under the cursor where it has,
    else the one at its place on the axes that both have, else the first that is found near it."""
    reader, (name, index) = root[path], parse_cell(source)
    here, wanted = at(reader), (name, tuple(index or ()))
    left = [TERMS if here else 0]  # a single number leaves no choice
    for cell in dict.fromkeys([here, _beside(root[name], wanted[1], reader, here), *_near(reader.shape, here)]):
        if left[0] <= 0:
            break
        if _has_part(root, path, (path, cell), wanted, left, INNER):
            return cell
    return here


def _has_part(root: Trace, step: str, cell: Named, wanted: Named, left: list[int], deep: int) -> bool:
    """Whether a cell is made of the one that is wanted, be it within the step; ``left`` are the terms to look at."""
    tensor = root[cell[0]]
    why = explain(tensor.trace, tensor.node.slot, cell[1])
    left[0] -= len(why.terms)
    named = (parse_cell(factor.cell) for term in why.terms for factor in term.factors if factor.cell)
    cells = [(path, tuple(index or ())) for path, index in named]
    within = [each for each in cells if each[0].startswith(f"{step}/")] if deep and len(cells) <= FEW else []
    return wanted in cells or any(_has_part(root, step, each, wanted, left, deep - 1) for each in within)


def _beside(source: Tensor, index: Cell, reader: Tensor, here: Cell) -> Cell:
    """The cell of a step at the place of a cell that it reads, on the axes that both have."""
    place = dict(zip(source.axes, index, strict=False))
    found = (place.get(axis, k) for axis, k in zip(reader.axes, here, strict=True))
    return tuple(min(k, size - 1) for k, size in zip(found, reader.shape, strict=True))


def _near(shape: Cell, here: Cell) -> list[Cell]:
    """The cells to try: those along each axis, then all of them."""
    along = [
        (*here[:axis], k, *here[axis + 1 :])
        for axis in reversed(range(len(shape)))
        for k in range(min(shape[axis], 64))
    ]
    return [*along, *islice(np.ndindex(*shape), TRIED)][:TRIED]
