"""Every op again, as loops over plain numbers: written apart from the ops, to hold them against.

A loop takes the case's inputs (arrays, read cell by cell) and attributes, and returns an array.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Cell = tuple[int, ...]


def filled(shape: tuple[int, ...], number: Callable[[Cell], Any]) -> np.ndarray:
    """An array whose cells are computed one by one."""
    out = np.zeros(shape)
    for cell in np.ndindex(*shape):
        out[cell] = number(cell)
    return out


def at(x: Any, cell: Cell) -> float:
    """The number of a broadcast operand for a cell of the result."""
    if not isinstance(x, np.ndarray):
        return float(x)
    cell = cell[len(cell) - x.ndim :]
    return float(x[tuple(0 if n == 1 else i for i, n in zip(cell, x.shape, strict=True))])


def binary(f: Callable[[float, float], float]) -> Callable[..., np.ndarray]:
    """A loop over the cells of two broadcast operands."""

    def loop(a: Any, b: Any) -> np.ndarray:
        shape = np.broadcast_shapes(np.shape(a), np.shape(b))
        return filled(shape, lambda cell: f(at(a, cell), at(b, cell)))

    return loop


def unary(f: Callable[[float], float]) -> Callable[..., np.ndarray]:
    """A loop over the cells of one operand."""
    return lambda x: filled(x.shape, lambda cell: f(float(x[cell])))


def power(a: float, n: float) -> float:
    if a == 0 and n < 0:
        return math.inf
    return math.nan if -math.inf < a < 0 and n % 1 else a**n


def over(a: float, b: float) -> float:
    if b == 0:
        return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


def larger(a: float, b: float) -> float:
    return math.nan if a != a or b != b else (a if a > b else b)


def smaller(a: float, b: float) -> float:
    return math.nan if a != a or b != b else (a if a < b else b)


def e_to(x: float) -> float:
    return math.inf if x > 709.782712893384 else math.exp(x)


def wave(f: Callable[[float], float]) -> Callable[[float], float]:
    return lambda x: math.nan if math.isinf(x) else f(x)


def logistic(x: float) -> float:
    return 1 / (1 + e_to(-x))


def log_of(x: float) -> float:
    return -math.inf if x == 0 else math.log(x) if x > 0 else math.nan


def gelu(x: float) -> float:
    return x / 2 * math.erfc(-x / math.sqrt(2))


def gelu_tanh(x: float) -> float:
    return x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def silu(x: float) -> float:
    return x / (1 + e_to(-x))


def where(condition: np.ndarray, a: Any, b: Any) -> np.ndarray:
    shape = np.broadcast_shapes(condition.shape, np.shape(a), np.shape(b))
    return filled(shape, lambda cell: at(a, cell) if at(condition, cell) else at(b, cell))


ELEMENTWISE: dict[str, Callable[..., np.ndarray]] = {
    "add": binary(lambda a, b: a + b),
    "sub": binary(lambda a, b: a - b),
    "mul": binary(lambda a, b: a * b),
    "div": binary(over),
    "pow": binary(power),
    "maximum": binary(larger),
    "minimum": binary(smaller),
    "neg": unary(lambda x: 0 - x),
    "identity": unary(lambda x: x),
    "positive": unary(lambda x: x > 0),
    "zero": unary(lambda x: x == 0),
    "clamp": lambda x, low, high: unary(lambda each: smaller(larger(each, low), high))(x),
    "where": where,
    "exp": unary(e_to),
    "log": unary(log_of),
    "deviation": unary(lambda x: math.sqrt(x) if x >= 0 else math.nan),
    "root": unary(lambda x: math.sqrt(x) if x >= 0 else math.nan),
    "sqrt": unary(lambda x: math.sqrt(x) if x >= 0 else math.nan),
    "tanh": unary(math.tanh),
    "sin": unary(wave(math.sin)),
    "cos": unary(wave(math.cos)),
    "erf": unary(math.erf),
    "abs": unary(lambda x: -x if x < 0 else x),
    "relu": unary(lambda x: x if x > 0 or x != x else 0.0),
    "sigmoid": unary(logistic),
    "gelu": unary(gelu),
    "gelu_tanh": unary(gelu_tanh),
    "silu": unary(silu),
    "swiglu": binary(lambda gate, hidden: silu(gate) * hidden),
}


# -- reductions ------------------------------------------------------------------------------------


def groups(x: np.ndarray, axis: Any) -> Iterator[tuple[Cell, list[float]]]:
    """Each cell of the result, with size 1 along the reduced axes, and the numbers under it."""
    gone = set(range(x.ndim)) if axis is None else {a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))}
    found: dict[Cell, list[float]] = {}
    for cell in np.ndindex(*x.shape):
        found.setdefault(tuple(0 if k in gone else i for k, i in enumerate(cell)), []).append(float(x[cell]))
    yield from found.items()


def reduction(f: Callable[[list[float]], float]) -> Callable[..., np.ndarray]:
    """A loop over groups of cells."""

    def loop(x: np.ndarray, axis: Any = -1, keepdims: bool = True) -> np.ndarray:
        gone = range(x.ndim) if axis is None else [a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
        out = np.zeros([1 if k in gone else n for k, n in enumerate(x.shape)])
        for cell, numbers in groups(x, axis):
            out[cell] = f(numbers)
        return out if keepdims else out.reshape([n for k, n in enumerate(x.shape) if k not in gone])

    return loop


def added(numbers: list[float]) -> float:
    total = 0.0
    for n in numbers:
        total += n
    return total


def highest(numbers: list[float]) -> float:
    best = numbers[0]
    for n in numbers:
        best = larger(best, n)
    return best


def largest(x: np.ndarray, axis: Any = -1) -> np.ndarray:
    out = np.zeros(x.shape)
    for cell, numbers in groups(x, axis):
        for other in np.ndindex(*x.shape):
            if all(i == j or n == 1 for i, j, n in zip(cell, other, reduction(added)(x, axis).shape, strict=True)):
                out[other] = x[other] == highest(numbers)
    return out


REDUCE: dict[str, Callable[..., np.ndarray]] = {
    "sum": reduction(added),
    "mean": reduction(lambda numbers: added(numbers) / len(numbers)),
    "max": reduction(highest),
    "largest": largest,
    "sum_loss": lambda x: reduction(added)(x, None, False),
}


# -- moving numbers --------------------------------------------------------------------------------


def reshape(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    out, numbers = np.zeros(shape), [float(x[cell]) for cell in np.ndindex(*x.shape)]
    for n, cell in enumerate(np.ndindex(*shape)):
        out[cell] = numbers[n]
    return out


def transpose(x: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    out = np.zeros([x.shape[k] for k in order])
    for cell in np.ndindex(*x.shape):
        out[tuple(cell[k] for k in order)] = x[cell]
    return out


def split_heads(x: np.ndarray, heads: int) -> np.ndarray:
    batch, position, width = x.shape
    d = width // heads
    return filled((batch, heads, position, d), lambda c: x[c[0], c[2], c[1] * d + c[3]])


def concat_heads(x: np.ndarray) -> np.ndarray:
    batch, heads, position, d = x.shape
    return filled((batch, position, heads * d), lambda c: x[c[0], c[2] // d, c[1], c[2] % d])


def repeat_heads(x: np.ndarray, times: int) -> np.ndarray:
    batch, heads, position, d = x.shape
    return filled((batch, heads * times, position, d), lambda c: x[c[0], c[1] // times, c[2], c[3]])


def take(x: np.ndarray, axis: int, start: int, stop: int, step: int = 1) -> np.ndarray:
    axis %= x.ndim
    places = list(range(start, stop, step))
    shape = (*x.shape[:axis], len(places), *x.shape[axis + 1 :])
    return filled(shape, lambda c: x[(*c[:axis], places[c[axis]], *c[axis + 1 :])])


def put(x: np.ndarray, axis: int, start: int, stop: int, step: int, size: int) -> np.ndarray:
    axis %= x.ndim
    out = np.zeros((*x.shape[:axis], size, *x.shape[axis + 1 :]))
    for c in np.ndindex(*x.shape):
        out[(*c[:axis], start + c[axis] * step, *c[axis + 1 :])] = x[c]
    return out


def concat(*xs: np.ndarray, axis: int = -1) -> np.ndarray:
    axis %= xs[0].ndim
    out = np.zeros((*xs[0].shape[:axis], sum(x.shape[axis] for x in xs), *xs[0].shape[axis + 1 :]))
    start = 0
    for x in xs:
        for c in np.ndindex(*x.shape):
            out[(*c[:axis], start + c[axis], *c[axis + 1 :])] = x[c]
        start += x.shape[axis]
    return out


SHAPE: dict[str, Callable[..., np.ndarray]] = {
    "reshape": reshape,
    "transpose": transpose,
    "broadcast_to": lambda x, shape: filled(shape, lambda cell: at(x, cell)),
    "split_heads": split_heads,
    "concat_heads": concat_heads,
    "repeat_heads": repeat_heads,
    "take": take,
    "unslice": put,
    "concat": concat,
    "accumulate": lambda *xs: filled(xs[0].shape, lambda cell: added([float(x[cell]) for x in xs])),
    "seed": lambda dtype: filled((), lambda cell: 1.0),
}
