"""One call of an op to try: inputs and attributes, drawn once and for all from a seed.

A Python number among the inputs is a literal, as in ``2 * x``. Inputs stay away from kinks and ties, where a
derivative is a convention, but for those where the convention is the mean of both sides, as of a central difference.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tfstep.ops  # noqa: F401  # enters the ops in the catalogue
from tfstep.engine.op import CATALOGUE, Op

Input = np.ndarray | float


@dataclass(frozen=True, eq=False)
class Case:
    """One call of an op. ``smooth`` is false where a derivative makes no sense (infinities, whole numbers)."""

    name: str
    inputs: tuple[Input, ...]
    attrs: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    smooth: bool = True

    def __post_init__(self) -> None:
        for x in self.inputs:
            if isinstance(x, np.ndarray):
                x.setflags(write=False)  # no op may write into what it is given

    @property
    def op(self) -> Op:
        """The op under test."""
        return CATALOGUE.ops[self.name]

    @property
    def id(self) -> str:
        """Its name in the test report."""
        return f"{self.name}-{self.title}" if self.title else self.name


def draw(key: str, *shape: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """Numbers that depend on the key alone."""
    return np.random.default_rng(zlib.crc32(key.encode())).uniform(low, high, shape)


def apart(key: str, *shape: int) -> np.ndarray:
    """Distinct numbers, at least 0.1 from each other and from 0: no kink and no tie within reach of a difference."""
    n = int(np.prod(shape))
    steps = np.random.default_rng(zlib.crc32(key.encode())).permutation(n) - n // 2
    return (steps * 0.15 + 0.06).reshape(shape)


def whole(key: str, *shape: int, below: int) -> np.ndarray:
    """Ids."""
    return np.random.default_rng(zlib.crc32(key.encode())).integers(0, below, shape)


CONSTANTS = {  # the arguments of floats through which no gradient is wanted: given tables and targets, and the updates
    "clamp": {"low", "high"},
    "rope": {"cos", "sin"},
    "keep_top": {"by"},
    "mse": {"target"},
    "half_mse": {"target"},
    "sgd": {"p", "g"},
    "velocity": {"v", "g"},
    "adam_m": {"m", "g"},
    "adam_v": {"v", "g"},
    "bias_correct": {"m"},
    "adam_new": {"p", "m_hat", "v_hat"},
    "sgd_step": {"p", "g", "lr"},
    "adam_direction": {"m_hat", "v_hat"},
    "coupled_decay": {"g", "p"},
    "decoupled_decay": {"p", "lr"},
    "damped_velocity": {"v", "g"},
    "nesterov": {"g", "v"},
    "clip_value": {"g"},
    "clip_share": {"norm"},
    "accumulated": {"before", "g"},
    "held": {"new", "old"},
    "dropout": {"keep"},
    "label_loss": {"weights"},
    "shared_sum": {"share", "divisor"},
    "bce": {"target"},
    "kl": {"target"},
    "adam_denominator": {"v_hat"},
    "unscaled": {"g", "scale"},
    "scaled_loss": {"scale"},
}


def arguments(case: Case) -> list[int]:
    """The inputs that a gradient must come back to: arrays of floats."""
    if not case.smooth:
        return []
    names = case.op.arguments
    without = CONSTANTS.get(case.name, set())
    floats = [k for k, x in enumerate(case.inputs) if isinstance(x, np.ndarray) and x.dtype.kind == "f"]
    return [k for k in floats if not (names and names[k] in without)]
