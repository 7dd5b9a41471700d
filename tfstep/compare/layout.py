"""How others lay the same numbers out: axes in another order, heads split or merged, a batch of one dropped.

A tensor is taken apart into atoms (batch, position, head, d …). A layout is an order of them, with neighbours laid
together where that is usual: heads with their features, a batch with what follows it. A reshape that mixes rows is
none, so that it shows as the mistake that it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import permutations

import numpy as np
from msgspec import Struct

from tfstep.address.roles import owner
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.models.config import ModelConfig

Shape = tuple[int, ...]
Atom = tuple[str, int]

HANDED_ON = (
    "reshape", "split_heads", "concat_heads", "transpose", "identity", "mask_fill", "repeat_heads", "broadcast_to",
)  # fmt: skip
"""Ops whose result is what they read, laid out otherwise."""
POSITIONS = ("position", "query", "key")
BY_HEAD = {
    "q_proj": -1, "k_proj": -1, "v_proj": -1, "concat": -1, "W_Q": -1, "W_K": -1, "W_V": -1, "W_O": 0,
    "b_Q": 0, "b_K": 0, "b_V": 0,
}  # fmt: skip
"""The axis of each tensor along which heads lie side by side."""


class Layout(Struct, frozen=True):
    """One way to lay a tensor out: split into ``sizes``, brought in ``order``, as ``shape``."""

    ours: Shape
    sizes: Shape
    order: Shape
    shape: Shape
    relation: str

    def theirs(self, ours: np.ndarray) -> np.ndarray:
        """Our numbers as they lay them out."""
        return ours.reshape(self.sizes).transpose(self.order).reshape(self.shape)

    def back(self, theirs: np.ndarray) -> np.ndarray:
        """Their numbers as we lay them out."""
        turned = tuple(self.sizes[k] for k in self.order)
        inverse = tuple(self.order.index(k) for k in range(len(self.order)))
        return theirs.reshape(turned).transpose(inverse).reshape(self.ours)

    def some(self, theirs: np.ndarray, step: int) -> np.ndarray:
        """Every so many of their numbers, counted as we lay them out: ``back(theirs).reshape(-1)[::step]``."""
        if self.order == tuple(sorted(self.order)):
            return theirs.reshape(-1)[::step]
        turned = tuple(self.sizes[k] for k in self.order)
        at = _every(self.sizes, step)
        return np.asarray(theirs.reshape(turned)[tuple(at[k] for k in self.order)])


@lru_cache(256)
def _every(sizes: Shape, step: int) -> tuple[np.ndarray, ...]:
    """The places of every so many cells."""
    return np.unravel_index(np.arange(0, int(np.prod(sizes, initial=1)), step), sizes)


def role(path: str) -> str:
    """The last part of a path: ``scores`` for ``enc0.attn.scores``."""
    return path.rpartition(".")[2]


def atoms(node: Node, c: ModelConfig) -> tuple[Atom, ...]:
    """The atoms of a tensor: its axes, with the one along which heads lie side by side taken apart."""
    named = [
        (axis.name or f"axis{k}", size) for k, (axis, size) in enumerate(zip(node.spec.axes, node.shape, strict=True))
    ]
    of = owner(node.path)
    side = BY_HEAD.get(role(of))
    if side is not None and len(named) > (side if side >= 0 else 0):
        heads = c.kv_heads if role(of) in ("k_proj", "v_proj", "W_K", "W_V", "b_K", "b_V") else c.heads
        side %= len(named)
        width = named[side][1]
        if heads > 1 and width % heads == 0:
            named[side : side + 1] = [("head", heads), ("d", width // heads)]
    return tuple(named)


def layouts(node: Node, c: ModelConfig, shape: Shape) -> tuple[Layout, ...]:
    """Every layout of a tensor that has this shape, the plainest first."""
    return _layouts(tuple(node.shape), atoms(node, c), shape)


@cache
def _layouts(ours: Shape, parts: tuple[Atom, ...], shape: Shape) -> tuple[Layout, ...]:
    real = [(name, size) for name, size in parts if size != 1]
    wanted = tuple(n for n in shape if n != 1)
    sizes = tuple(size for _, size in real)
    if int(np.prod(sizes, initial=1)) != int(np.prod(wanted, initial=1)):
        return ()
    found = []
    for order in permutations(range(len(real))) if len(real) <= 5 else [tuple(range(len(real)))]:
        groups = _grouped([real[k] for k in order], wanted)
        if groups is not None:
            found.append(Layout(ours, sizes, order, shape, _relation(ours, parts, order, groups, shape)))
    natural = tuple(range(len(real)))
    if not found and len(wanted) == 1 and len(real) > 1:
        found.append(Layout(ours, sizes, natural, shape, "flattened"))
    if _rows(real, wanted) and natural not in [each.order for each in found]:
        found.append(Layout(ours, sizes, natural, shape, "flattened"))
    return tuple(sorted(found, key=lambda each: (each.order != natural, each.order)))


def _rows(parts: list[Atom], wanted: Shape) -> bool:
    """Whether these are all rows of all heads below each other, (batch·head·position, d), in this order alone: in another
    one they are those of heads that were split wrongly."""
    names = [name for name, _ in parts[:-1]]
    return len(names) > 1 and names[-2] == "head" and names[-1] in POSITIONS and wanted[1:] == (parts[-1][1],)


def _grouped(turned: list[Atom], wanted: Shape) -> list[list[str]] | None:
    """The atoms laid together for each axis that is wanted, or None where they do not fit."""
    groups: list[list[str]] = []
    k = 0
    for n in wanted:
        group: list[str] = []
        size = 1
        while size < n and k < len(turned):
            if group and not _together(group[-1], turned[k][0]):
                return None
            group.append(turned[k][0])
            size *= turned[k][1]
            k += 1
        if size != n:
            return None
        groups.append(group)
    return groups if k == len(turned) else None


def _together(first: str, second: str) -> bool:
    return (
        first == "batch"
        or (first == "head" and second in ("d", "d_k", "d_v"))
        or (second == "batch" and first in POSITIONS)
    )


def _relation(ours: Shape, parts: tuple[Atom, ...], order: Shape, groups: list[list[str]], shape: Shape) -> str:
    said = []
    if list(order) != sorted(order):
        said.append("transposed")
    split = any(name == "d" for name, _ in parts)
    merged = any(group[:1] == ["head"] and len(group) > 1 for group in groups)
    if split and not merged:
        said.append("heads split")
    if not split and merged:
        said.append("heads merged")
    if any(len(group) > 1 and "batch" in (group[0], group[-1]) for group in groups):
        said.append("flattened")
    ones = sum(n == 1 for n in shape)
    if parts and parts[0] == ("batch", 1) and ones < sum(size == 1 for _, size in parts):
        said.append("batch dropped")
    return ", ".join(said) or "same"


def fits(node: Node, c: ModelConfig, shape: Shape) -> bool:
    """Whether a tensor can be laid out with this shape."""
    return bool(layouts(node, c, shape))


def source(plan: Plan, node: Node) -> int:
    """The slot from which a tensor is only handed on: in another shape, with cells masked, or as it is."""
    while node.op is not None and node.op.name in HANDED_ON and node.slots:
        node = plan.nodes[node.slots[0]]
    return node.slot


def begun_at(plan: Plan, slot: int) -> int:
    """The slot from which a tensor is handed on just as it is, by steps that do nothing: its gradient is theirs, too."""
    while (op := plan.nodes[slot].op) is not None and op.name == "identity":
        slot = plan.nodes[slot].slots[0]
    return slot


def shares(plan: Plan, slot: int) -> bool:
    """Whether a tensor is handed on just as it is from one that others read as well: of its gradient it has a share only."""
    while (op := plan.nodes[slot].op) is not None and op.name == "identity":
        slot = plan.nodes[slot].slots[0]
        if sum(plan.nodes[s].phase == "forward" for s in plan.consumers[slot]) > 1:
            return True
    return False


def placed_at(node: Node) -> str:
    """Where a step is: its path up to the last part."""
    return node.path.rpartition(".")[0]


def turned(shape: Shape) -> Iterator[Shape]:
    """A shape and its transpose."""
    yield shape
    if len(shape) == 2 and shape[0] != shape[1]:
        yield shape[::-1]


def repeats(many: np.ndarray, few: np.ndarray) -> bool:
    """Whether an array (…, d) holds each row of another (…, d) as often, and more than once, and nothing else."""
    if few.size in (0, many.size) or many.size % few.size or not few.ndim or many.shape[-1] != few.shape[-1]:
        return False
    times = many.size // few.size
    if not np.isclose(np.vdot(many, many), times * np.vdot(few, few)):
        return False
    rows = [np.unique(a.reshape(-1, a.shape[-1]), axis=0, return_counts=True) for a in (many, few)]
    return rows[0][0].shape == rows[1][0].shape and all(
        np.array_equal(a, b) for a, b in zip(rows[0], (rows[1][0], rows[1][1] * times), strict=True)
    )
