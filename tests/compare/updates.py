"""Mistakes of gradients, updates and types, by another hand: gradients by complex steps, the optimizers from their papers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hands import Hand, gradients
from plants import Start

Rows = dict[str, np.ndarray]
MODELS = ("small encoder", "small decoder")  # in PyTorch
IN_NUMPY = ("attention", "pre-norm")  # whose steps are all complex functions, too
TRAINS: dict[str, dict[str, Any]] = {
    "sgd": {"optimizer": "sgd", "lr": 0.1},
    "momentum": {"optimizer": "sgd", "lr": 0.1, "momentum": 0.9},
    "adam": {"optimizer": "adam", "lr": 0.01},
    "adamw": {"optimizer": "adamw", "lr": 0.01, "weight_decay": 0.1},
    "nesterov": {"optimizer": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True},
    "rising": {"optimizer": "sgd", "lr": 0.1, "schedule": {"kind": "linear", "warmup": 4, "total": 10, "first": 1}},
    "rising adam": {"optimizer": "adam", "lr": 0.01, "schedule": {"kind": "constant", "warmup": 5, "first": 1}},
}
LR, B1, B2, EPS = 0.01, 0.9, 0.999, 1e-8


def adam(p: np.ndarray, g: np.ndarray, coupled: float = 0.0, apart: float = 0.0, eps: float = EPS, inside: bool = False,
         fixed: bool = True) -> np.ndarray:  # fmt: skip
    """The first step of Adam (Kingma and Ba 2015, algorithm 1), of AdamW with ``apart`` (Loshchilov and Hutter 2019)."""
    g = g + coupled * p
    m, v = (1 - B1) * g, (1 - B2) * g * g
    if fixed:
        m, v = m / (1 - B1), v / (1 - B2)
    below = np.sqrt(v + eps) if inside else np.sqrt(v) + eps
    return p - LR * apart * p - LR * m / below


UPDATES: tuple[tuple[str, str, str, Callable[[np.ndarray, np.ndarray], np.ndarray]], ...] = (
    ("l2 in the gradient", "sgd", "weight-decay", lambda p, g: p - 0.1 * (g + 0.01 * p)),
    ("dampened", "momentum", "momentum", lambda p, g: p - 0.1 * 0.1 * g),
    ("nesterov", "momentum", "momentum", lambda p, g: p - 0.1 * 1.9 * g),
    ("l2 in adam", "adam", "weight-decay", lambda p, g: adam(p, g, coupled=0.01)),
    ("decay beside adam", "adam", "weight-decay", lambda p, g: adam(p, g, apart=0.05)),
    ("decay in the gradient", "adamw", "weight-decay", lambda p, g: adam(p, g, coupled=0.1)),
    ("no decay", "adamw", "weight-decay", adam),
    ("eps inside the root", "adam", "optimizer-eps", lambda p, g: adam(p, g, inside=True)),
    ("another eps", "adam", "optimizer-eps", lambda p, g: adam(p, g, eps=1e-4)),
    ("no correction", "adam", "optimizer-bias", lambda p, g: adam(p, g, fixed=False)),
    ("no correction of m", "adam", "optimizer-bias", lambda p, g: p - LR * (1 - B1) * g / (np.abs(g) + EPS)),
    ("not over the root", "adam", "scale", lambda p, g: p - LR * g),
    ("matrices alone decay", "adamw", "weight-decay", lambda p, g: adam(p, g, apart=0.1 if p.ndim > 1 else 0.0)),
    ("decay after the step", "adamw", "weight-decay", lambda p, g: (1 - 0.1 * LR) * adam(p, g)),
    ("not set to zero", "sgd", "grad-accumulated", lambda p, g: p - 0.1 * 2 * g),
    ("another rate", "sgd", "scale", lambda p, g: p - 0.03 * g),
    ("another rate of adam", "adam", "scale", lambda p, g: p + 0.3 * (adam(p, g) - p)),
    ("uphill", "momentum", "scale", lambda p, g: p + 0.1 * g),
    ("without nesterov", "nesterov", "momentum", lambda p, g: p - 0.1 * g),
    ("the rate of the next update", "rising", "scale", lambda p, g: p - 0.1 * 2 / 4 * g),
    ("no schedule", "rising", "scale", lambda p, g: p - 0.1 * g),
    ("decay beside a schedule", "rising", "weight-decay", lambda p, g: p - 0.1 / 4 * (g + 0.01 * p)),
    ("eps inside, with a schedule", "rising adam", "optimizer-eps", lambda p, g: p + 0.2 * (adam(p, g, inside=True) - p)),
    ("no correction, with a schedule", "rising adam", "optimizer-bias", lambda p, g: p + 0.2 * (adam(p, g, fixed=False) - p)),
    ("m begins with g", "adam", "momentum", lambda p, g: p - LR * g / (1 - B1) / (np.abs(g) + EPS)),
)  # fmt: skip
GRADIENTS: tuple[tuple[str, str, Callable[[Rows], Rows]], ...] = (
    ("accumulated", "grad-accumulated", lambda g: {name: 2 * each for name, each in g.items()}),
    ("clipped", "grad-clipped", lambda g: clipped(g, 0.1)),
)  # fmt: skip


def clipped(grads: Rows, most: float) -> Rows:
    """All gradients, so that they are no longer than this as one vector."""
    size = float(np.sqrt(sum((each**2).sum() for each in grads.values())))
    return {name: each * (most / size) for name, each in grads.items()}


class Rounded(Hand):
    """A hand that keeps one step in a smaller type: the weights of attention, or what the network's activation gives."""

    small: Any = np.float16
    step = "weights"

    def weights(self, *args: Any) -> np.ndarray:
        y = super().weights(*args)
        return y.astype(self.small).astype(y.dtype) if self.step == "weights" else y

    def split(self, x: np.ndarray, n: int, letter: str) -> np.ndarray:
        y = super().split(x, n, letter)
        return y.astype(self.small).astype(y.dtype) if self.step == "V" and letter == "v" else y


def exact(start: Start) -> Rows:
    """The gradients of all parameters."""
    return gradients(start.hand, [p for p in start.parameters if p in start.w], start.scenario.inputs)


def planted(start: Start) -> list[tuple[str, str, dict[str, Any], Rows]]:
    """Every mistake of gradients and updates: its name, kind, the `train:` it is held to, what is written down."""
    right, base, found = exact(start), start.rows(weights=True), []
    for what, kind, change in GRADIENTS:
        wrong = change(right)
        found.append((what, kind, TRAINS["sgd"], {**base, **{f"{p}.grad": g for p, g in wrong.items()}}))
    grads = {f"{p}.grad": g for p, g in right.items()}
    for what, train, kind, step in UPDATES:
        new = {f"{p}.new": step(start.w[p], g) for p, g in right.items()}
        found.append((what, kind, TRAINS[train], {**base, **grads, **new}))
    return found


def rounded(start: Start) -> list[tuple[str, str, Rows]]:
    """Steps in a smaller type: what, the path of the step, what is written down."""
    found = []
    for step, small in (("weights", np.float16), ("weights", np.float32), ("V", np.float16), ("V", np.float32)):
        hand = Rounded(start.w, start.scenario.model, ())
        hand.step, hand.small = step, small
        hand.run(start.scenario.inputs)
        found.append((f"{step} in {small.__name__}", f"{start.first}attn.{step}", hand.rows))
    return found
