"""When two numbers are the same: by the size of the terms that the number is a sum of, and the precision of both sides.

One large number in a tensor must not hide the others, and a small one that is left of large ones may carry their
rounding: each cell is judged by its own terms.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tfstep.engine.node import Literal, Node, Operation
from tfstep.engine.op import Vjp

HIDDEN = 5000.0  # below minus this a score is masked, whatever the number

LEVELS = ("float64", "float32", "float16", "bfloat16")
UNIT = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
ALLOWED = {"float64": 4096.0, "float32": 12.0, "float16": 3.0, "bfloat16": 3.0}
"""How many units of rounding one step may be off, of the sum of its terms."""

FLOOR = {"float64": 1e-290, "float32": 1e-37, "float16": 6.2e-8, "bfloat16": 1e-37}  # below this they have no numbers

LARGE = 100_000  # cells of a weight from which the sizes of terms are bounded, not added up

LINEAR = (
    "linear", "linear_no_bias", "matmul", "grouped_matmul", "repeat_heads", "add", "scale", "embed_scaled", "add_rows",
    "gather", "scatter", "accumulate", "transpose", "reshape", "split_heads", "concat_heads", "concat", "identity",
    "broadcast_to", "mean", "sum", "mul", "scatter_rows", "select", "sum_loss",
)  # fmt: skip
"""Ops whose cells are sums of products: with every number made positive they give the sizes of the terms."""


def precision(array: np.ndarray) -> str:
    """The coarsest floating type that holds every number of the array exactly."""
    values = np.asarray(array, np.float64)
    values = values[np.isfinite(values)]
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
        if not (single.astype(np.float64) == values).all():
            return "float64"
        if (single.view(np.uint32) & 0xFFFF == 0).all():
            return "bfloat16"
        half = values.astype(np.float16).astype(np.float64)
        return "float16" if (half == values).all() else "float32"


def allowed(level: str, slack: float = 1.0) -> float:
    """The share of its terms by which a cell may be off."""
    return UNIT[level] * ALLOWED[level] * slack


def rounded(x: np.ndarray, level: str) -> np.ndarray:
    """The numbers as this type holds them."""
    with np.errstate(over="ignore"):
        if level == "bfloat16":
            bits = np.asarray(x, np.float32).view(np.uint32)
            near: np.ndarray = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
            return near.view(np.float32).astype(np.float64)
        narrow: np.ndarray = np.asarray(x).astype(level)
        return narrow.astype(np.float64)


def terms(node: Node, args: list[Any], y: np.ndarray) -> np.ndarray:
    """For each cell of a step the sum of the sizes of its terms. Shapes: as y."""
    op = node.op
    size: np.ndarray = np.abs(y)
    if op is None:
        return size
    with np.errstate(all="ignore"):
        found = _terms(op, node.attrs, [a.value if isinstance(a, Literal) else a for a in args], size)
    most: np.ndarray = np.where(np.isfinite(found), np.maximum(found, size), size)
    return most


def _terms(op: Operation, attrs: dict[str, Any], args: list[Any], size: np.ndarray) -> Any:
    inner = op.op if isinstance(op, Vjp) else op
    if op.name in ("linear", "linear_no_bias") and args[1].size > LARGE:  # Σ|x||W| ≤ ‖x‖‖W‖, which is much sooner found
        lengths = np.sqrt(np.einsum("...i,...i->...", args[0], args[0]))[..., None] * np.sqrt(
            np.einsum("ij,ij->j", args[1], args[1])
        )
        return lengths + (np.abs(args[2]) if len(args) > 2 else 0.0)
    if inner.name in LINEAR:
        positive = [np.abs(a) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in args]
        return np.abs(op.forward(*positive, **attrs))
    if op.name == "softmax":
        x = args[0]
        seen = np.where(x <= -HIDDEN, 0.0, np.abs(x))
        return size * (1 + seen.max(-1, keepdims=True))
    if op.name in ("layer_norm", "rms_norm", "batch_norm"):
        x, gamma = args[0], np.abs(args[1])
        axis = tuple(range(x.ndim - 1)) if op.name == "batch_norm" else (-1,)
        mean = 0.0 if op.name == "rms_norm" else x.mean(axis, keepdims=True)
        std = np.sqrt(((x - mean) ** 2).mean(axis, keepdims=True) + attrs["eps"])
        beta = np.abs(args[2]) if len(args) > 2 else 0.0
        mean_terms = 0.0 if op.name == "rms_norm" else np.abs(x).mean(axis, keepdims=True)  # Σ|x| / n, not |Σx| / n
        return (np.abs(x) + mean_terms) / std * gamma + beta
    if not isinstance(op, Vjp) and len(args) == 1 and isinstance(args[0], np.ndarray) and args[0].shape == size.shape:
        return size + np.abs(args[0])
    if not size.ndim:
        floats = [np.abs(a).max(initial=0.0) for a in args if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
        return size + max((float(np.minimum(f, HIDDEN)) for f in floats), default=0.0)
    if isinstance(op, Vjp):
        return size + size.mean(-1, keepdims=True) + 1e-3 * size.mean()
    return size


def apart(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """|ours − theirs| cell by cell: equal infinities are 0 apart, and so is NaN from what is not finite (a sum of
    infinities is either, by its order); a number and none are infinitely far."""
    with np.errstate(all="ignore"):
        far = np.abs(ours - theirs)
        lost = np.isnan(ours) | np.isnan(theirs)
    same = (ours == theirs) | (lost & ~np.isfinite(ours) & ~np.isfinite(theirs))
    return np.where(same, 0.0, np.where(np.isnan(far), np.inf, far))
