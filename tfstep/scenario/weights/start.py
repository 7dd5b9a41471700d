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
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tfstep.engine.arrays.leaves import Later
from tfstep.models.config import ModelConfig
from tfstep.scenario.file.mistakes import MOST, Mistake, Mistakes
from tfstep.scenario.keys.check import WeightsConfig
from tfstep.scenario.weights.fills import Fill
from tfstep.scenario.weights.parameter import ErrorAt, Parameter, Shape, unknown_ones, wrong_shape
from tfstep.scenario.weights.streams import normals_into, stream, uniforms_into
from tfstep.scenario.weights.weight_file import in_type
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.scenario.weights.taken import Taken

AT_ONCE = 20_000_000  # numbers that are drawn when a scenario is compiled; with more, each when it is asked for
_FIXED = {"bias": 0.0, "zero": 0.0, "one": 1.0}  # roles that no init changes


def initial(
    parameters: Sequence[Parameter],
    weights: WeightsConfig,
    where: ErrorAt,
    model: ModelConfig,
    start: Mapping[str, np.ndarray] | None = None,
) -> tuple[dict[str, np.ndarray | Later], Taken | None]:
    """The start of every parameter, by path, and what was taken from a file; ``start`` has those that need no
    drawing (a formula's own).

    Raises `ScenarioError` with every value of `set` and `file` that fits no parameter.
    """
    known = {parameter.path: parameter for parameter in parameters}
    mistakes: list[Mistake] = []
    for path, fill in weights.own.items():
        if problem := _misfit(fill, known[path].shape):
            mistakes += where(("model", "parameters", path, "init"), problem).mistakes
    start = start or {}
    taken: Taken | None = None
    if weights.file:
        from tfstep.scenario.weights.taken import from_file  # and with it the families of checkpoints

        taken = from_file(weights, known, model, where, mistakes, start)
    values: dict[str, np.ndarray | Later] = {} if taken is None else dict(taken.values)
    strange: list[str] = []
    for path, fill in weights.set.items():
        if len(mistakes) >= MOST:
            break
        keys = ("weights", "set", path)
        if path not in known:
            strange.append(path)
        elif problem := _misfit(fill, known[path].shape):
            mistakes += where(keys, problem).mistakes
        else:
            values[path] = fill_array(fill, known[path], weights.seed)
    for path, message in zip(strange, unknown_ones(strange, known), strict=False):
        mistakes += where(("weights", "set", path), message, key=True).mistakes
    if mistakes:
        raise Mistakes(mistakes)
    large = sum(math.prod(parameter.shape) for parameter in parameters) > AT_ONCE
    for path, parameter in known.items():
        if path in values:
            continue
        if path in start:
            values[path] = start[path]
        elif large:  # each is of its own stream, so that it can be drawn when somebody looks
            values[path] = Later(partial(_drawn, parameter, weights))
        else:
            values[path] = next(found for found in _by_role(parameter, weights) if found is not None)
    return {path: _typed(values[path], known[path]) for path in known}, taken


def _drawn(parameter: Parameter, weights: WeightsConfig) -> Iterator[np.ndarray | None]:
    """The start of a parameter in its type, part by part."""
    for found in _by_role(parameter, weights):
        yield found if found is None else in_type(found, parameter.dtype)


def _typed(value: np.ndarray | Later, parameter: Parameter) -> np.ndarray | Later:
    """In the parameter's type; what is read later comes in it."""
    return value if isinstance(value, Later) else in_type(value, parameter.dtype)


def fill_array(fill: Fill, parameter: Parameter, seed: int) -> np.ndarray:
    """An array of the parameter's shape, filled as ``fill`` says; draws come from the parameter's own stream."""
    return next(found for found in _filled(fill, parameter, seed) if found is not None)


def _filled(fill: Fill, parameter: Parameter, seed: int) -> Iterator[np.ndarray | None]:
    """The same, part by part: None after each that is not the last."""
    shape = parameter.shape
    if fill.numbers is not None:
        yield np.broadcast_to(fill.numbers, shape).copy()
    elif fill.kind == "identity":
        yield np.eye(shape[0], shape[1])
    elif fill.kind in ("zeros", "ones", "constant"):
        yield np.full(shape, {"zeros": 0.0, "ones": 1.0}.get(fill.kind, fill.size))
    else:
        bits, drawn = stream(seed, parameter.path), np.empty(math.prod(shape))
        yield from normals_into(drawn, bits) if fill.kind == "normal" else uniforms_into(drawn, bits)
        if fill.kind == "normal":
            drawn *= 1.0 if fill.size is None else fill.size
        else:
            drawn *= 2.0
            drawn -= 1.0
            drawn *= _reach(fill, shape)
        yield drawn.reshape(shape)


def _reach(fill: Fill, shape: Shape) -> float:
    """The r of a uniform draw within ±r."""
    fan_in, fan_out = (shape[0], shape[-1]) if len(shape) > 1 else (math.prod(shape), 1)
    if fill.kind == "xavier":
        return math.sqrt(6.0 / (fan_in + fan_out))
    return 1.0 / math.sqrt(fan_in) if fill.size is None else fill.size


def _by_role(parameter: Parameter, weights: WeightsConfig) -> Iterator[np.ndarray | None]:
    if parameter.role.name in _FIXED:
        yield np.full(parameter.shape, _FIXED[parameter.role.name])
    else:
        yield from _filled(weights.own.get(parameter.path, weights.init), parameter, weights.seed)


def _misfit(fill: Fill, shape: Shape) -> Bilingual | None:
    """What is wrong with filling a parameter of this shape so, if anything."""
    if fill.kind == "identity" and len(shape) != 2:
        return Bilingual(
            "identity for a parameter of shape {shape}; only a matrix can be it",
            "形状为 {shape} 的参数不能取 identity；只有矩阵可以",
            shape=shape,
        )
    if fill.numbers is not None and fill.numbers.ndim and fill.numbers.shape != shape:
        return wrong_shape(fill.numbers.shape, shape)
    return None
