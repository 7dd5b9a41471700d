"""What a name means where we are in a session."""

from __future__ import annotations

from tfstep.address import names
from tfstep.engine.trace import Tensor
from tfstep.families.aliases import lookup, said
from tfstep.session.state import State


def full_path(state: State, name: str) -> str:
    """The path that ``name`` means: ``scores`` inside enc0.attn is ``enc0.attn.scores``.

    A full path always means itself. Raises PathError where a name may mean several.
    """

    def inner(name: str) -> str | None:
        inside = state.current.trace
        return inside.prefix + name if inside.prefix and name in inside.plan.paths else None

    def elsewhere(name: str) -> str | None:
        alias = lookup(state.trace.plan, name)
        if alias is None:
            return None
        if str(said(alias)) not in map(str, state.asides):
            state.asides.append(said(alias))
        return alias.path + name[len(alias.name) :]

    return names.full_path(state.trace.plan.paths, name, state.scopes, inner, elsewhere)


def tensor_of(state: State, name: str) -> Tensor:
    """The tensor that a name means. Raises PathError."""
    return state.trace[full_path(state, name)]
