"""Positions on the timeline: which step, and how deep inside it.

A position is a stack of step numbers: ``(14,)`` is step 14, ``(14, 2)`` the second step inside it,
``(14, 2, 1)`` the first inside that one. Where that is a primitive, ``(14, 2, 1, 3)`` is the third term of
the sum that its cell under the cursor is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from tfstep.address.indices import whole
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.engine.trace import Tensor, Trace, locate
from tfstep.errors import PathError
from tfstep.text import Bilingual

Position = tuple[int, ...]
Inside = Callable[[Trace, Position], int]  # how many there are inside what stands at a position
PHASE_NAMES = {
    "forward": Bilingual("forward", "前向"),
    "backward": Bilingual("backward", "反向"),
    "update": Bilingual("update", "更新"),
}
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})*$")


class StackFrame(Struct, frozen=True):
    """One level of where we are: a phase, a scope of the model, a step, a step inside one, a term of its cell.

    ``position`` is that of a step or a term, None for phases and scopes.
    """

    kind: str  # phase | scope | step | term
    name: str
    position: Position | None = None


def step_text(position: Position) -> str:
    """``14.2``, as people write it."""
    return ".".join(map(str, position))


def substeps_at(trace: Trace, position: Position) -> Trace | None:
    """The trace of what goes on inside the step at ``position`` (``()``: the timeline itself); None for a primitive."""
    for number in position:
        inside = trace.substeps(trace.plan.steps[number - 1].slot)
        if inside is None:
            return None
        trace = inside
    return trace


def steps_inside(trace: Trace, position: Position) -> int:
    """How many steps there are inside the step at ``position``; 0 for a primitive."""
    inside = substeps_at(trace, position)
    return 0 if inside is None else len(inside.plan.steps)


def step_of(trace: Trace, position: Position) -> Position:
    """The position of the step itself, also where ``position`` is at one of its terms."""
    return position if substeps_at(trace, position[:-1]) is not None else position[:-1]


def tensor_at(trace: Trace, position: Position) -> Tensor:
    """The tensor that the step at ``position`` makes; at a term, the tensor that it is a term of."""
    around = substeps_at(trace, position[:-1])
    if around is None:
        return tensor_at(trace, position[:-1])
    node = around.plan.steps[position[-1] - 1]
    return Tensor(around, node, position[0] if len(position) == 1 else step_text(position))


def position_of(tensor: Tensor, trace: Trace) -> Position:
    """Where a tensor is made; for one that no step makes, where it is first read. Raises PathError."""
    if tensor.step is not None:
        return tuple(int(number) for number in str(tensor.step).split("."))
    around: Position = ()
    if tensor.trace is not trace:
        around = position_of(trace[tensor.trace.prefix.rstrip("/")], trace)
    readers = tensor.trace.plan.consumers[tensor.node.slot]
    if not readers:
        raise PathError(
            Bilingual(
                "{path}: no step makes it or reads it", "{path}：没有哪一步产生它，也没有哪一步读取它", path=tensor.path
            )
        )
    return (*around, tensor.trace.plan.nodes[readers[0]].number)


def find_place(
    trace: Trace, text: str, full_path: Callable[[str], str] = str, inside: Inside = steps_inside
) -> tuple[Position, tuple[int, ...] | None]:
    """The position that PLACE means, and the cell where indices stand behind the path of a step.

    PLACE is a path, an inner path, a step number (``14``, ``14.2``), ``start``, ``loss`` or ``end``; or what holds
    steps in the tree, a part of the model (``dec1.ffn``) or a phase: it means the first of them.
    ``full_path`` completes a name that is not a full path. Raises PathError.
    """
    text = text.strip()
    if _NUMBER.match(text):
        return _numbered(trace, tuple(int(number) for number in text.split(".")), inside), None
    if text[:1] == "-" and _NUMBER.match(text[1:]):
        raise _below(text, len(trace.plan.steps))
    if text not in trace.plan.paths and text in ("start", "end"):
        return (1 if text == "start" else len(trace.plan.steps),), None
    try:
        tensor, index = locate(trace, text, full_path)
    except PathError:
        first = first_inside(trace.plan, text)
        if first is None:
            raise
        return first, None
    cell = None if index is None else whole(tensor, index)
    return position_of(tensor, trace), None if tensor.step is None else cell


def first_inside(plan: Plan, name: str) -> Position | None:
    """The first step of a phase, or inside a part of the model such as ``dec1`` or ``dec1.ffn``; None where ``name`` is
    neither."""
    parts = tuple(name.split("."))
    for node in plan.steps:
        if name == node.phase or (node.phase == "forward" and scopes(plan, node)[: len(parts)] == parts):
            return (node.number,)
    return None


def _numbered(trace: Trace, position: Position, inside: Inside) -> Position:
    for depth in range(len(position)):
        outer, number = position[:depth], position[depth]
        last = inside(trace, outer)
        if not 1 <= number <= last:
            raise _no_step(position[: depth + 1], outer, last)
    return position


def _no_step(position: Position, outer: Position, last: int) -> PathError:
    step = step_text(position)
    if outer and not last:
        return PathError(
            Bilingual(
                "there is no step {step}: {outer} is a primitive, with nothing inside",
                "没有第 {step} 步：{outer} 是基本运算，内部没有更小的步骤",
                step=step,
                outer=step_text(outer),
            )
        )
    prefix = step_text(outer) + "." if outer else ""
    return PathError(
        Bilingual(
            "there is no step {step}: they go from {first} to {last}",
            "没有第 {step} 步：步骤从 {first} 到 {last}",
            step=step,
            first=f"{prefix}1",
            last=f"{prefix}{last}",
        )
    )


def _below(text: str, last: int) -> PathError:
    return PathError(
        Bilingual(
            "there is no step {step}: they go from 1 to {last}; `reverse-next {by}` goes back from where you are, "
            "`rewind` to before an update",
            "没有第 {step} 步：步骤从 1 到 {last}；`reverse-next {by}` 从当前位置往回走，`rewind` 回到更新之前",
            step=text,
            last=last,
            by=text[1:].partition(".")[0],
        )
    )


def scopes(plan: Plan, node: Node) -> tuple[str, ...]:
    """The parts of the model around a step, outermost first: ``("enc0", "attn")``; of what belongs to a tensor, the
    parts around that."""
    if node.role.of is None:
        return tuple(node.path.split("."))[:-1] if node.phase != "update" else ()
    return tuple(plan.nodes[node.role.of].path.split("."))[:-1]
