"""A plan: the steps of one timeline with their paths and axes, in order, without numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from typing import Any

import numpy as np
from msgspec import Struct, field

from tfstep.engine.accel import switched_on
from tfstep.engine.accel.collector import paused
from tfstep.engine.accel.memory import Fresh, Memory
from tfstep.engine.arrays.leaves import Later
from tfstep.engine.less import ALL, LESS, Kept, kept
from tfstep.engine.node import Node
from tfstep.engine.program import Run, compiled

PHASES = ("forward", "backward", "update")
MANY = 8  # slots that are followed together and not one by one, each found once
A_STEP, A_NUMBER, A_PRODUCT = 5e-6, 2e-9, 1e-10  # seconds, on a usual machine


class Decided(Struct, frozen=True):
    """A step that is 0 throughout where ``nothing`` says so of the tensor in slot ``by``."""

    by: int
    nothing: Callable[[np.ndarray], bool]


def _empty(g: np.ndarray) -> bool:
    return not g.any()


class Plan(Struct, eq=False, dict=True, weakref=True):
    """Everything about a timeline but its numbers. ``carry`` pairs (leaf, slot): what the next update starts from;
    ``switched_off`` gives the paths that a key of the scenario switched off, each with that key."""

    nodes: list[Node]
    paths: dict[str, Node]
    leaves: dict[int, np.ndarray]
    carry: tuple[tuple[int, int], ...] = ()
    result: int = -1
    elsewhere: Callable[[str], str | None] = lambda name: None  # the path of what others call by this name
    later: Mapping[int, Later] = field(default_factory=dict)  # leaves that are read when something asks for them
    switched_off: Callable[[], Iterable[tuple[str, str]]] = tuple
    origin: Any = None  # the scenario that it was compiled from
    keep: str = ALL  # what its traces keep
    substeps: dict[int, Any] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    passes: int = 0  # whole passes that were made, as far as that is counted
    repeat: Any = None  # how a pass is made again
    _reaches: dict[int, list[int]] = field(default_factory=dict)
    _leads: dict[int, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, node in enumerate(self.steps, 1):
            node.number = number

    @cached_property
    def steps(self) -> list[Node]:
        """The steps in order; ``steps[n - 1]`` has the number n."""
        return [node for node in self.nodes if node.kind == "step"]

    @cached_property
    def computed(self) -> list[Node]:
        """What is computed, in order: the steps, and the views of tied parameters."""
        return [node for node in self.nodes if node.op is not None]

    @cached_property
    def cells(self) -> int:
        """How many numbers a trace of it has."""
        return sum(math.prod(node.shape) for node in self.nodes)

    def seconds(self, phase: str = "", together: bool = False) -> float:
        """About how long a pass takes on a usual machine, or one phase of it; or each of many that are run together."""
        run = [node for node in self.computed if phase in ("", node.phase)]
        return sum(_seconds(self.nodes, node) for node in run) - (A_STEP * len(run) if together else 0.0)

    @cached_property
    def kept(self) -> Kept | None:
        """What its traces keep, where that is not everything."""
        return kept(self) if self.keep == LESS else None

    @cached_property
    def consumers(self) -> list[list[int]]:
        """For each slot the steps that read it, in order."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for node in self.computed:
            for slot in dict.fromkeys(node.slots):
                found[slot].append(node.slot)
        return found

    @cached_property
    def vjps(self) -> dict[int, list[int]]:
        """For each step the backward steps that carry a gradient through it."""
        found: dict[int, list[int]] = {}
        for node in self.computed:
            if node.vjp_of is not None:
                found.setdefault(node.vjp_of, []).append(node.slot)
        return found

    @cached_property
    def decided(self) -> dict[int, Decided]:
        """The steps that may be 0 throughout by one of their inputs alone, and what carries a gradient from there on:
        a gradient of nothing is nothing."""
        found: dict[int, Decided] = {}
        carried: set[int] = set()
        for node in self.computed:
            op = node.op
            assert op is not None
            if op.decisive in op.arguments:
                by = node.slots[op.arguments.index(op.decisive)]
                found[node.slot] = Decided(by, partial(op.nothing, attrs=node.attrs))
                if node.vjp_of is not None:
                    carried.add(node.slot)
            elif node.vjp_of is not None and op.arguments[:1] == ("g",) and node.slots[0] in carried:
                found[node.slot] = Decided(node.slots[0], _empty)
                carried.add(node.slot)
        return found

    def gradient(self, node: Node) -> Node | None:
        """The gradient of a tensor, None where no path leads to the loss."""
        return self._related.get((node.slot, "gradient"))

    def shares(self, node: Node) -> list[Node]:
        """What comes back to a tensor through each of several uses, in order."""
        return [each for each in self.steps if each.role.name == "share" and each.role.of == node.slot]

    def new(self, node: Node) -> Node | None:
        """A parameter's value after the update, else None."""
        return self._related.get((node.slot, "new"))

    def base(self, node: Node) -> Node:
        """The tensor that a node is the gradient, a share of it, or the new value of; else the node itself."""
        return node if node.role.of is None else self.nodes[node.role.of]

    @cached_property
    def _related(self) -> dict[tuple[int | None, str], Node]:
        return {(node.role.of, node.role.name): node for node in self.nodes if node.role.name in ("gradient", "new")}

    @cached_property
    def program(self) -> list[tuple[int, Run]]:
        """For each step its slot, and the function that computes it from the numbers of a trace."""
        kernels = switched_on()
        memory = self.memory if self.kept is None else Fresh()
        with paused():
            return [(node.slot, compiled(node, memory, kernels)) for node in self.computed]

    @cached_property
    def runs(self) -> dict[int, Run]:
        """The same by slot."""
        return dict(self.program)

    def downstream(self, slots: set[int]) -> list[int]:
        """The steps that these slots reach, in order, the slots themselves left out."""
        if len(slots) == 1:
            return self._reached_from(*slots)
        if len(slots) > MANY:
            return [slot for slot in self._sweep(slots) if slot not in slots]
        found: set[int] = set().union(*(self._reached_from(slot) for slot in slots))
        return sorted(found - slots)

    def follow(self, slots: set[int]) -> list[int]:
        """The steps that are computed again where these slots are set, in order: those that they reach, and of what is
        pinned those that carried a gradient back through it."""
        pinned = {slot for slot in slots if self.nodes[slot].op is not None}
        carried = {vjp for slot in pinned for vjp in self.vjps.get(slot, ())}
        return sorted((carried | set(self.downstream(slots | carried))) - slots)

    def upstream(self, slot: int) -> list[int]:
        """The nodes that one slot is computed from, itself included, in order; found once for each slot."""
        if slot not in self._leads:
            leads = bytearray(slot + 1)
            leads[slot] = 1
            for node in reversed(self.nodes[: slot + 1]):
                if leads[node.slot]:
                    for s in node.slots:
                        leads[s] = 1
            self._leads[slot] = [s for s in range(slot + 1) if leads[s]]
        return self._leads[slot]

    def _reached_from(self, slot: int) -> list[int]:
        """The steps that one slot reaches, in order; found once for each slot that is ever edited."""
        if slot not in self._reaches:
            self._reaches[slot] = self._sweep({slot})  # whole, or not at all where it was broken off
        return self._reaches[slot]

    def _sweep(self, slots: set[int]) -> list[int]:
        reached = bytearray(len(self.nodes))
        for slot in slots:
            reached[slot] = 1
        found: list[int] = []
        for node in self.nodes[min(slots, default=0) :]:
            if any(reached[s] for s in node.slots):
                reached[node.slot] = 1
                found.append(node.slot)
        return found


def _seconds(nodes: list[Node], node: Node) -> float:
    """About how long one step takes: for itself, for each number of it, and for each product where it contracts."""
    sizes = [math.prod(node.shape), *(math.prod(nodes[slot].shape) for slot in node.slots)]
    took = A_STEP + sizes[0] * A_NUMBER
    if node.op is None or ("matmul" not in node.op.name and "linear" not in node.op.name) or len(sizes) < 3:
        return took
    largest = sorted(sizes)[-3:]
    together = [node.shape, *(nodes[slot].shape for slot in node.slots[:2])]
    batch = math.prod(node.shape[:-2]) if len({shape[:-2] for shape in together}) == 1 else 1
    return took + A_PRODUCT * math.sqrt(math.prod(largest) / max(1, batch))
