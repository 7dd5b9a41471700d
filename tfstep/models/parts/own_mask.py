"""The file's own mask, `model.mask.custom` or `.cross`: booleans, of which true may look; or numbers, which are added."""

from __future__ import annotations

from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from tfstep.engine.arrays.npy import read_one
from tfstep.engine.axis import Axis, Spec
from tfstep.engine.tape import Scope, Traced
from tfstep.models.build_error import ModelBuildError
from tfstep.ops.attention import CUSTOM
from tfstep.text import Bilingual

ADDED = "mask_added"
"""What the numbers are called, beside the attention's other tensors."""


def banned(own: Any, key: str, shape: tuple[int, ...], meant: bool = False) -> np.ndarray | None:
    """Where booleans hide a cell, as reasons: (1 or batch, 1 or head, query, key); None where the mask is no booleans.

    Rows without any key are ``meant`` where the file says what they give. Raises ModelBuildError where the mask does not
    fit the scores, or looks inverted.
    """
    array = _read(own, key, shape)
    if array is None or array.dtype != bool:
        return None
    n, m = array.shape[-2:]
    itself = array[..., range(n), range(n)] if n == m else np.ones(1, bool)
    empty, other = ~array.any(-1), array.all(-1)
    if not array.all() and (not itself.any() or (empty.any() and not other.any() and not meant)):
        raise ModelBuildError(
            ("model", "mask", key),
            Bilingual(
                "this mask looks inverted: true means that the query may look at the key (in PyTorch's MultiheadAttention it "
                "means the opposite), and here {what}; write it the other way round, or as numbers, 0 and -.inf, if it is "
                "meant so",
                "这个掩码像是反了：true 表示查询可以看这个键（PyTorch 的 MultiheadAttention 正相反），而这里{what}；请反过来写；"
                "若确实如此，请写成数：0 和 -.inf",
                what=Bilingual("no word may look at itself", "没有词可以看自己")
                if not itself.any()
                else Bilingual("a query may look at nothing", "有查询什么都看不到"),
            ),
        )
    return np.where(array, 0, CUSTOM).astype(np.int8)


def closed(own: Any, key: str, shape: tuple[int, ...]) -> np.ndarray | None:
    """Where numbers of the mask leave a key nothing, since they are -inf; None where the mask is no numbers."""
    array = _read(own, key, shape)
    return None if array is None or array.dtype == bool else np.isneginf(array)


def nothing_left(*masks: np.ndarray | None) -> np.ndarray | None:
    """The rows of which every key is hidden by one or another of these: (batch, head, query, 1); None without any."""
    given = [mask != 0 for mask in masks if mask is not None]
    if not given:
        return None
    rows = np.asarray(reduce(np.logical_or, given).all(-1, keepdims=True))
    return rows if rows.any() else None


def added(at: Scope, s: Traced, own: Any, key: str, trained: bool) -> Traced:
    """The scores with the numbers of the mask added, as they are or as a parameter; s itself where there are none."""
    array = _read(own, key, s.shape)
    if array is None or array.dtype == bool:
        return s
    names = (s.axes[0].bare(), s.axes[1].bare(), *s.axes[2:])
    if trained:
        numbers = at.parameter(ADDED, Spec(array.shape, s.dtype, tuple(map(Axis.bare, names))), "zero")
    else:
        numbers = at.constant(ADDED, array.astype(s.dtype), names)
    at.with_mask = s + numbers
    return at.with_mask.with_axes(*s.axes)


def which(c: Any, path: str) -> str:
    """The key of the mask that is meant for an attention, by its path: cross, that of its stack, or custom."""
    if path.partition(".")[2].startswith("cross"):
        return "cross"
    stack = {"enc": "encoder", "dec": "decoder"}.get(path[:3], "custom")
    return stack if getattr(c.mask, stack) is not None else "custom"


def start(c: Any, path: str) -> np.ndarray | None:
    """What a parameter starts from that is the numbers of a mask; None for another path."""
    if not path.endswith(f".{ADDED}"):
        return None
    key = which(c, path)
    return np.asarray(_four(_array(getattr(c.mask, key), key)), float)


def _read(own: Any, key: str, shape: tuple[int, ...]) -> np.ndarray | None:
    """The mask with its four axes. Raises ModelBuildError where it does not fit scores of this shape."""
    if own is None:
        return None
    array = _array(own, key)
    if array is not None and 2 <= array.ndim <= 4 and array.dtype.kind in "bif":
        array = _four(array)
        if array.shape[2:] == shape[2:] and all(n in (1, m) for n, m in zip(array.shape, shape, strict=True)):
            return array if array.dtype == bool else array.astype(float)
    raise ModelBuildError(
        ("model", "mask", key),
        Bilingual(
            "{what}; the scores have shape {shape} (batch, head, query, key), so booleans or numbers of shape {two}, "
            "{three} or {shape} are needed",
            "{what}；分数的形状是 {shape}（batch, head, query, key），因此须为形状 {two}、{three} 或 {shape} 的布尔值或数",
            what=Bilingual("no rectangle of booleans or numbers", "不是由布尔值或数组成的矩形")
            if array is None or array.dtype.kind not in "bif"
            else Bilingual("a mask of shape {found}", "掩码的形状是 {found}", found=array.shape),
            shape=shape,
            two=shape[2:],
            three=shape[1:],
        ),
    )


def _array(own: Any, key: str) -> np.ndarray | None:
    """Nested lists, or the array of an .npz or .npy file; None where they are no rectangle."""
    if isinstance(own, str):
        return _from_file(own, key)
    try:
        return np.asarray(own)
    except ValueError:
        return None


def _from_file(name: str, key: str) -> np.ndarray:
    """The one array of a file; of several that which is called as the key is."""
    try:
        return read_one(Path(name), key)
    except (OSError, ValueError) as error:
        raise _unreadable(name, key) from error


def _unreadable(name: str, key: str) -> ModelBuildError:
    return ModelBuildError(
        ("model", "mask", key),
        Bilingual(
            "{name} cannot be read as an .npz or .npy file of one array, or as an .npz with an array {key}",
            "无法把 {name} 读作只有一个数组的 .npz 或 .npy 文件，或含有数组 {key} 的 .npz",
            name=name,
            key=key,
        ),
    )


def _four(array: np.ndarray | None) -> np.ndarray:
    assert array is not None
    return array.reshape((1,) * (4 - array.ndim) + array.shape)
