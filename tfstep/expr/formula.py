"""An expression as one step of a model: an author's own equation, recorded, differentiated and explained like any op.

The forward pass is the expression's program. The gradient for an argument is the program that reverse-mode
differentiation makes of it, over the ops' own VJPs: algebra again, so it unfolds and explains itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from tfstep.engine.axis import Spec
from tfstep.engine.node import Literal
from tfstep.engine.op import Array, Op
from tfstep.engine.tape import Tape, Traced
from tfstep.errors import ExpressionError, PathError
from tfstep.expr.expression import Expression, UnknownNameError, parse
from tfstep.expr.lower import Key, lower
from tfstep.expr.program import Program, apply, compiled
from tfstep.expr.syntax.notation import notation
from tfstep.text import Bilingual

STEPS = 60  # operations of one step: what can still be explained at a glance, and at once


class Formula(Op):
    """The op that one expression is. Arguments are its names in the order in which they come."""

    name = "formula"

    def __init__(self, text: str, names: tuple[str, ...], specs: tuple[Spec, ...], program: Program) -> None:
        self.names, self.specs, self.program = names, specs, program
        self.arguments = _identifiers(names)
        self.formula = " ".join(text.split()).replace("{", "{{").replace("}", "}}")
        self.gradients: dict[int, Program | None] = {}

    def infer(self, *args: Spec | Literal) -> Spec:
        """What lowering the expression found."""
        return self.program.spec

    def forward(self, *args: Array) -> Array:
        return self.program.run(args)

    def vjp(self, index: int) -> Callable[..., Array] | None:
        """The gradient for argument number ``index``; None where the result does not move with it."""
        if index not in self.gradients:
            self.gradients[index] = self.differentiated(index)
        program = self.gradients[index]
        return None if program is None else lambda *given: program.run(given)

    def vjp_notation(self, argument: str, attrs: dict[str, Any]) -> str:
        """The gradient's program, written out."""
        program = self.gradients.get(self.arguments.index(argument))
        return "" if program is None else notation(program, ("{g}", "{y}", *self.names))

    @cached_property
    def influences(self) -> list[frozenset[int]]:
        """For each value of the program, the arguments that it moves with."""
        found = [frozenset({k}) if spec.dtype.kind == "f" else frozenset() for k, spec in enumerate(self.specs)]
        for step in self.program.steps:
            through = (found[s] for k, s in enumerate(step.inputs) if isinstance(s, int) and step.op.vjp(k) is not None)
            found.append(frozenset().union(*through))
        return found

    def differentiated(self, index: int) -> Program | None:
        """The program of (g, y, *args) that carries the gradient back to one argument."""
        tape, influences, program = Tape(), self.influences, self.program
        if index not in influences[program.result]:
            return None
        g, y, *args = (tape.stand_in(s) for s in (program.spec, program.spec, *self.specs))
        values = list(args)
        for number, step in enumerate(program.steps, len(args)):
            values.append(y if number == program.result else apply(step, values, tape))
        gradients: dict[int, Traced] = {program.result: g}
        for number in range(len(values) - 1, len(args) - 1, -1):
            step = program.steps[number - len(args)]
            if number not in gradients:
                continue
            inputs = [s.value if isinstance(s, Literal) else values[s] for s in step.inputs]
            for k in reversed(range(len(inputs))):
                s, vjp = step.inputs[k], step.op.vjp(k)
                if not isinstance(s, int) or index not in influences[s] or vjp is None:
                    continue
                part = vjp(gradients[number], values[number], *inputs, **step.attrs)
                gradients[s] = part + gradients[s] if s in gradients else part
        return compiled([g, y, *args], gradients[index])


def _identifiers(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names as an op's arguments: letters, digits and _, none of them g or y, which mean something else."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"\W", "_", name)
        while plain in ("g", "y", *found):
            plain += "_"
        found.append(plain)
    return tuple(found)


def formula(expression: Expression | str, lookup: Callable[[str], Traced] | Mapping[str, Traced]) -> Traced:
    """Record an expression as one step, over the tensors that it names; the caller gives the step its path.

    ``lookup`` finds a tensor by its path: a mapping, or a function that raises PathError.
    Raises ExpressionError where the expression cannot be a step: it has a function without derivative, names
    no tensor at all, or names one of another variant.
    """
    if isinstance(expression, str):
        expression = parse(expression, lookup if isinstance(lookup, Mapping) else ())
    keys, tensors = [], []
    for name in expression.names:
        if name.variant is not None:
            raise ExpressionError(
                Bilingual("a step reads tensors of its own variant only", "一步只能读取本变体的张量"), name.column
            )
        keys.append(Key(name.path, None))
        tensors.append(_found(name.path, name.column, lookup))
    program = lower(expression.tree, keys, [t.spec for t in tensors], record=True)
    if not isinstance(program, Program) or not program.reads:
        raise ExpressionError(
            Bilingual(
                "{text} reads no tensor; a number of its own is a parameter, or given",
                "{text} 没有读取任何张量；固定的数请放进 parameters 或 given",
                text=expression.text.strip()[:60],
            )
        )
    if len(program.steps) > STEPS:
        raise ExpressionError(
            Bilingual(
                "{n} operations in one step; with more than {most}, make several steps of it",
                "一步里有 {n} 个运算；超过 {most} 个时请拆成几步",
                n=len(program.steps),
                most=STEPS,
            )
        )
    op = Formula(expression.text, tuple(k.path for k in keys), tuple(t.spec for t in tensors), program)
    return tensors[0].tape.record(op, tensors, {})


def _found(path: str, column: int, lookup: Callable[[str], Traced] | Mapping[str, Traced]) -> Traced:
    try:
        if not isinstance(lookup, Mapping):
            return lookup(path)
        if path in lookup:
            return lookup[path]
        raise unknown(path, lookup)
    except PathError as error:
        raise UnknownNameError(error.message, column) from error


def unknown(path: str, names: Mapping[str, Traced]) -> PathError:
    """The error for a name that the author has not given."""
    from tfstep.errors import did_you_mean

    return PathError(
        Bilingual(
            "there is no {path}{near}; there are {names}",
            "没有 {path}{near}；可用的有 {names}",
            path=path[:80],
            near=did_you_mean(path, names),
            names=", ".join(list(names)[:20]),
        )
    )
