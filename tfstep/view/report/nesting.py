"""Explanations within explanations, each cell explained once however often it is met."""

from __future__ import annotations

from msgspec.structs import replace

from tfstep.address.grammar import cell_name
from tfstep.engine.trace import Trace, cell_of
from tfstep.engine.why import Explanation, Factor, also
from tfstep.errors import CommandError
from tfstep.text import Bilingual
from tfstep.view.matrix.plane import mask_of
from tfstep.view.report.hidden import hidden_because

CELLS = 20_000  # cells explained for one answer
NESTED = 100_000  # explanations in one answer that repeats those of shared cells


class Nest:
    """The explanations of one trace, down to any depth; equal ones are one object."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._known: dict[tuple[str, int], Explanation] = {}

    def explain(self, cell: str, depth: int = 1) -> Explanation:
        """Why this number is what it is, ``depth`` levels down; an index of the cell may be a word.

        Raises PathError where there is no such cell, CommandError where too many would have to be explained.
        """
        tensor, index = cell_of(self.trace, cell)
        return self._explain(cell_name(tensor.path, index), depth)

    def _explain(self, cell: str, depth: int) -> Explanation:
        if (cell, depth) in self._known:
            return self._known[cell, depth]
        if len(self._known) >= CELLS:
            raise _too_deep(CELLS)
        found = with_reason(self.trace, self.trace.explain(cell))
        if depth > 1:
            terms = (replace(t, factors=tuple(self._deeper(f, depth) for f in t.factors)) for t in found.terms)
            found = replace(found, terms=tuple(terms))
        self._known[cell, depth] = found
        return found

    def _deeper(self, factor: Factor, depth: int) -> Factor:
        return factor if factor.cell is None else replace(factor, why=self._explain(factor.cell, depth - 1))


def with_reason(trace: Trace, found: Explanation) -> Explanation:
    """An explanation that says, where a mask has had its say over a number, which one; and where the mask value is not
    low enough to make a weight 0, that it is not.
    """
    if found.rule == "leaf" or (found.note is not None and found.rule != "masked"):
        return found
    tensor, cell = cell_of(trace, found.cell)
    mask, reason = mask_of(tensor.trace, tensor.node), hidden_because(trace, tensor, cell)
    if mask is None or reason is None:
        return found
    reasons = mask.value
    if found.value > 0 and reasons[cell[0] if reasons.shape[0] > 1 else 0, 0, cell[2]].all():
        reason = Bilingual(
            "{reason}; every key of this row is masked: nothing is left, and the row means nothing",
            "{reason}；这一行的键全被遮住：没有可看的，这一行没有意义",
            reason=reason,
        )
    elif found.value > 0 and tensor.path.endswith(("attn.weights", "cross.weights")):
        reason = Bilingual(
            "{reason}; but the mask value is not low enough: a weight of {weight:.4g} is left",
            "{reason}；但掩码值不够小：还剩 {weight:.4g} 的权重",
            reason=reason,
            weight=found.value,
        )
    return replace(found, note=also(reason, found.beyond))


def count(found: Explanation) -> int:
    """How many explanations are in this one, itself and every repetition counted. Raises CommandError if too many."""
    known: dict[int, int] = {}

    def counted(one: Explanation) -> int:
        if id(one) not in known:
            known[id(one)] = 1 + sum(counted(f.why) for t in one.terms for f in t.factors if f.why is not None)
        return known[id(one)]

    total = counted(found)
    if total > NESTED:
        raise _too_deep(NESTED)
    return total


def _too_deep(most: int) -> CommandError:
    return CommandError(
        Bilingual(
            "so deep an explanation has more than {most} numbers to explain; ask for a smaller --depth",
            "这么深的解释要说明的数超过 {most} 个；请用更小的 --depth",
            most=most,
        )
    )
