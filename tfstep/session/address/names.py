"""What a name means where we are: a full path, one relative to the scopes around us, or the only one that ends so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tfstep.engine.tensor import Tensor
from tfstep.errors import PathError
from tfstep.families.names import lookup, said
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.session.state import State

_HEAD = re.compile(r"[^/]*")


def full_path(state: State, name: str) -> str:
    """The path that ``name`` means: ``scores`` inside enc0.attn is ``enc0.attn.scores``.

    A full path always means itself. Raises PathError.
    """
    name = name.strip()
    match = _HEAD.match(name)
    head = match[0] if match else name
    rest = name[len(head) :]
    known = state.trace.plan.paths
    if head in known or not head:
        return name
    scopes = state.scopes
    for depth in range(len(scopes), 0, -1):
        candidate = ".".join((*scopes[:depth], head))
        if candidate in known:
            return candidate + rest
    ends = [path for path in known if path.endswith("." + head) and "/" not in path]
    if len(ends) == 1:
        return ends[0] + rest
    if len(state.position) > 1 and not rest:  # a name inside the step we are in
        inner = state.current.trace
        if name in inner.plan.paths:
            return inner.prefix + name
    alias = lookup(state.trace.plan, head)
    if alias is not None:
        aside = said(alias)
        if str(aside) not in map(str, state.asides):
            state.asides.append(aside)
        return alias.path + rest
    if ends:
        raise PathError(
            Bilingual(
                "{name}: which one? {ends}{more}",
                "{name}：是哪一个？{ends}{more}",
                name=name,
                ends=", ".join(ends[:6]),
                more=" …" if len(ends) > 6 else "",
            )
        )
    return name


def tensor_of(state: State, name: str) -> Tensor:
    """The tensor that a name means. Raises PathError."""
    return state.trace[full_path(state, name)]
