"""The working of a number in lines for a key, out of its explanation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from tfstep.address.grammar import parse_cell
from tfstep.engine.trace import Trace
from tfstep.engine.why import Explanation, Factor, Term
from tfstep.lessons.worksheet.exercise import PLACES
from tfstep.view.report.explanation import in_cell
from tfstep.view.text.number import brief


def number(value: float) -> str:
    """A number on a sheet: to six digits, so that those left out do not show, and without what is left of a sum that
    comes to 0 on paper."""
    return brief(round(value, PLACES), 6)


def working(trace: Trace, found: Explanation, given: Collection[str] = ()) -> Iterator[str]:
    """``scores[我,爱] = 1 × 0.5 + (-1) × 2 = -1.5``, and before it, where there is one, the working of its factors.

    The paths in ``given`` stand on the sheet and need no working.
    """
    inner = {f.why.cell: f.why for term in found.terms for f in term.factors if f.why is not None and f.why.terms}
    for cell, why in inner.items():
        if parse_cell(cell)[0] not in given:
            yield from working(trace, why, given)
    name = in_cell(trace, found.cell, brief_path=True)
    if found.note is not None:
        yield f"{name} = {number(found.value)}   ({found.note})"
        return
    terms = "".join(_signed(term, first=not k) for k, term in enumerate(found.terms)) or "0"
    value = number(found.value)
    yield f"{name} = {value}" if terms == value else f"{name} = {terms} = {value}"


def _signed(term: Term, first: bool) -> str:
    """A term with the sign before it; a bare factor of −1 is the sign."""
    head, *rest = term.factors or (None,)
    if head is not None and head.cell is None and head.value == -1 and head.power == 1 and rest and term.fn is None:
        return ("−" if first else " − ") + _product(rest)
    product = _alone(term.factors) if first or term.fn else _product(term.factors)
    product = f"{term.fn}({product})" if term.fn else product
    return product if first else f" + {product}"


def _alone(factors: Sequence[Factor]) -> str:
    """A product where no sign stands before it: a single negative number needs no brackets."""
    single = len(factors) == 1 and factors[0].power == 1
    return number(factors[0].value) if single else _product(factors)


def _product(factors: Sequence[Factor]) -> str:
    above = " × ".join(_factor(f) for f in factors if f.power > 0) or "1"
    return above + "".join(f" / {_factor(f)}" for f in factors if f.power < 0)


def _factor(factor: Factor) -> str:
    text = number(factor.value)
    text = f"({text})" if factor.value < 0 else text
    power = abs(factor.power)
    return text if power == 1 else f"{text}^{power:g}"
