"""An explanation as an equation: which cells, then their numbers, then the total."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from tfstep.address.grammar import parse_cell
from tfstep.engine.trace import Tensor, Trace
from tfstep.engine.why import Explanation, Factor, Term
from tfstep.text import Bilingual
from tfstep.view.cell.sums import LongSum
from tfstep.view.matrix.labels import cell_words, labels
from tfstep.view.text.number import plain
from tfstep.view.text.signed import split_sign
from tfstep.view.text.spans import Line, Span, line

FEW = 6  # terms that are shown in their own order; of more, the largest
NUMBERED = 9
MOST_GROUPS = 4  # of terms that are named by what they have in common


class Equation(Struct, frozen=True):
    """``symbols`` names the cells, ``terms`` gives their numbers, ``rest`` says what was folded.

    ``links`` are the cells of the factors in the order in which they are shown.
    """

    symbols: Line
    terms: tuple[Line, ...]
    rest: Line
    links: tuple[str, ...]


NO_EQUATION = Equation((), (), (), ())


def equation(trace: Trace, why: Explanation, chosen: int = 0, walked: int = 0) -> Equation:
    """The equation of an explanation. ``chosen`` is the number of the factor that is marked; ``walked`` that of the
    term we are at, 0 where we are at none: then only its factors can be marked, and its neighbours are shown."""
    order = list(why.terms)
    if walked:
        first = max(0, min(walked - 1 - FEW // 2, len(order) - FEW))
        shown, folded = order[first : first + FEW], order[:first] + order[first + FEW :]
    else:
        if len(order) > FEW:
            order.sort(key=lambda term: -abs(term.value) if term.value == term.value else 0.0)
        shown, folded = order[:FEW], order[FEW:]
    links: list[str] = []
    terms = []
    for k, term in enumerate(shown):
        at = links if not walked or term is why.terms[walked - 1] else None
        terms.append(_term(term, first=k == 0, alone=len(order) == 1, links=at, chosen=chosen))
    rest: Line = ()
    count, total = len(folded), sum(term.value for term in folded)
    if isinstance(why, LongSum):
        count, total = count + why.more, total + why.rest
    if count:
        more = Bilingual("… {n} more: {total}", "… 另外 {n} 项：{total}", n=count, total=plain(total))
        rest = line(" + ", Span(str(more), "dim"))
    return Equation(_symbols(trace, why, shown), tuple(terms), rest, tuple(links))


def name_of(trace: Trace, cell: str) -> str:
    """A cell as it is called on the screen: ``Q[我,d0]``."""
    path, index = parse_cell(cell)
    tensor = trace[path]
    return tensor.name + cell_words(tensor.node.spec.axes, tensor.shape, index or ())


def _term(term: Term, *, first: bool, alone: bool, links: list[str] | None, chosen: int) -> Line:
    sign, term = split_sign(term)
    if not (sign or term.fn) and len(term.factors) == 1 and term.factors[0].power == 1 and not alone:
        return _single(term.factors[0], first, links, chosen)
    if sign and not term.fn and len(term.factors) == 1 and term.factors[0].power == 1:
        (number,) = _factor(term.factors[0], 0, links, chosen)
        text = number.text.removeprefix("+")
        before = Span(sign if first else f" {sign} ", "dim")
        return (before, replace(number, text=f"({text})" if text[:1] in "-−" else text))
    spans: list[Span] = [Span(sign if first else f" {sign or '+'} ", "dim")] if sign or not first else []
    bracket = not alone and (len(term.factors) > 1)
    if term.fn:
        spans.append(Span(term.fn + "(", "dim"))
    elif bracket:
        spans.append(Span("(", "dim"))
    for k, factor in enumerate(term.factors):
        spans.extend(_factor(factor, k, links, chosen))
    if term.fn or bracket:
        spans.append(Span(")", "dim"))
    return tuple(spans)


def _single(factor: Factor, first: bool, links: list[str] | None, chosen: int) -> Line:
    """A term that is one number: its sign is that of the sum, and stands once."""
    (number,) = _factor(factor, 0, links, chosen)
    sign, text = ("−", number.text[1:]) if number.text.startswith(("-", "−")) else ("+", number.text.removeprefix("+"))
    before = sign.replace("+", "") if first else f" {sign} "
    return (*([Span(before, "dim")] if before else []), replace(number, text=text))


def _factor(factor: Factor, k: int, links: list[str] | None, chosen: int) -> list[Span]:
    spans = []
    power = factor.power
    if power == -1:
        spans.append(Span(" / " if k else "1 / ", "dim"))
    elif k:
        spans.append(Span(" × ", "dim"))
    text = plain(factor.value)
    if factor.cell is None:
        text = factor.name if factor.name[:1] in "√½-−0123456789" else plain(factor.value, sign=False)
        spans.append(Span(text, "dim"))
    elif links is None:
        spans.append(Span(text, "dim", factor.cell))
    else:
        links.append(factor.cell)
        spans.append(Span(text, "number", factor.cell, len(links) - 1 == chosen))
    if power not in (1, -1):
        spans.append(_raised(power))
    return spans


def _raised(power: float) -> Span:
    """A power as it is written behind a factor."""
    return Span({2: "²", 3: "³", 0.5: "^½", -2: "⁻²"}.get(power, f"^{power:g}"), "dim")


def _symbols(trace: Trace, why: Explanation, shown: Sequence[Term]) -> Line:
    """Terms that read the same tensors become one: ``Q[我,:] · K[爱,:]``. Of many that do not, those that are shown."""
    groups: dict[tuple[object, ...], list[Term]] = {}
    for term in why.terms:
        key = (term.fn, *((f.name if f.cell else (f.name, f.value), f.power) for f in term.factors))
        groups.setdefault(key, []).append(term)
    named, more = list(groups.values()), False
    if len(named) > MOST_GROUPS:
        named, more = [[term] for term in shown], len(shown) < len(why.terms)
    spans: list[Span] = []
    for k, group in enumerate(named):
        sign = split_sign(group[0])[0]
        if sign or k:
            spans.append(Span(f" {sign or '+'} " if k else sign, "dim"))
        spans.extend(_group(trace, [split_sign(term)[1] for term in group], why.cell))
    return tuple([*spans, Span(" + …", "dim")] if more else spans)


def _group(trace: Trace, group: list[Term], of: str) -> list[Span]:
    first, several = group[0], len(group) > 1
    dot = (
        several and first.fn is None and len(first.factors) == 2 and all(f.power == 1 and f.cell for f in first.factors)
    )
    spans = [Span("Σ ", "dim")] if several and not dot else []
    if first.fn:
        spans.append(Span(first.fn + "(", "dim"))
    common = [
        _common(trace, [term.factors[k].cell for term in group]) if f.cell else None
        for k, f in enumerate(first.factors)
    ]
    called = _after_result(trace, [each for each in common if each is not None], of) if several else {}
    for k, (factor, each) in enumerate(zip(first.factors, common, strict=True)):
        if factor.power == -1:
            spans.append(Span(" / " if k else "1 / ", "dim"))
        elif k:
            spans.append(Span(" · " if dot else " × ", "dim"))
        text = factor.name if each is None else each[0].name + _index(*each, called)
        spans.append(Span(text, "name" if factor.cell else "dim", factor.cell))
        if factor.power not in (1, -1):
            spans.append(_raised(factor.power))
    if first.fn:
        spans.append(Span(")", "dim"))
    return spans


Common = tuple[Tensor, list[int | None]]  # several cells of a tensor: the indices that all have, None for the others


def _after_result(trace: Trace, factors: Sequence[Common], of: str) -> dict[str, str]:
    """What a weight's gradient calls the places that two factors would call alike: the ``d0`` of x is ``i0`` and that
    of ∂q_proj is ``o0`` in ∂W_Q[i0,o0]. By tensor."""
    path, index = parse_cell(of)
    result = trace[path]
    own = _places(result, index or ())
    if tuple(axis.name for axis in result.node.spec.axes) != ("in", "out") or len(factors) != 2:
        return {}
    return {each[0].path: own[k] for k, each in enumerate(factors) if k in own}


def _places(tensor: Tensor, index: Sequence[int | None]) -> dict[int, str]:
    """What places without words are called, by axis."""
    named = (
        (k, labels(axis, size)) for k, (axis, size) in enumerate(zip(tensor.node.spec.axes, tensor.shape, strict=True))
    )
    return {k: along[i] for k, along in named if not along.words and along.letter and (i := index[k]) is not None}


def _index(tensor: Tensor, index: Sequence[int | None], called: dict[str, str]) -> str:
    """The indices in words; the last one as the result calls that place."""
    last = len(index) - 1
    name = called.get(tensor.path)
    known = {last: name} if name is not None and index and index[last] is not None else {}
    return cell_words(tensor.node.spec.axes, tensor.shape, index, known)


def _common(trace: Trace, cells: Sequence[str | None]) -> Common:
    """Cells of one tensor as one: an index that is not the same in all of them is None."""
    known = [cell for cell in cells if cell is not None]
    path, first = parse_cell(known[0])
    tensor = trace[path]
    indices = [parse_cell(cell)[1] or () for cell in known]
    same: list[int | None] = [i if all(index[a] == i for index in indices) else None for a, i in enumerate(first or ())]
    return tensor, same
