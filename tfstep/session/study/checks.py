"""Everything that can be checked of a scenario without knowing the right numbers."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from tfstep import work
from tfstep.engine.arrays.half import HALVES
from tfstep.engine.surface.above import Displayed
from tfstep.engine.trace import Trace
from tfstep.scenario.scenario import Scenario
from tfstep.session.change.rebuild import rebuilt
from tfstep.session.study.finite import Gradients, gradients
from tfstep.session.study.invariants import INVARIANTS, repeatable
from tfstep.session.study.softmaxes import all_banned, emptied_by
from tfstep.session.study.verdict import Holds, does_not_apply, first_nan, nan_begins, undecidable
from tfstep.text import Bilingual

AGREE = Bilingual("gradients agree with finite differences", "梯度与有限差分一致")
RULES = Bilingual("rules", "条性质")


class Report(Displayed, Struct, frozen=True):
    """``gradient`` is None where there is none to check, for the reason in ``unchecked``: no loss, or one that is not
    finite."""

    gradient: Gradients | None
    invariants: tuple[Holds, ...]
    unchecked: Holds | None = None
    half: str = ""  # the half type of the scenario, which is checked in float64

    @property
    def ok(self) -> bool:
        """Whether nothing that applies fails."""
        found = self.invariants if self.unchecked is None else (self.unchecked, *self.invariants)
        return (self.gradient is None or self.gradient.holds) and all(each.holds is not False for each in found)


def check(scenario: Scenario, trace: Trace | None = None) -> Report:
    """Check a scenario, or with ``trace`` its numbers as they are after edits, in float64."""
    asked = scenario.model.dtype
    if asked != "float64" or scenario.train.loss_scale is not None:
        exact = scenario.in_float64()
        scenario, trace = exact, None if trace is None else rebuilt(scenario, trace, exact).trace
    again = repeatable(scenario)
    if trace is None:
        trace = scenario.program.trace()
    found = gradients(trace)
    trace.plan.memory.clear()  # what the differences needed, nothing else does
    unchecked = _unchecked(trace) if found is None else None
    held = tuple(invariant(scenario, trace) for invariant in work.each(INVARIANTS, RULES))
    return Report(found, (*held, again), unchecked, asked if asked in HALVES else "")


def _unchecked(trace: Trace) -> Holds:
    """Why no gradient was checked. A loss that is NaN because a mask leaves nothing to see is as the scenario means it."""
    loss = trace.plan.paths.get("loss")
    if loss is None:
        return does_not_apply(AGREE, Bilingual("there is no loss", "没有损失"))
    first = first_nan(trace) if np.isnan(trace.value(loss.slot)).any() and nan_begins(trace) is None else None
    if first is not None and (pinned := emptied_by(trace, first)):
        reason = Bilingual(
            "the loss is NaN: the pins of {paths} leave rows of {path} without a key (all −inf)",
            "损失为 NaN：{paths} 的固定值使 {path} 中有的行没有剩下任何键（全为 −inf）",
            paths=", ".join(pinned),
            path=first.path,
        )
        return does_not_apply(AGREE, reason)
    if first is not None and all_banned(trace, first).any():
        return does_not_apply(
            AGREE, Bilingual("the loss is NaN: a row has no key left", "损失为 NaN：有一行没有剩下任何键")
        )
    return undecidable(AGREE, trace, loss)
