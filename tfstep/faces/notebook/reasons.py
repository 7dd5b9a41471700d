"""An explanation: its terms with their numbers, how much each is of the sum, and the explanations below it."""

from __future__ import annotations

from tfstep.engine.trace import Trace
from tfstep.engine.why import Explanation, Term
from tfstep.faces.notebook import style
from tfstep.text import Bilingual
from tfstep.view.report.explanation import in_cell, term_row
from tfstep.view.text.markup import escape
from tfstep.view.text.number import brief, exact
from tfstep.view.text.spans import Span

SHOWN = 12  # terms of a long sum, the largest ones; the others are folded


def explanation(shown: Explanation) -> str:
    """The whole output for one explanation."""
    if shown.trace is None:
        return style.output(style.heading(shown.cell, f"= {brief(shown.value)}"))
    return style.output(_told(shown.trace, shown, shown.formula or ""))


def _told(trace: Trace, shown: Explanation, formula: str) -> str:
    parts = [style.heading(in_cell(trace, shown.cell), f"= {brief(shown.value, 6)}", formula)]
    terms = list(shown.terms)
    if len(terms) > SHOWN:
        terms.sort(key=lambda term: -abs(term.value))
    most = max((abs(term.value) for term in terms), default=0.0)
    parts.append(style.rows([_row(trace, term, k == 0, most) for k, term in enumerate(terms[:SHOWN])], left=3))
    if terms[SHOWN:]:
        rest = brief(sum(term.value for term in terms[SHOWN:]), 5)
        more = Bilingual(
            "{n} smaller terms, together {rest}", "另外 {n} 个较小的项，合计 {rest}", n=len(terms) - SHOWN, rest=rest
        )
        parts.append(
            style.details(escape(str(more)), style.rows([_row(trace, t, False, most) for t in terms[SHOWN:]], left=3))
        )
    if shown.note is not None:
        parts.append(f'<div class="role-accent">{escape(str(shown.note))}</div>')
    if shown.rule != "leaf":
        parts.append(_sum(shown))
    parts += [_below(trace, why) for why in _whys(shown)]
    return "".join(parts)


def _row(trace: Trace, term: Term, first: bool, most: float) -> list[str]:
    sign, names, numbers, value = term_row(trace, term, first)
    share = abs(term.value) / most if most and abs(term.value) < float("inf") else 0.0
    bar = style.bar(share, style.POSITIVE if term.value > 0 else style.NEGATIVE)
    return [*(escape(part.text) for part in (sign, names, numbers)), _number(value), bar]


def _number(part: Span) -> str:
    return f'<span class="role-{part.role}">{escape(part.text)}</span>' if part.role else escape(part.text)


def _sum(shown: Explanation) -> str:
    difference = brief(shown.residual, 2) if shown.residual else "0"
    told = [
        f"{Bilingual('total', '合计')} {exact(shown.total)}",
        f"{Bilingual('recorded', '记录值')} {exact(shown.value)}",
        f"{Bilingual('difference', '差')} {difference}",
    ]
    return f'<div class="{"dim" if shown.holds else "role-bad"}">{escape(" · ".join(told))}</div>'


def _whys(shown: Explanation) -> list[Explanation]:
    """The explanations of the factors, each once; those of what is given say nothing more."""
    whys = {f.why.cell: f.why for term in shown.terms for f in term.factors if f.why is not None}
    return [why for why in whys.values() if why.rule != "leaf"]


def _below(trace: Trace, why: Explanation) -> str:
    title = f"{escape(in_cell(trace, why.cell))} = {escape(brief(why.value, 6))}"
    return style.details(title, _told(trace, why, why.formula or ""))
