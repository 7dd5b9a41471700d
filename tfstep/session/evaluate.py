"""Expressions over the tensors of a session: of this variant, of another one, of the values shown before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tfstep.errors import ExpressionError, PathError, TfstepError
from tfstep.session.address.names import full_path, tensor_of
from tfstep.session.address.quotes import with_quotes
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.engine.trace import Tensor, Trace
    from tfstep.expr import Expression
    from tfstep.expr.expression import Operand
    from tfstep.expr.syntax.nodes import Compare, Logic, Name, Node
    from tfstep.session.state import State


_SLASHED = re.compile(r"[A-Za-z][\w.]*/\w+")


class Names:
    """What the names in an expression mean now; ``it`` is the tensor of the step that we are at.

    With ``time``, only the first so many steps have run: a tensor that a later one makes is not there yet, and
    a parameter has its new value once its update has run.
    """

    def __init__(
        self, state: State, it: Tensor | None = None, time: int | None = None, trace: Trace | None = None
    ) -> None:
        self.state, self.it, self.time = state, state.current if it is None else it, time
        self.trace = state.trace if trace is None else trace

    def __call__(self, path: str, variant: str | None) -> Operand:
        """The tensor or value of a name. Raises PathError."""
        from tfstep.expr import Operand

        if path.startswith("$"):
            return Operand.of(self.state.values.get(path[1:]))
        if variant is not None:
            return Operand.of_tensor(self.state.trace_of(variant)[path])
        return Operand.of_tensor(self._timely(self.tensor(path)))

    def tensor(self, path: str) -> Tensor:
        """The tensor of a name. Raises PathError."""
        if path == "it" or path.startswith("it."):
            return self.it.trace[self.it.node.path + path[2:]]
        return self.trace[full_path(self.state, path)]

    def _timely(self, tensor: Tensor) -> Tensor:
        if self.time is None:
            return tensor
        if tensor.step is not None:
            if int(str(tensor.step).split(".")[0]) > self.time:
                raise PathError(Bilingual("{path} is not there yet", "{path} 此时还没有值", path=tensor.path))
            return tensor
        new = tensor.trace.plan.new(tensor.node)
        return tensor.trace[new.path] if new is not None and new.number <= self.time else tensor


class CaretError(ExpressionError):
    """An expression is wrong; the message shows the place under its text."""


def parse_expression(state: State, text: str) -> Expression:
    """An expression, read. Raises CaretError, which shows the place of a mistake."""
    from tfstep.expr import parse

    text = with_quotes(text, lambda name: _may_be(state, name))
    try:
        return parse(text, state.trace.plan.paths)
    except ExpressionError as error:
        raise with_caret(state, text, error) from None


def with_caret(state: State, text: str, error: ExpressionError) -> CaretError:
    """The error with its place in the text shown under it."""
    from tfstep.expr import caret

    place = caret(text, error.column).replace("\n", "\n  ")
    inner = next((path for path in _SLASHED.findall(text) if "`" not in text and _is_there(state, path)), None)
    hint: Bilingual | str = ""
    if inner is not None:
        hint = Bilingual(
            "\n  `/` divides; what is inside a step stands in backquotes: `{path}`",
            "\n  `/` 是除法；步骤内部的张量写在反引号里：`{path}`",
            path=inner,
        )
    message = Bilingual("{error}\n  {place}{hint}", "{error}\n  {place}{hint}", error=error, place=place, hint=hint)
    return CaretError(message, error.column)


def _may_be(state: State, name: str) -> bool:
    """Whether a name is that of a tensor, here or elsewhere."""
    return any(path == name or path.endswith(f".{name}") for path in state.trace.plan.paths) or _is_there(state, name)


def _is_there(state: State, path: str) -> bool:
    try:
        return tensor_of(state, path) is not None
    except PathError:
        return False


def may_be_known(state: State, name: Name) -> bool:
    """Whether a name can mean something somewhere: here, at ``it``, or in a scope or a step that we may come to."""
    if name.variant is not None or name.path.startswith("$") or name.path.split(".")[0] == "it":
        return True
    if "." not in name.path and len(state.position) > 1:
        return True
    try:
        return Names(state).tensor(name.path) is not None
    except PathError:
        return any(path.endswith(f".{name.path}") for path in state.trace.plan.paths)


def worked_out(
    state: State, expression: Expression, it: Tensor | None = None, trace: Trace | None = None
) -> np.ndarray:
    """The value of an expression now, or over another trace, as an array. Raises CaretError, ExpressionError."""
    try:
        return np.asarray(expression.evaluate(Names(state, it, trace=trace)))
    except CaretError:
        raise
    except ExpressionError as error:
        raise with_caret(state, expression.text, error) from None


def evaluate(state: State, text: str, it: Tensor | None = None) -> np.ndarray:
    """What an expression comes to. Raises CaretError, ExpressionError."""
    return worked_out(state, parse_expression(state, text), it)


def truth(state: State, expression: Expression, it: Tensor | None = None, trace: Trace | None = None) -> bool:
    """Whether an expression holds, now or over another trace, in every cell."""
    return bool(worked_out(state, expression, it, trace).all())


def sides(state: State, text: str) -> Iterator[tuple[str, np.ndarray]]:
    """What stands on each side of the comparisons of an expression, or what its function is of, with its value."""
    expression = parse_expression(state, text)
    yield from _sides(state, expression, expression.tree, 0, len(text))


def _sides(state: State, whole: Expression, node: Node, start: int, end: int) -> Iterator[tuple[str, np.ndarray]]:
    from tfstep.expr import Expression
    from tfstep.expr.syntax.nodes import Call, Compare, Logic, Name, Number

    for arg in node.args if isinstance(node, Call) else ():
        if isinstance(arg, Name):
            text = arg.path if arg.variant is None else f"`{arg.variant}:{arg.path}`"
            yield text, worked_out(state, Expression(text, arg, (arg,)))
    if not isinstance(node, Compare | Logic):
        return
    for part, first, last in _parts(node, start, end):
        text = whole.text[first:last].strip()
        if isinstance(part, Compare):
            yield from _sides(state, whole, part, first, last)
        elif not isinstance(part, Number):
            try:
                yield text, worked_out(state, Expression(text, part, whole.names))
            except TfstepError:
                continue  # a part in parentheses, cut in two: the whole was told already


def undecided(state: State, text: str) -> str | None:
    """What is NaN of that on which it hangs whether an expression holds: a side of a comparison, or all of it."""
    expression = parse_expression(state, text)
    return _undecided(state, expression, expression.tree, 0, len(text))


def _undecided(state: State, whole: Expression, node: Node, start: int, end: int) -> str | None:
    from tfstep.expr import Expression
    from tfstep.expr.syntax.nodes import Compare, Logic, Unary

    if isinstance(node, Unary) and node.sign == "not":
        return _undecided(state, whole, node.of, node.column + len("not"), end)
    said = whole.text[start:end].strip()
    if said.count("(") > said.count(")"):  # the operand of something in parentheses, without their other end
        said = said.lstrip("( ")
    if not isinstance(node, Compare | Logic):
        value = worked_out(state, Expression(said, node, whole.names))
        return said if value.dtype.kind == "f" and bool(np.isnan(value).any()) else None
    found = [_undecided(state, whole, part, first, last) for part, first, last in _parts(node, start, end)]
    if isinstance(node, Logic) and node.rest[0].sign == "or":
        parts = [Expression(said, part, whole.names) for part, _, _ in _parts(node, start, end)]
        if any(nan is None and truth(state, part) for nan, part in zip(found, parts, strict=True)):
            return None
    return next(filter(None, found), None)


def _parts(node: Compare | Logic, start: int, end: int) -> Iterator[tuple[Node, int, int]]:
    """The operands of a chain, each with where its text begins and ends."""
    at, operand = start, node.first
    for link in node.rest:
        yield operand, at, link.column
        at, operand = link.column + len(link.sign), link.node
    yield operand, at, end


def functions() -> Iterator[tuple[str, str]]:
    """The functions that an expression may call, each with its line of help."""
    from tfstep.expr import functions as table

    for name, each in table().items():
        yield f"{name}(", f"{each.signature}: {each.help}"
