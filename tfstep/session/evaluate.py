"""Expressions over the tensors of a session."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from tfstep.engine.tensor import Tensor
from tfstep.errors import PathError
from tfstep.session.names import reference
from tfstep.text import Text

if TYPE_CHECKING:
    from tfstep.session.state import State


def evaluate(state: State, text: str) -> np.ndarray:
    """What an expression comes to. Raises ExpressionError, PathError."""
    try:
        return np.asarray(ast.literal_eval(text.strip()), dtype=float)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        tensor, index = reference(state, text)
    return tensor.value if index is None else np.asarray(part(tensor, index))


def part(tensor: Tensor, index: tuple[Any, ...]) -> np.ndarray:
    """The numbers that an index picks. Raises PathError where there is no such place."""
    try:
        return np.asarray(tensor.value[index])
    except IndexError:
        raise PathError(
            Text(
                "{path} has shape {shape}; there is no place {index}",
                "{path} 的形状是 {shape}；没有位置 {index}",
                path=tensor.path,
                shape=tensor.shape,
                index=written(index),
            )
        ) from None


def written(index: tuple[Any, ...]) -> str:
    """``[0,:,1]``."""
    parts = [
        ":".join("" if n is None else str(n) for n in (i.start, i.stop)) if isinstance(i, slice) else str(i)
        for i in index
    ]
    return f"[{','.join(parts)}]"
