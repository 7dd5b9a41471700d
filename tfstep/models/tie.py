"""Tied parameters: one tensor under several paths (Press & Wolf 2017).

The first path of a group owns the parameter; each other one is a view of it, transposed where the shapes
ask for it, whose gradient is its own use's share.
"""

from __future__ import annotations

from msgspec import Struct

from tfstep.engine.axis import Spec
from tfstep.engine.node import Role
from tfstep.engine.tape import Tape, Traced
from tfstep.errors import did_you_mean
from tfstep.models.build_error import ModelBuildError
from tfstep.ops.primitive.elementwise import identity
from tfstep.ops.primitive.shape import transpose
from tfstep.text import Bilingual


class Owner(Struct, frozen=True):
    """The parameter that a tied path is a view of."""

    path: str
    spec: Spec
    role: Role
    transposed: bool


def owners(groups: tuple[tuple[str, ...], ...], found: Tape) -> dict[str, Owner]:
    """For each path that is a view, its owner. ``found`` is the model recorded without ties.

    Raises ModelBuildError for a path that is no parameter, and for shapes that do not fit.
    """
    views: dict[str, Owner] = {}
    names = [node.path for node in found.nodes if node.kind == "parameter"]
    for group in groups:
        for path in group:
            if path not in names:
                raise ModelBuildError(
                    ("model", "tie"),
                    Bilingual(
                        "{path!r} is no parameter of this model{near}",
                        "{path!r} 不是这个模型的参数{near}",
                        path=path,
                        near=did_you_mean(path, names),
                    ),
                )
        first = found.paths[group[0]]
        for path in group[1:]:
            node = found.paths[path]
            turned = node.shape != first.shape or {node.role.name, first.role.name} == {"embedding", "weight"}
            if (first.shape[::-1] if turned else first.shape) != node.shape:
                raise ModelBuildError(
                    ("model", "tie"),
                    Bilingual(
                        "{a} has shape {sa} and {b} has {sb}; they cannot be one tensor",
                        "{a} 的形状是 {sa}，{b} 的形状是 {sb}；它们不能是同一个张量",
                        a=group[0],
                        sa=first.shape,
                        b=path,
                        sb=node.shape,
                    ),
                )
            views[path] = Owner(group[0], first.spec, first.role, turned)
    return views


def tied_view(tape: Tape, path: str, spec: Spec, owner: Owner) -> Traced:
    """The view of a tied parameter: no step of the timeline, but it follows its owner."""
    whole = tape.find(owner.path) if owner.path in tape.paths else tape.parameter(owner.path, owner.spec, owner.role)
    view: Traced = transpose(whole, order=(1, 0)) if owner.transposed else identity(whole)
    view.with_axes(*spec.axes)
    node = tape.nodes[view.slot]
    node.kind, node.phase = "view", ""
    tape.name(node, path)
    return view
