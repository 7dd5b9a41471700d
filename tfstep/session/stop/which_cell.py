"""Which cell made a condition true: the one that a stop names, and that the cursor then stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from tfstep.errors import TfstepError
from tfstep.session.evaluate import worked_out

if TYPE_CHECKING:
    from tfstep.expr import Expression
    from tfstep.expr.syntax.nodes import Node
    from tfstep.session.state import State

_CHOSEN: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # of what a function is asked, the cells that decide
    "any": lambda x: x.astype(bool),
    "has_nan": np.isnan,
    "has_inf": np.isinf,
    "max": lambda x: x == np.nanmax(x),
    "min": lambda x: x == np.nanmin(x),
}


def cell_of(state: State, condition: Expression) -> tuple[int, ...] | None:
    """The first cell of the present tensor that makes a condition true, None where no single one does.

    ``any(it > 3)``, ``has_nan(it)``, ``max(it) > 3`` and ``it[0,0,2,2] > 0.7`` have one; ``sum(it) > 3`` has none.
    """
    tensor = state.current
    if tensor.value.size < 2:
        return None
    for node in _nodes(condition.tree):
        found = _decided(state, condition, node)
        if found is not None and found.shape == tensor.shape and found.any():
            return tuple(int(i) for i in np.argwhere(found)[0])
    return None


def _decided(state: State, whole: Expression, node: Node) -> np.ndarray | None:
    """For a part of a condition, the cells of the tensor that it hangs on."""
    from tfstep.expr.syntax.nodes import Call, Index, Name

    if isinstance(node, Call) and node.function in _CHOSEN and node.args:
        of = _value(state, whole, node.args[0])
        return None if of is None or not of.size else _CHOSEN[node.function](of)
    if isinstance(node, Index) and isinstance(node.of, Name) and node.of.path == "it":
        here = np.arange(state.current.value.size, dtype=float).reshape(state.current.shape)
        place = _value(state, whole, node, here)
        return None if place is None or place.ndim else here == place
    return None


def _value(state: State, whole: Expression, node: Node, it: np.ndarray | None = None) -> np.ndarray | None:
    from tfstep.expr import Expression, Operand

    part = Expression(whole.text, node, whole.names)
    try:
        if it is None:
            return worked_out(state, part, state.current)
        place = Operand.of(it, state.current.node.spec.axes)
        return np.asarray(part.evaluate(lambda path, variant: place))
    except TfstepError:
        return None


def _nodes(tree: Node) -> Iterator[Node]:
    """Every part of an expression, the outermost first."""
    from tfstep.expr.syntax import nodes

    yield tree
    for name in tree.__struct_fields__:
        value = getattr(tree, name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, nodes.Operand):
                yield from _nodes(each.node)
            elif isinstance(each, nodes.Node):
                yield from _nodes(each)
