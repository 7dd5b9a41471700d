"""Gradients against finite differences: what the loss really does when a number is nudged.

Central differences over five points; a step that fails is tried smaller. Where the slopes on both sides
disagree however small the step, the number sits on a kink (relu at 0, a tie of a max) and is skipped; so is
a number that is not finite.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping

import numpy as np
from msgspec import Struct

from tfstep import work
from tfstep.address.grammar import cell_name
from tfstep.engine.cases.together import TOGETHER, Moved, in_cases
from tfstep.engine.node import Node
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
    some = max(4, min(CELLS, PROBES // max(1, len(parameters))))
    cells = {node.slot: some for node in parameters}
    cells |= {node.slot: INNER for node in _with_gradient(trace) if node.kind == "step"}
    probes = sum(min(n, size) + (size > 1) for slot, n in cells.items() for size in (trace.plan.nodes[slot].spec.size,))
    work.expect(probes * LOSSES * trace.plan.seconds("forward", together=True))
    worst, place, checked, skipped = 0.0, None, 0, 0
    for group in _groups(trace, cells):
        work.tell(checked + skipped, probes, Bilingual("slopes compared", "个斜率已核对"))
        with work.part():
            errors = _errors(trace, [probe for probe in group if isinstance(probe, _Probe)])
        skipped += len(group) - len(errors)
        for where, error in errors:
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


class _Probe(Struct, frozen=True, eq=False):
    """One way to move a tensor: these of its numbers, by ``along`` for each unit. By its gradient the loss rises by
    ``slope`` for each; an error is measured by ``scale``."""

    where: str
    slot: int
    cells: slice
    along: float | np.ndarray
    slope: float
    scale: float


def _groups(trace: Trace, cells: Mapping[int, int]) -> Iterator[list[_Probe | None]]:
    """The ways in which tensors are moved, ``cells`` says how many of each, beside each other what is moved at about the
    same step, and as many as are best moved at once. None stands for a number that is not finite."""
    nodes, consumers = trace.plan.nodes, trace.plan.consumers
    widest = _widest(trace)
    group: list[_Probe | None] = []
    for slot in sorted(cells, key=lambda s: min(consumers[s]) if nodes[s].op is None else s):
        most = TOGETHER // LOSSES // max(widest, nodes[slot].spec.size)
        for probe in _probes(trace, nodes[slot], cells[slot]):
            if len(group) >= max(1, most):
                yield group
                group = []
            group.append(probe)
    if group:
        yield group


def _widest(trace: Trace) -> int:
    """The cells of the largest tensor on the way to the loss."""
    nodes, way = trace.plan.nodes, trace.plan.upstream(trace.plan.paths["loss"].slot)
    return max(nodes[slot].spec.size for slot in way if nodes[slot].op is not None)


def _probes(trace: Trace, node: Node, cells: int) -> Iterator[_Probe | None]:
    """The ways in which one tensor is moved: some cells each by itself, and all along a random direction."""
    value, gradient = trace.value(node.slot), trace[node.path].grad
    assert gradient is not None
    draw = np.random.default_rng(zlib.crc32(node.path.encode()))
    largest = float(np.abs(gradient[np.isfinite(gradient)]).max(initial=0.0))
    scale = largest + FLOOR * max(1.0, abs(float(trace["loss"].value)))
    chosen = draw.choice(value.size, min(cells, value.size), replace=False)
    for flat in sorted(int(k) for k in chosen):
        cell = tuple(int(i) for i in np.unravel_index(flat, value.shape))
        if not (math.isfinite(value[cell]) and math.isfinite(gradient[cell])):
            yield None
            continue
        size = max(1.0, abs(float(value[cell])))
        slope = float(gradient[cell]) * size
        yield _Probe(cell_name(node.path, cell), node.slot, slice(flat, flat + 1), size, slope, scale * size)
    if value.size > 1 and np.isfinite(value).all() and np.isfinite(gradient).all():
        direction = draw.normal(size=value.shape)
        direction /= math.sqrt(float((direction**2).sum()))
        slope = float((gradient * direction).sum())
        yield _Probe(node.path, node.slot, slice(None), direction.reshape(-1), slope, scale)


def _errors(trace: Trace, probes: list[_Probe]) -> list[tuple[str, float | None]]:
    """Where, and the error there, or None on a kink."""
    slopes, scales = np.array([each.slope for each in probes]), np.array([each.scale for each in probes])
    best, wide, h = np.full(len(probes), math.inf), np.arange(len(probes)), 0.0
    with np.errstate(all="ignore"):
        for h in STEPS:
            ahead, behind, far_ahead, far_behind = _losses(trace, [probes[k] for k in wide], h, -h, 2 * h, -2 * h)
            found = (8 * (ahead - behind) - (far_ahead - far_behind)) / (12 * h)
            best[wide] = np.fmin(best[wide], np.abs(found - slopes[wide]) / scales[wide])
            wide = np.flatnonzero(best > TOLERANCE)
        still, ahead, behind = _losses(trace, [probes[k] for k in wide], 0.0, h, -h)
        right, left = (ahead - still) / h, (still - behind) / h
        kinks = set(wide[np.abs(right - left) > 1e-3 * (np.abs(right) + np.abs(left))].tolist())
    return [(each.where, None if k in kinks else float(best[k])) for k, each in enumerate(probes)]


def _losses(trace: Trace, probes: list[_Probe], *steps: float) -> np.ndarray:
    """The loss after each step along each probe: a row for each step."""
    moves = [(probe, step) for probe in probes for step in steps]
    largest = max((trace.plan.nodes[probe.slot].spec.size for probe in probes), default=1)
    many = max(1, TOGETHER // max(largest, _widest(trace)))  # where one is large, even a few copies would be many bytes
    parts = [_moved(trace, moves[k : k + many]) for k in range(0, len(moves), many)]
    return np.concatenate([np.empty(0), *parts]).reshape(-1, len(steps)).T


def _moved(trace: Trace, moves: list[tuple[_Probe, float]]) -> np.ndarray:
    """The loss after each of these moves, computed together."""
    cases: dict[int, list[int]] = {}
    for k, (probe, _) in enumerate(moves):
        cases.setdefault(probe.slot, []).append(k)
    moved = {}
    for slot, own in cases.items():
        value = trace.value(slot)
        rows = np.repeat(value.reshape(1, -1), len(own), axis=0)
        for row, k in zip(rows, own, strict=True):
            probe, step = moves[k]
            row[probe.cells] += step * probe.along
        moved[slot] = Moved(np.array(own), rows.reshape(-1, *value.shape))
    losses = in_cases(trace, len(moves), moved, trace.plan.paths["loss"].slot)
    assert losses is not None
    return losses
