"""An expression, ready to be worked out on arrays or recorded as a step of a model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from msgspec.structs import astuple

from tfstep.engine.axis import NO_AXIS, Axis, Spec, spec_of
from tfstep.engine.tape import Traced
from tfstep.errors import ExpressionError, PathError
from tfstep.expr.builder import Value
from tfstep.expr.lower import Key, lower
from tfstep.expr.program import Program
from tfstep.expr.syntax.nodes import Attribute, Name, Node
from tfstep.expr.syntax.nodes import Operand as Link
from tfstep.expr.syntax.parser import Parser
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.engine.trace import Tensor

Result = np.ndarray | float | int | bool | tuple[int, ...]


class Operand(Struct, frozen=True, eq=False):
    """A tensor that an expression may read: its shape and axes at once, its numbers only when they are needed."""

    spec: Spec
    pull: Callable[[], np.ndarray]

    @classmethod
    def of(cls, value: np.ndarray | float | bool, axes: tuple[Axis, ...] | None = None) -> Operand:
        """An array, or a bare number, that is there already."""
        array = np.asarray(value)
        spec = spec_of(array)
        return cls(spec if axes is None else spec.like(spec.shape, axes), lambda: array)

    @classmethod
    def of_tensor(cls, tensor: Tensor) -> Operand:
        """A tensor of a trace, with its axes and words; computed only when it is pulled."""
        return cls(tensor.node.spec, lambda: tensor.value)


class UnknownNameError(ExpressionError, PathError):
    """A name in an expression that no tensor has; ``column`` says where."""


Lookup = Callable[[str, str | None], Operand]


class Expression(Struct, frozen=True):
    """A parsed expression. ``names`` are the tensors that it reads, in the order in which they come."""

    text: str
    tree: Node
    names: tuple[Name, ...]

    def evaluate(self, lookup: Lookup) -> Result:
        """The value over the tensors that ``lookup(path, variant)`` finds.

        An array, or a Python number or bool where the value has no axes; ``x.shape`` gives a tuple. Nothing
        is computed before shapes fit and the cost is known to be within bounds, and only the tensors that
        the result depends on are pulled. Raises ExpressionError; what ``lookup`` raises as PathError becomes
        an `UnknownNameError`, which is both.
        """
        return self.evaluate_labelled(lookup)[0]

    def check(self, lookup: Lookup) -> None:
        """Raises what `evaluate` would raise before it computes anything, and computes nothing."""
        self._lowered(lookup)

    def _lowered(self, lookup: Lookup) -> tuple[list[Operand], Program | Value]:
        operands = [_found(name, lookup) for name in self.names]
        return operands, lower(self.tree, [Key(n.path, n.variant) for n in self.names], [o.spec for o in operands])

    def evaluate_labelled(self, lookup: Lookup) -> tuple[Result, tuple[Axis, ...]]:
        """As `evaluate`, with the axes of the value: their names, and the words along them, where they are known."""
        operands, program = self._lowered(lookup)
        if isinstance(program, tuple):
            shape = isinstance(self.tree, Attribute)
            value = program if shape else np.array(program)
            return value, (NO_AXIS,) * np.ndim(value)
        if isinstance(program, int | float):
            return program, ()
        assert not isinstance(program, Traced)
        args = [o.pull() if k in program.reads else None for k, o in enumerate(operands)]
        with np.errstate(all="ignore"):
            result = program.run(args)
        return result if np.ndim(result) else _python(result), program.spec.axes


def _found(name: Name, lookup: Lookup) -> Operand:
    try:
        return lookup(name.path, name.variant)
    except PathError as error:
        raise UnknownNameError(error.message, name.column) from error


def _python(value: np.ndarray | np.generic) -> float | int | bool:
    number: float | int | bool = np.asarray(value)[()].item()
    return number


def parse(text: str, names: Collection[str] = ()) -> Expression:
    """Read an expression.

    ``names`` are tensors that come before a constant of the same name (a tensor called ``e``); a mapping by
    path will do. Raises ExpressionError, whose ``column`` is the place in the text.
    """
    if not text.strip():
        raise ExpressionError(Bilingual("there is no expression", "没有表达式"))
    tree = Parser(text, names).whole()
    found: dict[Key, Name] = {}
    for name in _names(tree):
        found.setdefault(Key(name.path, name.variant), name)
    return Expression(text, tree, tuple(found.values()))


def _names(node: Node) -> Iterator[Name]:
    """The names in a tree, from left to right."""
    if isinstance(node, Name):
        yield node
    for value in astuple(node):
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Link):
                yield from _names(part.node)
            elif isinstance(part, tuple):  # a keyword and its value
                yield from _names(part[1])
            elif isinstance(part, Node):
                yield from _names(part)
