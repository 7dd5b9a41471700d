"""Cases and plain loops of what training adds: the updates, the schedules, the micro-batches, dropout."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from op_case import Case, draw
from op_loops import filled


def each(f: Callable[..., float]) -> Callable[..., np.ndarray]:
    def loop(*xs: Any, **attrs: Any) -> np.ndarray:
        shape = np.shape(xs[0])
        return filled(shape, lambda c: f(*(float(x[c]) if np.ndim(x) else float(x) for x in xs), **attrs))

    return loop


def held(new: Any, old: np.ndarray, part: np.ndarray, parts: int) -> np.ndarray:
    return np.array(np.broadcast_to(new if int(part) == parts else old, old.shape))


def lengths(*gs: np.ndarray) -> np.ndarray:
    total = 0.0
    for g in gs:
        for cell in np.ndindex(*g.shape):
            total += float(g[cell]) ** 2
    return np.array(math.sqrt(total))


def rate(
    t: np.ndarray, kind: str, lr: float, warmup: int, total: int, least: float, width: int, first: int, dtype: str
) -> np.ndarray:
    k = int(t) - 1 + first
    if kind == "noam":
        return np.array(0.0 if k == 0 else lr / math.sqrt(width) * min(1 / math.sqrt(k), k / warmup**1.5))
    if k < warmup:
        return np.array(lr * k / warmup)
    if kind == "constant":
        return np.array(lr)
    if k >= total:
        return np.array(lr * least)
    done = (k - warmup) / (total - warmup)
    if kind == "linear":
        return np.array(lr * least + (lr - lr * least) * (1 - done))
    return np.array(lr * least + (lr - lr * least) * (1 + math.cos(done * math.pi)) / 2)


def kept(done: np.ndarray, seed: int, of: str, rate: float, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    name = int(hashlib.sha256(of.encode()).hexdigest()[:16], 16)
    bits = np.random.PCG64(np.random.SeedSequence([seed, int(done), name]))
    flat = []
    for _ in range(math.prod(shape)):
        number = (int(bits.random_raw()) >> 11) / 2**53
        flat.append(0.0 if number < rate else 1 / (1 - rate))
    return np.array(flat).reshape(shape)


def as_half(x: float, to: str) -> float:
    """The nearest multiple of the distance there, of two as near the even one; by integers."""
    if to == "float64":
        return x
    digits, least, most = {"float16": (10, -14, 65504.0), "bfloat16": (7, -126, 3.3895313892515355e38)}[to]
    if x == 0 or not math.isfinite(x):
        return x
    unit = 2.0 ** (max(math.frexp(x)[1] - 1, least) - digits)
    near = round(x / unit) * unit
    return near if abs(near) <= most else math.copysign(math.inf, x)


def next_scale(scale: Any, before: Any, overflow: Any, growth: float, backoff: float, every: int) -> np.ndarray:
    if int(overflow):
        return np.array(float(scale) * backoff)
    return np.array(float(scale) * growth if int(before) + 1 == every else float(scale))


LOOPS: dict[str, Callable[..., np.ndarray]] = {
    "sgd_step": each(lambda p, g, lr: p - lr * g),
    "adam_direction": each(lambda m, v, eps: m / (math.sqrt(v) + eps)),
    "coupled_decay": each(lambda g, p, decay: g + decay * p),
    "decoupled_decay": each(lambda p, lr, decay: p - lr * decay * p),
    "fresh": lambda t, dampening, dtype: np.array(1.0 if t == 1 else 1 - dampening),
    "damped_velocity": each(lambda v, g, t, momentum, dampening: momentum * v + (g if t == 1 else (1 - dampening) * g)),
    "nesterov": each(lambda g, v, momentum: g + momentum * v),
    "clip_value": each(lambda g, most: most if g > most else -most if g < -most else g),
    "global_norm": lengths,
    "clip_share": each(lambda norm, most: 1.0 if most / (norm + 1e-6) > 1 else most / (norm + 1e-6)),
    "accumulated": each(lambda before, g, parts: before + g / parts),
    "next_part": lambda before, parts: np.array(int(before) % parts + 1),
    "held": held,
    "scheduled_rate": rate,
    "keep_mask": kept,
    "adam_denominator": each(lambda v, eps: math.sqrt(v) + eps),
    "round": lambda x, to: np.array([as_half(float(v), to) for v in x.ravel()]).reshape(x.shape),
    "scaled_loss": lambda loss, scale: np.array(float(loss) * float(scale)),
    "unscaled": each(lambda g, scale: g / scale),
    "overflow": lambda *gs: np.array(int(any(math.isinf(v) or math.isnan(v) for g in gs for v in g.ravel()))),
    "kept": lambda new, old, overflow: np.array(np.broadcast_to(old if int(overflow) else new, old.shape)),
    "in_a_row": lambda before, overflow, every: np.array(0 if int(overflow) else (int(before) + 1) % every),
    "next_scale": next_scale,
    "dropout": each(lambda x, keep: x * keep),
}


def cases() -> list[Case]:
    """What training adds."""
    x, g, shape = draw("x", 2, 3), draw("g", 2, 3), (2, 3)
    v = draw("v", 2, 3, low=0.1, high=2.0)
    usual = {"lr": 0.1, "warmup": 4, "total": 10, "least": 0.25, "width": 8, "dtype": "float64"}
    made = [
        Case("sgd_step", (x, g, np.array(0.1))),
        Case("adam_direction", (x, v), {"eps": 1e-3}),
        Case("coupled_decay", (g, x), {"decay": 0.3}),
        Case("decoupled_decay", (x, np.array(0.1)), {"decay": 0.3}),
        Case("decoupled_decay", (x, 0.1), {"decay": 0.3}, "number"),
        Case("nesterov", (g, x), {"momentum": 0.9}),
        Case("clip_value", (g,), {"most": 0.7}),
        Case("global_norm", (x, g[0], np.array(0.5)), smooth=False),
        Case("global_norm", (x,), title="one", smooth=False),
        Case("global_norm", (np.zeros(2), np.zeros(3)), title="zero", smooth=False),
        Case("clip_share", (np.array(3.0),), {"most": 0.7}),
        Case("clip_share", (np.array(0.2),), {"most": 0.7}, "short"),
        Case("accumulated", (x, g), {"parts": 3}),
        Case(
            "keep_mask",
            (np.array(2),),
            {"seed": 7, "of": "enc0.drop1.keep", "rate": 0.4, "shape": shape, "dtype": "float64"},
            smooth=False,
        ),
        Case("adam_denominator", (v,), {"eps": 1e-3}),
        Case(
            "round", (np.array([1.0, 1.003, -0.3, 1e-7, 70000.0, 65519.0, 0.0]),), {"to": "float16"}, "f", smooth=False
        ),
        Case(
            "round", (np.array([1.00390625, 1.01171875, 257.0, -3e-40, 3.4e38]),), {"to": "bfloat16"}, "b", smooth=False
        ),
        Case("round", (x,), {"to": "float64"}, "not"),
        Case("scaled_loss", (np.array(0.7), np.array(1024.0))),
        Case("unscaled", (x, np.array(1024.0))),
        Case("overflow", (x, g), smooth=False),
        Case("overflow", (x, np.array([1.0, np.inf])), title="inf", smooth=False),
        Case("overflow", (np.array([np.nan]), x), title="nan", smooth=False),
        Case("kept", (x, g, np.array(0)), title="new", smooth=False),
        Case("kept", (x, g, np.array(1)), title="old", smooth=False),
        Case("dropout", (x, np.array([[0.0, 2, 2], [2, 0, 0]]))),
    ]
    for before, over in ((0, 0), (2, 0), (3, 0), (3, 1)):
        told = (np.array(before), np.array(over))
        made.append(Case("in_a_row", told, {"every": 4}, f"{before}-{over}", smooth=False))
        attrs = {"growth": 2.0, "backoff": 0.5, "every": 4}
        made.append(Case("next_scale", (np.array(8.0), *told), attrs, f"{before}-{over}", smooth=False))
    for t in (1, 2):
        made.append(Case("fresh", (np.array(t),), {"dampening": 0.4, "dtype": "float64"}, f"t{t}", smooth=False))
        made.append(Case("damped_velocity", (x, g, np.array(t)), {"momentum": 0.9, "dampening": 0.4}, f"t{t}"))
    for part in (0, 1, 2, 3):
        made.append(Case("next_part", (np.array(part),), {"parts": 3}, f"{part}", smooth=False))
    for part in (1, 2, 3):
        made.append(Case("held", (x, g, np.array(part)), {"parts": 3}, f"{part}"))
    made.append(Case("held", (0.0, g, np.array(3)), {"parts": 3}, "emptied"))
    for kind in ("constant", "linear", "cosine", "noam"):
        for first in (0, 1):
            for t in (1, 3, 4, 5, 8, 11, 40):
                attrs = {**usual, "kind": kind, "first": first}
                made.append(Case("scheduled_rate", (np.array(t),), attrs, f"{kind}-{first}-{t}", smooth=False))
    return made
