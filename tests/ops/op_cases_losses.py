"""Cases and plain loops of the losses beyond the mean of the cross-entropy."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from op_case import Case, draw
from op_loops import filled


def log_total(row: np.ndarray) -> float:
    top = max(float(n) for n in row)
    return top + math.log(sum(math.exp(float(n) - top) for n in row))


def label_loss(
    logits: np.ndarray, labels: np.ndarray, weights: np.ndarray, keep: tuple[int, ...], smoothing: float
) -> np.ndarray:
    rows, ids, n = logits.reshape(-1, logits.shape[-1]), labels.ravel(), logits.shape[-1]

    def number(cell: tuple[int, ...]) -> float:
        row, label = rows[keep[cell[0]]], int(ids[keep[cell[0]]])
        costs = [float(weights[k]) * (log_total(row) - float(row[k])) for k in range(n)]
        return (1 - smoothing) * costs[label] + smoothing * sum(costs) / n

    return filled((len(keep), 1), number)


def z_loss(logits: np.ndarray, keep: tuple[int, ...], times: float) -> np.ndarray:
    rows = logits.reshape(-1, logits.shape[-1])
    return np.array(times * sum(log_total(rows[k]) ** 2 for k in keep) / len(keep))


def bce(x: float, t: float) -> float:
    p = 1 / (1 + math.exp(-x))
    return -t * math.log(p) - (1 - t) * math.log(1 - p)


def kl(x: np.ndarray, target: np.ndarray) -> np.ndarray:
    def number(c: tuple[int, ...]) -> float:
        t = float(target[c])
        return t * (math.log(t) - float(x[c]) + log_total(x[c[:-1]])) if t else 0.0

    return filled(x.shape, number)


LOOPS: dict[str, Callable[..., np.ndarray]] = {
    "label_loss": label_loss,
    "shared_sum": lambda x, share, divisor: np.array(
        sum(float(x[c]) * float(share[c]) for c in np.ndindex(*x.shape)) / float(divisor)
    ),
    "z_loss": z_loss,
    "bce": lambda x, target: filled(x.shape, lambda c: bce(float(x[c]), float(target[c]))),
    "kl": kl,
}


def cases() -> list[Case]:
    """The losses."""
    logits, labels = draw("logits", 2, 3, 5), np.array([[1, 4, 0], [3, -1, 0]])
    weights, keep = np.array([0.5, 2.0, 0.0, 1.0, 3.0]), (0, 1, 3)
    shares = np.array([[0.2, 0.0, 0.5, 0.3], [0.0, 1.0, 0.0, 0.0]])
    far = np.array([[1000.0, 999.5, 998.0, 1000.25], [-1000.0, -1001.0, -1000.5, -999.0]])
    return [
        Case("label_loss", (logits, labels, weights), {"keep": keep, "smoothing": 0.0}, "weights"),
        Case("label_loss", (logits, labels, weights), {"keep": keep, "smoothing": 0.2}, "both"),
        Case("label_loss", (logits, labels, np.ones(5)), {"keep": (0, 5), "smoothing": 0.1}, "smoothing"),
        Case("shared_sum", (draw("x", 3, 1), draw("share", 3, 1), np.array(1.7))),
        Case("z_loss", (logits,), {"keep": keep, "times": 0.3}),
        Case("bce", (draw("x", 2, 3), draw("t", 2, 3, low=0.0, high=1.0))),
        Case("bce", (draw("x", 2, 3) * 5, np.array([[0.0, 1, 0], [1, 0, 1]])), title="whole"),
        Case("kl", (draw("x", 2, 4), shares)),
        Case("kl", (far, shares), title="large"),
        Case("label_loss", (far[None], labels[:, :1].T, np.ones(4)), {"keep": (0, 1), "smoothing": 0.1}, "large"),
        Case("z_loss", (far,), {"keep": (0, 1), "times": 0.3}, "large"),
    ]
