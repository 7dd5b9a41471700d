"""What a name means where we are in a session."""

from __future__ import annotations

from tfstep.address import names
from tfstep.engine.naming import path_of, short
from tfstep.engine.trace import Tensor
from tfstep.families.aliases import lookup, said
from tfstep.session.state import State


def full_path(state: State, name: str) -> str:
    """The path that ``name`` means: ``scores`` inside enc0.attn is ``enc0.attn.scores``.

    A full path always means itself. Raises PathError where a name may mean several.
    """

    def near(name: str) -> str | None:
        """What the screen calls so here: this tensor, or what its step or that of its gradient reads."""
        here, known = state.current, state.trace.plan
        grad = known.related.get((here.node.slot, "gradient")) if here.trace is state.trace else None
        reads = () if grad is None else tuple(path_of(state.trace, s) for s in grad.slots)
        found = [path for path in (here.path, *here.inputs, *reads) if short(path) == name]
        return found[0] if found else None

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

    return names.full_path(state.trace.plan.paths, name, state.scopes, near, inner, elsewhere)


def tensor_of(state: State, name: str) -> Tensor:
    """The tensor that a name means. Raises PathError."""
    return state.trace[full_path(state, name)]
