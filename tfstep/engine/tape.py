"""Recording: traced tensors, the tape they are recorded on, and scopes that give the steps their paths.

A tape holds no numbers but the leaves' start values: it is recorded once, from specs alone, and becomes a `Plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np

from tfstep.engine.arrays.half import rounded
from tfstep.engine.axis import Axis, Shape, Spec
from tfstep.engine.node import VALUE, Literal, Node, Operation, Role
from tfstep.engine.plan import Plan

Made = TypeVar("Made")
OPERATORS: dict[str, Callable[..., Traced]] = {}
"""By what they declare to be (`Operation.operator`): the ops that +, @ and the like mean, and those that hold cells."""


class ShapeOnly:
    """A tensor of which only the shape is known: handed to a VJP for an input whose numbers it does not read."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: Shape, dtype: np.dtype) -> None:
        self.shape, self.dtype = shape, dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)


class Traced:
    """A tensor on a tape. Arithmetic with it is recorded."""

    __slots__ = ("slot", "spec", "tape")
    __array_ufunc__ = None  # so that array + traced comes to Traced.__radd__

    def __init__(self, tape: Tape, slot: int, spec: Spec) -> None:
        self.tape, self.slot, self.spec = tape, slot, spec

    @property
    def shape(self) -> Shape:
        """The sizes of its axes."""
        return self.spec.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.spec.shape)

    @property
    def dtype(self) -> np.dtype:
        """The type of its numbers."""
        return self.spec.dtype

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Its axes, named and labelled."""
        return self.spec.axes

    def with_axes(self, *axes: Axis) -> Traced:
        """Name the axes of this step, where its op cannot know what they mean."""
        self.spec = Spec(self.spec.shape, self.spec.dtype, axes)
        self.tape.nodes[self.slot].spec = self.spec
        return self

    def __add__(self, other: Any) -> Traced:
        return OPERATORS["+"](self, other)

    def __radd__(self, other: Any) -> Traced:
        return OPERATORS["+"](other, self)

    def __sub__(self, other: Any) -> Traced:
        return OPERATORS["-"](self, other)

    def __rsub__(self, other: Any) -> Traced:
        return OPERATORS["-"](other, self)

    def __mul__(self, other: Any) -> Traced:
        return OPERATORS["*"](self, other)

    def __rmul__(self, other: Any) -> Traced:
        return OPERATORS["*"](other, self)

    def __truediv__(self, other: Any) -> Traced:
        return OPERATORS["/"](self, other)

    def __rtruediv__(self, other: Any) -> Traced:
        return OPERATORS["/"](other, self)

    def __neg__(self) -> Traced:
        return OPERATORS["negative"](self)

    def __pow__(self, other: Any) -> Traced:
        return OPERATORS["**"](self, other)

    def __rpow__(self, other: Any) -> Traced:
        return OPERATORS["**"](other, self)

    def __matmul__(self, other: Any) -> Traced:
        return OPERATORS["@"](self, other)


def once(known: dict[Any, Made], alike: tuple[Any, ...], make: Callable[[], Made]) -> Made:
    """What is the same wherever ``alike`` is, made the first time; each time where something in it has no hash."""
    try:
        found = known.get(alike)
    except TypeError:  # attributes that are arrays
        return make()
    if found is None:
        known[alike] = found = make()
    return found


def named(name: str, value: Any) -> Any:
    """Give an inner step of an op its name; on arrays, the array itself."""
    if isinstance(value, Traced):
        node = value.tape.nodes[value.slot]
        if node.op is not None and not node.path:
            value.tape.name(node, name)
    return value


class Tape:
    """Records steps in the order in which they are computed."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.paths: dict[str, Node] = {}
        self.leaves: dict[int, np.ndarray] = {}
        self.views: dict[str, Callable[[Spec], Traced]] = {}  # tied paths, and what makes the view of each
        self.inferred: dict[Any, Spec] = {}  # of steps alike, as those of a stack are: found once
        self.phase = "forward"
        self.carry: list[tuple[int, int]] = []
        self.master = False  # whether parameters are kept in float32, and read in half precision
        self.rounds = ""  # the half type to which what is recorded now is rounded
        self.read_as: dict[str, Node] = {}  # master weights: what the model reads in place of the parameter

    def record(self, op: Operation, args: Iterable[Any], attrs: dict[str, Any], spec: Spec | None = None) -> Traced:
        """Append one step and return its result."""
        inputs: list[int | Literal] = []
        specs: list[Spec | Literal] = []
        for a in args:
            if isinstance(a, Traced):
                inputs.append(a.slot)
                specs.append(a.spec)
            else:
                lit = a if isinstance(a, Literal) else Literal(a)
                inputs.append(lit)
                specs.append(lit)
        if spec is None:
            spec = self._inferred(op, specs, attrs)
        node = Node(len(self.nodes), "", "step", spec, op, tuple(inputs), attrs, self.phase)
        node.rounds = self._rounds(spec)
        self.nodes.append(node)
        return Traced(self, node.slot, spec)

    def _inferred(self, op: Operation, specs: list[Spec | Literal], attrs: dict[str, Any]) -> Spec:
        if op.primitive:
            return op.infer(*specs, **attrs)
        return once(self.inferred, (op, *specs, *attrs.items()), lambda: op.infer(*specs, **attrs))

    def leaf(self, path: str, kind: str, spec: Spec, value: np.ndarray | None = None, role: Role = VALUE) -> Traced:
        """A tensor that no step makes: ``kind`` parameter, constant or input."""
        node = Node(len(self.nodes), "", kind, spec, None, (), {}, "", role=role, rounds=self._rounds(spec))
        self.nodes.append(node)
        self.name(node, path)
        if value is not None:
            self.leaves[node.slot] = rounded(value, node.rounds) if node.rounds else value
        return Traced(self, node.slot, spec)

    def parameter(self, path: str, spec: Spec, role: Role) -> Traced:
        """A tensor that training changes, as the model reads it: with master weights a copy in half precision."""
        if not self.master:
            return self.leaf(path, "parameter", spec, role=role)
        half, self.rounds = self.rounds, ""
        own = self.leaf(path, "parameter", spec, role=role)
        self.rounds = half
        copy = OPERATORS["round"](own, to=half)
        node = self.nodes[copy.slot]
        self.name(node, f"{path}.half")
        self.read_as[path] = node
        return copy

    def _rounds(self, spec: Spec) -> str:
        return self.rounds if spec.dtype.kind == "f" else ""

    def stand_in(self, arg: Spec | Literal) -> Any:
        """An input without numbers, for recording the inside of an op."""
        if isinstance(arg, Literal):
            return arg.value
        return self.leaf(f"#{len(self.nodes)}", "input", arg)

    def name(self, node: Node, path: str) -> None:
        """Give a node its path. Paths are unique: a second use of an inner name gets a number."""
        base, n = path, 1
        while path in self.paths:
            n += 1
            path = f"{base}#{n}"
        node.path = path
        self.paths[path] = node

    def belongs(self, value: Traced, role: Role) -> None:
        """Give a gradient, or a share of one, its role, and the path that says it."""
        node = self.nodes[value.slot]
        node.role = role
        use = "" if role.consumer is None else f"/{self.nodes[role.consumer].path}"
        self.name(node, f"{self.nodes[role.of or 0].path}{role.mark}{use}")

    def find(self, path: str) -> Traced:
        """The tensor with this path. Raises KeyError."""
        node = self.read_as.get(path) or self.paths[path]
        return Traced(self, node.slot, node.spec)

    def spec(self, result: Any) -> Spec:
        """The spec of what a body returned."""
        if not isinstance(result, Traced):
            raise TypeError("an op's body returned something that was not recorded")
        return result.spec

    def reached_by(self, result: Traced) -> set[int]:
        """The slots that this result was computed from, itself included."""
        reached, todo = set(), [result.slot]
        while todo:
            slot = todo.pop()
            if slot not in reached:
                reached.add(slot)
                todo.extend(s for s in self.nodes[slot].inputs if isinstance(s, int))
        return reached

    def plan(self, result: Traced | None = None) -> Plan:
        """The finished plan; steps that the body left unnamed are called by their op."""
        for node in self.nodes:
            if node.op is not None and not node.path:
                self.name(node, node.op.name)
        return Plan(
            self.nodes,
            self.paths,
            self.leaves,
            tuple(self.carry),
            -1 if result is None else result.slot,
        )


