"""Why a cell is what it is, all the way down: each explanation's terms explained in turn, the largest shares first.

A cell's share starts at 1. An explanation gives each of its terms the part |term| / Σ|terms| of it, and the factors
of a term share that part equally. So shares add up to 1 over the inputs and parameters at the bottom.
A NaN or an infinity has no shares: it is followed to the cells that are not finite either, and ends where it is born,
in a cell whose factors are all finite.
"""

from __future__ import annotations

import heapq
import math

from msgspec import Struct

from tfstep import work
from tfstep.engine.trace import Tensor, Trace
from tfstep.engine.why import Explanation, explain
from tfstep.text import Bilingual

MOST = 3000  # cells that are explained
TERMS = 40_000  # that they may have together: a few seconds, where each has hundreds
LEAST = 1e-6  # a share that is not followed any further
SHOWN = 0.0005  # a link whose share is smaller would read 0.0 %


CELLS = Bilingual("cells", "个单元格")


class Share(Struct, frozen=True):
    """How much of a number comes from one cell."""

    cell: str
    value: float
    share: float


class Level(Struct, frozen=True):
    """One link of the chain along the largest shares."""

    explanation: Explanation
    share: float


class Reasons(Struct, frozen=True):
    """``chain`` follows the largest share from the cell down, as far as it is worth showing; ``sources`` are the inputs
    and parameters it comes to, ranked; ``constants`` is the part of numbers that stand in the ops themselves,
    ``unfollowed`` what was left where it became too small or too much."""

    chain: tuple[Level, ...]
    sources: tuple[Share, ...]
    constants: float
    unfollowed: float
    explained: int


def reasons(trace: Trace, tensor: Tensor, cell: tuple[int, ...]) -> Reasons:
    """Follow a cell down to the inputs and parameters that it comes from."""
    start = explain(tensor.trace, tensor.node.slot, cell)
    known: dict[str, Explanation] = {start.cell: start}
    shares: dict[str, float] = {start.cell: 1.0}
    queue = [(_order(trace, start.cell), start.cell)]  # the last step first, so that a cell has its whole share by then
    sources: dict[str, float] = {}
    left, constants, count, terms = 0.0, 0.0, 0, 0
    while queue:
        _, name = heapq.heappop(queue)
        share = shares[name]
        work.tell(count, MOST, CELLS)
        if (watcher := work.present()) is not None:
            watcher.at_step()
        if share < LEAST or count > MOST or terms > TERMS:
            left += share
            continue
        count += 1
        why = known[name] = known.get(name) or trace.explain(name)
        terms += len(why.terms)
        if why.rule == "leaf" or not why.terms:
            sources[name] = share
            continue
        parts = _parts(why, share)
        if not parts and not math.isfinite(why.value):  # here it is born
            sources[name] = share
            continue
        constants += share - sum(part for _, part in parts)
        for cell_name, part in parts:
            if cell_name not in shares:
                heapq.heappush(queue, (_order(trace, cell_name), cell_name))
            shares[cell_name] = shares.get(cell_name, 0.0) + part
    ranked = sorted(sources.items(), key=lambda each: -each[1])
    found = tuple(Share(name, known[name].value, share) for name, share in ranked)
    return Reasons(_chain(trace, start), found, constants, left, count)


def _order(trace: Trace, cell: str) -> tuple[float, ...]:
    """Sorts the cells of later steps first, a step before what is inside it, leaves last."""
    step = trace[cell.partition("[")[0]].step
    numbers = () if step is None else tuple(-float(n) for n in str(step).split("."))
    return (*numbers, -math.inf) if numbers else (math.inf,)


def _parts(why: Explanation, share: float) -> list[tuple[str, float]]:
    """The cells of the terms with the part of the share that each gets."""
    if not math.isfinite(why.value):
        return _broken(why, share)
    weights = [abs(term.value) if math.isfinite(term.value) else 0.0 for term in why.terms]
    total = sum(weights)
    found: list[tuple[str, float]] = []
    for term, weight in zip(why.terms, weights, strict=True):
        cells = [factor.cell for factor in term.factors if factor.cell is not None]
        part = share * (weight / total if total else 1 / len(why.terms))
        found.extend((cell, part / len(cells)) for cell in cells)
    return found


def _broken(why: Explanation, share: float) -> list[tuple[str, float]]:
    """The cells that made this one NaN or infinite; none where it is born here, as a NaN is in −inf − (−inf)."""
    values = {factor.cell: factor.value for term in why.terms for factor in term.factors if factor.cell is not None}
    cells = [cell for cell, value in values.items() if not value < math.inf]
    if not cells and math.isinf(why.value):
        cells = [cell for cell, value in values.items() if value == -math.inf]
    return [(cell, share / len(cells)) for cell in cells]


def _chain(trace: Trace, why: Explanation) -> tuple[Level, ...]:
    """From a cell along its largest term's largest factor that is computed, to the bottom."""
    chain, share, seen = [Level(why, 1.0)], 1.0, {why.cell}
    while why.terms and len(chain) < 60:
        parts: dict[str, float] = {}
        for cell, part in _parts(why, share):
            parts[cell] = parts.get(cell, 0.0) + part
        if not parts:
            break
        ranked = sorted(parts.items(), key=lambda each: -each[1])
        best, share = ranked[0]
        for cell, part in ranked:  # of equal factors the one that is computed says more than a parameter
            if part >= ranked[0][1] * (1 - 1e-9) and trace.explain(cell).rule != "leaf":
                best, share = cell, part
                break
        if best in seen or (share < SHOWN and math.isfinite(why.value)):
            break
        seen.add(best)
        why = trace.explain(best)
        chain.append(Level(why, share))
    return tuple(chain)
