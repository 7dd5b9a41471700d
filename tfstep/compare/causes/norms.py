"""Normalization: over which axis, with which eps and variance, scaled and shifted or not, and which kind at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tfstep.compare.causes.table import NO_NORM, Made, Step, cause
from tfstep.compare.plant import Patch, Site
from tfstep.compare.tolerance import allowed
from tfstep.engine.op import Array
from tfstep.ops.norm import batch_norm, layer_norm, rms_norm
from tfstep.ops.primitive.functions import sqrt
from tfstep.ops.primitive.reduce import count, mean, sum_
from tfstep.text import Bilingual

NORMS = ("layer_norm", "rms_norm", "batch_norm")
EPS = (1e-6, 1e-5, 1e-12, 1e-8, 1e-7, 0.0, 1e-4, 1e-3, 1e-2, 0.1, 1.0)  # the usual ones first
Axis = int | tuple[int, ...]


def by_hand(
    at: Site,
    *,
    axis: Axis = -1,
    centred: bool = True,
    unbiased: bool = False,
    eps: float | None = None,
    outside: bool = False,
    root: bool = True,
    gamma: bool = True,
    beta: bool = True,
    shift: float = 0.0,
) -> Array:
    """The norm of a step with its parts turned on and off."""
    x = at.args[0]
    eps = at.attrs["eps"] if eps is None else eps
    c = x - mean(x, axis=axis) if centred else x
    if unbiased:
        n = count(x.shape, axis)
        variance = sum_(c * c, axis=axis) / (n - 1)
    else:
        variance = mean(c * c, axis=axis)
    if not root:
        std = variance + eps
    elif outside:
        std = sqrt(variance) + eps
    else:
        std = sqrt(variance + eps)
    y = c / std
    if gamma:
        y = y * (at.args[1] + shift) if shift else y * at.args[1]
    if beta and len(at.args) > 2:
        y = y + at.args[2]
    return y


def _hand(**options: Any) -> Patch:
    return lambda at: by_hand(at, centred=at.node.op is not rms_norm, **options)


def _every(step: Step, patch: Patch) -> dict[str, Patch]:
    return {n.path: patch for n in step.plan.steps if n.op is not None and n.op is step.node.op}


@cause("norm-eps", ops=NORMS)
def epsilon(step: Step) -> Iterator[Made]:
    """Another eps, or eps outside the root. What the digits of the run do not tell apart is named together."""
    eps = float(step.node.attrs["eps"])
    for alike in _told_apart(step, [e for e in EPS if e != eps]):
        yield (
            Bilingual(
                "eps = {e} in place of {eps:g}",
                "eps = {e}，而不是 {eps:g}",
                e=" / ".join(f"{e:g}" for e in alike),
                eps=eps,
            ),
            _hand(eps=alike[0]),
        )
    for e in dict.fromkeys((eps, *filter(None, EPS))):
        yield (
            Bilingual(
                "√variance + {e:g} in place of √(variance + {eps:g})",
                "√方差 + {e:g}，而不是 √(方差 + {eps:g})",
                e=e,
                eps=eps,
            ),
            _hand(eps=e, outside=True),
        )


def _told_apart(step: Step, given: list[float]) -> list[list[float]]:
    """The eps in groups that give the same of every row of every norm, but for the rounding of the run's type."""
    least = np.inf
    for node in step.plan.steps:
        x = step.walk.values[node.slots[0]] if node.op is step.node.op and node.phase == "forward" else None
        if x is not None:
            axis = tuple(range(x.ndim - 1)) if node.op is batch_norm else -1
            c = x if node.op is rms_norm else x - x.mean(axis, keepdims=True)
            least = min(least, float((c * c).mean(axis).min(initial=np.inf)))
    groups = list[list[float]]()
    for e in given:
        near = [g for g in groups if abs(e - g[0]) <= 2 * allowed(step.book.level) * (least + min(e, g[0]))]
        if near:
            near[0].append(e)
        else:
            groups.append([e])
    return groups


@cause("norm-variance", ops=NORMS)
def variance(step: Step) -> Iterator[Made]:
    """The variance over n − 1, or its root left out."""
    n = step.node.shape[-1]
    eps = step.node.attrs["eps"]
    if n < 2:
        return
    yield Bilingual("variance over n − 1 = {n}", "方差除以 n − 1 = {n}", n=n - 1), _hand(unbiased=True)
    for e in dict.fromkeys((eps, *EPS)):
        yield (
            Bilingual(
                "std over n − 1 = {n}, and + {e:g} outside the root",
                "标准差除以 n − 1 = {n}，且根号外 + {e:g}",
                n=n - 1,
                e=e,
            ),
            _hand(unbiased=True, outside=True, eps=e),
        )
        if e != eps:
            yield (
                Bilingual("variance over n − 1 = {n}, eps {e:g}", "方差除以 n − 1 = {n}，eps {e:g}", n=n - 1, e=e),
                _hand(unbiased=True, eps=e),
            )
    yield Bilingual("divided by the variance, not by its root", "除以方差，而不是标准差"), _hand(root=False)


