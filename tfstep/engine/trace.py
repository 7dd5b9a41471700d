"""A trace: a plan with its numbers. Edits make a new trace that shares whatever they do not reach."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tfstep.engine.cell import index_of, parse_cell
from tfstep.engine.coerce_edit import coerce_edit
from tfstep.engine.leaves import Leaves
from tfstep.engine.plan import Node, Plan
from tfstep.engine.substeps import Source, unfold
from tfstep.engine.surface.beyond import Whole
from tfstep.engine.tensor import Tensor, resolve
from tfstep.errors import EditError
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.engine.why import Explanation

INSIDES_KEPT = 64  # unfolded steps that a trace remembers


class Pin(Struct, frozen=True, eq=False):
    """Cells of a step that are held: ``value`` where ``mask``, what was computed elsewhere."""

    mask: np.ndarray
    value: np.ndarray


class Trace(Whole):
    """Every tensor of one forward, backward and update pass, by path: ``trace["loss"]``, ``for path in trace``.

    A trace is a value: it never changes, but for numbers that an edit left stale, which are computed
    when they are first read. ``runs`` counts the steps that were computed for this trace.
    """

    def __init__(
        self,
        plan: Plan,
        values: list[Any],
        pins: dict[int, Pin] | None = None,
        sources: tuple[Source, ...] = (),
        prefix: str = "",
    ) -> None:
        self.plan = plan
        self.values = values
        self.pins = pins or {}
        self.sources = sources  # of an inside: which numbers its inputs are
        self.prefix = prefix  # of an inside: the path of its step, with a slash
        self.outer: Trace | None = None  # of an inside: the trace whose step it unfolds
        self.runs = 0
        self._insides: dict[int, Trace | None] = {}

    @classmethod
    def start(cls, plan: Plan, leaves: Mapping[int, np.ndarray]) -> Trace:
        """A trace of which only the leaves are known."""
        values: list[Any] = [None] * len(plan.nodes)
        for slot, value in (leaves.ready if isinstance(leaves, Leaves) else leaves).items():
            values[slot] = value
        return cls(plan, values)

    # -- computing -------------------------------------------------------------------------------

    def run(self) -> Trace:
        """Compute every step that is not there yet; returns the trace itself."""
        values, special = self.values, self._special()
        for slot, later in self.plan.later.items():
            if values[slot] is None:
                values[slot] = later()
        with np.errstate(all="ignore"):
            for slot, run in self.plan.program:
                if values[slot] is None:
                    self.runs += 1
                    values[slot] = self._result(slot) if slot in special else run(values)
        return self

    def value(self, slot: int) -> np.ndarray:
        """The numbers of one tensor, computed now if they are stale; read-only."""
        if self.values[slot] is None:
            self._pull(slot)
        value = self.values[slot]
        if type(value) is not np.ndarray:
            value = self.values[slot] = np.asarray(value)
        value.setflags(write=False)
        return value  # type: ignore[no-any-return]  # values holds arrays only, and None where stale

    def stale(self, slot: int) -> bool:
        """Whether this tensor waits to be computed."""
        return self.values[slot] is None

    def _pull(self, slot: int) -> None:
        nodes, values = self.plan.nodes, self.values
        if slot < len(self.sources):
            source = self.sources[slot]
            values[slot] = source.trace.value(source.slot)
            return
        if slot in self.plan.later:
            values[slot] = self.plan.later[slot]()
            return
        special, runs = self._special() if self.pins else (), self.plan.runs
        with np.errstate(all="ignore"):
            for s in self._waiting(slot):
                if nodes[s].op is None:
                    self._pull(s)
                    continue
                self.runs += 1
                values[s] = self._result(s) if s in special else runs[s](values)

    def _waiting(self, slot: int) -> list[int]:
        """What is stale of all that a slot is computed from, in order."""
        if all(self.values[s] is not None for s in self.plan.nodes[slot].slots) and not self.pins:
            return [slot]
        if not self.pins:
            return [s for s in self.plan.upstream(slot) if self.values[s] is None]
        nodes, needed, todo = self.plan.nodes, set(), [slot]
        while todo:
            s = todo.pop()
            if s in needed or self.values[s] is not None:
                continue
            needed.add(s)
            todo.extend(nodes[s].slots)
            if (of := nodes[s].of) is not None and of in self.pins:  # computed from what the pin hides
                todo.extend(nodes[of].slots)
        return sorted(needed)

    def _special(self) -> set[int]:
        """The steps that pins change: the pinned ones, and those that carry a gradient through them."""
        return {s for slot in self.pins for s in (slot, *self.plan.vjps.get(slot, ()))}

    def _result(self, slot: int) -> np.ndarray:
        inside = self.inside(slot)
        assert inside is not None
        return inside.value(inside.plan.result)

    # -- looking ---------------------------------------------------------------------------------

    def __getitem__(self, path: str) -> Tensor:
        """The tensor with this path, inner ones (``enc0.attn.weights/exp``) included. Raises PathError."""
        return resolve(self, str(path))

    def inside(self, slot: int) -> Trace | None:
        """The steps inside a step, computed when read; None where there is nothing inside (a primitive)."""
        if slot in self._insides:
            return self._insides[slot]
        while len(self._insides) >= INSIDES_KEPT:
            del self._insides[next(iter(self._insides))]
        unfolded = unfold(self, self.plan.nodes[slot])
        inside = None
        if unfolded is not None:
            plan, sources = unfolded
            values: list[Any] = [None] * len(plan.nodes)
            for leaf, value in plan.leaves.items():
                values[leaf] = value
            inside = Trace(plan, values, sources=sources, prefix=f"{self.prefix}{self.plan.nodes[slot].path}/")
            inside.outer = self
        self._insides[slot] = inside
        return inside

    def explain(self, cell: str, depth: int = 1) -> Explanation:
        """Why this number is what it is: its rule and terms, ``depth`` levels down.

        Raises PathError when there is no such cell.
        """
        from tfstep.engine.why import explain

        path, index = parse_cell(cell)
        tensor = self[path]
        return replace(explain(tensor.trace, tensor.node.slot, index_of(tensor, index), depth), trace=self)

    # -- changing --------------------------------------------------------------------------------

    def edit(self, changes: Mapping[str, Any]) -> Trace:
        """A new trace with these tensors (``PATH``) or parts of them (``PATH[0,1]``, ``PATH[:,1]``) set.

        A parameter or constant gets the value; any other tensor is pinned: the cells keep the value,
        and no gradient flows back through them. A value has the shape of what it is set to, or is one number
        for all of it. Raises PathError, EditError.
        """
        values, pins, touched = list(self.values), dict(self.pins), set()
        for target, new in changes.items():
            path, index = parse_cell(str(target), slices=True)
            node = self._editable(path)
            where = ... if index is None else index
            if node.op is None:
                value = np.array(self.value(node.slot) if values[node.slot] is None else values[node.slot])
            else:
                old = pins.get(node.slot)
                value = np.zeros(node.shape, node.dtype) if old is None else old.value.copy()
                mask = np.zeros(node.shape, bool) if old is None else old.mask.copy()
            value[where] = coerce_edit(target, node, value, where, new)
            if node.op is None:
                values[node.slot] = value
            else:
                mask[where] = True
                pins[node.slot] = Pin(mask, value)
            touched.add(node.slot)
        return self._changed(values, pins, touched)

    def release(self, *paths: str) -> Trace:
        """A new trace in which these tensors are computed again. Raises EditError where nothing is pinned."""
        pins, touched = dict(self.pins), set()
        for path in paths:
            node = self[path].node
            if self[path].trace is not self or pins.pop(node.slot, None) is None:
                held = ", ".join(self.plan.nodes[s].path for s in self.pins)
                raise EditError(
                    Bilingual(
                        "{path} is not pinned; pinned: {held}",
                        "{path} 没有被固定；已固定：{held}",
                        path=path,
                        held=held or "-",
                    )
                )
            touched.add(node.slot)
        return self._changed(list(self.values), pins, touched)

    def advance(self) -> Trace:
        """The trace after the update: every parameter has its new value. Pins stay."""
        values: list[Any] = [None] * len(self.plan.nodes)
        for node in self.plan.nodes:
            if node.op is None:
                values[node.slot] = self.values[node.slot]
        for leaf, slot in self.plan.carry:
            values[leaf] = self.value(slot)
        return Trace(self.plan, values, self.pins)

    def _editable(self, path: str) -> Node:
        tensor = self[path]
        if tensor.trace is not self:
            outer = path.split("/")[0]
            raise EditError(
                Bilingual(
                    "{path} is inside a step and follows from it; set {outer} itself",
                    "{path} 在某一步的内部，由那一步决定；请直接设置 {outer}",
                    path=path,
                    outer=outer,
                )
            )
        if tensor.node.kind == "view":
            owner = tensor.inputs[0]
            raise EditError(
                Bilingual(
                    "{path} is tied to {owner}, which owns the numbers; set {owner}",
                    "{path} 与 {owner} 共享权重，数值归 {owner} 所有；请设置 {owner}",
                    path=path,
                    owner=owner,
                )
            )
        if tensor.node.dtype.kind not in "f":
            raise EditError(
                Bilingual(
                    "{path} holds integers that come from the words or the mask of the scenario; change those",
                    "{path} 是由场景的词或掩码得来的整数；请改词或掩码",
                    path=path,
                )
            )
        return tensor.node

    def _changed(self, values: list[Any], pins: dict[int, Pin], touched: set[int]) -> Trace:
        plan = self.plan
        roots = {slot for slot in touched if plan.nodes[slot].op is not None}
        roots |= {vjp for slot in roots for vjp in plan.vjps.get(slot, ())}
        for slot in chain(roots, plan.downstream(touched | roots)):
            values[slot] = None
        return Trace(plan, values, pins, self.sources, self.prefix)
