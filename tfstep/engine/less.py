"""Keeping less: what one part of a model hands to the next is kept, the rest is computed again when it is read.

Of a block its inputs are enough: whatever goes on inside follows from them (gradient checkpointing, Chen et al. 2016,
arXiv:1604.06174). Kept are the leaves, what a step of one part (``enc0``, ``dec1``, ``out``) hands to a step of
another, the gradients of these, and the loss. A step that is read is computed from what is kept, and so are gradients and new
values; what was read or computed last stays, as many bytes as the largest part takes, so that one block is not
computed again for each of its tensors. Steps are deterministic: the bits are the same.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

import numpy as np
from msgspec import Struct

from tfstep import work
from tfstep.engine.node import Node

ALL, LESS = "all", "less"
KEEPS = (ALL, LESS)
"""What a trace keeps: every tensor, or less."""


class Kept(Struct, frozen=True):
    """What a trace keeps that keeps less: these ``slots``, and ``room`` bytes of what was computed last."""

    slots: frozenset[int]
    room: int


class Planned(Protocol):
    """What must be known of a plan."""

    @property
    def nodes(self) -> list[Node]: ...
    @property
    def computed(self) -> list[Node]: ...
    @property
    def consumers(self) -> list[list[int]]: ...
    def base(self, node: Node) -> Node: ...
    def gradient(self, node: Node) -> Node | None: ...
    def shares(self, node: Node) -> list[Node]: ...


def kept(plan: Planned) -> Kept:
    """What is kept of a plan, and the room beside it."""
    slots = {node.slot for node in plan.nodes if node.op is None}
    room: Counter[str] = Counter()
    for node in plan.computed:
        base = plan.base(node)
        if base.op is not None:
            room[_part(base)] += node.nbytes
        if node.phase == "forward" and (node.path == "loss" or (readers := _readers(plan, node))):
            slots.add(node.slot)
            if (gradient := plan.gradient(node)) is not None:
                slots.add(gradient.slot)
            if node.path != "loss" and len(readers) > 1:  # what an encoder hands to each layer of the decoder
                slots |= {share.slot for share in plan.shares(node)}
    return Kept(frozenset(slots), max(room.values(), default=0))


def _readers(plan: Planned, node: Node) -> set[str]:
    """The other parts that a tensor of one part is handed to."""
    own = _part(node)
    readers = (plan.nodes[slot] for slot in plan.consumers[node.slot])
    return {_part(reader) for reader in readers if reader.phase == "forward"} - {"", own} if own else set()


def _part(node: Node) -> str:
    """The part of the model that a tensor belongs to: ``enc0`` of ``enc0.attn.Q``; none where its path has no dots."""
    return node.path.partition(".")[0] if "." in node.path else ""


class Recent:
    """What was computed last, as many bytes as there is room for."""

    def __init__(self, kept: Kept, nodes: list[Node], values: list[Any]) -> None:
        self.kept, self.nodes, self.values = kept, nodes, values
        self.slots: OrderedDict[int, None] = OrderedDict()
        self.bytes = 0
        for slot, value in enumerate(values):
            if value is not None and slot not in kept.slots:
                self.enter(slot)

    def enter(self, slot: int) -> None:
        """Note what has been computed. What belongs to a parameter goes first: little else reads it."""
        if slot not in self.kept.slots:
            node = self.nodes[slot]
            self.slots[slot] = None
            self.bytes += node.nbytes
            if node.role.of is not None and self.nodes[node.role.of].op is None:
                self.slots.move_to_end(slot, last=False)

    def make_room(self, coming: int, needed: Mapping[int, int]) -> None:
        """Let go of what was computed, or read by a step, longest ago and is not ``needed``, until so much more fits."""
        if self.bytes + coming <= self.kept.room:
            return
        for slot in list(self.slots):
            if not needed.get(slot):
                del self.slots[slot]
                self.values[slot] = None
                self.bytes -= self.nodes[slot].nbytes
                if self.bytes + coming <= self.kept.room:
                    return

    def use(self, slot: int) -> None:
        """Note that a step has read it."""
        if slot in self.slots:
            self.slots.move_to_end(slot)


Reads = Callable[[int], Iterable[int]]


def order(nodes: list[Node], needed: Collection[int], reads: Reads) -> list[int]:
    """The steps to compute, so that few of them must be there at the same time: the forward steps of a block just before
    the first gradient that reads them."""
    found: list[int] = []
    placed: set[int] = set()
    for slot in sorted(needed, key=lambda s: (_before(nodes[s]), s)):
        if slot in placed:
            continue
        todo, first = [slot], list[int]()  # the step, and what it needs that is not there yet
        while todo:
            s = todo.pop()
            if s in needed and s not in placed:
                placed.add(s)
                first.append(s)
                todo.extend(reads(s))
        found += sorted(first)
    return found


def _before(node: Node) -> int:
    return 1 if node.op is not None and node.phase == "forward" else 0


def compute(
    nodes: list[Node],
    values: list[Any],
    recent: Recent,
    needed: Collection[int],
    reads: Reads,
    result: Callable[[int], np.ndarray],
) -> None:
    """Compute what is ``needed``, each by ``result`` of its slot, and let go of what nothing of it reads any more."""
    steps = order(nodes, needed, reads)
    uses = Counter(s for slot in steps for s in reads(slot))
    flag = work.present()
    for k, slot in enumerate(steps):
        if flag is not None:
            flag.at_step(k, len(steps))
        if slot not in recent.kept.slots:
            recent.make_room(nodes[slot].nbytes, uses)
        values[slot] = result(slot)
        recent.enter(slot)
        for s in reads(slot):
            uses[s] -= 1
            recent.use(s)
