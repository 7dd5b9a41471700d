"""Why a number is what it is, written out: the terms with their numbers, the total, and what was recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tfstep.engine.trace import Trace, cell_of
from tfstep.engine.why import Explanation, Factor, Term
from tfstep.text import Bilingual
from tfstep.view.export.indices import in_words
from tfstep.view.export.tables import KINDS
from tfstep.view.text.number import brief, exact
from tfstep.view.text.signed import split_sign
from tfstep.view.text.spans import Line, Span, indented, line, span, table

SHOWN = 12  # terms of a long sum that are written out, the largest ones
SUMMARY = 5  # significant digits of the numbers in a term


def explanation(trace: Trace, found: Explanation) -> Iterator[Line]:
    """The explanation of one cell; under it, as far as they are there, those of its factors, each once."""
    yield from _heading(trace, found)
    yield from indented(_body(trace, found))
    nested = list(_nested(trace, found, {}, depth=1))
    if nested:
        yield ()
        yield from indented(nested)


def _nested(trace: Trace, found: Explanation, told: dict[str, int], depth: int) -> Iterator[Line]:
    for why in (f.why for term in found.terms for f in term.factors if f.why is not None):
        if told.get(why.cell, depth + 1) > depth:  # not told yet, or only with less below it
            told[why.cell] = depth
            yield from shortly(trace, why)
            yield from indented(_nested(trace, why, told, depth + 1))


def shortly(trace: Trace, found: Explanation) -> Iterator[Line]:
    """An explanation without its sums: of one term in one line."""
    if not found.holds:
        yield line(span(Bilingual("the terms below do not add up to it", "下面各项加起来不等于它"), "bad"))
    name = span(in_cell(trace, found.cell), "name")
    value = span(brief(found.value, SUMMARY), "negative" if found.value < 0 else "number")
    note = (span(f"   {found.note}", "accent"),) if found.note is not None else ()
    if found.rule == "leaf":
        yield (name, *line(" = "), value, span(f"   {_kind(trace, found)}", "dim"))
    elif len(found.terms) == 1:
        (term,) = found.terms
        sign, rest = split_sign(term)
        steps = [sign + _product(trace, rest, names=True)]
        if not _is_single(rest):
            steps.append(sign + _product(trace, rest, names=False))
        made = "".join(f" = {step}" for step in steps if step != value.text)
        yield (name, span(f"{made} = "), value, *note)
    else:
        yield (name, *line(" = "), value, *note)
        yield from indented(_terms(trace, found.terms))


def _heading(trace: Trace, found: Explanation) -> Iterator[Line]:
    formula = (span(f"   {found.formula}"),) if found.formula else ()
    yield (span(in_cell(trace, found.cell), "name"), *line(" = "), span(brief(found.value, SUMMARY)), *formula)


def _body(trace: Trace, found: Explanation) -> Iterator[Line]:
    if found.rule == "leaf":
        given = Bilingual("given, not computed ({kind}):", "给定的，不是算出来的（{kind}）：", kind=_kind(trace, found))
        yield line(span(given, "dim"), f"  {exact(found.value)}")
        return
    yield from _terms(trace, found.terms)
    if not found.terms:
        yield line(span(Bilingual("nothing adds to it: 0", "没有任何项：0"), "dim"))
    if found.note is not None:
        yield line(span(found.note, "accent"))
    if found.rounding:
        yield line(span(Bilingual("its terms cancel: 0 but for rounding", "各项相消：除舍入误差外就是 0"), "accent"))
    difference = brief(found.residual, 2) if found.residual else "0"
    rows = [
        [span(Bilingual("total", "合计"), "dim"), span(exact(found.total))],
        [span(Bilingual("recorded", "记录值"), "dim"), span(exact(found.value))],
        [span(Bilingual("difference", "差"), "dim"), span(difference, "good" if found.holds else "bad")],
    ]
    yield from table(rows, "<<")
    yield from _sources(found)


def _kind(trace: Trace, found: Explanation) -> str:
    tensor, _ = cell_of(trace, found.cell)
    return str(KINDS[tensor.node.kind])


def _terms(trace: Trace, terms: Sequence[Term]) -> Iterator[Line]:
    """One term a line: its names, its numbers, its value; the largest ones first where there are many."""
    shown, rest = list(terms), 0.0
    if len(terms) > SHOWN:
        ranked = sorted(terms, key=lambda term: -abs(term.value))
        shown, rest = ranked[:SHOWN], sum(term.value for term in ranked[SHOWN:])
    yield from table([term_row(trace, term, k == 0) for k, term in enumerate(shown)], "<<<>")
    if len(terms) > SHOWN:
        folded = Bilingual(
            "+ {n} smaller terms, together {rest}",
            "+ 另外 {n} 个较小的项，合计 {rest}",
            n=len(terms) - SHOWN,
            rest=brief(rest, SUMMARY),
        )
        yield line(span(folded, "dim"))


def term_row(trace: Trace, term: Term, first: bool) -> list[Span]:
    """One term in four columns: its sign, its names, its numbers, its value; the first one needs no plus."""
    sign, rest = split_sign(term)
    value = span(brief(term.value, SUMMARY), "negative" if term.value < 0 else "number")
    numbers = "" if _is_single(rest) else f"= {sign}{_product(trace, rest, names=False)}"
    return [span(sign or ("" if first else "+"), "dim"), span(_product(trace, rest, names=True)), span(numbers), value]


def _is_single(term: Term) -> bool:
    """Whether a term is one number as it is."""
    return len(term.factors) == 1 and term.fn is None and term.factors[0].power == 1


def _product(trace: Trace, term: Term, names: bool) -> str:
    bare = len(term.factors) == 1 and term.factors[0].power == 1
    above = [_factor(trace, f, names, bare) for f in term.factors if f.power > 0]
    below = [_factor(trace, f, names) for f in term.factors if f.power < 0]
    text = (" · " if names else " × ").join(above) or "1"
    for divisor in below:
        text += f" / {divisor}"
    return f"{term.fn}({text})" if term.fn else text


def _factor(trace: Trace, factor: Factor, names: bool, bare: bool = False) -> str:
    if names:
        text = factor.name if factor.cell is None else in_cell(trace, factor.cell, brief_path=True)
    else:
        text = brief(factor.value, SUMMARY)
        text = f"({text})" if factor.value < 0 and not bare else text
    power = abs(factor.power)
    return text if power == 1 else f"{text}^{power:g}"


def in_cell(trace: Trace, cell: str, brief_path: bool = False) -> str:
    """A cell with words for indices: ``scores[我,爱]``, its path in full or as short as in a formula."""
    tensor, index = cell_of(trace, cell)
    path = tensor.name if brief_path else tensor.path
    words = in_words(tensor, index)
    return f"{path}[{','.join(words)}]" if words else path


def _sources(found: Explanation) -> Iterator[Line]:
    """The cells themselves, as they are asked for."""
    cells = list(dict.fromkeys(f.cell for term in found.terms for f in term.factors if f.cell is not None))
    if cells:
        more = " …" if len(cells) > 4 else ""
        yield line(span(Bilingual("from", "来自"), "dim"), span(f"  {'  '.join(cells[:4])}{more}", "dim"))
