"""Gradients against finite differences: what the loss really does when a number is nudged.

Central differences over five points; a step that fails is tried smaller. Where the slopes on both sides
disagree however small the step, the number sits on a kink (relu at 0, a tie of a max) and is skipped; so is
a number that is not finite.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from msgspec import Struct

from tfstep import work
from tfstep.address.grammar import cell_name
from tfstep.engine.node import Node
from tfstep.engine.substeps import Pin
from tfstep.engine.trace import Trace
from tfstep.text import Bilingual

CELLS = 64  # cells of a parameter, at most
INNER = 4  # cells of a tensor that is computed, at most
PROBES = 6000  # cells in all, about
LOSSES = 4  # for one slope
STEPS = (1e-3, 1e-4, 1e-5)  # relative to the number, or to 1
TOLERANCE = 1e-6
FLOOR = 1e-3  # gradients smaller than this share of the loss are compared as if they were as large


class Gradients(Struct, frozen=True):
    """How well the gradients agree: the largest error, where it is, how many were checked and skipped.

    An error is |finite difference − gradient| over the largest gradient of the tensor.
    """

    max_error: float
    worst: str | None
    checked: int
    skipped: int

    @property
    def holds(self) -> bool:
        """Whether all agree."""
        return self.max_error <= TOLERANCE


def gradients(trace: Trace) -> Gradients | None:
    """Check every gradient of a trace of float64 numbers, in some cells and along one random direction each.

    None where there is no loss, or where it is not finite. Gradients that were edited, and those that follow from
    them, are left out: they are not what the loss does.
    """
    if "loss" not in trace.plan.paths or not math.isfinite(float(trace["loss"].value)):
        return None
    parameters = [node for node in _with_gradient(trace) if node.kind == "parameter"]
    inner = [node for node in _with_gradient(trace) if node.kind == "step"]
    most = max(4, min(CELLS, PROBES // max(1, len(parameters))))
    worst, place, checked, skipped = 0.0, None, 0, 0
    lines = sum(1 + min(most, node.spec.size) for node in parameters) + sum(1 + min(INNER, n.spec.size) for n in inner)
    work.expect(lines * LOSSES * trace.plan.seconds("forward") / 2)  # what follows from a tensor is half of it, about
    for node in work.each((*parameters, *inner), Bilingual("gradients compared", "个梯度已核对")):
        for where, error in _errors(trace, node, most if node.op is None else INNER):
            if error is None:
                skipped += 1
                continue
            checked += 1
            if place is None or error > worst or math.isnan(error):
                worst, place = (math.inf if math.isnan(error) else error), where
    return Gradients(worst, place, checked, skipped)


def edited_gradients(trace: Trace) -> tuple[list[str], set[int]]:
    """The gradients that hold edited numbers, and the slots of them and of all that follows from them."""
    nodes = trace.plan.nodes
    pinned = {slot for slot in trace.pins if nodes[slot].phase == "backward"}
    return [nodes[slot].path for slot in sorted(pinned)], pinned | set(trace.plan.downstream(pinned))


def not_of_the_loss(trace: Trace, gradient: Node, cell: tuple[int, ...] | None = None) -> Bilingual | None:
    """Why a gradient, or one ``cell`` of it, does not say how the loss moves, if it does not: it was edited, or follows
    one that was."""
    if trace.prefix or not any(trace.plan.nodes[slot].phase == "backward" for slot in trace.pins):
        return None
    paths, after = edited_gradients(trace)
    if gradient.slot not in after:
        return None
    if gradient.path in paths and (cell is None or trace.pins[gradient.slot].mask[cell]):
        return Bilingual(
            "edited, not computed: it does not say how the loss moves", "已改动，不是算出来的：它不说明损失怎样变动"
        )
    pinned = {trace.plan.paths[path].slot for path in paths} - {gradient.slot}
    if gradient.slot not in trace.plan.downstream(pinned):
        return None  # another cell of it was edited
    return Bilingual(
        "follows {path}, which was edited: it does not say how the loss moves",
        "由改动过的 {path} 算出：它不说明损失怎样变动",
        path=trace.plan.nodes[min(pinned)].path,
    )


def as_computed(trace: Trace) -> Trace:
    """The same numbers with every gradient as the loss has it: none edited."""
    paths, after = edited_gradients(trace)
    if not paths:
        return trace
    values = [None if slot in after else value for slot, value in enumerate(trace.values)]
    pins = {slot: pin for slot, pin in trace.pins.items() if slot not in after}
    return Trace(trace.plan, values, pins)


def _with_gradient(trace: Trace) -> Iterator[Node]:
    _, left_out = edited_gradients(trace)
    for node in trace.plan.nodes:
        gradient = trace.plan.gradient(node)
        if node.path == "loss" or node.phase not in ("", "forward") or gradient is None:
            continue
        if gradient.slot not in left_out:
            yield node


def _errors(trace: Trace, node: Node, cells: int) -> Iterator[tuple[str, float | None]]:
    """Where, and the error there, or None on a kink."""
    value, gradient = trace.value(node.slot), trace[node.path].grad
    assert gradient is not None
    draw = np.random.default_rng(zlib.crc32(node.path.encode()))
    largest = float(np.abs(gradient[np.isfinite(gradient)]).max(initial=0.0))
    scale = largest + FLOOR * max(1.0, abs(float(trace["loss"].value)))
    losses = _losses(trace, node, value)
    chosen = draw.choice(value.size, min(cells, value.size), replace=False)
    for flat in sorted(int(k) for k in chosen):
        cell = tuple(int(i) for i in np.unravel_index(flat, value.shape))
        if not (math.isfinite(value[cell]) and math.isfinite(gradient[cell])):
            yield cell_name(node.path, cell), None
            continue
        direction, size = np.zeros(value.shape), max(1.0, abs(float(value[cell])))
        direction[cell] = size
        yield cell_name(node.path, cell), _error(losses(direction), float(gradient[cell]) * size, scale * size)
    if value.size > 1 and np.isfinite(value).all() and np.isfinite(gradient).all():
        direction = draw.normal(size=value.shape)
        direction /= math.sqrt(float((direction**2).sum()))
        slope = float((gradient * direction).sum())
        yield node.path, _error(losses(direction), slope, scale)


def _losses(trace: Trace, node: Node, value: np.ndarray) -> Callable[[np.ndarray], Callable[[float], float]]:
    """For a direction, the loss as a function of how far the tensor is moved along it."""
    stale = trace.edit({node.path: value})  # what does not follow from the tensor is there; the rest is not
    known, target, everywhere = list(stale.values), trace.plan.paths["loss"].slot, np.ones(node.shape, bool)

    def moved_by(step: np.ndarray) -> float:
        values, pins = list(known), trace.pins
        if node.op is None:
            values[node.slot] = value + step
        else:
            pins = {**pins, node.slot: Pin(everywhere, value + step)}
        return float(Trace(trace.plan, values, pins).value(target))

    return lambda direction: lambda t: moved_by(t * direction)


def _error(loss: Callable[[float], float], slope: float, scale: float) -> float | None:
    best = math.inf
    for h in STEPS:
        ahead, behind = loss(h), loss(-h)
        found = (8 * (ahead - behind) - (loss(2 * h) - loss(-2 * h))) / (12 * h)
        best = min(best, abs(found - slope) / scale)
        if best <= TOLERANCE:
            return best
    still, h = loss(0.0), STEPS[-1]
    right, left = (loss(h) - still) / h, (still - loss(-h)) / h
    return None if abs(right - left) > 1e-3 * (abs(right) + abs(left)) else best
