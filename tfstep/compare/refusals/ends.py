"""A module's run that ends where ours goes on: a sum or a norm was left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfstep.compare.book import Entry
from tfstep.compare.causes.table import NO_NORM, ONE_ALONE
from tfstep.compare.diagnosis import Cause
from tfstep.engine.node import Node
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.search import Search


def ends_early(search: Search) -> Iterator[tuple[Node, Entry, Cause, Bilingual]]:
    """The first sum or norm of ours behind what the module gives back, with weights that are all theirs, if any."""
    tensors = [e for e in search.book.entries if e.number and e.of is None and not e.is_new and e.note.op]
    if not search.kept.settings or not tensors:
        return
    last, plan, walked = tensors[-1], search.walk.plan, search.walk
    ends = walked.places.get(last.name, set())
    after = {s for end in ends for s in plan.downstream({end}) if plan.nodes[s].phase == "forward"}
    if any(walked.found.get(s) for s in after) or ends & after:
        return
    for node in (plan.nodes[s] for s in sorted(after)):
        kinds = set(node.op.name.split("_")) & {"add", "norm"} if node.op is not None else set()
        if not kinds or node.path.startswith("loss"):
            continue
        before = (plan.nodes[s] for s in plan.upstream(node.slot))
        parameters = {n.slot: n.path for n in before if n.kind == "parameter"}
        if not all(path in search.taken or walked.found.get(slot) for slot, path in parameters.items()):
            continue
        missing = "add" in kinds
        detail = ONE_ALONE[0 if node.slots[0] in ends else 1] if missing else NO_NORM
        kind = "residual-missing" if missing else "norm-kind"
        said = Bilingual(
            "their run ends with {name}, which is {path}; ours goes on with {step}",
            "对方的运行止于 {name}，也就是 {path}；场景之后还有 {step}",
            name=last.name,
            path=plan.nodes[min(ends)].path,
            step=node.path,
        )
        yield node, last, Cause(kind, node.path, detail, 1, 1, last.name, last.note.line), said
        return
