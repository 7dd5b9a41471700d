"""Mistakes of the backward pass and the update that were found: entered among the causes, and planted in what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec.structs import replace

from tfstep.compare.backwards.lacking import lacking_of
from tfstep.compare.book import Entry
from tfstep.compare.walk import Override, Walk, walk
from tfstep.engine.node import Node
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.search import Search


def again(search: Search, plan: Any = None, overrides: dict[str, Override] | None = None) -> Walk:
    """The walk with the mistakes of the backward pass that are known, and these."""
    return walk(
        search.book,
        plan or search.plan,
        search.leaves,
        search.walk if plan is None else None,
        search.pins,
        {**search.overrides, **(overrides or {})},
        changes=frozenset(search.overrides),
    )


def enter_cause(
    search: Search, kind: str, path: str, detail: Bilingual, explains: int, lacking: set[str], entry: Entry | None
) -> None:
    """A cause is entered, and what was lacking before."""
    from tfstep.compare.diagnosis import Cause

    if any((cause.kind, cause.path) == (kind, path) for cause in search.causes):
        return
    name, line = (entry.name, entry.note.line) if entry is not None else ("", "")
    search.lacking[len(search.causes)] = frozenset(lacking)
    search.causes.append(Cause(kind, path, detail, explains, len(lacking), name, line))


def blame(search: Search, node: Node, entry: Entry | None, far: float) -> None:
    """A step is entered among those that differ."""
    from tfstep.compare.diagnosis import First

    names = tuple(hits[0].entry.name for s in node.slots if (hits := search.walk.found.get(s)))
    search.faults.append(First(node.path, entry.name if entry else "", names, far, entry.note.line if entry else ""))


def settle(
    search: Search,
    kind: str,
    node: Node,
    text: Bilingual,
    found: list[Entry],
    lacking: list[Entry],
    changes: Mapping[str, Callable[[Node], Override]],
    far: float,
) -> None:
    """A mistake of the backward pass is the cause: go on with it planted. The same one again, in another step, is one
    cause with the first."""
    blame(search, node, found[0] if found else None, float(far))
    search.overrides |= {path: make(search.plan.paths[path]) for path, make in changes.items()}
    search.walk = again(search)
    names = {e.name for e in lacking}
    explains = max(len(names - {e.name for e in lacking_of(search)}), len(found))
    for k, old in enumerate(search.causes):
        if (old.kind, old.detail.in_("en")) == (kind, text.in_("en")) and k in search.lacking:
            search.causes[k] = replace(old, explains=old.explains + explains, also=(*old.also, node.path))
            return
    enter_cause(search, kind, node.path, text, explains, names, found[0] if found else None)


def always(value: np.ndarray) -> Callable[[Node], Override]:
    """These numbers, whatever the step reads."""
    return lambda node: lambda args, get: value
