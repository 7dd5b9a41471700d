"""An eps of a norm that is another, too slightly for one cell to tell in float32, and told by all cells of a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tfstep.compare.book import Entry
from tfstep.compare.causes.norms import EPS
from tfstep.compare.diagnosis import Cause
from tfstep.compare.tolerance import UNIT
from tfstep.engine.node import Node
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.search import Search

ROWS = 4  # a norm of fewer tells nothing by their agreement
SURELY = 8.0  # times nearer than ours the other eps has to bring all rows together
EACH = 3.0  # and every single one
UNITS = 4.0  # of rounding that ours has to be off in the middle: one's own sums may be off by one or two


def slight_eps(search: Search) -> Iterator[tuple[Cause, list[tuple[Node, Entry]]]]:
    """The norms whose rows are all theirs with another eps, and not with ours: for each eps a cause, and the steps."""
    alike: dict[float, list[tuple[Node, Entry]]] = {}
    fit: dict[float, list[set[float]]] = {}
    for node, entry, own, others in _others(search):
        alike.setdefault(own, []).append((node, entry))
        fit.setdefault(own, []).append(others)
    for own, found in alike.items():
        (node, entry), *more = found
        every = set.intersection(*fit[own]) or set.union(*fit[own])
        text = Bilingual(
            "eps = {e} in place of {eps:g}: too slight for one cell to tell in float32, told by every row as a whole",
            "eps = {e}，而不是 {eps:g}：在 float32 里单个数看不出来，但每一行合起来都看得出",
            e=" / ".join(f"{e:g}" for e in sorted(every)),
            eps=own,
        )
        also = tuple(each.path for each, _ in more)
        n = len({e.name for _, e in found})
        yield Cause("norm-eps", node.path, text, n, n, entry.name, entry.note.line, also), found


def _others(search: Search) -> Iterator[tuple[Node, Entry, float, set[float]]]:
    """Each norm of theirs with another eps: the step, its array, our eps and all that it may be."""
    if search.book.level != "float32":
        return  # in float64 each cell tells, in a coarser type none
    for node in search.plan.steps:
        hits = search.walk.found.get(node.slot, ())
        if node.op is None or node.op.name not in ("layer_norm", "rms_norm") or not hits or hits[0].entry.trivial:
            continue
        if hits[0].coarse or search.walk.loose(node):
            continue  # what it reads was not recorded, and carries rounding of ours
        x, gamma, *beta = (np.asarray(a, np.float64) for a in search.walk.arguments(node))
        theirs = np.asarray(hits[0].layout.back(hits[0].entry.array), np.float64) - (beta[0] if beta else 0.0)
        own = float(node.attrs["eps"])
        other = fitting(x, gamma, theirs, own, node.op.name == "layer_norm")
        if other:
            yield node, hits[0].entry, own, other


def fitting(x: np.ndarray, gamma: np.ndarray, theirs: np.ndarray, own: float, centred: bool = True) -> set[float]:
    """The usual eps with which every row of c γ / √(mean c² + eps) is theirs, c being x or x − mean x, if ours is clearly
    none of them.

    Each row tells by its length what it was divided by; the rounding of its cells goes out in the mean. What it is off
    with an eps has to be far less than with ours, and the eps farther from ours than the rounding of mean x², which is
    in a variance that was taken from squares. Shapes: x and ``theirs`` (…, n), gamma (n,).
    """
    c = x - x.mean(-1, keepdims=True) if centred else x
    made = c * gamma
    square, size = (c * c).mean(-1).ravel(), (made * made).sum(-1).ravel()
    rounding = UNITS * UNIT["float32"] * float((x * x).mean(-1).max(initial=0.0))
    slope = (made * theirs).sum(-1).ravel() / np.where(size > 0, size, 1.0)
    real = (slope > 0) & (size > 0)
    if np.count_nonzero(real) < ROWS:
        return set()
    square, divisor = square[real], slope[real] ** -2.0

    def off(eps: float) -> np.ndarray:
        return np.asarray((divisor - square - eps) / (2 * (square + eps)))

    far = np.abs(off(own))
    if not np.isfinite(far).all() or np.median(far) < UNITS * UNIT["float32"] or np.ptp(np.sign(off(own))):
        return set()

    others = {e: np.abs(off(e)) for e in EPS if e != own and e + square.min() > 0}
    whole = np.linalg.norm(far)
    sure = any((EACH * near < far).all() and SURELY * np.linalg.norm(near) < whole for near in others.values())
    fit = {e for e, near in others.items() if sure and EACH * np.linalg.norm(near) < whole}
    return fit if all(abs(e - own) > rounding for e in fit) else set()
