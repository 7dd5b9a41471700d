"""Half precision: float16 and bfloat16, as the numbers that float32 has of them.

A tensor in half precision is kept as float32 whose numbers are all ones that the half type has. A step computes in
float32, sums included, and is rounded once at its end, as the kernels of a GPU do it; NumPy's own reductions over half
types would round after every addition (a sum of ones in bfloat16 stops at 256).
"""

from __future__ import annotations

import numpy as np

HALVES = ("float16", "bfloat16")
UNIT = {"float16": 2.0**-10, "bfloat16": 2.0**-7}
"""The distance from 1 to the next number."""
MOST = {"float16": 65504.0, "bfloat16": 3.3895313892515355e38}
"""The largest number; what is half a distance beyond it is infinite."""
LEAST = {"float16": 2.0**-24, "bfloat16": 2.0**-133}
"""The smallest number above 0."""
_NORMAL = {"float16": 2.0**-14, "bfloat16": 2.0**-126}


def stored(precision: str) -> str:
    """The type of NumPy in which tensors of a precision are kept."""
    return "float32" if precision in HALVES else precision


def rounded(x: np.ndarray, precision: str) -> np.ndarray:
    """The nearest numbers of a half type, of two as near the even one; infinite beyond its largest. As float32; of
    another type the numbers as they are."""
    if precision not in HALVES:
        return x
    single = np.asarray(x, np.float32)
    with np.errstate(all="ignore"):
        if precision == "float16":
            return single.astype(np.float16).astype(np.float32)
        bits = np.ascontiguousarray(single).view(np.uint32)
        near: np.ndarray = ((bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32)
        near = near.reshape(single.shape)
        return np.where(np.isnan(single), single, near)


def spacing(x: float, precision: str) -> float:
    """The distance of the numbers of a half type around x."""
    size = min(max(abs(x), _NORMAL[precision]), MOST[precision])
    return float(UNIT[precision] * 2.0 ** np.floor(np.log2(size)))