class Scope:
    """Where in the model the steps are recorded: ``at.scores = matmul(at.Q, at.K)`` under ``enc0.attn``.

    ``of`` is, below a parameter, its slot: what is recorded there is its new value, or what the optimizer keeps of it.
    """

    tape: Tape
    prefix: str
    of: int | None

    def __init__(self, tape: Tape, prefix: str = "", of: int | None = None) -> None:
        object.__setattr__(self, "tape", tape)
        object.__setattr__(self, "prefix", prefix)
        object.__setattr__(self, "of", of)

    def _role(self, name: str) -> Role:
        return VALUE if self.of is None else Role("new" if name == "new" else "memory", self.of)

    def path(self, name: str) -> str:
        """The full path of a name in this scope."""
        return f"{self.prefix}.{name}" if self.prefix else name

    def scope(self, name: str) -> Scope:
        """A scope inside this one."""
        return Scope(self.tape, self.path(name))

    def parameter(self, name: str, spec: Spec, role: str) -> Traced:
        """A tensor that training changes; ``role`` is weight, embedding, bias, one or zero."""
        path = self.path(name)
        if path in self.tape.views:
            return self.tape.views[path](spec)
        if path in self.tape.paths:  # a tie has asked for it before its turn
            return self.tape.find(path)
        return self.tape.parameter(path, spec, Role(role))

    def constant(self, name: str, value: np.ndarray, axes: tuple[Axis, ...], kind: str = "constant") -> Traced:
        """A tensor that training leaves alone."""
        return self.tape.leaf(self.path(name), kind, Spec(value.shape, value.dtype, axes), value, self._role(name))

    def __getattr__(self, name: str) -> Traced:
        try:
            return self.tape.find(self.path(name))
        except KeyError:
            raise AttributeError(self.path(name)) from None

    def __setattr__(self, name: str, value: Traced) -> None:
        node = self.tape.nodes[value.slot]
        if node.op is None or node.path:
            raise ValueError(f"{self.path(name)}: {node.path or 'a leaf'} has a path already")
        node.role = self._role(name)
        self.tape.name(node, self.path(name))
