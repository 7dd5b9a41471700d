"""Our plan with somebody's mistake planted in it: some steps are made otherwise, and the gradients follow from that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import numpy as np
from msgspec import Struct

from tfstep.engine.axis import Spec, spec_of
from tfstep.engine.backward import backward
from tfstep.engine.node import Literal, Node, Role
from tfstep.engine.op import Array
from tfstep.engine.plan import Plan
from tfstep.engine.tape import Tape, Traced
from tfstep.models.config import ModelConfig, TrainConfig
from tfstep.models.update import update
from tfstep.ops.primitive.elementwise import identity
from tfstep.ops.primitive.shape import accumulate, seed

_NUMBERS = count()  # no two aides share a path, in whichever plan they are
AIDE = "~"  # begins the paths of what a mistake brings along


def is_aside(node: Node) -> bool:
    """Whether a tensor, or that whose gradient it is, is no step of the scenario: a mistake made it on its way."""
    return not node.path or node.path.startswith((AIDE, "."))


class Site:
    """One step to be made otherwise: its inputs, and whatever was computed before it."""

    def __init__(
        self, tape: Tape, node: Node, args: list[Any], config: ModelConfig, parameters: Mapping[str, Node]
    ) -> None:
        self.tape, self.node, self.args, self.config, self.parameters = tape, node, args, config, parameters

    @property
    def attrs(self) -> dict[str, Any]:
        """The attributes of the step."""
        return self.node.attrs

    @property
    def scope(self) -> str:
        """The path up to its last part: ``enc0.attn.``."""
        head, dot, _ = self.node.path.rpartition(".")
        return head + dot

    def __getitem__(self, name: str) -> Traced:
        """A tensor by its path, or by its name beside this step. Raises KeyError where it is not there yet."""
        for path in (self.scope + name, name):
            if path in self.tape.paths:
                return self.tape.find(path)
        raise KeyError(name)

    def earlier(self, path: str) -> Traced:
        """A tensor by its path; a parameter that comes later in the plan is brought forward."""
        if path not in self.tape.paths and path in self.parameters:
            node = self.parameters[path]
            self.tape.leaf(path, node.kind, node.spec, None, node.role)
        return self[path]

    def usual(self, *args: Array) -> Array:
        """What the step itself makes of its inputs, or of these."""
        assert self.node.op is not None
        return self.tape.record(self.node.op, args or self.args, self.node.attrs)

    def constant(self, value: np.ndarray) -> Traced:
        """Numbers that the mistake brings along."""
        spec = spec_of(np.asarray(value))
        return self.tape.leaf(f"{AIDE}{next(_NUMBERS)}", "constant", spec, np.asarray(value))


Patch = Callable[[Site], Array]


def forward_nodes(plan: Plan) -> Iterator[Node]:
    """The nodes up to the first gradient."""
    for node in plan.nodes:
        if node.phase in ("backward", "update"):
            return
        yield node


def planted(
    plan: Plan, patches: Mapping[str, Patch], config: ModelConfig, train: TrainConfig | None = None, window: int = 0
) -> Plan:
    """The plan with these steps made otherwise; with ``train`` also its gradients and update, with ``window`` so many
    nodes from the first of them on and no more.

    Raises KeyError or ValueError where a patch does not fit.
    """
    tape, slots = Tape(), dict[int, Traced]()
    parameters = {node.path: node for node in plan.nodes if node.kind == "parameter"}
    first = min((plan.paths[path].slot for path in patches if path in plan.paths), default=0)
    for node in plan.nodes[:first]:  # as they are
        slots[node.slot] = Traced(tape, node.slot, node.spec)
    tape.nodes = plan.nodes[:first]
    tape.paths = {node.path: node for node in tape.nodes if node.path}
    tape.leaves = {slot: value for slot, value in plan.leaves.items() if slot < first}
    for node in forward_nodes(plan):
        if node.slot < first:
            continue
        if window and node.slot > first + window:
            break
        if node.op is None:
            known = node.path in tape.paths  # a patch has asked for it before its turn
            slots[node.slot] = (
                tape.find(node.path)
                if known
                else tape.leaf(node.path, node.kind, node.spec, plan.leaves.get(node.slot), Role(node.role.name))
            )
            continue
        args = [s if isinstance(s, Literal) else slots[s] for s in node.inputs]
        if node.path in patches:
            made = patches[node.path](Site(tape, node, args, config, parameters))
            if len(made.shape) != len(node.shape):
                raise ValueError(f"{node.path}: {made.shape} in place of {node.shape}")
            if tape.nodes[made.slot].path or tape.nodes[made.slot].op is None:
                made = identity(made)
        else:
            same = all(isinstance(s, Literal) or slots[s].shape == plan.nodes[s].shape for s in node.inputs)
            made = tape.record(node.op, args, node.attrs, node.spec if same else None)
        done = tape.nodes[made.slot]
        done.kind, done.phase = node.kind, node.phase
        done.spec = made.spec = Spec(made.shape, node.dtype, node.spec.axes)
        tape.name(done, node.path)
        slots[node.slot] = made
    if train is not None and "loss" in tape.paths:
        grads = backward(tape, tape.find("loss"), seed, accumulate)
        update(tape, grads, train)
    return tape.plan()


def elsewhere(at: Site) -> Array:
    """The patch of a step that is made in another place: what it reads is handed on, and no array is it by its name."""
    return at.args[0]


class Blended(Struct, frozen=True, eq=False):
    """A patch that changes how a step is set, so that another one can be made on top of it: pairs and base of a rope.

    ``made`` makes the step of its settings, which ``own`` are where nothing is wrong; ``change`` is the mistake.
    """

    own: Any
    change: Callable[[Any], Any]
    made: Callable[[Site, Any], Array]

    def __call__(self, at: Site) -> Array:
        return self.made(at, self.change(self.own))

    def then(self, other: Blended) -> Blended:
        """Both mistakes in one step."""
        return Blended(self.own, lambda settings: other.change(self.change(settings)), self.made)


def together(one: Mapping[str, Patch], then: Mapping[str, Patch]) -> dict[str, Patch] | None:
    """The patches of two mistakes, one after the other; None where they exclude each other in a step."""
    both = {**one, **then}
    for path in one.keys() & then.keys():
        first, second = one[path], then[path]
        if not (isinstance(first, Blended) and isinstance(second, Blended)) or first.made is not second.made:
            return None
        both[path] = first.then(second)
    return both


class Way(Struct, frozen=True, eq=False):
    """One way to compute a step otherwise: the kind of mistake, and the steps that it changes.

    ``path`` is the step that it is a mistake of; ``key`` tells the same mistake in another layer.
    """

    kind: str
    path: str
    detail: Any
    patches: Mapping[str, Patch]
    key: str = ""
