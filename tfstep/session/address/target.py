"""Targets where we are: a tensor, a part of it or a cell: ``weights[0,0,'我','爱']``, ``heads[:,1]``."""

from __future__ import annotations

import numpy as np

from tfstep.address.grammar import parse
from tfstep.address.indices import Index, index_list, whole
from tfstep.engine.trace import Tensor, Trace, locate
from tfstep.errors import PathError
from tfstep.session.address.names import full_path
from tfstep.session.state import State
from tfstep.text import Bilingual


def target(state: State, text: str) -> tuple[Tensor, Index | None]:
    """The tensor that a target is of, and the indices; None where it has no brackets. Raises PathError."""
    variant, rest = of_variant(text)
    if variant is not None:
        message = Bilingual(
            "{rest} of variant {variant}: `show` and `print` look at it; for the rest go there, `variant {variant}`",
            "变体 {variant} 的 {rest} 可以用 `show` 或 `print` 查看；要做别的，先用 `variant {variant}` 切换过去",
            rest=rest,
            variant=variant,
        )
        raise PathError(message)
    return locate(state.trace, text, lambda path: full_path(state, path), state.cursor.on)


def of_variant(text: str) -> tuple[str | None, str]:
    """The variant that a target spells, or None, and the rest: ``swapped:loss`` is the loss of variant swapped."""
    variant = parse(text).variant
    return variant, text if variant is None else text.replace("`", "").partition(":")[2].strip()


def looked_at(state: State, text: str) -> tuple[Tensor, Index | None]:
    """A target that may be of another variant. Raises PathError, ScenarioError."""
    variant, rest = of_variant(text)
    return target(state, text) if variant is None else locate(state.trace_of(variant), rest)


def cell(state: State, text: str) -> tuple[Tensor, tuple[int, ...]]:
    """The tensor and the cell that CELL means; a bare path means the cell under the cursor. Raises PathError."""
    if not text.strip():
        return state.current, state.cell
    tensor, index = target(state, text)
    return tensor, state.cursor.on(tensor) if index is None else whole(tensor, index, state.cursor.on(tensor))


def resolve_cell(state: State, text: str) -> tuple[Trace, Tensor, tuple[int, ...]]:
    """The run, the tensor and the cell that CELL means, which may be of another variant. Raises PathError, ScenarioError."""
    variant, rest = of_variant(text)
    if variant is None:
        return state.trace, *cell(state, text)
    trace = state.trace_of(variant)
    tensor, index = locate(trace, rest)
    return trace, tensor, whole(tensor, index or (), state.cursor.on(tensor))


def part(tensor: Tensor, index: Index | None) -> np.ndarray:
    """The numbers that an index picks. Raises PathError where there is no such place."""
    if index is None:
        return tensor.value
    try:
        return np.asarray(tensor.value[index])
    except IndexError:
        raise PathError(
            Bilingual(
                "{path} has shape {shape}; there is no place {index}",
                "{path} 的形状是 {shape}；没有位置 {index}",
                path=tensor.path,
                shape=tensor.shape,
                index=index_list(index),
            )
        ) from None
