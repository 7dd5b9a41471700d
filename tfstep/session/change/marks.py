"""What changed: two traces compared tensor by tensor, and only where it is asked: what is given to the bit, what is
computed but for rounding."""

from __future__ import annotations

import numpy as np

from tfstep.address.indices import Cell
from tfstep.engine.arrays.bits import but_for_rounding, same_bits
from tfstep.engine.node import Node
from tfstep.engine.trace import Trace

SMALL = 2_000_000  # cells of a plan up to which computing what an edit left stale takes no time worth waiting for


def both_computed(before: Trace, old: Node, now: Trace, new: Node) -> bool:
    """Whether no cell of a tensor is given, before or now: rounding alone may then have moved it."""
    return all(node.op is not None and node.slot not in trace.pins for trace, node in ((before, old), (now, new)))


class ChangeTracker:
    """A trace beside an earlier one. Tensors are matched by path; answers are remembered.

    Of a plan with at most ``most`` cells a question computes what it needs; of a larger one what is stale stays so.
    """

    def __init__(self, before: Trace, now: Trace, most: int = SMALL) -> None:
        self.before, self.now = before, now
        self.most = most if now.plan.kept is None else SMALL  # what is not kept never comes by itself
        self._known: dict[str, bool] = {}
        self._farthest: tuple[tuple[Node, Cell, float, float] | None] | None = None

    def changed(self, path: str, compute: bool = False) -> bool | None:
        """Whether this tensor differs: a bit of what is given, more than rounding of a step; None where it waits to
        be computed and that may take long.

        A tensor that is missing on one side, or has another shape there, has changed.
        """
        if self.before is self.now:
            return False
        if path not in self._known:
            old, new = self.before.plan.paths.get(path), self.now.plan.paths.get(path)
            if old is None or new is None or old.shape != new.shape:
                return old is not new
            waits = self.before.stale(old.slot) or self.now.stale(new.slot)
            if waits and not compute and self.now.plan.cells > self.most:
                return None
            self._known[path] = self._differs(old, new)
        return self._known[path]

    def _differs(self, old: Node, new: Node) -> bool:
        a, b = self.before.value(old.slot), self.now.value(new.slot)
        if both_computed(self.before, old, self.now, new):
            a = a if a is b else but_for_rounding(a, b)
        return not same_bits(a, b)

    def farthest(self) -> tuple[Node, Cell, float, float] | None:
        """Of the forward steps the cell that moved farthest, with its number before and now; None where none did, or
        where something waits to be computed and that may take long."""
        if self._farthest is None:
            self._farthest = (self._sought(),)
        return self._farthest[0]

    def _sought(self) -> tuple[Node, Cell, float, float] | None:
        best, found = 0.0, None
        for node in self.now.plan.steps:
            if node.phase != "forward" or node.slot in self.now.pins or not self.changed(node.path):
                continue
            old = self.before.plan.paths.get(node.path)
            if old is None or old.shape != node.shape or not node.shape:
                continue
            was, now = self.before.value(old.slot), self.now.value(node.slot)
            if was.dtype.kind != "f":
                continue
            with np.errstate(all="ignore"):
                moved = np.nan_to_num(np.abs(now - was), nan=0.0, posinf=0.0)
            at = int(moved.argmax())
            if moved.flat[at] > best:
                cell = tuple(map(int, np.unravel_index(at, node.shape)))
                best, found = float(moved.flat[at]), (node, cell, float(was[cell]), float(now[cell]))
        return found

    @property
    def small(self) -> bool:
        """Whether computing all of it takes no time worth waiting for."""
        return self.now.plan.cells <= SMALL

    def settle(self) -> bool:
        """Compute what is stale, where that takes no time worth waiting for; says whether anything was."""
        if not self.small or not self.waiting():
            return False
        self.before.run()
        self.now.run()
        return True

    def waiting(self) -> int:
        """How many steps wait to be computed, of those that are kept."""
        plan = self.now.plan
        kept = None if plan.kept is None else plan.kept.slots
        return sum(self.now.stale(node.slot) for node in plan.steps if kept is None or node.slot in kept)
