"""The ops of the models, as loops over plain numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import op_cases_losses
import op_cases_models
import op_cases_training
from op_loops import ELEMENTWISE, REDUCE, SHAPE, e_to, filled


def gather(table: np.ndarray, ids: np.ndarray) -> np.ndarray:
    return filled((*ids.shape, table.shape[1]), lambda c: table[ids[c[:-1]], c[-1]])


def scatter(x: np.ndarray, ids: np.ndarray, rows: int) -> np.ndarray:
    out = np.zeros((rows, x.shape[-1]))
    for c in np.ndindex(*x.shape):
        out[ids[c[:-1]], c[-1]] += x[c]
    return out


def place(x: np.ndarray, keep: tuple[int, ...], rows: int) -> np.ndarray:
    out = np.zeros((rows, x.shape[1]))
    for c in np.ndindex(*x.shape):
        out[keep[c[0]], c[1]] = x[c]
    return out


def one_hot(ids: np.ndarray, x: np.ndarray, width: int) -> np.ndarray:
    return filled((len(ids), width), lambda c: x[c[0], 0] if ids[c[0]] == c[1] else 0.0)


def matmul(a: np.ndarray, b: np.ndarray, at: bool = False, bt: bool = False) -> np.ndarray:
    n, inner = (a.shape[-1], a.shape[-2]) if at else (a.shape[-2], a.shape[-1])
    m = b.shape[-2] if bt else b.shape[-1]
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])

    def number(cell: tuple[int, ...]) -> float:
        total, (i, j) = 0.0, cell[-2:]
        ours = tuple(0 if s == 1 else k for k, s in zip(cell[len(lead) - a.ndim + 2 : -2], a.shape[:-2], strict=True))
        theirs = tuple(0 if s == 1 else k for k, s in zip(cell[len(lead) - b.ndim + 2 : -2], b.shape[:-2], strict=True))
        for k in range(inner):
            total += float(a[(*ours, k, i) if at else (*ours, i, k)]) * float(
                b[(*theirs, j, k) if bt else (*theirs, k, j)]
            )
        return total

    return filled((*lead, n, m), number)


def grouped_matmul(a: np.ndarray, b: np.ndarray, times: int, bt: bool = False) -> np.ndarray:
    m = b.shape[-2] if bt else b.shape[-1]

    def number(c: tuple[int, ...]) -> float:
        head = b[c[0], c[1] // times]
        return sum(
            float(a[c[0], c[1], c[2], k]) * float(head[c[3], k] if bt else head[k, c[3]]) for k in range(a.shape[3])
        )

    return filled((*a.shape[:3], m), number)


def linear(x: np.ndarray, W: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    def number(c: tuple[int, ...]) -> float:
        total = 0.0 if b is None else float(b[c[-1]])
        for k in range(W.shape[0]):
            total += float(x[(*c[:-1], k)]) * float(W[k, c[-1]])
        return total

    return filled((*x.shape[:-1], W.shape[1]), number)


def softmax(x: np.ndarray) -> np.ndarray:
    def number(c: tuple[int, ...]) -> float:
        row = [float(n) for n in x[c[:-1]]]
        top = max(row)
        return e_to(row[c[-1]] - top) / sum(e_to(n - top) for n in row)

    return filled(x.shape, number)


def log_softmax(x: np.ndarray) -> np.ndarray:
    def number(c: tuple[int, ...]) -> float:
        row = [float(n) for n in x[c[:-1]]]
        top = max(row)
        return row[c[-1]] - top - math.log(sum(e_to(n - top) for n in row))

    return filled(x.shape, number)


def layer_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float) -> np.ndarray:
    def number(c: tuple[int, ...]) -> float:
        row = [float(n) for n in x[c[:-1]]]
        mean = sum(row) / len(row)
        variance = sum((n - mean) ** 2 for n in row) / len(row)
        return (row[c[-1]] - mean) / math.sqrt(variance + eps) * float(gamma[c[-1]]) + float(beta[c[-1]])

    return filled(x.shape, number)


def rms_norm(x: np.ndarray, gamma: np.ndarray, eps: float) -> np.ndarray:
    def number(c: tuple[int, ...]) -> float:
        row = [float(n) for n in x[c[:-1]]]
        return row[c[-1]] / math.sqrt(sum(n * n for n in row) / len(row) + eps) * float(gamma[c[-1]])

    return filled(x.shape, number)


def batch_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float) -> np.ndarray:
    columns: dict[int, list[float]] = {}
    for c in np.ndindex(*x.shape):
        columns.setdefault(c[-1], []).append(float(x[c]))

    def number(c: tuple[int, ...]) -> float:
        column = columns[c[-1]]
        mean = sum(column) / len(column)
        variance = sum((n - mean) ** 2 for n in column) / len(column)
        return (float(x[c]) - mean) / math.sqrt(variance + eps) * float(gamma[c[-1]]) + float(beta[c[-1]])

    return filled(x.shape, number)


def rope(x: np.ndarray, cos: np.ndarray, sin: np.ndarray, pairs: str) -> np.ndarray:
    half = cos.shape[-1] // 2

    def number(c: tuple[int, ...]) -> float:
        *lead, j = c
        if j >= 2 * half:
            return float(x[c])
        first = j % 2 == 0 if pairs == "interleaved" else j < half
        apart = 1 if pairs == "interleaved" else half
        other = -float(x[(*lead, j + apart)]) if first else float(x[(*lead, j - apart)])
        return float(x[c]) * float(cos[c[-2:]]) + other * float(sin[c[-2:]])

    return filled(x.shape, number)


def cross_entropy(logits: np.ndarray, labels: np.ndarray, keep: tuple[int, ...]) -> np.ndarray:
    total = 0.0
    for row in keep:
        b, p = divmod(row, labels.shape[1])
        scores = [float(n) for n in logits[b, p]]
        total += math.log(sum(math.exp(n) for n in scores)) - scores[labels[b, p]]
    return np.array(total / len(keep))


def squares(x: np.ndarray, target: np.ndarray) -> float:
    return sum((float(x[c]) - float(target[c])) ** 2 for c in np.ndindex(*x.shape))


def each(f: Callable[..., float]) -> Callable[..., np.ndarray]:
    """A loop over cells of several operands of one shape (or scalars)."""

    def loop(*xs: np.ndarray, **attrs: Any) -> np.ndarray:
        return filled(xs[0].shape, lambda c: f(*(float(x[c] if x.ndim else x) for x in xs), **attrs))

    return loop


LOOPS: dict[str, Callable[..., np.ndarray]] = {
    **op_cases_losses.LOOPS,
    **op_cases_models.LOOPS,
    **op_cases_training.LOOPS,
    **ELEMENTWISE,
    **REDUCE,
    **SHAPE,
    "gather": gather,
    "scatter": scatter,
    "embed_scaled": lambda table, ids: gather(table, ids) * math.sqrt(table.shape[1]),
    "add_rows": lambda x, table, start: filled(x.shape, lambda c: x[c] + table[start + c[1], c[2]]),
    "select": lambda x, keep: filled((len(keep), x.shape[1]), lambda c: x[keep[c[0]], c[1]]),
    "scatter_rows": place,
    "take_per_row": lambda x, ids: filled((len(ids), 1), lambda c: x[c[0], ids[c[0]]]),
    "one_hot": one_hot,
    "minus_label": lambda x, ids: filled(x.shape, lambda c: x[c] - (1 if ids[c[0]] == c[1] else 0)),
    "matmul": matmul,
    "grouped_matmul": grouped_matmul,
    "linear": linear,
    "linear_no_bias": linear,
    "scale": each(lambda x, d_k: x / math.sqrt(d_k)),
    "mask_fill": lambda x, mask, value: filled(x.shape, lambda c: value if mask[c[0], 0, c[2], c[3]] else x[c]),
    "softmax": softmax,
    "log_softmax": log_softmax,
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "batch_norm": batch_norm,
    "rope": rope,
    "cross_entropy": cross_entropy,
    "mse": lambda x, target: np.array(squares(x, target) / x.size),
    "half_mse": lambda x, target: np.array(squares(x, target) / 2),
    "sgd": each(lambda p, g, lr: p - lr * g),
    "velocity": each(lambda v, g, momentum: momentum * v + g),
    "adam_m": each(lambda m, g, beta: beta * m + (1 - beta) * g),
    "adam_v": each(lambda v, g, beta: beta * v + (1 - beta) * g * g),
    "remaining": lambda t, beta, dtype: np.array(1 - beta ** int(t)),
    "next_step": lambda t: np.array(float(t + 1)),
    "bias_correct": each(lambda m, t, beta: m / (1 - beta**t)),
    "adam_new": each(lambda p, m, v, lr, eps: p - lr * m / (math.sqrt(v) + eps)),
}
