"""Everything that can be checked of a scenario without knowing the right numbers."""

from __future__ import annotations

from msgspec import Struct

from tfstep import work
from tfstep.engine.surface.above import Displayed
from tfstep.engine.trace import Trace
from tfstep.scenario.scenario import Scenario
from tfstep.session.study.finite import Gradients, gradients
from tfstep.session.study.invariants import INVARIANTS
from tfstep.session.study.verdict import Holds
from tfstep.text import Bilingual

RULES = Bilingual("rules", "条性质")


class Report(Displayed, Struct, frozen=True):
    """``gradient`` is None where there is none to check: no loss, or one that is not finite."""

    gradient: Gradients | None
    invariants: tuple[Holds, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing that applies fails."""
        return (self.gradient is None or self.gradient.holds) and all(
            each.holds is not False for each in self.invariants
        )


def check(scenario: Scenario, trace: Trace | None = None) -> Report:
    """Check a scenario, or with ``trace`` its numbers as they are after edits, in float64."""
    if scenario.model.dtype != "float64":
        scenario, trace = scenario.with_changes({"model": {"dtype": "float64"}}), None
    if trace is None:
        trace = scenario.program.trace()
    return Report(gradients(trace), tuple(invariant(scenario, trace) for invariant in work.each(INVARIANTS, RULES)))
