"""What a check finds, and how near two arrays must be to agree."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from tfstep.engine.node import Node
from tfstep.engine.trace import Trace
from tfstep.session.study.origin import origin
from tfstep.text import Bilingual

TOLERANCE = 1e-9
BLOCK = 1 << 20  # numbers that are compared at once


class Holds(Struct, frozen=True):
    """One invariant: whether it holds, None where it does not apply, and what was found."""

    title: Bilingual
    holds: bool | None
    detail: Bilingual

    @property
    def name(self) -> str:
        """Its name for programs, the same in every language."""
        return self.title.in_("en")


def does_not_apply(title: Bilingual, reason: Bilingual) -> Holds:
    """An invariant that says nothing about this scenario."""
    return Holds(title, None, reason)


def broken_on_purpose(title: Bilingual, reason: Bilingual, moved: float) -> Holds:
    """An invariant that the scenario means to break; how far it is broken."""
    text = Bilingual(
        "not meant to hold: {reason}; it moves by up to {moved:.2g} of the largest number",
        "本来就不该成立：{reason}；最多变化了最大值的 {moved:.2g}",
        reason=reason,
        moved=moved,
    )
    return Holds(title, None, text)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference over the largest number; NaN where NaN stands in only one of them."""
    moved = largest = 0.0
    for a, b in blocks(one, other):
        with np.errstate(invalid="ignore"):
            differ = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
        moved = larger(moved, float(differ.max()))
        largest = max(largest, float(np.abs(a[np.isfinite(a)]).max(initial=0.0)))
    return moved / (largest + 1e-3)


def blocks(one: np.ndarray, other: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The same parts of two arrays, none so large that what is made of it takes much memory."""
    if 0 < one.size <= BLOCK:
        yield one, other
    elif one.size:
        half = len(one) // 2
        parts = [(one[0], other[0])] if not half else [(one[:half], other[:half]), (one[half:], other[half:])]
        for each in parts:
            yield from blocks(*each)


def passed(trace: Trace, path: str) -> np.ndarray:
    """The numbers of a tensor of which nothing else is wanted."""
    return trace.passed(trace.plan.paths[path].slot)


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays hold the same bits."""
    a, b = (np.ascontiguousarray(each).view(f"u{each.itemsize}") for each in (one, other))
    return bool(one.dtype == other.dtype and one.shape == other.shape and np.array_equal(a, b))


def larger(one: float, other: float) -> float:
    """The larger of two differences; NaN where one is, since nothing can be said of it."""
    return math.nan if math.isnan(one) or math.isnan(other) else max(one, other)


def agree(moved: float) -> bool:
    """Whether that is rounding."""
    return moved <= TOLERANCE


def movement_text(moved: float) -> Bilingual:
    """How far the numbers moved."""
    return Bilingual(
        "moved by at most {moved:.1e} of the largest number", "最多变化了最大值的 {moved:.1e}", moved=moved
    )


def holds_if_unmoved(title: Bilingual, trace: Trace, moved: float) -> Holds:
    """An invariant that holds if numbers have not moved; it cannot be decided where there is NaN to be compared."""
    node = nan_begins(trace)
    return Holds(title, agree(moved), movement_text(moved)) if node is None else undecidable(title, trace, node)


def undecidable(title: Bilingual, trace: Trace, node: Node) -> Holds:
    """An invariant of which NaN, or the infinity that it came of, lets nobody say whether it holds; ``node`` has it."""
    found = origin(trace, node)
    holder, begins = found if found is not None else (trace, node)
    path = holder.prefix + begins.path
    if np.isnan(holder.value(begins.slot)).any():
        text = Bilingual("not decidable: NaN begins in {path}", "无法判断：NaN 始于 {path}", path=path)
    else:
        text = Bilingual(
            "not decidable: there are infinite numbers, the first in {path}",
            "无法判断：有无穷大的数，最早出现在 {path}",
            path=path,
        )
    return Holds(title, False, text)


def nan_begins(trace: Trace) -> Node | None:
    """The first tensor with a NaN that was fed none; None where there is none, or a row without keys has made it, as a
    mask of −inf makes it."""
    node = first_nan(trace)
    rows_without_keys = node is not None and node.op is not None and node.op.name == "softmax"
    return None if node is None or (rows_without_keys and node.slot not in trace.pins) else node


def first_nan(trace: Trace) -> Node | None:
    """The first tensor with a NaN, None where there is none."""
    return next((node for node in trace.plan.nodes if np.isnan(trace.value(node.slot)).any()), None)


def noise(x: np.ndarray) -> np.ndarray:
    """Numbers that are surely others, the same at every call."""
    return np.random.default_rng(0).normal(size=x.shape) + 1.5


def last(trace: Trace, stack: str) -> str | None:
    """The last step of a stack: ``enc`` or ``dec``, or ``attn`` where that is all there is."""
    paths = [n.path for n in trace.plan.steps if n.phase == "forward" and n.path.startswith(stack)]
    return paths[-1] if paths else None
