"""Patterns of steps: by path with ``*``, by number, by phase, by op."""

from __future__ import annotations

from collections.abc import Callable

from tfstep.address.roles import INNER, MARKS
from tfstep.address.wildcard import matcher, nearest_pattern
from tfstep.engine.node import Node
from tfstep.engine.plan import PHASES
from tfstep.engine.trace import Trace
from tfstep.errors import PathError, did_you_mean, meant
from tfstep.session.address.names import full_path
from tfstep.session.place import Position, find_place, substeps_at, tensor_at
from tfstep.session.state import State
from tfstep.session.stop.points import Pattern
from tfstep.text import Bilingual


def pattern(state: State, text: str) -> Pattern:
    """The pattern that a text means: ``*.weights``, ``enc0.attn.weights/exp``, ``14``, ``backward``, ``op softmax``.

    A phase means its first step. Raises PathError where no step of this timeline matches.
    """
    text = text.strip()
    if not text:
        at = state.position
        return Pattern(state.current.path, lambda trace, position: position == at, len(at) > 1)
    word, _, name = text.partition(" ")
    if word == "op" and name:
        return _of_op(state, text, name.strip())
    phase = name.strip() if word == "phase" else text
    if phase in PHASES and phase not in state.trace.plan.paths:
        return _of_phase(state, text, phase)
    if "*" not in text:
        position, _ = find_place(state.trace, text, lambda path: full_path(state, path))
        tensor = tensor_at(state.trace, position)
        path = tensor.path
        return Pattern(path, lambda trace, position: tensor_at(trace, position).path == path, len(position) > 1)
    return _of_paths(state, text)


def _of_op(state: State, text: str, name: str) -> Pattern:
    known = {node.op.name for node in state.trace.plan.steps if node.op}
    if name not in known:
        raise PathError(
            Bilingual(
                "no step is a {name}{near}",
                "没有 {name} 这种步骤{near}",
                name=name[:40],
                near=did_you_mean(name, known),
            )
        )

    def matches(trace: Trace, position: Position) -> bool:
        return tensor_at(trace, position).op == name

    return Pattern(text, matches)


def _of_phase(state: State, text: str, phase: str) -> Pattern:
    if phase not in state.phases:
        raise PathError(Bilingual("this timeline has no {phase} phase", "这条时间线没有 {phase} 阶段", phase=phase))

    def matches(trace: Trace, position: Position) -> bool:
        steps = trace.plan.steps
        at = position[0] - 1
        return len(position) == 1 and steps[at].phase == phase and (at == 0 or steps[at - 1].phase != phase)

    return Pattern(text, matches)


def _of_paths(state: State, text: str) -> Pattern:
    spelled = [mark for mark in MARKS if mark in text]
    written = matcher(text)
    outer = text.partition("/")[0]
    deep = "/" in text and not any(written(node.path) for node in state.trace.plan.steps)

    def matches(trace: Trace, position: Position) -> bool:
        if text == "*":  # every step, gradients and new values included
            return len(position) == 1
        tensor = tensor_at(trace, position)
        marks = (tensor.node.role.mark, INNER if INNER in tensor.path else "")
        return written(tensor.path) and all(mark in spelled for mark in marks if mark)

    steps = state.trace.plan.steps
    if deep:
        holds = matcher(outer)
        found = any(holds(node.path) and _inner(state, node, written) for node in steps)
    else:
        found = any(matches(state.trace, (node.number,)) for node in steps)
    if not found:
        leaf = next((node for node in state.trace.plan.nodes if node.op is None and written(node.path)), None)
        raise unmatched(state.trace, text) if leaf is None else _given(text, leaf)
    return Pattern(text, matches, deep)


def _given(text: str, leaf: Node) -> PathError:
    return PathError(
        Bilingual(
            "{text}: {path} is given, no step computes it; its gradient is {path}.grad, its update {path}.new",
            "{text}：{path} 是给定的，没有步骤计算它；它的梯度是 {path}.grad，更新后是 {path}.new",
            text=text[:80],
            path=leaf.path,
        )
        if leaf.kind == "parameter"
        else Bilingual(
            "{text}: {path} is given, no step computes it",
            "{text}：{path} 是给定的，没有步骤计算它",
            text=text[:80],
            path=leaf.path,
        )
    )


def unmatched(trace: Trace, text: str) -> PathError:
    """Why no tensor has a path that the pattern spells: a slip of the pen, or a gradient that is not spelled."""
    paths, written = [node.path for node in trace.plan.nodes if node.path[:1] != "#"], matcher(text)
    outer, slash, inner = text.partition(INNER)
    around = next((node for node in trace.plan.steps if slash and matcher(outer)(node.path)), None)
    if around is not None and (inside := trace.substeps(around.slot)) is not None:
        names = [each.path for each in inside.plan.steps]
        return PathError(
            Bilingual(
                "inside {outer} there is no step {inner!r}{near}; there are {names}",
                "{outer} 内部没有步骤 {inner!r}{near}；里面有 {names}",
                outer=around.path,
                inner=inner[:40],
                near=meant(nearest_pattern(inner, names)),
                names=", ".join(names),
            )
        )
    near = nearest_pattern(text, paths)
    if near is None and (hidden := next((path for path in paths if written(path)), None)) is not None:
        return PathError(
            Bilingual(
                "{text} matches {path} and the like only; `.grad`, `.new` and what stands after `/` must be spelled",
                "{text} 只能匹配 {path} 之类；`.grad`、`.new` 和 `/` 之后的部分必须写明",
                text=text[:80],
                path=hidden,
            )
        )
    return PathError(
        Bilingual(
            "{text}: no path matches{near}; `*` stands for any characters, dots included",
            "{text}：没有匹配的路径{near}；`*` 代表任意字符，包括点",
            text=text[:80],
            near=meant(near),
        )
    )


def _inner(state: State, node: Node, written: Callable[[str], object]) -> bool:
    inside = substeps_at(state.trace, (node.number,))
    return inside is not None and any(written(inside.prefix + each.path) for each in inside.plan.steps)
