"""One pass of a plan, its calls noted: by kernels where there are any, small parameters updated together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from tfstep.engine.accel.blocks import in_blocks
from tfstep.engine.accel.calls.alike import Group, groups
from tfstep.engine.accel.calls.recorder import Recorder, RefusedError, Watched
from tfstep.engine.accel.memory import LARGE, LINE
from tfstep.engine.node import Literal, Node
from tfstep.engine.plan import Plan
from tfstep.engine.program import kernel_of
from tfstep.engine.substeps import unfold


def noted(plan: Plan, recorder: Recorder, leaves: Sequence[Any]) -> dict[int, Watched]:
    """Run a pass from these leaves, by slot; returns where each tensor is. Raises RefusedError, MemoryError."""
    together, noting = groups(plan), _Noting(plan, recorder)
    grouped = {node.slot for group in together for node in group.steps}
    waiting = grouped.union(plan.downstream(grouped)) if grouped else grouped
    carried = [leaf for leaf, _ in plan.carry]
    rows = [row for group in together for row in group.operands if isinstance(row, tuple) and grouped.isdisjoint(row)]
    for row in (*(row for row in rows if set(row).issubset(carried)), *((leaf,) for leaf in carried), *rows):
        noting.reserve(row)  # what an update carries on lies in one piece
    for node in plan.nodes:
        if node.op is None:
            noting.enter(node.slot, noting.room(node))
            np.copyto(noting.plain[node.slot], leaves[node.slot])
    for node in plan.computed:
        if node.slot not in waiting:
            noting.enter(node.slot, noting.step(node))
    for group in together:
        noting.group(group)
    for node in plan.computed:
        if node.slot in waiting - grouped:
            noting.enter(node.slot, noting.step(node))
    return noting.places


class _Noting:
    """Where the tensors of a plan are, as far as they are there."""

    def __init__(self, plan: Plan, recorder: Recorder) -> None:
        self.plan, self.recorder = plan, recorder
        self.places: dict[int, Watched] = {}
        self.plain: list[Any] = [None] * len(plan.nodes)  # the same, not watched
        self.reserved: dict[int, Watched] = {}
        self.laid: dict[tuple[int, ...], Watched] = {}

    def reserve(self, row: tuple[int, ...]) -> None:
        """Room for tensors end to end, before they are there."""
        if self.reserved.keys().isdisjoint(row):
            for k, slot in enumerate(row):
                node = self.plan.nodes[slot]
                self.reserved[slot] = self.recorder.place(node.shape, node.dtype, 1 if k else LINE)

    def room(self, node: Node) -> Watched:
        """The room for a tensor."""
        found = self.reserved.get(node.slot)
        return self.recorder.place(node.shape, node.dtype) if found is None else found

    def enter(self, slot: int, place: Watched) -> None:
        """Say where a tensor is."""
        self.places[slot], self.plain[slot] = place, self.recorder.plain(place)

    def step(self, node: Node) -> Watched:
        """Run one step."""
        kernel = None if node.rounds else kernel_of(node)
        if kernel is None:
            return self._by_body(node)
        out, given = self.room(node), [self.places[slot] for slot in node.slots]
        if kernel.zeros:
            out.fill(0)
        run: Callable[..., object] = partial(kernel.run, **node.attrs) if node.attrs else kernel.run
        mark = self.recorder.mark()
        try:
            if node.nbytes >= LARGE:
                raise RefusedError
            run(out, *given)
        except RefusedError:  # then the kernel itself is the call
            self.recorder.back(mark)
            whole = partial(in_blocks, run) if kernel.blocks and node.nbytes >= LARGE else run
            self.recorder.do(whole, (out, *given))
        return out

    def _by_body(self, node: Node) -> Watched:
        assert node.op is not None
        given = [s.value if isinstance(s, Literal) else self.places[s] for s in node.inputs]
        if not given:  # the same in every pass
            return self.recorder.constant(self.plan.runs[node.slot](self.plain))
        run = partial(node.op.forward, *given, **node.attrs)
        out = self._watched(None if node.rounds else run, partial(self.plan.runs[node.slot], self.plain))
        if out.shape != node.shape or out.dtype != node.dtype:
            raise RefusedError
        place = self.reserved.get(node.slot)
        if place is None or not out.flags.c_contiguous:
            return out
        self.recorder.do(np.copyto, (place, out))
        return place

    def group(self, group: Group) -> None:
        """Run the steps of a group as one."""
        op, attrs = group.steps[0].op, group.steps[0].attrs
        assert op is not None
        given = [self._operand(each) for each in group.operands]
        mark = self.recorder.mark()
        try:
            out = op.forward(*given, **attrs)
        except RefusedError:
            self.recorder.back(mark)
            out = self._inside(group.steps[0], given)
        self.laid[tuple(node.slot for node in group.steps)] = out
        for node, cut in zip(group.steps, group.cuts, strict=True):
            self.enter(node.slot, out[cut].reshape(node.shape))

    def _inside(self, node: Node, given: list[Watched | float]) -> Watched:
        """The same by the steps inside, of which some cannot be noted but as a whole."""
        unfolded = unfold(self.plan, {}, node)
        assert unfolded is not None
        inside = unfolded[0]
        found: dict[int, Any] = {slot: self.recorder.constant(value) for slot, value in inside.leaves.items()}
        found |= enumerate(x for x, s in zip(given, node.inputs, strict=True) if isinstance(s, int))
        for step in inside.computed:
            assert step.op is not None
            operands = [s.value if isinstance(s, Literal) else found[s] for s in step.inputs]
            arrays = [self.recorder.plain(x) for x in operands]
            ways = (partial(step.op.forward, *each, **step.attrs) for each in (operands, arrays))
            found[step.slot] = self._watched(*ways)
        result: Watched = found[inside.result]
        return result

    def _operand(self, given: int | float | tuple[int, ...]) -> Watched | float:
        if not isinstance(given, tuple):
            return self.places[given] if isinstance(given, int) else given
        if given not in self.laid:
            parts = [self.places[slot] for slot in given]
            row = self.recorder.row(parts)
            self.laid[given] = self.recorder.joined(parts, None) if row is None else row
        return self.laid[given]

    def _watched(self, watched: Callable[[], Any] | None, plain: Callable[[], Any]) -> Watched:
        """What a body makes of watched tensors; where these refuse, what it makes of arrays, each time anew."""
        mark = self.recorder.mark()
        try:
            out = watched() if watched else None
            if isinstance(out, Watched):
                return out
        except RefusedError:
            pass
        self.recorder.back(mark)
        made = np.asarray(plain())
        place = self.recorder.like(made)
        if any(a != b for a, b, n in zip(place.strides, made.strides, made.shape, strict=True) if n > 1):
            raise RefusedError
        self.recorder.do(partial(_into, plain), (place,))
        return place


def _into(make: Callable[[], Any], out: np.ndarray) -> None:
    np.copyto(out, make())
