"""The terms of a cell: the deepest level of the timeline, one stop each.

A primitive has no steps inside. Where the cell under the cursor is a sum over an axis there, such as a dot product,
its terms are what one walks through, each with the sum up to it. (Of a + b the two operands are seen as they are.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from tfstep.engine.terms import AtomTerm, explaining_terms
from tfstep.engine.trace import Tensor
from tfstep.engine.why import Explanation, Term, explain

MOST = 2048  # terms of a sum that is walked through


class Partial(Struct, frozen=True, eq=False):
    """A sum as far as term ``number``, counted from 1."""

    explanation: Explanation
    number: int

    @property
    def of(self) -> int:
        """How many terms there are."""
        return len(self.explanation.terms)

    @property
    def term(self) -> Term:
        """The term itself."""
        return self.explanation.terms[self.number - 1]

    @property
    def total(self) -> float:
        """The terms up to this one, added up; by IEEE's rules where one of them is not finite."""
        numbers = [term.value for term in self.explanation.terms[: self.number]]
        return math.fsum(numbers) if all(map(math.isfinite, numbers)) else sum(numbers)


class Sums:
    """The sum that one cell of a primitive is; the last one that was asked for is remembered."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._found: Explanation | None = None

    def of(self, tensor: Tensor, cell: tuple[int, ...]) -> Explanation | None:
        """Why the cell is what it is, where that is a sum over an axis, short enough to be walked through."""
        trace, slot = tensor.trace, tensor.node.slot
        if (trace, slot, cell) != self._key:
            self._key, self._found = (trace, slot, cell), None
            if _is_over_an_axis(explaining_terms(trace, slot, cell)[1]):
                self._found = explain(trace, slot, cell)
        return self._found


def _is_over_an_axis(terms: Sequence[AtomTerm]) -> bool:
    """Whether several of the terms begin with a cell of the same tensor."""
    first = {(term.atoms[0].trace, term.atoms[0].slot) for term in terms if term.atoms}
    return len(first) < len(terms) <= MOST
