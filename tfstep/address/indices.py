"""What the indices of an address mean on the axes of a tensor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import EllipsisType
from typing import Any, Protocol

from tfstep.address.grammar import Item, Word, index_text, quoted_word
from tfstep.errors import PathError, did_you_mean
from tfstep.text import Bilingual

Cell = tuple[int, ...]
Index = tuple[int | slice, ...]
LETTERS = {
    "batch": "#",
    "head": "h",
    "model": "d",
    "d_k": "d",
    "d_v": "d",
    "hidden": "h",
    "vocab": "w",
    "in": "i",
    "out": "o",
    "position": "p",
    "query": "q",
    "key": "k",
}
"""The letter before the number of a place along an axis without words: ``d0``."""
_NAMED = (Word, EllipsisType)  # what stands for a number and is looked up
_LABEL = re.compile(r"(#|[a-z])([0-9]{1,9})$")
_OUTER = ("batch", "head")
_FEATURES = ("model", "d_k", "d_v", "hidden", "vocab", "in", "out")


class Indexed(Protocol):
    """A tensor, as far as its cells are counted and called by words."""

    @property
    def path(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def axes(self) -> tuple[str, ...]: ...
    def words(self, axis: int, sentence: int) -> Sequence[str]:
        """The words along an axis in one sentence of the batch; none where it has no words."""
        ...


def places(tensor: Indexed, items: Sequence[Item], under: Cell | None = None) -> Index:
    """The numbers and slices that indices mean, one for each axis from the first; words are looked up.

    Where there is only one sentence or head, or ``under``, the cell under a cursor, says which, its index may be left
    out of what has no meaning otherwise.
    Raises PathError.
    """
    if ... in items:
        at = list(items).index(...)
        missing = len(tensor.shape) - len(items) + 1
        items = [*items[:at], *[slice(None)] * missing, *items[at + 1 :]]
    try:
        return _along(tensor, items)
    except PathError:
        filled = left_out(tensor.shape, tensor.axes, items, under)
        if filled is None and len(items) < len(tensor.shape) and any(isinstance(item, Word) for item in items):
            raise _counted(tensor, len(items)) from None
        if filled is None:
            raise
        return _along(tensor, filled)


def whole(tensor: Indexed, index: Index | None, under: Cell | None = None) -> Cell:
    """The indices of one cell, counted from 0; those of sentence and head that are not given are the only ones there
    are, or those of ``under``, the cell under a cursor. Raises PathError for slices, and where there is no such cell.
    """
    index = index or ()
    if len(index) < len(tensor.shape):
        index = left_out(tensor.shape, tensor.axes, index, under) or index
    names = ", ".join(tensor.axes)
    for item in index:
        if isinstance(item, slice):
            raise PathError(
                Bilingual(
                    "{path}{index} is more than one cell; every axis needs a number ({names})",
                    "{path}{index} 不止一个单元格；每个轴都要写一个下标（{names}）",
                    path=tensor.path,
                    index=index_list(index),
                    names=names,
                )
            )
    if len(index) != len(tensor.shape):
        raise _counted(tensor, len(index))
    _along(tensor, index)
    return tuple(i % size for i, size in zip(index, tensor.shape, strict=True) if isinstance(i, int))


def _counted(tensor: Indexed, found: int) -> PathError:
    """So many indices are too few or too many; what a cell looks like, in the words of its axes."""
    if not tensor.shape:
        return PathError(
            Bilingual("{path} is one number: it takes no indices", "{path} 只是一个数，不带下标", path=tensor.path)
        )
    sizes = ", ".join(f"{name} {size}" for name, size in zip(tensor.axes, tensor.shape, strict=True))
    words = [tensor.words(k, 0)[:1] for k in range(len(tensor.shape))]
    return PathError(
        Bilingual(
            "{path} has {n} axes ({sizes}), {found}; a cell is {path}[{cell}]",
            "{path} 有 {n} 个轴（{sizes}），{found}；单元格写作 {path}[{cell}]",
            path=tensor.path,
            n=len(tensor.shape),
            sizes=sizes,
            found=Bilingual("no index was given", "没有给下标")
            if not found
            else Bilingual("1 index was given", "给出了 1 个下标")
            if found == 1
            else Bilingual("{found} indices were given", "给出了 {found} 个下标", found=found),
            cell=",".join(quoted_word(word[0]) if word else "0" for word in words),
        )
    )


def index_list(index: Index | None) -> str:
    """``[0,:,1]``; nothing for all of a tensor."""
    return "" if index is None else f"[{','.join(map(index_text, index))}]"


def place(words: Sequence[str], word: str) -> int | None:
    """Where a word stands; ``他#2`` is its second occurrence, ``the⇒cat``, as a row is labelled, ``the``. A space
    before it, here ``▁``, may also be written as a space, or as the ``Ġ`` of tokenizers of bytes.
    """
    if word in words:
        return words.index(word)
    if word[:1] in ("Ġ", " ") and word[1:]:
        return place(words, f"▁{word[1:]}")
    if "⇒" in word:
        return place(words, word.partition("⇒")[0])
    base, mark, nth = word.rpartition("#")
    if not mark or not nth.isascii() or not nth.isdecimal() or len(nth) > 6 or nth == "0":
        return None
    found = [k for k, each in enumerate(words) if each == base]
    return found[int(nth) - 1] if 1 <= int(nth) <= len(found) else None


def left_out(shape: Sequence[int], axes: Sequence[str], items: Sequence[Any], under: Cell | None = None) -> Any:
    """The indices with those of sentence and head, or of the first axes of size 1, put in, where just these are not
    given; else None."""
    missing = len(shape) - len(items)
    outer = [k for k, name in enumerate(axes) if name in _OUTER]
    alone = [k for k in outer if shape[k] == 1]
    first = next((k for k, size in enumerate(shape) if size > 1), len(shape) - 1)
    if missing <= 0:
        return None
    if missing == len(alone):
        given = dict.fromkeys(alone, 0)
    elif missing == first:
        given = dict.fromkeys(range(first), 0)
    elif under is not None and missing == len(outer):
        given = {k: under[k] for k in outer}
    else:
        return None
    rest = iter(items)
    return tuple(given[k] if k in given else next(rest) for k in range(len(shape)))


def _along(tensor: Indexed, items: Sequence[Item]) -> Index:
    found: list[int | slice] = []
    shape = tensor.shape
    for axis, item in enumerate(items):
        if isinstance(item, _NAMED):
            item = word_at(tensor, axis, item, found)
        elif axis < len(shape) and isinstance(item, int) and not -shape[axis] <= item < shape[axis]:
            raise _outside(tensor, axis, item)
        found.append(item)
    return tuple(found)


def _outside(tensor: Indexed, axis: int, i: int) -> PathError:
    size = tensor.shape[axis]
    return PathError(
        Bilingual(
            "{path}: index {i} is outside of axis {name}, which has {size} (0 to {last})",
            "{path}：下标 {i} 超出轴 {name} 的范围，它共有 {size} 个（0 到 {last}）",
            path=tensor.path,
            i=i,
            name=tensor.axes[axis] or "?",
            size=size,
            last=size - 1,
        )
    )


def _letters(name: str) -> str:
    """The letters that a place on an axis may have: its own, and on one that a linear layer reads or makes those of
    its weight, whose gradient calls it so: ``x[:,i0]``."""
    own = LETTERS.get(name, "")
    return own + "io" if name in _FEATURES else own


def numbered(axis: str, word: str) -> int | None:
    """The place that a label of an axis without words means: 3 for ``d3`` along d_k; None for another word."""
    label = _LABEL.match(word)
    return int(label[2]) if label and label[1] in _letters(axis) else None


def word_at(tensor: Indexed, axis: int, item: Word | EllipsisType, before: Sequence[Any]) -> int:
    """Where a word, or the label of a place without words, stands along an axis; ``before`` are the indices of the
    axes before it, for the sentence that is meant. Raises PathError."""
    word = item.text if isinstance(item, Word) else "..."
    name = tensor.axes[axis] if axis < len(tensor.axes) else str(axis)
    sentence = next((i for a, i in zip(tensor.axes, before, strict=False) if a == "batch" and isinstance(i, int)), 0)
    words = tensor.words(axis, sentence) if axis < len(tensor.axes) else ()
    at = place(words, word)
    if at is None and isinstance(item, Word) and not item.quoted:
        at = numbered(name, word)
    if at is not None:
        return at
    raise PathError(
        Bilingual(
            "{path}: {word!r} is neither a whole number nor a word of axis {axis}{near}{words}",
            "{path}：{word!r} 既不是整数，也不是轴 {axis} 上的词{near}{words}",
            path=tensor.path,
            word=word[:40],
            axis=name,
            words=Bilingual(": {few}", "：{few}", few=" ".join(words[:12]) + (" …" if len(words) > 12 else ""))
            if words
            else "",
            near=did_you_mean(word, words),
        )
    )
