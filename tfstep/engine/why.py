"""Why a number is what it is: the terms it is the sum of, each down to cells of recorded tensors.

Primitives know their own terms. Inside one step these compose: views are seen through, sums inside
sums are flattened, unnamed products and quotients merge. Recorded steps are never crossed: their
cells are the factors, and `depth` asks for their explanations in turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tfstep.engine.cell import Cell, cell_name
from tfstep.engine.op import Const, Op, Part, Primitive, Ref, Why
from tfstep.engine.plan import Lit, Node
from tfstep.engine.trace import Trace
from tfstep.text import Text


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _finite(f: Callable[[float], float]) -> Callable[[float], float]:
    return lambda x: f(x) if math.isfinite(x) else math.nan


FUNCTIONS: dict[str, Callable[[float], float]] = {
    "exp": _exp,
    "log": lambda x: math.log(x) if x > 0 else (-math.inf if x == 0 else math.nan),
    "sqrt": lambda x: math.sqrt(x) if x >= 0 else math.nan,
    "tanh": math.tanh,
    "sin": _finite(math.sin),
    "cos": _finite(math.cos),
    "erf": math.erf,
    "abs": abs,
    "relu": lambda x: 0.0 if x < 0 else x,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x)),
}
"""The functions that a term may apply to its product, on Python's own numbers."""


@dataclass(frozen=True)
class Factor:
    """One factor of a term: a cell (None for a number that stands in the op), its value and its power."""

    cell: str | None
    name: str
    value: float
    power: float = 1
    why: Explanation | None = None


@dataclass(frozen=True)
class Term:
    """``fn(∏ valueᵖᵒʷᵉʳ)``; ``value`` is computed from the factors alone."""

    factors: tuple[Factor, ...]
    fn: str | None
    value: float


@dataclass(frozen=True)
class Explanation:
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
    note: Text | None = None
    formula: str | None = None
    bound: float = field(default=1e-12)

    @property
    def holds(self) -> bool:
        """|total − value| ≤ bound·Σ|terms|; equal infinities, or two NaNs, agree."""
        return abs(self.residual) <= self.bound * sum(abs(t.value) for t in self.terms) or self.residual == 0


@dataclass(frozen=True)
class _Atom:
    """A factor being put together: a cell of a node of a trace, or a bare number."""

    trace: Trace | None
    slot: int
    cell: Cell
    power: float
    const: Const | None = None


@dataclass(frozen=True)
class _Term:
    atoms: tuple[_Atom, ...]
    fn: str | None


def explain(trace: Trace, slot: int, cell: Cell, depth: int = 1) -> Explanation:
    """The explanation of one cell, ``depth`` levels of factors down."""
    node = trace.plan.nodes[slot]
    value = trace.value(slot)
    number = float(value[cell])
    name = cell_name(trace.prefix + node.path, cell)
    if node.op is None:
        return Explanation(name, number, "leaf", (), number, 0.0)
    rule, raw, note = _terms(trace, slot, cell, {})
    if note is None:
        args = [s if isinstance(s, Lit) else trace.value(s) for s in node.inputs]
        note = node.op.remark(cell, args, node.attrs)
    terms = tuple(_priced(term, depth) for term in raw)
    total = _total([t.value for t in terms])
    from tfstep.engine.tensor import formula

    return Explanation(
        name,
        number,
        rule,
        terms,
        total,
        _difference(total, number),
        note,
        formula(trace, node),
        1e-12 if value.dtype == np.float64 else 1e-5,
    )


def nan_origin(trace: Trace, slot: int, cell: Cell) -> Explanation:
    """Where the NaN of a cell came from: the explanation of the first cell that is NaN though no factor of it is."""
    explanation = explain(trace, slot, cell)
    _, terms, _ = _terms(trace, slot, cell, {}) if trace.plan.nodes[slot].op is not None else ("", [], None)
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


def _priced(term: _Term, depth: int) -> Term:
    factors = tuple(_factor(atom, depth) for atom in term.atoms)
    product = 1.0
    for f in factors:
        product *= _power(f.value, f.power)
    return Term(factors, term.fn, FUNCTIONS[term.fn](product) if term.fn else product)


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


def _factor(atom: _Atom, depth: int) -> Factor:
    if atom.const is not None or atom.trace is None:
        const = atom.const or Const(0.0, "0")
        return Factor(None, const.name or f"{const.value:g}", const.value, const.power)
    node = atom.trace.plan.nodes[atom.slot]
    path = atom.trace.prefix + node.path
    why = explain(atom.trace, atom.slot, atom.cell, depth - 1) if depth > 1 else None
    value = float(atom.trace.value(atom.slot)[atom.cell])
    return Factor(cell_name(path, atom.cell), path, value, atom.power, why)


_Flat = tuple[str, list[_Term], Text | None]
_Memo = dict[tuple[Trace, int, Cell], _Flat]

# -- composing -------------------------------------------------------------------------------------


