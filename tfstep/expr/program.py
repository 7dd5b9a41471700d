"""A program: an expression as steps over ops, without branches; it runs on arrays and on traced tensors alike."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct

from tfstep.engine.axis import Spec
from tfstep.engine.node import Array, Literal, Operation
from tfstep.engine.tape import Tape, Traced, named


class Step(Struct, frozen=True, eq=False):
    """One op: its inputs are numbers of values (arguments first, then earlier steps) or literals."""

    op: Operation
    inputs: tuple[int | Literal, ...]
    attrs: dict[str, Any]
    name: str
    spec: Spec


class Program(Struct, frozen=True, eq=False, dict=True):
    """Steps over ``args`` arguments; ``result`` is the number of the value that comes out."""

    args: int
    steps: tuple[Step, ...]
    result: int
    spec: Spec

    @cached_property
    def last(self) -> dict[int, list[int]]:
        """For each step the values that nothing reads after it."""
        final = {s: k for k, step in enumerate(self.steps) for s in step.inputs if isinstance(s, int)}
        done: dict[int, list[int]] = {}
        for value, k in final.items():
            if value != self.result:
                done.setdefault(k, []).append(value)
        return done

    @cached_property
    def reads(self) -> frozenset[int]:
        """The arguments that the result depends on."""
        read = {s for step in self.steps for s in step.inputs if isinstance(s, int)} | {self.result}
        return frozenset(k for k in read if k < self.args)

    def run(self, args: Sequence[Array]) -> Array:
        """The result on these arguments; values that nothing reads any more are let go."""
        tape = tape_of(args)
        values = list(args)
        for k, step in enumerate(self.steps):
            values.append(apply(step, values, tape))
            if tape is None:
                for done in self.last.get(k, ()):
                    values[done] = None
        return values[self.result]


def apply(step: Step, values: list[Array], tape: Tape | None) -> Array:
    """One step on the values so far; recorded where there is a tape."""
    inputs = [s.value if isinstance(s, Literal) else values[s] for s in step.inputs]
    if tape is not None and not any(isinstance(x, Traced) for x in inputs):
        result: Array = tape.record(step.op, inputs, step.attrs, step.spec)
    else:
        result = step.op(*inputs, **step.attrs)
    return named(step.name, result) if step.name else result


def tape_of(args: Sequence[Array]) -> Tape | None:
    """The tape on which the arguments are recorded; None where they are arrays."""
    return next((a.tape for a in args if isinstance(a, Traced)), None)


def compiled(args: list[Traced], result: Traced) -> Program:
    """The program that computes ``result`` from ``args``, both on one tape, by the steps that it needs."""
    tape = result.tape
    needed = tape.reached_by(result)
    place = {a.slot: k for k, a in enumerate(args)}
    steps: list[Step] = []
    for node in tape.nodes:
        if node.op is not None and node.slot in needed:
            inputs = tuple(s if isinstance(s, Literal) else place[s] for s in node.inputs)
            place[node.slot] = len(args) + len(steps)
            steps.append(Step(node.op, inputs, node.attrs, node.path.split("#")[0], node.spec))
    return Program(len(args), tuple(steps), place[result.slot], result.spec)
