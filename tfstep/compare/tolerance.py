"""When two numbers are the same: by the size of the terms that the number is a sum of, and the precision of both sides.

One large number in a tensor must not hide the others, and a small one that is left of large ones may carry their
rounding: each cell is judged by its own terms.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from msgspec import Struct, field

from tfstep.engine.arrays import half
from tfstep.engine.node import Literal, Node, Operation
from tfstep.engine.op import Vjp

HIDDEN = 5000.0  # below minus this a score is masked, whatever the number

LEVELS = ("float64", "float32", "float16", "bfloat16")
UNIT = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
ALLOWED = {"float64": 4096.0, "float32": 12.0, "float16": 3.0, "bfloat16": 3.0}
"""How many units of rounding one step may be off, of the sum of its terms."""

FLOOR = {"float64": 1e-290, "float32": 1e-37, "float16": 6.2e-8, "bfloat16": 1e-37}  # below this they have no numbers

LARGE = 100_000  # cells of a weight from which the sizes of terms are bounded, not added up
SIGNS = 1 << 16  # signs by chance that are kept
SAMPLE = 2048  # cells of a large array that tell its type
USED = 0.125  # of rounded numbers about half have the last bit of their type set; of round ones none

LINEAR = (
    "linear", "linear_no_bias", "matmul", "grouped_matmul", "repeat_heads", "add", "scale", "embed_scaled", "add_rows",
    "gather", "scatter", "accumulate", "transpose", "reshape", "split_heads", "concat_heads", "concat", "identity",
    "broadcast_to", "mean", "sum", "mul", "scatter_rows", "select", "sum_loss",
    "velocity", "damped_velocity", "nesterov", "adam_m", "adam_v", "coupled_decay", "accumulated",
)  # fmt: skip
"""Ops whose cells are sums of products: with every number made positive they give the sizes of the terms."""
DOWNHILL = ("sgd", "sgd_step", "adam_new")
"""Ops that take their second argument from the first: what is left may be far smaller than both."""


def precision(array: np.ndarray) -> str:
    """The coarsest floating type to which the numbers were rounded: it holds each of them, and they use its last bit.

    Numbers as round as 0.25 fit into every type and tell of none; those are as precise as the type they are kept in.
    """
    values = np.asarray(array).reshape(-1)[:: max(1, array.size // SAMPLE)]
    values = values[np.isfinite(values) & (values != 0)]
    with np.errstate(over="ignore"):
        single = values.astype(np.float32, copy=False)
    if not (single == values).all():
        return "float64"
    bits = single.view(np.uint32)

    def uses(bit: int) -> bool:
        return bool(bits.size and (bits >> bit & 1).mean() >= USED)

    if uses(16) and (bits & 0xFFFF == 0).all():
        return "bfloat16"
    if uses(13) and _in_half(values):
        return "float16"
    return "float32" if uses(0) or array.dtype == np.float32 else "float16" if array.dtype == np.float16 else "float64"


def _in_half(values: np.ndarray) -> bool:
    """Whether float16 holds each of these numbers."""
    with np.errstate(over="ignore"):
        return bool((values.astype(np.float16).astype(values.dtype) == values).all())


def allowed(level: str, slack: float = 1.0) -> float:
    """The share of its terms by which a cell may be off."""
    return UNIT[level] * ALLOWED[level] * slack


def rounded(x: np.ndarray, level: str) -> np.ndarray:
    """The numbers as this type holds them."""
    with np.errstate(over="ignore"):
        if level == "bfloat16":
            return half.rounded(x, level).astype(np.float64)
        narrow: np.ndarray = np.asarray(x).astype(level)
        return narrow.astype(np.float64)


class Lengths(Struct, eq=False):
    """The lengths of the columns and rows of large weights, found once each."""

    known: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def along(self, weight: np.ndarray, axis: int) -> np.ndarray:
        """The length of every vector along an axis of a matrix."""
        key = id(weight), axis
        if key not in self.known or self.known[key][0] is not weight:
            self.known[key] = weight, np.sqrt(np.einsum("ij,ij->j" if axis == 0 else "ij,ij->i", weight, weight))
        return self.known[key][1]


def terms(node: Node, args: list[Any], y: np.ndarray, lengths: Lengths | None = None) -> np.ndarray:
    """For each cell of a step the sum of the sizes of its terms. Shapes: as y."""
    op = node.op
    size: np.ndarray = np.abs(y)
    if op is None:
        return size
    with np.errstate(all="ignore"):
        found = _terms(
            op, node.attrs, [a.value if isinstance(a, Literal) else a for a in args], size, lengths or Lengths()
        )
    most: np.ndarray = np.where(np.isfinite(found), np.maximum(found, size), size)
    return most


def _terms(op: Operation, attrs: dict[str, Any], args: list[Any], size: np.ndarray, lengths: Lengths) -> Any:
    inner = op.op if isinstance(op, Vjp) else op
    if inner.name in ("linear", "linear_no_bias"):  # Σ|x||W| ≤ ‖x‖‖W‖, which is much sooner found
        given = dict(zip(op.arguments, args, strict=False))
        weight: Any = given.get("W")
        if op is inner and weight.size > LARGE:
            return _length(given["x"]) * lengths.along(weight, 0) + (np.abs(given["b"]) if "b" in given else 0.0)
        if op is not inner and "x" not in given and weight is not None and weight.size > LARGE:
            return _length(given["g"]) * lengths.along(weight, 1)
        if op is not inner and "x" in given and size.size > LARGE:
            x, g = (a.reshape(-1, a.shape[-1]) for a in (given["x"], given["g"]))
            return np.outer(_length(x.T)[:, 0], _length(g.T)[:, 0])
    if inner.name in LINEAR:
        positive = [np.abs(a) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in args]
        return np.abs(op.forward(*positive, **attrs))
    if inner.name == "rope":  # of x · cos + turned(x) · sin little may be left
        x, cos, sin = args
        return sum(np.abs(op.forward(x, *one, **attrs)) for one in ((cos, 0.0 * sin), (0.0 * cos, sin)))
    if op.name in DOWNHILL:
        return np.abs(op.forward(np.abs(args[0]), -np.abs(args[1]), *args[2:], **attrs))
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
        return size + size.mean(-1, keepdims=True) + 1e-3 * size.mean() + _cancelled(op, attrs, args)
    return size


def _length(x: np.ndarray) -> np.ndarray:
    """The length of every row. Shapes: (…, n) → (…, 1)."""
    return np.asarray(np.sqrt(np.einsum("...i,...i->...", x, x))[..., None])


def _cancelled(op: Vjp, attrs: dict[str, Any], args: list[Any]) -> Any:
    """What is taken away from each other in the backward of a softmax, y (g − Σ g y), and of a layer norm,
    (g γ − mean(g γ) − x̂ mean(g γ x̂)) / σ: little may be left of either."""
    given = dict(zip(op.arguments, args, strict=True))
    if op.op.name == "softmax":
        g, y = np.abs(given["g"]), np.abs(given["y"])
        return y * (g + (g * y).sum(-1, keepdims=True))
    if op.op.name in ("layer_norm", "rms_norm") and op.argument == "x":
        x, g = given["x"], np.abs(given["g"] * given["gamma"])
        middle = x.mean(-1, keepdims=True) if op.op.name == "layer_norm" else 0.0
        std = np.sqrt(((x - middle) ** 2).mean(-1, keepdims=True) + attrs["eps"])
        bar = (np.abs(x) + np.abs(middle)) / std
        return (g + g.mean(-1, keepdims=True) + bar * (g * bar).mean(-1, keepdims=True)) / std
    return 0.0


def apart(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """|ours − theirs| cell by cell: equal infinities are 0 apart, and so is NaN from what is not finite (a sum of
    infinities is either, by its order); a number and none are infinitely far."""
    with np.errstate(all="ignore"):
        far: np.ndarray = np.abs(ours - theirs)
        if np.isfinite(far.max(initial=0.0)):
            return far
        lost = np.isnan(ours) | np.isnan(theirs)
    same = (ours == theirs) | (lost & ~np.isfinite(ours) & ~np.isfinite(theirs))
    return np.where(same, 0.0, np.where(np.isnan(far), np.inf, far))


@cache
def _row(dtype: np.dtype) -> np.ndarray:
    return np.random.default_rng(0).choice((-1.0, 1.0), SIGNS).astype(dtype)


def signs(like: np.ndarray, begin: int) -> np.ndarray:
    """Signs by chance, the same in every run: from a fixed row of them, those from ``begin`` on."""
    row = _row(like.dtype)
    first = row[begin % SIGNS :]
    if like.size <= first.size:
        return first[: like.size].reshape(like.shape)
    return np.concatenate([first, np.resize(row, like.size - first.size)]).reshape(like.shape)
