"""The numbers that parameters start from: `weights.init`, then `weights.file`, then `weights.set`.

| init | matrices and embeddings of shape (in, out) |
|---|---|
| ``xavier`` | uniform within ±√(6 / (in + out)) (Glorot and Bengio 2010) |
| ``normal``, ``{normal: s}`` | normal, mean 0, standard deviation s, by itself 1 |
| ``uniform``, ``{uniform: r}`` | uniform within ±r, by itself ±1/√in |
| ``zeros`` | 0 |

Biases and the β of norms start at 0, the γ of norms at 1, whatever `init` says; `set` may say otherwise.
What an optimizer remembers (``P.m_before``, ``P.velocity_before``, ``update.done``) starts at 0, or as `file` and
`set` say,
so that training can go on where it was left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from tfstep.engine.node import Role
from tfstep.errors import nearest
from tfstep.models.optimizers import OPTIMIZERS
from tfstep.scenario.file.mistakes import Mistake, Mistakes
from tfstep.scenario.file.nodes import shown
from tfstep.scenario.keys.check import WeightsConfig
from tfstep.scenario.weights.files import BadWeightsError, open_weights
from tfstep.scenario.weights.fills import Fill
from tfstep.scenario.weights.streams import normals, stream, uniforms
from tfstep.text import Bilingual

Shape = tuple[int, ...]
_MEMORY = tuple(f".{name}_before" for optimizer in OPTIMIZERS.values() for name in optimizer.memory)
_FIXED = {"bias": 0.0, "zero": 0.0, "one": 1.0}  # roles that no init changes


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


def initial(
    parameters: Sequence[Parameter],
    weights: WeightsConfig,
    where: ErrorAt,
    start: Mapping[str, np.ndarray] | None = None,
) -> dict[str, np.ndarray]:
    """The start of every parameter, by path; ``start`` has those that need no drawing (a formula's own).

    Raises `ScenarioError` with every value of `set` and `file` that fits no parameter.
    """
    known = {parameter.path: parameter for parameter in parameters}
    mistakes: list[Mistake] = []
    values = dict(_from_file(weights.file, known, where, mistakes) if weights.file else {})
    for path, fill in weights.set.items():
        keys = ("weights", "set", path)
        if path not in known:
            mistakes += where(keys, _unknown(path, known), key=True).mistakes
        elif problem := _misfit(fill, known[path].shape):
            mistakes += where(keys, problem).mistakes
        else:
            values[path] = filled(fill, known[path], weights.seed)
    if mistakes:
        raise Mistakes(mistakes)
    start = start or {}
    for path, parameter in known.items():
        if path not in values:
            values[path] = start[path] if path in start else _by_role(parameter, weights)
    return {path: values[path].astype(known[path].dtype, copy=False) for path in known}


def filled(fill: Fill, parameter: Parameter, seed: int) -> np.ndarray:
    """An array of the parameter's shape, filled as ``fill`` says; draws come from the parameter's own stream."""
    shape = parameter.shape
    if fill.numbers is not None:
        return np.broadcast_to(fill.numbers, shape).copy()
    if fill.kind == "identity":
        return np.eye(shape[0], shape[1])
    if fill.kind in ("zeros", "ones", "constant"):
        return np.full(shape, {"zeros": 0.0, "ones": 1.0}.get(fill.kind, fill.size))
    bits, count = stream(seed, parameter.path), math.prod(shape)
    if fill.kind == "normal":
        drawn = normals(bits, count)
        drawn *= 1.0 if fill.size is None else fill.size
    else:
        drawn = uniforms(bits, count)
        drawn *= 2.0
        drawn -= 1.0
        drawn *= _reach(fill, shape)
    return drawn.reshape(shape)


def _reach(fill: Fill, shape: Shape) -> float:
    """The r of a uniform draw within ±r."""
    fan_in, fan_out = (shape[0], shape[-1]) if len(shape) > 1 else (math.prod(shape), 1)
    if fill.kind == "xavier":
        return math.sqrt(6.0 / (fan_in + fan_out))
    return 1.0 / math.sqrt(fan_in) if fill.size is None else fill.size


def _by_role(parameter: Parameter, weights: WeightsConfig) -> np.ndarray:
    if parameter.role.name in _FIXED:
        return np.full(parameter.shape, _FIXED[parameter.role.name])
    return filled(weights.init, parameter, weights.seed)


def _misfit(fill: Fill, shape: Shape) -> Bilingual | None:
    """What is wrong with filling a parameter of this shape so, if anything."""
    if fill.kind == "identity" and len(shape) != 2:
        return Bilingual(
            "identity for a parameter of shape {shape}; only a matrix can be it",
            "形状为 {shape} 的参数不能取 identity；只有矩阵可以",
            shape=shape,
        )
    if fill.numbers is not None and fill.numbers.ndim and fill.numbers.shape != shape:
        return _wrong_shape(fill.numbers.shape, shape)
    return None


def _wrong_shape(found: Shape, needed: Shape) -> Bilingual:
    return Bilingual(
        "numbers of shape {found}; {needed} is needed",
        "数字的形状是 {found}；须为 {needed}",
        found=found,
        needed=needed,
    )


def _unknown(path: str, known: Mapping[str, Parameter]) -> Bilingual:
    near = nearest(path, known)
    few = ", ".join(list(known)[:8]) + (", …" if len(known) > 8 else "")
    if near is None:
        return Bilingual(
            "no parameter {path}; there are {few}", "没有参数 {path}；现有：{few}", path=shown(path), few=few
        )
    return Bilingual(
        "no parameter {path}; did you mean {near}, of shape {shape}?",
        "没有参数 {path}；是不是想写 {near}（形状 {shape}）？",
        path=shown(path),
        near=near,
        shape=known[near].shape,
    )


def _from_file(
    path: Path, known: Mapping[str, Parameter], where: ErrorAt, mistakes: list[Mistake]
) -> dict[str, np.ndarray]:
    """The arrays of a weights file, each checked against its parameter before it is read."""
    keys, values = ("weights", "file"), dict[str, np.ndarray]()
    try:
        with open_weights(path) as file:
            for name, shape in file.shapes.items():
                if name not in known and is_memory(name):
                    continue  # of another optimizer than this variant has
                if name not in known:
                    mistakes += where(keys, _in_file(path, _unknown(name, known))).mistakes
                elif shape != known[name].shape:
                    problem = Bilingual(
                        "{name}: {why}", "{name}：{why}", name=shown(name), why=_wrong_shape(shape, known[name].shape)
                    )
                    mistakes += where(keys, _in_file(path, problem)).mistakes
                else:
                    values[name] = file.read(name)
    except BadWeightsError as error:
        mistakes += where(keys, _in_file(path, error.why)).mistakes
    return values


def is_memory(path: str) -> bool:
    """Whether this is what an optimizer remembers from one update to the next."""
    return path == "update.done" or path.endswith(_MEMORY)


def _in_file(path: Path, why: Bilingual) -> Bilingual:
    return Bilingual("{file}: {why}", "{file}：{why}", file=path.name, why=why)
