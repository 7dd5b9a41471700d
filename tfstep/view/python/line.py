"""Everything that a user of Python holds, in one line: what `repr` says."""

from __future__ import annotations

import math
from functools import singledispatch

import numpy as np

from tfstep.engine.trace import Tensor, Trace
from tfstep.engine.why import Explanation
from tfstep.scenario.scenario import Scenario
from tfstep.session.change.updates import LOSS
from tfstep.session.results import Result
from tfstep.session.study.checks import Report
from tfstep.session.study.compare import Comparison
from tfstep.session.study.runs import Trained
from tfstep.text import Bilingual
from tfstep.view.result.lines import text
from tfstep.view.text.number import brief
from tfstep.view.text.spans import clipped, line, plain

LONGEST = 70  # columns of what a command gave back
COLON, COMMA = Bilingual(": ", "："), Bilingual(", ", "，")


def summary(shown: object) -> str:
    """The line without the name of the class, as it stands above a picture."""
    return one_line(shown).strip("<>").partition(" ")[2]


@singledispatch
def one_line(shown: object) -> str:
    """One line on anything that users hold. Raises TypeError for what has none."""
    raise TypeError(type(shown).__name__)


@one_line.register
def _tensor(shown: Tensor) -> str:
    shape = "×".join(map(str, shown.shape))
    kind = "" if shown.dtype == np.float64 else f" {shown.dtype}"
    return f"<Tensor {shown.path}{f' {shape}' if shape else ''}{kind} {summed_up(shown.value)}>"


def summed_up(array: np.ndarray) -> str:
    """What an array holds: its range, mean and spread, those of its finite numbers; a scalar's number."""
    if not array.size:
        return str(Bilingual("empty", "空"))
    if array.ndim == 0:
        return f"= {brief(array.item())}"
    numbers = array[np.isfinite(array)].astype(float)
    if not numbers.size:
        return str(Bilingual("no number is finite", "没有有限的数"))
    least, most = float(numbers.min()), float(numbers.max())
    text = f"∈[{brief(least)}, {brief(most)}]"
    if least == most:
        text = f"= {brief(least)}"
    elif array.dtype.kind == "f":
        with np.errstate(all="ignore"):
            text += f" μ={brief(_tidy(float(numbers.mean()), most - least))} σ={brief(float(numbers.std()))}"
    for name, count in (("nan", np.isnan(array).sum()), ("inf", np.isinf(array).sum())):
        text += f" {name}×{count}" if count else ""
    return text


def _tidy(mean: float, spread: float) -> float:
    """A mean that is nothing but rounding is 0."""
    return 0.0 if abs(mean) < 1e-12 * spread else mean


@one_line.register
def _trace(shown: Trace) -> str:
    name = "Trace"
    if shown.outer is not None:
        name += f" {shown.prefix[:-1]}"
    elif isinstance(shown.plan.origin, Scenario):
        name += f" {shown.plan.origin.name} · {shown.plan.origin.variant}"
    parts = [str(Bilingual("{n} steps", "{n} 步", n=len(shown.plan.steps)))]
    if shown.pins:
        parts.append(str(Bilingual("{n} pinned", "固定 {n} 处", n=len(shown.pins))))
    if "loss" in shown.plan.paths:
        loss = shown["loss"]
        parts.append(
            f"{LOSS} {brief(float(loss))}"
            if not shown.stale(loss.node.slot)
            else str(Bilingual("loss not computed yet", "损失待算"))
        )
    return f"<{name}{COLON}{str(COMMA).join(parts)}>"


@one_line.register
def _scenario(shown: Scenario) -> str:
    others = [name for name in shown.variants if name != shown.variant]
    also = f"{COMMA}{Bilingual('also', '另有')} {' '.join(others)}" if others else ""
    return f"<Scenario {shown.name} · {shown.variant}{COLON}{shown.model.kind}{also}>"


@one_line.register
def _explanation(shown: Explanation) -> str:
    terms = (
        Bilingual("{n} terms", "{n} 项", n=len(shown.terms)) if len(shown.terms) != 1 else Bilingual("1 term", "1 项")
    )
    made = shown.rule if shown.rule == "leaf" else f"{shown.rule}, {terms}"
    return f"<Explanation {shown.cell} = {brief(shown.value)}: {made}>"


@one_line.register
def _comparison(shown: Comparison) -> str:
    if shown.first is None:
        text = Bilingual("no step differs of {of}", "{of} 步都相同", of=len(shown.steps))
    else:
        text = Bilingual(
            "{n} of {of} steps differ, first {path}",
            "{of} 步中有 {n} 步不同，首先是 {path}",
            n=sum(each.equal is False for each in shown.steps),
            of=len(shown.steps),
            path=shown.first.path,
        )
    return f"<Comparison {text}>"


@one_line.register
def _report(shown: Report) -> str:
    failed = [each.name for each in shown.invariants if each.holds is False]
    if shown.gradient is not None and not shown.gradient.holds:
        failed.insert(0, f"gradient {shown.gradient.worst}")
    return f"<Report {Bilingual('ok', '全部通过') if shown.ok else '✗ ' + '; '.join(failed)}>"


@one_line.register
def _trained(shown: Trained) -> str:
    first, last = (brief(x) if math.isfinite(x) else str(x) for x in (shown.losses[0], shown.losses[-1]))
    text = Bilingual("{n} updates", "{n} 次更新", n=len(shown.losses) - 1)
    return f"<Trained {text}{COLON}{LOSS} {first} → {last}>"


@one_line.register
def _result(shown: Result) -> str:
    said = text(shown, shown.trace).split() if shown.trace is not None else []
    told = plain(clipped(line(" ".join(said)), LONGEST))
    return f"<{type(shown).__name__}{f': {told}' if told else ''}>"
