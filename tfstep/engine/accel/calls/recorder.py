"""The NumPy calls that a step makes, noted while it runs once, to be made again without the Python around them.

What a step does with small arrays is the same in every pass: the same calls, on arrays of the same shapes. On tensors
whose place in memory stays the same they are also calls of the same arrays, and a list of them is the whole step. A step
is watched through its operands: every call that reads or fills one is noted. What cannot be noted, because numbers leave
the arrays (a ``float`` of a cell, a choice by what is in one), or come from elsewhere, is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NoReturn

import numpy as np

from tfstep.engine.accel.memory import LINE, small_pages
from tfstep.engine.arrays.products import whole

Call = tuple[Callable[..., object], tuple[Any, ...]]
HARMLESS = {
    *("shape", "ndim", "dtype", "size", "strides", "itemsize", "nbytes", "flags"),
    *("T", "reshape", "ravel", "transpose", "swapaxes", "astype", "fill", "view"),
}
"""What may be asked of a watched array; what its operators do is noted as any other call."""
VIEWS = {np.broadcast_to, np.reshape, np.transpose, np.swapaxes, np.expand_dims, np.moveaxis}
ASKED = {np.shape, np.ndim, np.result_type, np.may_share_memory}


class RefusedError(Exception):
    """A step does what a list of calls cannot do again."""


def _refuse(*given: Any) -> NoReturn:
    raise RefusedError


class Watched(np.ndarray):
    """A tensor in the memory of a recorder, which notes what is done with it."""

    at: Recorder
    begins: int | None = None  # where in that memory, if it is a place of its own

    def __array_finalize__(self, of: Any) -> None:
        if isinstance(of, Watched):
            self.at = of.at

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *given: Any, **options: Any) -> Any:
        return self.at.ufunc(ufunc, method, given, options)

    def __array_function__(self, function: Any, types: Any, given: Any, options: Any) -> Any:
        if function in VIEWS:
            found = super().__array_function__(function, types, given, options)
            return self.at.watched(self.at.plain(found))
        if function in ASKED:
            return super().__array_function__(function, types, given, options)
        return self.at.function(function, given, options)

    def __getitem__(self, where: Any) -> Any:
        found = super().__getitem__(where)
        if not isinstance(found, Watched) or not self.at.has(found):
            raise RefusedError
        return found

    def __setitem__(self, where: Any, value: Any) -> None:
        self.at.do(np.copyto, (self[where], value))

    __float__ = __int__ = __bool__ = __index__ = __complex__ = __iter__ = __contains__ = _refuse

    def reshape(self, *shape: Any, **options: Any) -> Any:
        """Another shape of the same cells, copied where it cannot be a view."""
        found = super().reshape(*shape, **options)
        if self.at.has(found):
            return found
        copy = self.at.place(found.shape, found.dtype)
        self.at.do(np.copyto, (copy.reshape(self.shape), self))
        return copy

    def ravel(self, *order: Any) -> Any:
        """All cells in a row."""
        return self.reshape(-1)

    def astype(self, dtype: Any, **options: Any) -> Any:  # type: ignore[override]  # as far as it is needed
        """The same numbers in another type."""
        copy = self.at.like(self, np.dtype(dtype))
        self.at.do(np.copyto, (copy, self, "unsafe"))
        return copy

    def fill(self, value: Any) -> None:
        """The same number everywhere."""
        self.at.do(np.copyto, (self, value))


for _name in set(dir(np.ndarray)) - HARMLESS:
    if not _name.startswith("__"):
        setattr(Watched, _name, property(_refuse))


class Recorder:
    """Memory in which tensors keep their places, and the calls that fill them, in order."""

    def __init__(self, size: int) -> None:
        self.memory = small_pages(size + LINE)
        self.first: int = self.memory.__array_interface__["data"][0]
        self.used = -self.first % LINE
        self.calls: list[Call] = []
        self.shared: dict[object, Any] = {}

    def mark(self) -> tuple[int, int, int]:
        """How far it is."""
        return self.used, len(self.calls), len(self.shared)

    def back(self, mark: tuple[int, int, int]) -> None:
        """Forget what was noted since."""
        self.used = mark[0]
        del self.calls[mark[1] :]
        for key in list(self.shared)[mark[2] :]:
            del self.shared[key]

    def place(self, shape: tuple[int, ...], dtype: np.dtype, line: int = LINE) -> Watched:
        """Room for a tensor of this shape."""
        start = self.used + -(self.first + self.used) % line
        size = math.prod(shape) * dtype.itemsize
        if start + size > len(self.memory):
            raise MemoryError
        self.used = start + size
        place = self.watched(self.memory[start : self.used].view(dtype).reshape(shape))
        place.begins = start
        return place

    def watched(self, x: np.ndarray) -> Watched:
        """An array in this memory, watched."""
        watched = x.view(Watched)
        watched.at = self
        return watched

    def like(self, x: np.ndarray, dtype: np.dtype | None = None) -> Watched:
        """Room for an array that lies in memory as another does, its axes in the same order."""
        order = sorted(range(x.ndim), key=lambda k: -abs(x.strides[k]))
        if x.flags.c_contiguous:
            order = list(range(x.ndim))
        dense = self.place(tuple(x.shape[k] for k in order), dtype or x.dtype)
        return dense.transpose([order.index(k) for k in range(x.ndim)])

    def constant(self, value: np.ndarray) -> Watched:
        """Room for an array that is the same in every pass."""
        value = np.asarray(value)
        place = self.place(value.shape, value.dtype)
        np.copyto(self.plain(place), value)
        return place

    def start(self, x: np.ndarray) -> int:
        """Where an array begins, counted from the beginning of this memory."""
        if isinstance(x, Watched) and x.begins is not None:
            return x.begins
        address: int = x.__array_interface__["data"][0]
        return address - self.first

    def has(self, x: np.ndarray) -> bool:
        """Whether an array lies in this memory."""
        return 0 <= self.start(x) < len(self.memory)

    def row(self, parts: list[Watched]) -> Watched | None:
        """Tensors that lie end to end, as one; None where they do not."""
        starts = [self.start(x) for x in parts]
        ends = [start + x.nbytes for start, x in zip(starts, parts, strict=True)]
        if starts[1:] != ends[:-1] or not all(x.flags.c_contiguous and x.dtype == parts[0].dtype for x in parts):
            return None
        return self.watched(self.memory[starts[0] : ends[-1]].view(parts[0].dtype))

    def plain(self, x: Any) -> Any:
        """An operand as a noted call is given it."""
        if isinstance(x, Watched):
            return np.ndarray.view(x, np.ndarray)
        if type(x) in (bool, int, float) or (
            isinstance(x, np.ndarray) and self.has(x)
        ):  # NumPy's scalars were computed
            return x
        raise RefusedError

    def do(self, function: Callable[..., object], given: tuple[Any, ...]) -> Any:
        """Make a call, and note it."""
        given = tuple(x if isinstance(x, (str, type(None), tuple)) else self.plain(x) for x in given)
        self.calls.append((function, given))
        return function(*given)

    def ufunc(self, ufunc: np.ufunc, method: str, given: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """A call of NumPy's arithmetic."""
        inputs = [self.plain(x) for x in given[: ufunc.nin]]
        (out,) = options.pop("out", (None,))
        call: Callable[..., Any]
        after: list[Any] = []
        if method == "at":
            return self.do(ufunc.at, given)
        if method == "reduce":
            call, before = getattr(ufunc, method), [*inputs, options.pop("axis", 0), options.pop("dtype", None)]
            after = [bool(options.pop("keepdims", False))]
        elif method == "__call__" and (ufunc is not np.matmul or whole(*inputs)):
            call, before = ufunc, _typed(ufunc, inputs)
        else:
            raise RefusedError
        if options:
            raise RefusedError
        if out is None:
            out = self.like(np.asarray(call(*before, None, *after) if after else call(*before)))
        place = self.plain(out)
        if ufunc in (np.maximum, np.minimum) and not after:  # NumPy wants the third operand of these by its name
            call, args = partial(call, out=place), tuple(before)
        else:
            args = (*before, place, *after)
        self.calls.append((call, args))
        call(*args)
        return out

    def function(self, function: Any, given: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        """A call of one of NumPy's other functions."""
        if function is np.copyto:
            to, x = given
            return self.do(np.copyto, (to, x, "same_kind", options.get("where", True)))
        if function is np.empty_like:
            return self._empty_like(*given, **options)
        if function is np.take and len(given) == 5:
            self.do(np.take, given)
            return given[3]  # watched, as NumPy's own answer is not
        if function is np.concatenate and "out" not in options:
            return self.joined(*given, **options)
        raise RefusedError

    def joined(self, parts: Any, axis: int | None = 0) -> Watched:
        """Arrays behind one another."""
        plain = [self.plain(x) for x in parts]
        result = np.concatenate(plain, axis)
        out = self.like(result)
        call = (np.concatenate, (plain, axis, self.plain(out)))
        self.calls.append(call)
        call[0](*call[1])
        return out

    def _empty_like(self, x: np.ndarray, dtype: Any = None, order: str = "K", shape: Any = None) -> Watched:
        if shape is None and order == "K":
            return self.like(x, dtype and np.dtype(dtype))
        return self.place(x.shape if shape is None else shape, np.dtype(dtype or x.dtype))


def constant(like: np.ndarray, value: np.ndarray) -> np.ndarray:
    """An array that is the same in every pass, as an operand beside ``like``."""
    if not isinstance(like, Watched):
        return value
    return like.at.constant(value)


def shared(make: Callable[..., Any], x: np.ndarray, *more: Any) -> Any:
    """What several steps make of the same tensor, and none of them writes to: while calls are noted it is made once."""
    if not isinstance(x, Watched):
        return make(x, *more)
    key = (make, x.at.start(x), x.shape, x.strides, x.dtype, more)
    if key not in x.at.shared:
        x.at.shared[key] = make(x, *more)
    return x.at.shared[key]


def _typed(ufunc: np.ufunc, inputs: list[Any]) -> list[Any]:
    """The operands of a call, bare numbers as the arrays that NumPy makes of them at each call."""
    if all(isinstance(x, np.ndarray) for x in inputs):
        return inputs
    kinds = [x.dtype if isinstance(x, np.ndarray) else type(x) for x in inputs]
    if bool in kinds:
        return inputs
    types = ufunc.resolve_dtypes((*kinds, *(None,) * ufunc.nout))
    return [x if isinstance(x, np.ndarray) else np.array(x, kind) for x, kind in zip(inputs, types, strict=False)]
