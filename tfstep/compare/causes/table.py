"""The table of known mistakes: a cause is one entry, a function that yields the ways in which it is made.

@cause("scale", "scaled")
def scale(step): yield Bilingual("…", "…"), lambda at: at.args[0]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module

import numpy as np
from msgspec import Struct

from tfstep.compare.book import Book
from tfstep.compare.layout import role
from tfstep.compare.plant import Patch, Way
from tfstep.compare.walk import Walk
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.models.config import Inputs, ModelConfig
from tfstep.text import Bilingual

ROOMS = ("projections", "heads", "masks", "attention", "blocks", "norms", "feed_forward", "positions", "rope", "losses")
"""The modules beside this one in which causes are entered, in the order in which they are tried."""


class Step(Struct, frozen=True, eq=False):
    """A step of ours that theirs may make otherwise, with their numbers so far."""

    node: Node
    plan: Plan
    walk: Walk
    book: Book
    config: ModelConfig
    inputs: Inputs

    @property
    def scope(self) -> str:
        """The path up to its last part."""
        head, dot, _ = self.node.path.rpartition(".")
        return head + dot

    @property
    def block(self) -> str:
        """The path of its layer: ``enc0.``."""
        head, dot, _ = self.node.path.partition(".")
        return head + dot

    def has(self, name: str) -> bool:
        """Whether there is such a tensor beside it."""
        return self.scope + name in self.plan.paths

    def at(self, name: str) -> str:
        """The path of a tensor beside it."""
        return self.scope + name

    def arg(self, k: int) -> np.ndarray:
        """The numbers of one of its inputs."""
        s = self.node.inputs[k]
        value = self.walk.values[s] if isinstance(s, int) else s.value
        return np.asarray(value)

    def input(self, k: int) -> Node:
        """One of its inputs."""
        return self.plan.nodes[self.node.slots[k]]


def equation(text: str) -> Bilingual:
    """An equation, which is the same in every language."""
    return Bilingual.of(text)


Made = tuple[Bilingual, Patch | Mapping[str, Patch]] | tuple[Bilingual, Mapping[str, Patch], str]
Cause = Callable[[Step], Iterator[Made]]

_Entry = tuple[str, tuple[str, ...], tuple[str, ...], Cause]
_ENTERED: dict[str, list[_Entry]] = {f"{__package__}.{room}": [] for room in ROOMS}


def cause(kind: str, *roles: str, ops: tuple[str, ...] = ()) -> Callable[[Cause], Cause]:
    """Enter one cause: its kind, and the last parts of the paths, or the ops, of the steps where it applies.

    Raises KeyError in a module that is none of the ROOMS.
    """

    def enter(function: Cause) -> Cause:
        _ENTERED[function.__module__].append((kind, roles, ops, function))
        return function

    return enter


def ways(step: Step) -> Iterator[Way]:
    """Every known way to make this step otherwise."""
    assert step.node.op is not None
    for kind, roles, ops, function in _table():
        if role(step.node.path) in roles or step.node.op.name in ops:
            for made in function(step):
                detail, patch = made[0], made[1]
                path = made[2] if len(made) == 3 else step.node.path
                patches = patch if isinstance(patch, Mapping) else {step.node.path: patch}
                yield Way(kind, path, detail, patches, f"{kind}: {detail.in_('en')}")


def kinds() -> set[str]:
    """The kinds of the table."""
    return {kind for kind, _, _, _ in _table()}


@cache
def _table() -> tuple[_Entry, ...]:
    """All causes, in the order of the rooms, whichever of them was loaded first."""
    for room in _ENTERED:
        import_module(room)
    return tuple(entry for entries in _ENTERED.values() for entry in entries)