@cause("norm-affine", ops=NORMS)
def affine(step: Step) -> Iterator[Made]:
    """Without gamma, without beta, without both, or with 1 + gamma."""
    gamma, beta = _taken_in(step, 1), len(step.node.slots) > 2 and _taken_in(step, 2)
    if not gamma:
        yield Bilingual("without · gamma", "少了 · gamma"), _hand(gamma=False)
    if len(step.node.slots) > 2:
        if not beta:
            yield Bilingual("without + beta", "少了 + beta"), _hand(beta=False)
        if not (gamma or beta):
            yield Bilingual("without gamma and beta", "没有 gamma 和 beta"), _hand(gamma=False, beta=False)
        yield Bilingual("beta multiplies, gamma is added", "beta 相乘，gamma 相加"), _crossed
    yield Bilingual("times 1 + gamma", "乘的是 1 + gamma"), _hand(shift=1.0)


@cause("norm-affine", ops=NORMS)
def of_another(step: Step) -> Iterator[Made]:
    """Gamma and beta of another norm of the layer, or of the norm that stands there in the first layer."""
    op, first = step.node.op, step.node.path.replace(step.block, f"{step.block[:3]}0.", 1)
    for node in step.plan.steps:
        beside = node.path.startswith(step.block) or (node.path == first and step.block[-2:-1].isdigit())
        if node.op is op and node is not step.node and node.phase == "forward" and beside:
            gains = tuple(step.plan.nodes[s].path for s in node.slots[1:])
            yield (
                Bilingual("gamma and beta of {other}", "用的是 {other} 的 gamma 和 beta", other=node.path),
                lambda at, gains=gains: at.usual(at.args[0], *map(at.earlier, gains)),
            )


def _taken_in(step: Step, k: int) -> bool:
    """Whether it is recorded that theirs computes something of this size with a weight of the norm: x̂ before gamma is
    then no norm without it."""
    names = {hit.entry.name for hit in step.walk.found.get(step.node.slots[k], ())}
    alike = step.book.by_size.get(step.node.spec.size, ())
    return len(names) == 1 and any(e.of is None and not e.is_new and names & {*e.note.inputs} for e in alike)


def _crossed(at: Site) -> Array:
    from tfstep.compare.causes.norms import by_hand as made

    return made(at, gamma=False, beta=False) * at.args[2] + at.args[1]


@cause("norm-axis", ops=("layer_norm", "rms_norm"))
def axis(step: Step) -> Iterator[Made]:
    """Over positions, over the whole sentence, over the batch."""
    rank = len(step.node.shape)
    places: list[tuple[Axis, Bilingual]] = [(-2, Bilingual("over positions", "沿位置"))]
    if rank > 2:
        places += [
            ((-2, -1), Bilingual("over positions and features", "沿位置和特征")),
            (0, Bilingual("over the batch", "沿批次")),
            ((0, 1), Bilingual("over batch and position", "沿批次和位置")),
            ((0, 1, 2), Bilingual("over everything", "沿所有轴")),
        ]
    for over, where in places:
        yield (
            Bilingual("{where}, not over each word's features", "{where}，而不是每个词自己的特征", where=where),
            _hand(axis=over),
        )


@cause("norm-kind", ops=NORMS)
def kind(step: Step) -> Iterator[Made]:
    """Another normalization, or none."""

    def other(make: Callable[[Site], Array]) -> Patch:
        return make

    if step.node.op is not rms_norm:
        yield Bilingual("RMS norm, with beta", "RMS 归一化，带 beta"), lambda at: by_hand(at, centred=False)
        yield Bilingual("RMS norm", "RMS 归一化"), lambda at: rms_norm(at.args[0], at.args[1], eps=at.attrs["eps"])
    if step.node.op is not layer_norm:
        yield Bilingual("layer norm: the mean is subtracted", "层归一化：减去了均值"), other(lambda at: by_hand(at))
    if step.node.op is not batch_norm and len(step.node.slots) > 2:
        yield Bilingual("batch norm", "批归一化"), lambda at: batch_norm(*at.args, eps=at.attrs["eps"])
    yield NO_NORM, lambda at: at.args[0]
    yield Bilingual("only centred: x − mean", "只减均值：x − mean"), lambda at: at.args[0] - mean(at.args[0])
    yield Bilingual("divided by the length of the row", "除以整行的长度"), _by_length


def _by_length(at: Site) -> Array:
    x = at.args[0]
    y = x / sqrt(sum_(x * x) + at.attrs["eps"]) * at.args[1]
    return y + at.args[2] if len(at.args) > 2 else y
