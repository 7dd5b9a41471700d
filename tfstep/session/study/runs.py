"""What a run is asked in Python: compared with another, checked, trained on."""

from __future__ import annotations

import operator

from msgspec import Struct

from tfstep.engine.surface.above import Displayed
from tfstep.engine.trace import Trace
from tfstep.errors import CommandError, TfstepError
from tfstep.scenario.scenario import Scenario
from tfstep.session.change.training import Training
from tfstep.session.study import checks
from tfstep.session.study.compare import Align, Comparison, compare
from tfstep.text import Bilingual


class Trained(Displayed, Struct, frozen=True, eq=False):
    """Updates that were made. ``losses[k]`` is the loss after k of them, ``trace`` the run with the parameters then.

    With `train.data` they are losses over those examples, and the trace reads the shown input as ever.
    """

    losses: tuple[float, ...]
    trace: Trace


def diff(one: Trace, other: Trace, align: str, tol: float) -> Comparison:
    """Two runs beside each other. Raises TfstepError for another way to align, or what is no trace."""
    if align not in [str(each) for each in Align]:
        raise CommandError(
            Bilingual(
                "align is position or token, not {found!r}",
                "align 只能是 position 或 token，不能是 {found!r}",
                found=align,
            )
        )
    if not isinstance(other, Trace):
        raise TfstepError(
            Bilingual(
                "{found} is no trace; tfstep.trace(scenario) makes one",
                "{found} 不是 trace；用 tfstep.trace(scenario) 得到",
                found=repr(other).splitlines()[0][:60],
            )
        )
    return compare(one, other, Align(align), tol)


def check(trace: Trace) -> checks.Report:
    """Everything that can be checked of a run. Raises TfstepError where it belongs to no scenario."""
    return checks.check(_scenario(trace), trace)


def train(trace: Trace, updates: int) -> Trained:
    """So many updates on from the numbers of a run. Raises TfstepError where it has no loss."""
    count = operator.index(updates)
    if count < 0:
        raise CommandError(Bilingual("{n} updates cannot be made", "做不了 {n} 次更新", n=count))
    start = {node.path: trace.value(node.slot) for node in trace.plan.nodes if node.op is None}
    training = Training(_scenario(trace), start, trace.pins)
    training.run(count)
    losses = (*training.losses, training.loss())
    values = [value if node.op is None else None for node, value in zip(trace.plan.nodes, trace.values, strict=True)]
    for path, value in training.parameters().items():
        values[trace.plan.paths[path].slot] = value
    return Trained(losses, Trace(trace.plan, values, trace.pins))


def _scenario(trace: Trace) -> Scenario:
    scenario = trace.plan.origin
    if isinstance(scenario, Scenario) and trace.outer is None:
        return scenario
    raise TfstepError(
        Bilingual(
            "this is no run of a scenario but the inside of a step; ask the whole run",
            "这不是场景的一次运行，而是某一步的内部；请对整次运行提问",
        )
    )
