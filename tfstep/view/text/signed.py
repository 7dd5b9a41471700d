"""The sign of a term: a minus before it instead of a factor −1 in it."""

from __future__ import annotations

from msgspec.structs import replace

from tfstep.engine.why import Term


def split_sign(term: Term) -> tuple[str, Term]:
    """``−`` and the term without its factor −1, where it has one beside others; else nothing and the term itself."""
    if term.fn is None and len(term.factors) > 1:
        for k, factor in enumerate(term.factors):
            if factor.cell is None and factor.value == -1 and factor.power == 1:
                return "−", replace(term, factors=term.factors[:k] + term.factors[k + 1 :])
    return "", term
