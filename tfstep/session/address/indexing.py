"""Indexing a tensor in Python: as NumPy indexes an array, words allowed: ``weights[0, 0, "我", "爱"]``."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfstep.address.grammar import Word
from tfstep.address.indices import word_at
from tfstep.engine.trace import Tensor
from tfstep.errors import PathError
from tfstep.text import Bilingual


def part(tensor: Tensor, index: Any) -> np.ndarray | float | int:
    """The numbers that an index picks: an array, or one number where every axis has an index.

    Raises PathError where there is no such place or word.
    """
    items = index if isinstance(index, tuple) else (index,)
    if any(isinstance(item, str) for item in items):
        at = next((k for k, item in enumerate(items) if item is ...), None)
        if at is not None:
            filled = (slice(None),) * (len(tensor.shape) - len(items) + 1)
            items = (*items[:at], *filled, *items[at + 1 :])
        found: list[Any] = []
        for axis, item in enumerate(items):
            found.append(word_at(tensor, axis, Word(item, quoted=True), found) if isinstance(item, str) else item)
        items = tuple(found)
    try:
        picked: Any = tensor.value[items]
    except (IndexError, TypeError):
        raise PathError(
            Bilingual(
                "{path} has shape {shape} ({axes}); there is no place {index}",
                "{path} 的形状是 {shape}（{axes}）；没有位置 {index}",
                path=tensor.path,
                shape=tensor.shape,
                axes=", ".join(tensor.axes),
                index=_written(index),
            )
        ) from None
    return picked if isinstance(picked, np.ndarray) else picked.item()


def _written(index: Any) -> str:
    text = ", ".join(map(repr, index)) if isinstance(index, tuple) else repr(index)
    return f"[{text[:80]}]"
