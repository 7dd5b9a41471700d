"""Any step of a diagnosis in both runs: what ours makes of their inputs, and what theirs has or must have had."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec import Struct

from tfstep.compare.book import Hit
from tfstep.compare.walk import Walk


class Both(Struct, frozen=True, eq=False):
    """One step in both runs, theirs laid out as ours. ``name`` is what they call it, ``line`` where they compute it;
    without a name they recorded no such array, and ``theirs`` is what the causes that were found make of their inputs.
    """

    ours: np.ndarray
    theirs: np.ndarray
    name: str = ""
    line: str = ""


class Beside:
    """Both runs. ``first`` is our plan as it is, ``last`` with every cause planted; ``hits`` are theirs by path."""

    def __init__(self, first: Walk, last: Walk, hits: Mapping[str, Hit]) -> None:
        self._first, self._last, self._hits = first, last, hits

    def has(self, path: str) -> bool:
        """Whether an array of theirs was found to be this tensor of ours."""
        node = self._last.plan.paths.get(path)
        return node is not None and bool(self._last.found.get(node.slot))

    def at(self, path: str) -> Both | None:
        """One step; None where it is none that was walked, or no step of theirs in this shape."""
        last = self._last.plan.paths.get(path)
        if last is None:
            return None
        theirs, hit = self._last.values[last.slot], self._hits.get(path)
        here = self._first.plan.paths.get(path)
        walked = here is not None and self._first.values[here.slot] is not None
        ours = self._first.ours(here.slot) if walked and here is not None else None
        if ours is None and theirs is not None:
            ours = self._last.ours(last.slot)
        entry, layout = (hit.entry, hit.layout) if hit is not None else self._last.wrong.get(last.slot, (None, None))
        if entry is not None and layout is not None:
            theirs = layout.back(entry.array)
        if ours is None or theirs is None or ours.shape != theirs.shape:
            return None
        return Both(ours, theirs, entry.name, entry.note.line) if entry is not None else Both(ours, theirs)