def _terms(trace: Trace, slot: int, cell: Cell, memo: _Memo) -> _Flat:
    """The terms of a step's cell, in atoms that are cells of recorded tensors or of named inner steps."""
    node = trace.plan.nodes[slot]
    inside = trace.inside(slot)
    if inside is None:
        why = _why(trace, node, cell)
        return why.rule, _atoms(trace, node, why), why.note
    rule, terms, note = _flat(inside, inside.plan.result, cell, memo)
    return rule, [replace(t, atoms=tuple(_outward(a) for a in t.atoms)) for t in terms], note


def _flat(trace: Trace, slot: int, cell: Cell, memo: _Memo) -> _Flat:
    """As `_terms`, inside one step: inner steps that the body gives no name merge into the terms.

    A cell that goes into several others is worked out once: without the memo the work doubles with every level.
    """
    known = memo.get((trace, slot, cell))
    if known is not None:
        return known
    rule, terms, note = _terms(trace, slot, cell, memo)
    flat: list[_Term] = []
    for term in terms:
        flat.extend(_merged(trace, term, memo))
    if len(terms) == 1 and len(terms[0].atoms) == 1 and rule == "view":
        rule, note = _rule_of(trace, terms[0].atoms[0], rule, note, memo)
    memo[trace, slot, cell] = rule, flat, note
    return rule, flat, note


def _rule_of(trace: Trace, atom: _Atom, rule: str, note: Text | None, memo: _Memo) -> tuple[str, Text | None]:
    """The rule of a cell that is a view of this one: that of the step it looks at, unless that has a name."""
    if atom.trace is trace and trace.plan.nodes[atom.slot].op is not None and not _is_named(trace, atom.slot):
        inner, _, inner_note = _flat(trace, atom.slot, atom.cell, memo)
        return inner, inner_note
    return rule, note


def _merged(trace: Trace, term: _Term, memo: _Memo) -> list[_Term]:
    """One term with the inner steps it is made of merged in, where that leaves terms of the same form."""
    living = [a for a in term.atoms if a.const is None]
    for atom in living:
        if atom.trace is not trace or trace.plan.nodes[atom.slot].op is None:
            continue
        if _is_named(trace, atom.slot):
            continue
        rule, inner, _ = _flat(trace, atom.slot, atom.cell, memo)
        place = next(k for k, a in enumerate(term.atoms) if a is atom)
        before, after = term.atoms[:place], term.atoms[place + 1 :]
        if (len(inner) == 1 and rule == "view") or (len(inner) == 1 and rule in ("product", "quotient")):
            mergeable = inner[0].fn is None
        else:  # a sum: only where the term is that sum times bare numbers
            mergeable = (
                rule in ("sum", "dot", "mean", "nothing")
                and atom.power == 1
                and term.fn is None
                and len(living) == 1
                and all(t.fn is None or not (before or after) for t in inner)
            )
        if mergeable and _commutes(atom.power):
            merged = []
            for t in inner:
                atoms = tuple(_to_power(a, atom.power) for a in t.atoms)
                merged.extend(_merged(trace, _Term(before + atoms + after, term.fn or t.fn), memo))
            return merged
    return [term]


def _commutes(power: float) -> bool:
    """Whether (a b)ᵖ is aᵖ bᵖ whatever the signs of a and b."""
    return math.isfinite(power) and power % 1 == 0


def _to_power(atom: _Atom, power: float) -> _Atom:
    const = replace(atom.const, power=atom.const.power * power) if atom.const else None
    return replace(atom, power=atom.power * power, const=const)


def _is_named(trace: Trace, slot: int) -> bool:
    node = trace.plan.nodes[slot]
    return node.op is not None and node.path.split("#")[0] != node.op.name


def _outward(atom: _Atom) -> _Atom:
    """An input of an inside is the tensor it stands for."""
    while atom.trace is not None and atom.slot < len(atom.trace.sources):
        source = atom.trace.sources[atom.slot]
        atom = replace(atom, trace=source.trace, slot=source.slot)
    return atom


def _why(trace: Trace, node: Node, cell: Cell) -> Why:
    op: Op | None = node.op
    assert isinstance(op, Primitive)
    args = [s if isinstance(s, Lit) else trace.value(s) for s in node.inputs]
    return op.why(cell, args, node.attrs)


def _atoms(trace: Trace, node: Node, why: Why) -> list[_Term]:
    parts = why.parts if why.view is None else (Part((why.view,)),)
    return [_Term(tuple(_atom(trace, node, f) for f in part.factors), part.fn) for part in parts]


def _atom(trace: Trace, node: Node, factor: Ref | Const) -> _Atom:
    if isinstance(factor, Const):
        return _Atom(None, -1, (), 1, factor)
    source: Any = node.inputs[factor.arg]
    if isinstance(source, Lit):
        return _Atom(None, -1, (), 1, Const(source.value, source.name, factor.power))
    return _outward(_Atom(trace, source, factor.cell, factor.power))


__all__ = ["FUNCTIONS", "Explanation", "Factor", "Term", "explain", "nan_origin"]
