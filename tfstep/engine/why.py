"""Why a number is what it is: the terms it is the sum of, each down to cells of recorded tensors.

Primitives know their own terms. Inside one step these compose: views are seen through, sums inside
sums are flattened, unnamed products and quotients merge. Recorded steps are never crossed: their
cells are the factors, and `depth` asks for their explanations in turn.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from msgspec import Struct, field

from tfstep.address.grammar import cell_name
from tfstep.address.indices import Cell
from tfstep.engine.arrays.half import LEAST, MOST, UNIT, rounded, spacing
from tfstep.engine.computation import Computation
from tfstep.engine.naming import notation
from tfstep.engine.node import Literal, Node
from tfstep.engine.op import CATALOGUE, Const
from tfstep.engine.surface.above import Displayed
from tfstep.engine.terms import Atom, AtomTerm, explaining_terms
from tfstep.text import Bilingual, Template


class Factor(Struct, frozen=True):
    """One factor of a term: a cell (None for a number that stands in the op), its value and its power."""

    cell: str | None
    name: str
    value: float
    power: float = 1
    why: Explanation | None = None


class Term(Struct, frozen=True):
    """``fn(∏ valueᵖᵒʷᵉʳ)``; ``value`` is computed from the factors alone."""

    factors: tuple[Factor, ...]
    fn: str | None
    value: float


class Explanation(Displayed, Struct, frozen=True):
    """Why ``cell`` has its recorded ``value``: by ``rule``, it is the sum of ``terms``.

    ``total`` is computed from the terms' printed values; ``residual`` is total − value.
    ``note`` names the reason in words where there is one, such as that of a masked cell.
    """

    cell: str
    value: float
    rule: str
    terms: tuple[Term, ...]
    total: float
    residual: float
    note: Bilingual | None = None
    notation: Template | None = None
    bound: float = field(default=1e-12)
    beyond: Bilingual | None = None  # that the number is infinite because a half type ends, which the note says as well
    least: float = 0.0  # the smallest number above 0 of a half type
    trace: Any = None  # the `Trace`, of the one that was asked for: the run that it explains

    @property
    def formula(self) -> str | None:
        """The formula of the step, in the chosen language."""
        return None if self.notation is None else str(self.notation)

    @property
    def holds(self) -> bool:
        """|total − value| ≤ bound·Σ|terms|; equal infinities, or two NaNs, agree."""
        return abs(self.residual) <= self.bound * self.size + self.least or self.residual == 0

    @property
    def size(self) -> float:
        """Σ|terms|, beside which differences are measured."""
        return sum(abs(term.value) for term in self.terms)

    @property
    def rounding(self) -> bool:
        """Whether the value is nothing but rounding: terms that cancel leave what is 0 beside them."""
        return 0 < abs(self.value) <= min(self.bound, 1e-5) * self.size < math.inf


Known = dict[tuple[Computation, int, Cell, int], "Explanation"]


def explain(trace: Computation, slot: int, cell: Cell, depth: int = 1) -> Explanation:
    """The explanation of one cell, ``depth`` levels of factors down; that of a cell met twice is one object."""
    return _explain(trace, slot, cell, depth, {})


def _explain(trace: Computation, slot: int, cell: Cell, depth: int, known: Known) -> Explanation:
    found = known.get((trace, slot, cell, depth))
    if found is None:
        found = known[trace, slot, cell, depth] = _worked_out(trace, slot, cell, depth, known)
    return found


def _worked_out(trace: Computation, slot: int, cell: Cell, depth: int, known: Known) -> Explanation:
    node = trace.plan.nodes[slot]
    value = trace.value(slot)
    number = float(value[cell])
    name = cell_name(trace.prefix + node.path, cell)
    if node.op is None:
        return Explanation(name, number, "leaf", (), number, 0.0)
    rule, raw, note = explaining_terms(trace, slot, cell)
    if slot in trace.pins and trace.pins[slot].mask[cell]:
        note = _pinned(trace, slot, cell)
    elif note is None:
        args = [s if isinstance(s, Literal) else trace.value(s) for s in node.inputs]
        note = node.op.remark(cell, args, node.attrs)
    terms = tuple(_priced(term, depth, known) for term in raw)
    exact = _total([t.value for t in terms])
    total = recorded_as(node, exact)
    said = _rounding(exact, number, node.rounds) if node.rounds else None
    beyond = said if math.isinf(number) else None
    note = said if said is not None and note is None else also(note, beyond)
    return Explanation(
        name,
        number,
        rule,
        terms,
        total,
        _difference(total, number),
        note,
        notation(trace, node),
        bound_of(node),
        least=least_of(node),
        beyond=beyond,
    )


def also(note: Bilingual | None, more: Bilingual | None) -> Bilingual | None:
    """A note and what is to be said beside it."""
    if note is None or more is None:
        return note or more
    return Bilingual("{note}; {more}", "{note}；{more}", note=note, more=more)


def bound_of(node: Node) -> float:
    """By how much of its terms the total of a cell may be off."""
    return UNIT[node.rounds] if node.rounds else 1e-12 if node.dtype == np.float64 else 1e-5


def least_of(node: Node) -> float:
    """The smallest number above 0 that a step in half precision can be off by."""
    return LEAST[node.rounds] if node.rounds else 0.0


def recorded_as(node: Node, total: float) -> float:
    """A total as it is recorded: rounded where its step is."""
    return float(rounded(np.asarray(total), node.rounds)) if node.rounds else total


def _rounding(exact: float, number: float, to: str) -> Bilingual | None:
    """What rounding did to a number, where it did anything that can be seen."""
    if math.isnan(exact) or exact == number:
        return None
    if math.isinf(number):
        return Bilingual(
            "{exact:.6g} is beyond the largest number of {to}, {most:.6g}: it is {number}",
            "{exact:.6g} 超出 {to} 的最大数 {most:.6g}：变为 {number}",
            exact=exact,
            to=to,
            most=MOST[to],
            number="−∞" if number < 0 else "∞",
        )
    return Bilingual(
        "before it is rounded to {to}: {exact:.9g}; the numbers there are {step:.3g} apart",
        "舍入到 {to} 之前：{exact:.9g}；该处相邻的数相差 {step:.3g}",
        to=to,
        exact=exact,
        step=spacing(number, to),
    )


def _pinned(trace: Computation, slot: int, cell: Cell) -> Bilingual:
    inside = trace.substeps(slot)
    assert inside is not None
    would = float(inside.value(inside.plan.paths["computed"].slot)[cell])
    return Bilingual("pinned; computed, it would be {would:.6g}", "已固定；若不固定，算出来是 {would:.6g}", would=would)


def nan_origin(trace: Computation, slot: int, cell: Cell) -> Explanation:
    """Where the NaN of a cell came from: the explanation of the first cell that is NaN though no factor of it is."""
    explanation = explain(trace, slot, cell)
    _, terms, _ = explaining_terms(trace, slot, cell) if trace.plan.nodes[slot].op is not None else ("", [], None)
    for term in terms:
        for atom in term.atoms:
            if atom.trace is not None and np.isnan(atom.trace.value(atom.slot)[atom.cell]):
                return nan_origin(atom.trace, atom.slot, atom.cell)
    return explanation


def _total(numbers: list[float]) -> float:
    """Their sum, rounded once; by IEEE's rules where it, or one of them, is not finite."""
    try:
        return math.fsum(numbers)
    except (OverflowError, ValueError):
        return sum(numbers)


