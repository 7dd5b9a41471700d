"""The terms of all cells of a tensor at once, where they follow one pattern.

In most steps the factors of a cell stand at places that move evenly with the cell and with the number of the term:
in a product of matrices those of one row and one column. Such a pattern is found from a few cells, and kept only if
it gives the recorded number of every cell; it is some thousand times shorter than the terms themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from msgspec import Struct

import tfstep.ops  # noqa: F401  # enters the ops in the catalogue
from tfstep.engine.op import CATALOGUE
from tfstep.engine.terms import Atom, AtomTerm, explaining_terms
from tfstep.engine.trace import Trace

PROBES = 12  # cells from which a pattern is found, about
BOUND = 1e-9  # of the sum of the sizes of the terms: as near the pattern must come to the recorded number
LARGE = 40_000_000  # numbers made to test one pattern, at most

Cell = tuple[int, ...]
Place = tuple[Trace, int]


class Moving(Struct, frozen=True, eq=False):
    """A factor: a cell of ``source`` at ``start + Σ index·by_cell + term·by_term``, or the bare number ``value``."""

    source: Place | None
    power: float
    start: int = 0
    by_cell: tuple[int, ...] = ()
    by_term: int = 0
    value: float = 0.0
    name: str = ""


class Stretch(Struct, frozen=True, eq=False):
    """So many terms in a row that are made the same way."""

    count: int
    fn: str | None
    factors: tuple[Moving, ...]


class Pattern(Struct, frozen=True, eq=False):
    """How the terms of every cell are found, and the rule's name."""

    rule: str
    stretches: tuple[Stretch, ...]


def pattern(trace: Trace, slot: int) -> Pattern | None:
    """The pattern that the terms of a step's cells follow; None where there is none, or where words are said of cells."""
    value = trace.value(slot)
    if not value.size or value.size <= PROBES or slot in trace.pins or not np.isfinite(value).all():
        return None
    shape = value.shape
    origin = (0,) * len(shape)
    steps = [tuple(int(a == k) for a in range(len(shape))) if n > 1 else None for k, n in enumerate(shape)]
    rng = np.random.default_rng(0)
    others = [tuple(int(rng.integers(n)) for n in shape) for _ in range(PROBES - len(shape))]
    rule, first, note = explaining_terms(trace, slot, origin)
    found = _read(trace, slot, first, steps)
    if note is not None or found is None:
        return None
    for cell in (tuple(n - 1 for n in shape), *others):
        other_rule, terms, said = explaining_terms(trace, slot, cell)
        if said is not None or other_rule != rule or not _foretells(found, cell, terms):
            return None
    return Pattern(rule, found) if _gives(found, value) else None


def _signature(term: AtomTerm) -> tuple[Any, ...]:
    return term.fn, tuple(
        (id(a.trace), a.slot, a.power) if a.const is None else (a.const.value, a.const.name, a.const.power)
        for a in term.atoms
    )


def _runs(terms: Sequence[AtomTerm]) -> list[list[AtomTerm]]:
    return [list(run) for _, run in groupby(terms, key=_signature)]


def _flat(atom: Atom) -> int:
    assert atom.trace is not None
    shape = atom.trace.plan.nodes[atom.slot].shape
    return int(np.ravel_multi_index(atom.cell, shape)) if shape else 0


def _read(
    trace: Trace, slot: int, first: Sequence[AtomTerm], steps: Sequence[Cell | None]
) -> tuple[Stretch, ...] | None:
    """The pattern as the first cell and its neighbour along each axis have it."""
    runs = _runs(first)
    neighbours = [None if cell is None else _runs(explaining_terms(trace, slot, cell)[1]) for cell in steps]
    shapes = [[(len(run), _signature(run[0])) for run in each] for each in (runs, *neighbours) if each is not None]
    if not runs or any(shape != shapes[0] for shape in shapes):
        return None
    stretches = []
    for k, run in enumerate(runs):
        factors = []
        for f, atom in enumerate(run[0].atoms):
            if atom.const is not None:
                factors.append(Moving(None, atom.const.power, value=atom.const.value, name=atom.const.name))
                continue
            assert atom.trace is not None
            start = _flat(atom)
            by_cell = tuple(0 if each is None else _flat(each[k][0].atoms[f]) - start for each in neighbours)
            by_term = _flat(run[1].atoms[f]) - start if len(run) > 1 else 0
            factors.append(Moving((atom.trace, atom.slot), atom.power, start, by_cell, by_term))
        stretches.append(Stretch(len(run), run[0].fn, tuple(factors)))
    return tuple(stretches)


def _foretells(stretches: Sequence[Stretch], cell: Cell, terms: Sequence[AtomTerm]) -> bool:
    """Whether the pattern gives exactly these terms for a cell."""
    if sum(each.count for each in stretches) != len(terms):
        return False
    at = iter(terms)
    for stretch in stretches:
        for k in range(stretch.count):
            term = next(at)
            if term.fn != stretch.fn or len(term.atoms) != len(stretch.factors):
                return False
            for atom, factor in zip(term.atoms, stretch.factors, strict=True):
                if not _same(atom, factor, cell, k):
                    return False
    return True


def _same(atom: Atom, factor: Moving, cell: Cell, k: int) -> bool:
    if atom.const is not None or factor.source is None:
        const = atom.const
        return (
            const is not None and factor.source is None and (const.value, const.power) == (factor.value, factor.power)
        )
    assert atom.trace is not None
    there = factor.start + sum(i * by for i, by in zip(cell, factor.by_cell, strict=True)) + k * factor.by_term
    return atom.trace is factor.source[0] and atom.slot == factor.source[1] and _flat(atom) == there


def _gives(stretches: Sequence[Stretch], value: np.ndarray) -> bool:
    """Whether the pattern's terms come to the recorded number in every cell."""
    if value.size * sum(each.count for each in stretches) > LARGE:
        return False
    total, sizes = np.zeros(value.size), np.zeros(value.size)
    cells = np.indices(value.shape).reshape(value.ndim, -1)
    with np.errstate(all="ignore"):
        for stretch in stretches:
            product = np.ones((value.size, stretch.count))
            for factor in stretch.factors:
                numbers = _numbers(factor, cells, stretch.count)
                if numbers is None:
                    return False
                product = product * numbers**factor.power
            if stretch.fn is not None:
                product = _APPLIED[stretch.fn](product)
            total += product.sum(axis=1)
            sizes += np.abs(product).sum(axis=1)
        bound = BOUND if value.dtype == np.float64 else 1e-5
        return bool((np.abs(total - value.ravel()) <= bound * sizes + 1e-300).all())


def _numbers(factor: Moving, cells: np.ndarray, count: int) -> np.ndarray | float | None:
    if factor.source is None:
        return factor.value
    trace, slot = factor.source
    numbers = trace.value(slot).ravel().astype(np.float64)
    at = (
        factor.start
        + np.tensordot(np.array(factor.by_cell, int), cells, 1)[:, None]
        + factor.by_term * np.arange(count)
    )
    if at.min() < 0 or at.max() >= numbers.size:
        return None
    return np.asarray(numbers[at])


def _each(fn: Callable[[float], float]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.array([fn(float(v)) for v in x.ravel()]).reshape(x.shape)


_APPLIED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    name: _each(fn) for name, fn in CATALOGUE.functions.items()
} | {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "abs": np.abs,
}
