"""Tensors as a NumPy archive: one array a path."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

import numpy as np

from tfstep.address.roles import GRAD
from tfstep.engine.trace import Tensor


def archive(tensors: Iterable[Tensor], grad: bool) -> bytes:
    """The bytes of an .npz with the values under their paths, with ``grad`` the gradients under ``PATH.grad``.

    The same tensors give the same bytes: the archive holds no time.
    """
    arrays: dict[str, np.ndarray] = {}
    for tensor in tensors:
        arrays[tensor.path] = tensor.value
        gradient = tensor.grad if grad else None
        if gradient is not None:
            arrays[tensor.path + GRAD] = gradient
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as zipped:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            with zipped.open(entry, "w", force_zip64=array.nbytes > 2**30) as out:
                np.lib.format.write_array(out, array, allow_pickle=False)
    return file.getvalue()
