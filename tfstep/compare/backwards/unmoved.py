"""Parameters that an update leaves as they were, though they have a gradient: no step was made, or not for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from tfstep.address.roles import NEW
from tfstep.compare.backwards.judged import SLACK, size_of_all
from tfstep.compare.backwards.settled import again, always, blame, enter_cause
from tfstep.compare.book import Entry
from tfstep.compare.tolerance import allowed
from tfstep.engine.node import Node
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.search import Search

AS_IT_WAS = Bilingual(
    "the new parameter is the old one to the bit, though its gradient is not 0: no step was made, or the optimizer does "
    "not have it",
    "新参数与旧参数逐位相同，而梯度不为 0：没有执行 optimizer.step()，或优化器里没有这个参数",
)


def unmoved(search: Search) -> None:
    """Enter the parameters of theirs that an update of ours moves and theirs does not, as one cause."""
    same = _as_before(search)
    found = [
        (node, entry)
        for node in (search.plan.nodes if same else ())
        if node.role.name == "new" and (entry := _of(search, node, same)) is not None and _moves(search, node)
    ]
    if not found:
        return
    for node, entry in found:
        old = search.walk.values[search.plan.base(node).slot]
        blame(search, node, entry, float(np.abs(search.walk.ours(node.slot) - old).max(initial=0.0)))
        search.overrides[node.path] = always(np.asarray(old))(node)
    search.walk = again(search)
    (first, entry), *others = found
    names = {each.name for _, each in found}
    enter_cause(search, "grad-missing", first.path, AS_IT_WAS, len(names), names, entry)
    search.causes[-1] = replace(search.causes[-1], also=tuple(node.path for node, _ in others))


def _moves(search: Search, node: Node) -> bool:
    """Whether a gradient is more than rounding, and so is what ours makes of it."""
    walked, base = search.walk, search.plan.base(node)
    g = search.plan.gradient(base)
    if g is None:
        return False
    old, new, slope = (np.asarray(walked.ours(s)) for s in (base.slot, node.slot, g.slot))
    level, size = search.book.level, float(np.abs(slope).max(initial=0.0))
    step = float(np.abs(new - old).max(initial=0.0))
    return size > allowed(level, SLACK) * max(size, size_of_all(search)) and step > allowed(level, SLACK) * max(
        step, float(np.abs(old).max(initial=0.0))
    )


def _as_before(search: Search) -> dict[str, Entry]:
    """Their new parameters that are their old ones, by the names of these."""
    found: dict[str, Entry] = {}
    for entry in search.book.entries:
        old = search.book.by_name.get(entry.name.removesuffix(NEW)) if entry.is_new else None
        if old is not None and old.size == entry.size and np.array_equal(old.array, entry.array):
            found.setdefault(old.name, entry)
    return found


def _of(search: Search, node: Node, same: dict[str, Entry]) -> Entry | None:
    """Their new parameter that this one is, where it is their old one."""
    base = search.plan.base(node)
    names = {hit.entry.name for hit in search.walk.found.get(base.slot, ())} | {search.taken.get(base.path, "")}
    return min((same[name] for name in names & same.keys()), key=lambda entry: entry.order, default=None)
