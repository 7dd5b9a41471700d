"""Cells: a path with indices, as people write them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Protocol

from tfstep.errors import PathError
from tfstep.text import Bilingual

Cell = tuple[int, ...]
_INDEX = re.compile(r"-?\d{1,9}$")
_SLICE = re.compile(r"(-?\d{0,9}):(-?\d{0,9})(?::([1-9]\d{0,8})?)?$")


@lru_cache(maxsize=4096)
def parse_cell(text: str, slices: bool = False) -> tuple[str, tuple[Any, ...] | None]:
    """``enc0.attn.scores[0,0,1,2]`` → path and indices; None where there are no brackets.

    Raises PathError for anything but whole numbers (and, with ``slices``, ``:``) in the brackets.
    """
    text = text.strip()
    if not text.endswith("]"):
        if "[" in text:
            raise _bad(text, text[text.index("[") :])
        return text, None
    path, _, inner = text[:-1].partition("[")
    indices: list[Any] = []
    for part in inner.split(","):
        part = part.strip()
        if _INDEX.match(part):
            indices.append(int(part))
        elif slices and (m := _SLICE.match(part)):
            indices.append(slice(*(int(n) if n else None for n in m.groups())))
        else:
            raise _bad(text, part)
    return path.strip(), tuple(indices)


def _bad(text: str, part: str) -> PathError:
    return PathError(
        Bilingual(
            "{text}: {part!r} is not an index; a cell is written PATH[0,1,2], one whole number per axis",
            "{text}：{part!r} 不是下标；单元格写作 PATH[0,1,2]，每个轴一个整数",
            text=text,
            part=part,
        )
    )


class HasAxes(Protocol):
    """A tensor, as far as its cells are counted."""

    @property
    def path(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def axes(self) -> tuple[str, ...]: ...


def index_of(tensor: HasAxes, index: tuple[Any, ...] | None) -> Cell:
    """The indices of one cell, negative ones counted from the end. Raises PathError when there is none."""
    shape, index = tensor.shape, index or ()
    names = ", ".join(tensor.axes)
    if len(index) != len(shape):
        raise PathError(
            Bilingual(
                "{path} has {n} axes ({names}), {found} indices were given",
                "{path} 有 {n} 个轴（{names}），给出了 {found} 个下标",
                path=tensor.path,
                n=len(shape),
                names=names,
                found=len(index),
            )
        )
    for i, size, name in zip(index, shape, tensor.axes, strict=True):
        if not -size <= i < size:
            raise PathError(
                Bilingual(
                    "{path}: index {i} is outside of axis {name}, which has {size} (0 to {last})",
                    "{path}：下标 {i} 超出轴 {name} 的范围，它共有 {size} 个（0 到 {last}）",
                    path=tensor.path,
                    i=i,
                    name=name or "?",
                    size=size,
                    last=size - 1,
                )
            )
    return tuple(i % size for i, size in zip(index, shape, strict=True))


def cell_name(path: str, cell: Cell) -> str:
    """``scores[0,0,1,2]``; a scalar's cell is its bare path."""
    return f"{path}[{','.join(map(str, cell))}]" if cell else path
