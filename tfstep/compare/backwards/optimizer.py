"""The optimizer of a recorded run, by what it did to the weights: a plain step against the gradient, or a first one of Adam.

Of any other the updates are not judged: right code has more optimizers than can be told from one step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from msgspec import Struct

from tfstep.address.roles import GRAD, NEW
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.tolerance import UNIT, precision
from tfstep.text import Bilingual

SLACK = 8.0  # times the rounding of a weight and of its step
EPS = 1e-8  # of Adam, where nothing says otherwise


class Stepped(Struct, frozen=True, eq=False):
    """What a scenario has under ``train``, how it was found, and the arrays that are not judged since it was not."""

    train: dict[str, Any]
    said: tuple[Bilingual, ...] = ()
    apart: frozenset[str] = frozenset()


Step = tuple[np.ndarray, np.ndarray, np.ndarray]
"""What was taken from a weight, its gradient, and the rounding of both weights."""


def stepped(kept: Recording) -> Stepped:
    """The optimizer of a run of which weights before and after the update are recorded, and their gradients."""
    news = [name for name in kept if name.endswith(NEW)]
    if not news:
        return Stepped({})
    steps = list(_steps(kept, news))
    if steps and not any(step.any() for step, _, _ in steps):
        still = Bilingual(
            "no weight is changed by the update: it is not judged; if optimizer.step() was called, look why",
            "更新没有改变任何权重：不作判断；如果已调用 optimizer.step()，请查原因",
        )
        return Stepped({}, (still,), frozenset(news))
    for name, rate in (("sgd", _plain(steps)), ("adam", _first_of_adam(steps))):
        if rate:
            said = Bilingual("train {name}, lr {lr:g} (fits their numbers)", "训练 {name}，lr {lr:g}（与对方的数相符）",
                             name=name, lr=rate)  # fmt: skip
            return Stepped({"optimizer": name, "lr": rate}, (said,))
    unknown = Bilingual(
        "no optimizer is known (neither SGD nor a first step of Adam): updates are not judged",
        "不知道优化器（既不是 SGD，也不是 Adam 的第一步）：不判断更新",
    )
    return Stepped({}, (unknown,), frozenset(news))


def _steps(kept: Recording, news: list[str]) -> Iterator[Step]:
    for name in news:
        old, g = name.removesuffix(NEW), name.removesuffix(NEW) + GRAD
        if old in kept and g in kept and kept[old].shape == kept[name].shape == kept[g].shape:
            before, after, slope = (kept[each].astype(np.float64) for each in (old, name, g))
            unit = max(UNIT[precision(kept[each])] for each in (old, name) if kept[each].dtype.kind == "f")
            if all(np.isfinite(each).all() for each in (before, after, slope)):
                yield before - after, slope, SLACK * unit * (np.abs(before) + np.abs(after))


def _plain(steps: list[Step]) -> float:
    """The rate of steps that are everywhere as many times the gradient; 0 where they are not."""
    square = sum(float((g * g).sum()) for _, g, _ in steps)
    rate = sum(float((step * g).sum()) for step, g, _ in steps) / square if square else 0.0
    return _rounded(rate, steps)


def _first_of_adam(steps: list[Step]) -> float:
    """The rate of steps that are as long everywhere, whatever the gradient, but where that is hardly more than eps."""
    made = [(step, g / (np.abs(g) + EPS), far) for step, g, far in steps]
    sizes = [np.abs(step)[np.abs(to) > 0.99] for step, to, _ in made]
    lengths = np.concatenate([size.ravel() for size in sizes]) if sizes else np.zeros(0)
    return _rounded(float(np.median(lengths)) if lengths.size else 0.0, made)


def _rounded(rate: float, steps: list[Step]) -> float:
    """A rate above 0 with which every step is ``rate · to``, in as few digits as theirs tell; 0 where there is none."""
    for digits in range(1, 16):
        near = float(f"{rate:.{digits}g}")
        if near > 0 and all((np.abs(step - near * to) <= far + 1e-6 * np.abs(step)).all() for step, to, far in steps):
            return near
    return 0.0
