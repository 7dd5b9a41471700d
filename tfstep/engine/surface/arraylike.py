"""A tensor as NumPy's users expect one: it converts, is indexed, and takes part in arithmetic; the result is an array."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from tfstep.engine.surface.above import above


class ArrayLike(NDArrayOperatorsMixin):
    """Arithmetic, comparisons and NumPy's functions on ``value``; they give arrays, which belong to no trace.

    >>> import numpy as np, tfstep
    >>> weights = tfstep.trace(tfstep.load("wo-ai-ni"))["enc0.attn.weights"]
    >>> bool(np.allclose(np.sum(weights, axis=-1), 1)), float(weights[0, 0, "我", "爱"]) < 1
    (True, True)
    """

    __slots__ = ()
    __hash__ = object.__hash__

    if TYPE_CHECKING:

        @property
        def value(self) -> np.ndarray: ...

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Its numbers: the read-only array itself, or a copy that may be written to where one is asked for."""
        return np.array(self.value, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        inputs = tuple(each.value if isinstance(each, ArrayLike) else each for each in inputs)
        return getattr(ufunc, method)(*inputs, **kwargs)

    def __getitem__(self, index: Any) -> np.ndarray | float | int:
        """Part of its numbers, a number where every axis has an index; an index may be a word along its axis.

        Raises PathError where there is no such place or word.
        """
        return above("part")(self, index)  # type: ignore[no-any-return]  # what is made above has no type here

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __format__(self, form: str) -> str:
        return format(self.value[()], form) if form else str(self)

    @property
    def ndim(self) -> int:
        """The number of its axes."""
        return self.value.ndim

    @property
    def size(self) -> int:
        """The number of its cells."""
        return self.value.size

    @property
    def dtype(self) -> np.dtype:
        """The type of its numbers."""
        return self.value.dtype

    @property
    def T(self) -> np.ndarray:
        """Its numbers with the last two axes swapped, as ``.T`` means in the debugger's language."""
        return self.value if self.value.ndim < 2 else self.value.swapaxes(-1, -2)

    def to_xarray(self) -> Any:
        """As an ``xarray.DataArray``: named axes, words as coordinates. Raises TfstepError without xarray."""
        return above("xarray")(self)
