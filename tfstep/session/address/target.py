"""Targets: a tensor, a part of it or a cell, as people write them: ``weights[0,0,'我','爱']``, ``heads[:,1]``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tfstep.engine.cell import index_of
from tfstep.engine.tensor import Tensor
from tfstep.engine.trace import Trace
from tfstep.errors import PathError, did_you_mean
from tfstep.session.address.names import full_path
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.session.state import State

Index = tuple[int | slice, ...]
_WHOLE = re.compile(r"-?[0-9]{1,9}$")
_SLICE = re.compile(r"(-?[0-9]{0,9}):(-?[0-9]{0,9})(?::([1-9][0-9]{0,8})?)?$")
_ITEM = re.compile(r"""\s*('[^']*'|"[^"]*"|[^,'"]*?)\s*(?:,|$)""")
MOST = 16  # indices that are read


def target(state: State, text: str) -> tuple[Tensor, Index | None]:
    """The tensor that a target is of, and the indices; None where it has no brackets. Raises PathError."""
    variant, rest = of_variant(text)
    if variant in state.scenario.variants:
        message = Bilingual(
            "{rest} of variant {variant}: `show` and `print` look at it; for the rest go there, `variant {variant}`",
            "变体 {variant} 的 {rest} 可以用 `show` 或 `print` 查看；要做别的，先用 `variant {variant}` 切换过去",
            rest=rest,
            variant=variant,
        )
        raise PathError(message)
    return read(state.trace, text, lambda path: full_path(state, path))


def of_variant(text: str) -> tuple[str | None, str]:
    """The variant that a target spells, or None, and the rest: ``swapped:loss`` is the loss of variant swapped."""
    variant, colon, rest = text.strip().replace("`", "").partition(":")
    return (variant, rest) if colon and "[" not in variant else (None, text)


def looked_at(state: State, text: str) -> tuple[Tensor, Index | None]:
    """A target that may be of another variant. Raises PathError, ScenarioError."""
    variant, rest = of_variant(text)
    return target(state, text) if variant is None else read(state.trace_of(variant), rest, str)


def read(trace: Trace, text: str, full: Callable[[str], str]) -> tuple[Tensor, Index | None]:
    """The same on a trace; ``full`` completes the path. Raises PathError."""
    text = text.strip().replace("`", "")
    path, bracket, inner = text.partition("[")
    tensor = trace[full(path.strip())]
    if not bracket:
        return tensor, None
    if grad := re.fullmatch(r"([^\]]*\])(\.grad|\.new)", inner):  # W[0,0].grad is W.grad[0,0]
        return read(trace, f"{path.strip()}{grad[2]}[{grad[1]}", full)
    if not inner.endswith("]"):
        raise PathError(Bilingual("{text}: the bracket is not closed", "{text}：方括号没有闭合", text=text))
    items = _items(text, inner[:-1])
    if "..." in items:
        at = items.index("...")
        items[at : at + 1] = [":"] * (len(tensor.shape) - len(items) + 1)
    index: list[int | slice] = []
    for axis, item in enumerate(items):
        index.append(position_on(tensor, axis, item, index))
    return tensor, tuple(index)


def cell(state: State, text: str) -> tuple[Tensor, tuple[int, ...]]:
    """The tensor and the cell that CELL means; a bare path means the cell under the cursor. Raises PathError."""
    if not text.strip():
        return state.current, state.cell
    tensor, index = target(state, text)
    return tensor, state.cursor.on(tensor) if index is None else whole(tensor, index)


def whole(tensor: Tensor, index: Index) -> tuple[int, ...]:
    """The indices of one cell, counted from 0. Raises PathError for slices, and where there is no such cell."""
    for item in index:
        if isinstance(item, slice):
            raise PathError(
                Bilingual(
                    "{path}{index} is more than one cell; every axis needs a number ({names})",
                    "{path}{index} 不止一个单元格；每个轴都要写一个下标（{names}）",
                    path=tensor.path,
                    index=written(index),
                    names=", ".join(tensor.axes),
                )
            )
    return index_of(tensor, index)


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
                index=written(index),
            )
        ) from None


def written(index: Index | None) -> str:
    """``[0,:,1]``; nothing for all of a tensor."""
    if index is None:
        return ""
    ends = ((i.start, i.stop, *([] if i.step is None else [i.step])) if isinstance(i, slice) else (i,) for i in index)
    return f"[{','.join(':'.join('' if n is None else str(n) for n in each) for each in ends)}]"


def _items(text: str, inner: str) -> list[str]:
    items: list[str] = []
    at = 0
    while at <= len(inner):
        found = _ITEM.match(inner, at)
        if found is None or len(items) == MOST or (not found[1] and inner):
            raise PathError(
                Bilingual(
                    "{text}: {inner!r} is no list of indices, one for each axis, such as `[0,1,'我',:]`",
                    "{text}：{inner!r} 不是下标；每个轴一个，如 `[0,1,'我',:]`",
                    text=text[:80],
                    inner=inner[:80],
                )
            )
        items.append(found[1])
        if found.end() == len(inner):
            break
        at = found.end()
    return items


def position_on(tensor: Tensor, axis: int, item: str, before: list[int | slice]) -> int | slice:
    """What one index means on an axis: a number, a slice, or a word, which may stand in quotes. Raises PathError.

    ``before`` are the indices of the axes before it: the first picks the sentence whose words count.
    """
    if _WHOLE.match(item):
        return int(item)
    if bounds := _SLICE.match(item):
        return slice(*(int(n) if n else None for n in bounds.groups()))
    word = item[1:-1] if len(item) > 1 and item[0] in "'\"" else item
    words = _words(tensor, axis, before)
    base, mark, nth = word.rpartition("#")
    places = [k for k, each in enumerate(words) if each == word]
    if not places and mark and nth.isdecimal() and len(nth) < 6:
        places = [k for k, each in enumerate(words) if each == base][int(nth) - 1 : int(nth)] if int(nth) else []
    if places:
        return places[0]
    raise PathError(
        Bilingual(
            "{path}: {word!r} is neither a whole number nor a word of axis {axis}{words}{near}",
            "{path}：{word!r} 既不是整数，也不是轴 {axis} 上的词{words}{near}",
            path=tensor.path,
            word=word[:40],
            axis=tensor.axes[axis] if axis < len(tensor.axes) else axis,
            words=f" ({' '.join(words[:12])})" if words else "",
            near=did_you_mean(word, words),
        )
    )


def _words(tensor: Tensor, axis: int, before: list[int | slice]) -> tuple[str, ...]:
    """The words along an axis: of the sentence that an index before picks, else of the first one."""
    axes = tensor.node.spec.axes
    if axis >= len(axes):
        return ()
    labels = axes[axis].labels or ()
    sentence = 0
    for a, item in zip(axes, before, strict=False):
        if a.name == "batch" and isinstance(item, int):
            sentence = item
    if not labels:
        return ()
    return tuple(labels[sentence] if -len(labels) <= sentence < len(labels) else labels[0])
