"""Brackets: whole numbers, words, slices and ``...`` along the axes of a tensor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from tfstep.address.indices import left_out, numbered, place
from tfstep.engine.axis import Axis, Spec
from tfstep.engine.tape import Traced
from tfstep.errors import ExpressionError, did_you_mean
from tfstep.expr.builder import WHOLE, Builder, Value
from tfstep.expr.functions.primitives import Question
from tfstep.expr.syntax.nodes import Label
from tfstep.ops.primitive.shape import reshape, take
from tfstep.text import Bilingual

Item = Value | slice | Label


def _picked(x: np.ndarray, ids: np.ndarray, axis: int) -> np.ndarray:
    n = x.shape[axis]
    if ids.size and not (-n <= ids.min() and ids.max() < n):
        raise ExpressionError(
            Bilingual(
                "index {i} is outside of an axis of {n} (0 to {last})",
                "下标 {i} 超出范围：该轴有 {n} 个（0 到 {last}）",
                i=int(ids.min() if ids.min() < -n else ids.max()),
                n=n,
                last=n - 1,
            )
        )
    return np.take(x, ids.reshape(-1), axis=axis)


def _picked_spec(x: Spec, ids: Spec, axis: int) -> Spec:
    names = tuple(Axis(a.name) if k == axis else a for k, a in enumerate(x.axes))
    return x.like((*x.shape[:axis], ids.size, *x.shape[axis + 1 :]), names)


PICK = Question("pick", _picked, _picked_spec)


def indexed(at: Builder, x: Traced, items: Sequence[Item]) -> Traced:
    """``x[items]``: one item for each axis from the first; numbers and words take their axis away. Beside a word the
    indices of the only sentence and head may be left out."""
    if len(items) > x.ndim:
        raise at.error(
            Bilingual(
                "{n} indices for {axes} axes{names}",
                "给了 {n} 个下标，而该值只有 {axes} 个轴{names}",
                n=len(items),
                axes=x.ndim,
                names=f" ({', '.join(a.name for a in x.axes)})" if any(a.name for a in x.axes) else "",
            )
        )
    if len(items) < x.ndim and not _have_words(x.axes, items):
        items = left_out(x.shape, [axis.name for axis in x.axes], items) or items
    gone = []
    for axis, item in enumerate(items):
        if isinstance(item, slice):
            x = _sliced(at, x, axis, item)
            continue
        if isinstance(item, Label):
            item = position(at, x.axes, axis, item.word)
        if isinstance(item, int) and not isinstance(item, bool):
            x = _taken(at, x, axis, item)
            gone.append(axis)
            continue
        ids = at.tensor(item)
        if ids.dtype.kind != "i" or ids.ndim > 1:
            raise at.error(
                Bilingual(
                    "an index is a whole number, a word, a slice or a list of whole numbers; for a mask write where()",
                    "下标须为整数、词、切片或整数列表；要用掩码请写 where()",
                )
            )
        x = at.apply(PICK, x, ids, axis=axis)
        if ids.ndim == 0:
            gone.append(axis)
    if not gone:
        return x
    kept = [k for k in range(x.ndim) if k not in gone]
    names = tuple(x.axes[k] for k in kept)
    return at.apply(reshape, x, shape=tuple(x.shape[k] for k in kept)).with_axes(*names)


def _have_words(axes: Sequence[Axis], items: Sequence[Item]) -> bool:
    """Whether there are words, or labels of such a kind, along the axis of every word among the indices."""
    return all(
        bool(axis.labels) or numbered(axis.name, item.word) is not None
        for axis, item in zip(axes, items, strict=False)
        if isinstance(item, Label)
    )


def _taken(at: Builder, x: Traced, axis: int, i: int) -> Traced:
    """One place along an axis, which stays, of size 1."""
    n = x.shape[axis]
    if not -n <= i < n:
        raise at.error(
            Bilingual(
                "index {i} is outside of axis {name}, which has {n} (0 to {last})",
                "下标 {i} 超出轴 {name} 的范围：共 {n} 个（0 到 {last}）",
                i=i,
                name=x.axes[axis].name or axis,
                n=n,
                last=n - 1,
            )
        )
    i %= n
    return _labelled(at.apply(take, x, axis=axis, start=i, stop=i + 1), x, axis, slice(i, i + 1))


def _sliced(at: Builder, x: Traced, axis: int, part: slice) -> Traced:
    if part == slice(None):
        return x
    if part.step == 0:
        raise at.error(Bilingual("the step of a slice cannot be 0", "切片的步长不能为 0"))
    start, stop, step = part.indices(x.shape[axis])
    if step < 0:
        ids = range(start, stop, step)
        return at.apply(PICK, x, at.constant((len(ids),), WHOLE, lambda: np.array(ids), "places"), axis=axis)
    return _labelled(at.apply(take, x, axis=axis, start=start, stop=max(stop, start), step=step), x, axis, part)


def _labelled(taken: Traced, x: Traced, axis: int, part: slice) -> Traced:
    """A slice with the words that are still along its axes: those of the slice, or of its sentences."""
    names = []
    for k, a in enumerate(x.axes):
        labels = a.labels
        if labels is not None and k == axis:
            labels = tuple(words[part] for words in labels)
        elif labels is not None and x.axes[axis].name == "batch" and len(labels) == x.shape[axis]:
            labels = labels[part] or None
        names.append(replace(a, labels=labels, follows=None))
    return taken.with_axes(*names)


def position(at: Builder, axes: tuple[Axis, ...], axis: int, word: str) -> int:
    """The place of a word along an axis; ``word#2`` is its second occurrence. Raises ExpressionError."""
    labels = axes[axis].labels
    if not labels and (at_label := numbered(axes[axis].name, word)) is not None:
        return at_label
    if not labels:
        raise at.error(
            Bilingual(
                "axis {name} has no words along it; give a number{all}",
                "轴 {name} 上没有词；请用数字{all}",
                name=axes[axis].name or axis,
                all=Bilingual(" ({axes} in order)", "（依次为 {axes}）", axes=", ".join(a.name for a in axes))
                if len(axes) > 1 and all(a.name for a in axes)
                else "",
            )
        )
    places = {place(words, word) for words in labels}
    if len(places) > 1:
        raise at.error(
            Bilingual(
                "{word} stands at different places in the sentences of the batch; give the sentence first: x[0, …]",
                "{word} 在批次各句中的位置不同；请先给出句子：x[0, …]",
                word=word[:40],
            )
        )
    (found,) = places
    if found is None:
        words = list(dict.fromkeys(w for sentence in labels for w in sentence))
        raise at.error(
            Bilingual(
                "axis {name} has no word {word}{near}; it has {words}",
                "轴 {name} 上没有词 {word}{near}；有 {words}",
                name=axes[axis].name or axis,
                word=word[:40],
                near=did_you_mean(word[:40], words),
                words=" ".join(words[:12]) + (" …" if len(words) > 12 else ""),
            )
        )
    return found
