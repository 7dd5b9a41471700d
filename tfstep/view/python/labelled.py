"""A tensor as an xarray DataArray: its axes by name, its words as coordinates."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tfstep.engine.trace import Tensor
from tfstep.errors import CommandError
from tfstep.text import Bilingual
from tfstep.view.export.indices import along


def data_array(tensor: Tensor) -> Any:
    """The ``xarray.DataArray`` of a tensor. Words are coordinates where all sentences share them (``我``, ``他#2``).

    Raises CommandError where xarray is not installed.
    """
    try:
        from xarray import DataArray
    except ImportError:
        raise CommandError(
            Bilingual(
                "xarray is not installed; `pip install 'tfstep[xarray]'` adds it",
                "没有安装 xarray；用 `pip install 'tfstep[xarray]'` 安装",
            )
        ) from None
    names, seen = [], Counter[str]()
    for place, axis in enumerate(tensor.axes):
        name = axis or f"axis{place}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}{seen[name]}")
    axes = tensor.node.spec.axes
    words = {
        name: along(axis, size)
        for name, axis, size in zip(names, axes, tensor.shape, strict=True)
        if axis.labels is not None and len(axis.labels) == 1
    }
    told = {"formula": tensor.formula, "step": tensor.step, "phase": tensor.phase}
    attributes = {key: value for key, value in told.items() if value is not None}
    return DataArray(tensor.value.copy(), dims=names, coords=words, name=tensor.path, attrs=attributes)
