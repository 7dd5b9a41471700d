"""What is asked of a parameter that is to be given numbers, and what is said where a file does not fit it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from tfstep.engine.node import Role
from tfstep.errors import nearest
from tfstep.models.optimizers import OPTIMIZERS
from tfstep.scenario.file.mistakes import Mistakes
from tfstep.scenario.file.nodes import excerpt
from tfstep.text import Bilingual

FEW = 8  # names that are told one by one
Shape = tuple[int, ...]
_MEMORY = tuple(f".{name}_before" for optimizer in OPTIMIZERS.values() for name in optimizer.memory)


class Parameter(Protocol):
    """What is asked of a parameter: its path, its shape, its type, and its role.

    The roles are ``weight``, ``embedding``, ``bias``, ``zero`` and ``one``.
    """

    @property
    def path(self) -> str: ...
    @property
    def shape(self) -> Shape: ...
    @property
    def dtype(self) -> np.dtype: ...
    @property
    def role(self) -> Role: ...


class ErrorAt(Protocol):
    """`Scenario.error_at`: the error at the place of a value, or of its key."""

    def __call__(self, keys: tuple[str | int, ...], message: Bilingual, *, key: bool = False) -> Mistakes: ...


def wrong_shape(found: Shape, needed: Shape) -> Bilingual:
    """What is said of numbers that do not fit."""
    return Bilingual(
        "numbers of shape {found}; {needed} is needed",
        "数字的形状是 {found}；须为 {needed}",
        found=found,
        needed=needed,
    )


def unknown(path: str, known: Mapping[str, Parameter]) -> Bilingual:
    """What is said of a name that no parameter has."""
    near = nearest(path, known)
    if near is None:
        return Bilingual(
            "no parameter {path}; {known}", "没有参数 {path}；{known}", path=excerpt(path), known=_those(known)
        )
    return Bilingual(
        "no parameter {path} (did you mean {near}, of shape {shape}?)",
        "没有参数 {path}（是不是想写 {near}，形状 {shape}？）",
        path=excerpt(path),
        near=near,
        shape=known[near].shape,
    )


def unknown_ones(paths: Sequence[str], known: Mapping[str, Parameter]) -> list[Bilingual]:
    """The same of several: one by one while they are few, else all in one."""
    if len(paths) <= FEW:
        return [unknown(path, known) for path in paths]
    text = Bilingual(
        "{n} names that no parameter has: {few}, …; {known}",
        "有 {n} 个名称不是参数：{few}……；{known}",
        n=len(paths),
        few=", ".join(excerpt(path) for path in paths[:3]),
        known=_those(known),
    )
    return [text]


def _those(known: Mapping[str, Parameter]) -> Bilingual:
    """The parameters that there are: of many one of each part of the model."""
    first = {path.partition(".")[0]: path for path in reversed(list(known))}.values()
    ones = [path for path in known if len(known) <= FEW or path in first][:FEW]
    few = ", ".join(ones) + (", …" if len(ones) < len(known) else "")
    return Bilingual("there are {few}", "现有：{few}", few=few)


def is_memory(path: str) -> bool:
    """Whether this is what an optimizer remembers from one update to the next."""
    return path == "update.done" or path.endswith(_MEMORY)
