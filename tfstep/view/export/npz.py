"""Tensors as a NumPy archive: one array a path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

from tfstep import work
from tfstep.address.roles import GRAD
from tfstep.engine.trace import Tensor
from tfstep.scenario.weights.files import write_npz


def archive(file: BinaryIO, tensors: Sequence[Tensor], grad: bool) -> None:
    """Write an .npz with the values under their paths, with ``grad`` the gradients under ``PATH.grad``."""
    arrays: dict[str, np.ndarray] = {}
    for tensor in work.each(tensors, work.TENSORS):
        arrays[tensor.path] = tensor.value
        gradient = tensor.grad if grad else None
        if gradient is not None:
            arrays[tensor.path + GRAD] = gradient
    write_npz(file, arrays)
