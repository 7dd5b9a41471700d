"""The numbers of an edit, made to fit the tensor that they are set in."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfstep.engine.arrays.half import rounded
from tfstep.engine.node import Node
from tfstep.errors import EditError, PathError
from tfstep.text import Bilingual


def coerce_edit(target: str, node: Node, value: np.ndarray, where: Any, new: Any) -> np.ndarray:
    """The new numbers, in the tensor's dtype. Raises EditError where their shape does not fit, PathError
    where there is no such place."""
    try:
        place = value[where]
    except IndexError:
        raise PathError(
            Bilingual(
                "{target}: there is no such place; the shape is {shape}",
                "{target}：没有这个位置；形状是 {shape}",
                target=target,
                shape=node.shape,
            )
        ) from None
    if type(new) is float:  # what a nudge sets: no array is needed for it
        return _rounded(np.asarray(node.dtype.type(new)), node)
    try:
        numbers = np.asarray(_in_order(new, node) if where is ... else new)
        if numbers.dtype.kind not in "biuf":
            raise EditError(
                Bilingual(
                    "{target} can be set to real numbers only; {found} is something else",
                    "{target} 只能设为实数；{found} 不是",
                    target=target,
                    found=repr(new).splitlines()[0][:40],
                )
            )
        numbers = _rounded(numbers.astype(node.dtype), node)
        if numbers.ndim and numbers.shape != np.shape(place):
            raise ValueError(numbers.shape)
        return numbers
    except (ValueError, TypeError):
        raise EditError(
            Bilingual(
                "{target} has shape {shape}; it cannot be set to something of shape {found}",
                "{target} 的形状是 {shape}；不能用形状为 {found} 的值来设置",
                target=target,
                shape=np.shape(place),
                found=_shape_of(new),
            )
        ) from None


def _rounded(numbers: np.ndarray, node: Node) -> np.ndarray:
    return rounded(numbers, node.rounds) if node.rounds else numbers


def _shape_of(new: Any) -> str:
    try:
        return str(np.shape(new))
    except ValueError:
        return "?"


def _in_order(new: Any, node: Node) -> Any:
    """What names its axes (xarray's) with these in the order that the tensor has them."""
    names = tuple(axis.name for axis in node.spec.axes)
    dims = getattr(new, "dims", None)
    return new.transpose(*names) if isinstance(dims, tuple) and dims != names and {*dims} == {*names} else new
