"""The terms of a cell, composed from those of the primitives inside its step.

Inside one step views are seen through, sums inside sums are flattened, unnamed products and quotients merge.
Recorded steps are never crossed: their cells are the factors.
"""

from __future__ import annotations

import math
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tfstep import work
from tfstep.address.indices import Cell
from tfstep.engine.computation import Computation
from tfstep.engine.node import Literal, Node
from tfstep.engine.op import Const, Primitive, Ref, TermSpec, Why
from tfstep.text import Bilingual


class Atom(Struct, frozen=True):
    """A factor being put together: a cell of a node of a trace, or a bare number."""

    trace: Any  # the `Trace` of the cell, of which this floor needs a `Computation`; None for a number
    slot: int
    cell: Cell
    power: float
    const: Const | None = None


class AtomTerm(Struct, frozen=True):
    """One term being put together: ``fn`` of a product of atoms."""

    atoms: tuple[Atom, ...]
    fn: str | None


ONE_FACTOR, SUMS = ("view", "product", "quotient"), ("sum", "dot", "mean", "nothing")
Terms = tuple[str, list[AtomTerm], Bilingual | None]
Memo = dict[tuple[Computation, int, Cell], Terms]


def explaining_terms(trace: Computation, slot: int, cell: Cell) -> Terms:
    """The terms that explain a cell: of a recorded step, or of an inner one, which unnamed steps merge into."""
    return (_flat if trace.prefix else terms_of)(trace, slot, cell, {})


def terms_of(trace: Computation, slot: int, cell: Cell, memo: Memo) -> Terms:
    """The terms of a step's cell, in atoms that are cells of recorded tensors or of named inner steps."""
    node, flag = trace.plan.nodes[slot], work.present()
    if flag is not None:  # a word of a large vocabulary is one of very many terms
        flag.at_inner_step()
    inside = trace.substeps(slot)
    if inside is None:
        why = _why(trace, node, cell)
        return why.rule, _atoms(trace, node, why), why.note
    rule, terms, note = _flat(inside, inside.plan.result, cell, memo)
    return rule, [AtomTerm(tuple(_outward(a) for a in t.atoms), t.fn) for t in terms], note


def _flat(trace: Computation, slot: int, cell: Cell, memo: Memo) -> Terms:
    """As `terms_of`, inside one step: inner steps that the body gives no name merge into the terms.

    A cell that goes into several others is worked out once: without the memo the work doubles with every level.
    """
    known = memo.get((trace, slot, cell))
    if known is not None:
        return known
    rule, terms, note = terms_of(trace, slot, cell, memo)
    flat: list[AtomTerm] = []
    for term in terms:
        flat.extend(_merged(trace, term, memo))
    if len(terms) == 1 and len(terms[0].atoms) == 1 and rule == "view":
        rule, note = _rule_of(trace, terms[0].atoms[0], rule, note, memo)
    memo[trace, slot, cell] = rule, flat, note
    return rule, flat, note


def _rule_of(
    trace: Computation, atom: Atom, rule: str, note: Bilingual | None, memo: Memo
) -> tuple[str, Bilingual | None]:
    """The rule of a cell that is a view of this one: that of the step it looks at, unless that has a name."""
    if atom.trace is trace and trace.plan.nodes[atom.slot].op is not None and not _is_named(trace, atom.slot):
        inner, _, inner_note = _flat(trace, atom.slot, atom.cell, memo)
        return inner, inner_note
    return rule, note


def _merged(trace: Computation, term: AtomTerm, memo: Memo) -> list[AtomTerm]:
    """One term with the inner steps it is made of merged in, where that leaves terms of the same form."""
    living = [a for a in term.atoms if a.const is None]
    for atom in living:
        if atom.trace is not trace or trace.plan.nodes[atom.slot].op is None or _is_named(trace, atom.slot):
            continue
        rule, inner, _ = terms_of(trace, atom.slot, atom.cell, memo)
        place = next(k for k, a in enumerate(term.atoms) if a is atom)
        before, after = term.atoms[:place], term.atoms[place + 1 :]
        if rule in ONE_FACTOR and len(inner) == 1:
            mergeable = inner[0].fn is None
        else:  # a sum: only where the term is that sum times bare numbers
            mergeable = (
                (rule in SUMS or len(inner) > 1)
                and atom.power == 1
                and term.fn is None
                and len(living) == 1
                and all(t.fn is None or not (before or after) for t in inner)
            )
        if mergeable and _commutes(atom.power):
            merged = []
            for t in inner:
                atoms = tuple(_to_power(a, atom.power) for a in t.atoms)
                merged.extend(_merged(trace, AtomTerm(before + atoms + after, term.fn or t.fn), memo))
            return merged
    return [term]


def _commutes(power: float) -> bool:
    """Whether (a b)ᵖ is aᵖ bᵖ whatever the signs of a and b."""
    return math.isfinite(power) and power % 1 == 0


def _to_power(atom: Atom, power: float) -> Atom:
    if power == 1:
        return atom
    const = replace(atom.const, power=atom.const.power * power) if atom.const else None
    return Atom(atom.trace, atom.slot, atom.cell, atom.power * power, const)


def _is_named(trace: Computation, slot: int) -> bool:
    node = trace.plan.nodes[slot]
    return node.op is not None and node.path.split("#")[0] != node.op.name


def _outward(atom: Atom) -> Atom:
    """An input of an inside is the tensor it stands for."""
    while atom.trace is not None and atom.slot < len(atom.trace.sources):
        source = atom.trace.sources[atom.slot]
        atom = Atom(source.trace, source.slot, atom.cell, atom.power, atom.const)
    return atom


def _why(trace: Computation, node: Node, cell: Cell) -> Why:
    op = node.op
    assert isinstance(op, Primitive)
    args = [s if isinstance(s, Literal) else trace.value(s) for s in node.inputs]
    return op.why(cell, args, node.attrs)


def _atoms(trace: Computation, node: Node, why: Why) -> list[AtomTerm]:
    parts = why.parts if why.view is None else (TermSpec((why.view,)),)
    return [AtomTerm(tuple(_atom(trace, node, f) for f in part.factors), part.fn) for part in parts]


def _atom(trace: Computation, node: Node, factor: Ref | Const) -> Atom:
    if isinstance(factor, Const):
        return Atom(None, -1, (), 1, factor)
    source: Any = node.inputs[factor.arg]
    if isinstance(source, Literal):
        return Atom(None, -1, (), 1, Const(source.value, source.name, factor.power))
    return _outward(Atom(trace, source, factor.cell, factor.power))