def _difference(total: float, value: float) -> float:
    if total == value or (math.isnan(total) and math.isnan(value)):
        return 0.0
    return total - value


def _priced(term: AtomTerm, depth: int, known: Known) -> Term:
    factors = tuple(_factor(atom, depth, known) for atom in term.atoms)
    product = 1.0
    for f in factors:
        product *= _power(f.value, f.power)
    return Term(factors, term.fn, CATALOGUE.ops[term.fn].number(product) if term.fn else product)


def _power(value: float, power: float) -> float:
    """Value to the power, by IEEE's rules where Python raises or leaves the real numbers."""
    if power == 1:
        return value
    if power == -1:
        return 1 / value if value else math.copysign(math.inf, value)
    if -math.inf < value < 0 and math.isfinite(power) and power % 1:
        return math.nan
    try:
        return float(value**power)
    except (ZeroDivisionError, OverflowError):
        return math.copysign(math.inf, value) if power % 2 == 1 else math.inf


def _factor(atom: Atom, depth: int, known: Known) -> Factor:
    if atom.const is not None or atom.trace is None:
        const = atom.const or Const(0.0, "0")
        return Factor(None, const.name or f"{const.value:g}", const.value, const.power)
    node = atom.trace.plan.nodes[atom.slot]
    path = atom.trace.prefix + node.path
    why = _explain(atom.trace, atom.slot, atom.cell, depth - 1, known) if depth > 1 else None
    value = float(atom.trace.value(atom.slot)[atom.cell])
    return Factor(cell_name(path, atom.cell), path, value, atom.power, why)


__all__ = ["Explanation", "Factor", "Term", "explain", "nan_origin"]
