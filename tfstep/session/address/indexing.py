"""Indexing a tensor in Python: as NumPy indexes an array, words allowed: ``weights[0, 0, "我", ["爱", "你"]]``."""

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
    items = tuple(
        int(item) if isinstance(item, np.integer) else item
        for item in (index if isinstance(index, tuple) else (index,))
    )
    if any(_has_words(item) for item in items):
        at = next((k for k, item in enumerate(items) if item is ...), None)
        if at is not None:
            filled = (slice(None),) * (len(tensor.shape) - len(items) + 1)
            items = (*items[:at], *filled, *items[at + 1 :])
        found: list[Any] = []
        for axis, item in enumerate(items):
            found.append(_numbered(tensor, axis, item, found))
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


def _has_words(item: Any) -> bool:
    parts = (item.start, item.stop) if isinstance(item, slice) else item if isinstance(item, list) else (item,)
    return any(isinstance(each, str) for each in parts)


def _numbered(tensor: Tensor, axis: int, item: Any, before: list[Any]) -> Any:
    """What stands at one axis, its words looked up: one word, or a list of them."""
    if not _has_words(item):
        return item
    if isinstance(item, slice):
        raise PathError(
            Bilingual(
                "{path}: a slice counts places; words stand alone, or in a list: ['a', 'b']",
                "{path}：切片要用数字；词只能单独写，或写成列表：['a', 'b']",
                path=tensor.path,
            )
        )
    if isinstance(item, list):
        return [_numbered(tensor, axis, each, before) for each in item]
    batch = tensor.axes.index("batch") if "batch" in tensor.axes else axis
    if batch >= axis or isinstance(before[batch], int):
        return word_at(tensor, axis, Word(item, quoted=True), before)
    sentences = np.arange(tensor.shape[batch])[before[batch]].ravel().tolist()
    found = {word_at(tensor, axis, Word(item, quoted=True), [*before[:batch], each]) for each in sentences}
    if len(found) != 1:
        raise PathError(
            Bilingual(
                "{path}: {word!r} does not stand at the same place of every sentence; index one sentence",
                "{path}：{word!r} 在各句中的位置不同；请指定一句",
                path=tensor.path,
                word=item,
            )
        )
    return found.pop()


def _written(index: Any) -> str:
    text = ", ".join(map(repr, index)) if isinstance(index, tuple) else repr(index)
    return f"[{text[:80]}]"
