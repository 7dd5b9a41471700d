"""The timeline as a tree: phases, scopes of the model, steps, and the steps inside the one that was stepped into."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from weakref import WeakKeyDictionary

from msgspec import Struct, field

from tfstep.engine.naming import short
from tfstep.engine.node import Node
from tfstep.engine.plan import PHASES, Plan
from tfstep.engine.trace import Trace
from tfstep.session.place import PHASE_NAMES, Position, scopes, step_text, substeps_at

DONE, NOW, AHEAD = "done", "now", "ahead"


class Row(Struct, frozen=True):
    """One line of the tree. ``goto`` is where a click on it leads; ``scope`` tells the branch that it folds.

    ``state`` is done, now or ahead; ``open`` says whether a branch shows what is in it (None for a step).
    """

    depth: int
    text: str
    kind: str  # phase | scope | step | inner
    state: str
    goto: str
    scope: str = ""
    open: bool | None = None
    edited: bool = False
    pinned: bool = False
    changed: bool = False
    stop: bool = False


class Branch(Struct, eq=False):
    """A run of steps with the same scope: ``first`` to ``last`` by number."""

    key: str
    text: str
    kind: str
    first: int = 0
    last: int = 0
    parts: list[Branch | Node] = field(default_factory=list)


class Signs(Struct, frozen=True):
    """What is to be marked: by path, whether it was edited, pinned, changed, or has a breakpoint."""

    edited: frozenset[str] = frozenset()
    pinned: frozenset[str] = frozenset()
    changed: Callable[[str], bool | None] = lambda path: False
    stops: frozenset[str] = frozenset()


_trees: WeakKeyDictionary[Plan, list[Branch]] = WeakKeyDictionary()


def tree(plan: Plan) -> list[Branch]:
    """The phases of a plan with their scopes, made once."""
    if plan not in _trees:
        _trees[plan] = _grown(plan)
    return _trees[plan]


def _grown(plan: Plan) -> list[Branch]:
    found: list[Branch] = []
    stack: list[Branch] = []
    for node in plan.steps:
        wanted = (node.phase, *_around(plan, node))
        if not stack or stack[0].text != node.phase:
            stack = [Branch(node.phase, node.phase, "phase", node.number)]
            found.append(stack[0])
        depth = 1
        while depth < min(len(stack), len(wanted)) and stack[depth].text == wanted[depth]:
            depth += 1
        del stack[depth:]
        for name in wanted[depth:]:
            branch = Branch(f"{stack[-1].key}/{name}@{node.number}", name, "scope", node.number)
            stack[-1].parts.append(branch)
            stack.append(branch)
        stack[-1].parts.append(node)
        for branch in stack:
            branch.last = node.number
    for branch in found:
        _tell_apart(branch)
    return sorted(found, key=lambda branch: PHASES.index(branch.text))


def _tell_apart(branch: Branch) -> None:
    """Scopes of one name that come again, as they do backward, get the name of the first step in them."""
    scopes_ = [part for part in branch.parts if isinstance(part, Branch)]
    names = [part.text for part in scopes_]
    for part in scopes_:
        _tell_apart(part)
    for part, name in zip(scopes_, names, strict=True):
        if names.count(name) > 1:
            part.text = f"{name} {short(_first(part).path).partition('/')[0]}"


def _first(branch: Branch) -> Node:
    part = branch.parts[0]
    return _first(part) if isinstance(part, Branch) else part


def _around(plan: Plan, node: Node) -> tuple[str, ...]:
    """The scope of a step; the share of one use of a tensor stands where it is used."""
    use = node.role.consumer
    return scopes(plan, node if use is None else plan.nodes[use])


def rows(trace: Trace, position: Position, folds: Mapping[str, bool], signs: Signs) -> tuple[Row, ...]:
    """The lines of the tree: branches around the present step are open, others closed, but for ``folds``."""
    return tuple(row for branch in tree(trace.plan) for row in _branch(branch, 0, trace, position, folds, signs))


def _branch(
    branch: Branch, depth: int, trace: Trace, position: Position, folds: Mapping[str, bool], signs: Signs
) -> Iterator[Row]:
    at = position[0]
    around = branch.first <= at <= branch.last
    is_open = folds.get(branch.key, around)
    state = NOW if around and not is_open else DONE if branch.last < at else AHEAD
    text = str(PHASE_NAMES[branch.text]) if branch.kind == "phase" else branch.text
    inside = () if is_open else trace.plan.steps[branch.first - 1 : branch.last]
    yield Row(
        depth,
        text,
        branch.kind,
        state,
        str(branch.first),
        branch.key,
        is_open,
        edited=bool(signs.edited) and any(node.path in signs.edited for node in inside),
        pinned=bool(signs.pinned) and any(node.path in signs.pinned for node in inside),
        changed=any(signs.changed(node.path) for node in inside),
        stop=bool(signs.stops) and any(node.path in signs.stops for node in inside),
    )
    if not is_open:
        return
    for part in branch.parts:
        if isinstance(part, Branch):
            yield from _branch(part, depth + 1, trace, position, folds, signs)
        else:
            yield from _step(part, depth + 1, trace, position, signs)


def _step(node: Node, depth: int, trace: Trace, position: Position, signs: Signs) -> Iterator[Row]:
    at = position[0]
    inside = substeps_at(trace, position[:1]) if node.number == at and len(position) > 1 else None
    state = NOW if node.number == at and inside is None else DONE if node.number < at else AHEAD
    reads_edited = any(trace.plan.nodes[s].path in signs.edited for s in node.slots if trace.plan.nodes[s].op is None)
    yield Row(
        depth,
        short(node.path),
        "step",
        state,
        str(node.number),
        edited=node.path in signs.edited or (reads_edited and node.phase == "forward"),
        pinned=node.path in signs.pinned,
        changed=bool(signs.changed(node.path)),
        stop=node.path in signs.stops,
    )
    if inside is not None:
        yield from _inner(inside, position, 1, depth + 1)


def _inner(trace: Trace, position: Position, level: int, depth: int) -> Iterator[Row]:
    """The steps of ``trace``, which is what goes on inside the step around them; a term of one is no row."""
    at = position[level]
    for node in trace.plan.steps:
        inside = trace.substeps(node.slot) if node.number == at and len(position) > level + 1 else None
        state = NOW if node.number == at and inside is None else DONE if node.number < at else AHEAD
        yield Row(depth, node.path.replace("#", " "), "inner", state, step_text((*position[:level], node.number)))
        if inside is not None:
            yield from _inner(inside, position, level + 1, depth + 1)
