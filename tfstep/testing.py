"""For the tests of your own code: its steps against the exact ones.

>>> from tfstep.testing import assert_same_steps
>>> def test_my_attention():
...     assert_same_steps({"q": q, "k": k, "scores": scores, "out": out}, "attention")
"""

from __future__ import annotations

from tfstep.compare.diagnose import diagnose
from tfstep.compare.diagnosis import Diagnosis
from tfstep.scenario.scenario import Scenario

__all__ = ["assert_same_steps"]


def assert_same_steps(theirs: object, scenario: Scenario | str) -> Diagnosis:
    """Hold your own run against a scenario, or the one of that name. ``theirs`` is a mapping of arrays by name in the
    order of the run, a recording, or the file of one.

    Raises AssertionError with the verdict where a step differs, TfstepError where there is nothing to compare.
    """
    __tracebackhide__ = True
    found = diagnose(scenario, theirs)
    if not found.agrees:
        raise AssertionError(f"\n{found}")
    return found
