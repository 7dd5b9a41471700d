"""What a name means where we are in a session."""

from __future__ import annotations

from tfstep.address import names
from tfstep.engine.naming import path_of, short
from tfstep.engine.trace import Tensor, Trace
from tfstep.session.state import State


def full_path(state: State, name: str) -> str:
    """The path that ``name`` means: ``scores`` inside enc0.attn is ``enc0.attn.scores``.

    A full path always means itself. Raises PathError where a name may mean several.
    """

    def near(name: str) -> str | None:
        """What the screen calls so here: this tensor, or what its step or that of its gradient reads."""
        here = state.current
        grad = state.trace.plan.gradient(here.node) if here.trace is state.trace else None
        reads = () if grad is None else tuple(path_of(state.trace, s) for s in grad.slots)
        found = [path for path in (here.path, *here.inputs, *reads) if short(path) == name]
        return found[0] if found else None

    def inner(name: str) -> str | None:
        here = state.current
        around = here.trace
        if around.prefix and name in around.plan.paths:
            return around.prefix + name
        return _within(around.substeps(here.node.slot), name)

    def elsewhere(name: str) -> str | None:
        from tfstep.families.names import lookup, relation_text  # which only names that are not ours need

        alias = lookup(state.trace.plan, name)
        if alias is None:
            return None
        if str(relation_text(alias)) not in map(str, state.asides):
            state.asides.append(relation_text(alias))
        return alias.path + name[len(alias.name) :]

    return names.full_path(state.trace.plan.paths, name, state.scopes, near, inner, elsewhere)


def _within(inside: Trace | None, name: str) -> str | None:
    """The path of the first step of this name inside a step, or inside those steps in turn."""
    if inside is None:
        return None
    if name in inside.plan.paths:
        return inside.prefix + name
    return next((found for step in inside.plan.steps if (found := _within(inside.substeps(step.slot), name))), None)


def tensor_of(state: State, name: str) -> Tensor:
    """The tensor that a name means. Raises PathError."""
    return state.trace[full_path(state, name)]
