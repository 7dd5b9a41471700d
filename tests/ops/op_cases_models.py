"""Cases and plain loops of the ops that real models need beyond the paper's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from op_case import Case, apart, draw, whole
from op_loops import ELEMENTWISE, e_to, filled

from tfstep.ops.activation import ACTIVATIONS


def quick(x: float) -> float:
    return x / (1 + e_to(-1.702 * x))


def clamped(gate: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    return filled(gate.shape, lambda c: (min(max(float(hidden[c]), -7), 7) + 1) * quick(min(float(gate[c]), 7)))


def gated(gate: np.ndarray, hidden: np.ndarray, act: str) -> np.ndarray:
    bent = ELEMENTWISE[act](gate) if act in ELEMENTWISE else LOOPS[act](gate)
    return filled(gate.shape, lambda c: float(bent[c]) * float(hidden[c]))


def sinks(x: np.ndarray, sink: np.ndarray) -> np.ndarray:
    def number(c: tuple[int, ...]) -> float:
        row = [*(float(n) for n in x[c[:-1]]), float(sink[c[1]])]
        top = max(row)
        return e_to(row[c[-1]] - top) / sum(e_to(n - top) for n in row)

    return filled(x.shape, number)


def unbiased(x: np.ndarray, gamma: np.ndarray, eps: float) -> np.ndarray:
    def number(c: tuple[int, ...]) -> float:
        row = [float(n) for n in x[c[:-1]]]
        mean = sum(row) / len(row)
        return (row[c[-1]] - mean) / math.sqrt(sum((n - mean) ** 2 for n in row) / len(row) + eps) * float(gamma[c[-1]])

    return filled(x.shape, number)


def unit(x: np.ndarray, eps: float) -> np.ndarray:
    return filled(x.shape, lambda c: x[c] / math.sqrt(sum(float(n) ** 2 for n in x[c[:-1]]) / x.shape[-1] + eps))


def keep(x: np.ndarray, by: np.ndarray, k: int, other: float) -> np.ndarray:
    def number(c: tuple[int, ...]) -> float:
        row = by[c[:-1]]
        ahead = sum(n > row[c[-1]] or (n == row[c[-1]] and j < c[-1]) for j, n in enumerate(row))
        return float(x[c]) if ahead < k else other

    return filled(x.shape, number)


def shares(x: np.ndarray, times: float) -> np.ndarray:
    return filled(x.shape, lambda c: times * x[c] / sum(float(n) for n in x[c[:-1]]))


def pooled(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    rows = range(x.shape[1])
    return filled((x.shape[0], x.shape[2]), lambda c: sum(x[c[0], p, c[1]] * weights[c[0], p] for p in rows))


LOOPS: dict[str, Callable[..., np.ndarray]] = {
    "quick_gelu": lambda x: filled(x.shape, lambda c: quick(float(x[c]))),
    "relu_squared": lambda x: filled(x.shape, lambda c: max(float(x[c]), 0) ** 2),
    "swiglu_clamped": clamped,
    "gated": gated,
    "sigmoid_gate": lambda x, gate: filled(x.shape, lambda c: x[c] / (1 + e_to(-gate[c]))),
    "soft_cap": lambda x, cap: filled(x.shape, lambda c: cap * math.tanh(x[c] / cap)),
    "clip": lambda x, bound: filled(x.shape, lambda c: max(-bound, min(bound, x[c]))),
    "softmax_sink": sinks,
    "layer_norm_no_bias": unbiased,
    "rms_unit": unit,
    "layer_unit": lambda x, eps: unbiased(x, np.ones(x.shape[-1]), eps),
    "embed_times": lambda table, ids, times: filled(
        (*ids.shape, table.shape[1]), lambda c: times * table[ids[c[:-1]], c[-1]]
    ),
    "relative_bias": lambda table, ids: filled((1, table.shape[1], *ids.shape), lambda c: table[ids[c[2:]], c[1]]),
    "add_times": lambda x, fx, times: filled(x.shape, lambda c: x[c] + times * fx[c]),
    "add_both": lambda x, attn, ffn: filled(x.shape, lambda c: x[c] + attn[c] + ffn[c]),
    "keep_top": keep,
    "shares": shares,
    "among_top": lambda by, k: keep(np.ones_like(by), by, k, 0.0) > 0,
    "expert_share": lambda x, weights, kept, expert: filled(
        x.shape, lambda c: x[c] * weights[(*c[:-1], expert)] if kept[(*c[:-1], expert)] else 0.0
    ),
    "mix": lambda *xs: filled(xs[0].shape, lambda c: sum(float(x[c]) for x in xs)),
    "pool": pooled,
    "unit": lambda x: filled(x.shape, lambda c: x[c] / math.sqrt(sum(float(n) ** 2 for n in x[c[:-1]]))),
}


BENDS = [name for name, act in ACTIVATIONS.items() if len(act.arguments) == 1]
"""The activations of one operand."""


def cases() -> list[Case]:
    """Every op, with what is particular to it."""
    x, gamma = draw("more", 2, 3, 4), draw("more-gamma", 4)
    scores, far = draw("more-scores", 2, 2, 3, 4), np.array([[-30.0, -8.0, -0.5, 0.3, 6.5, 7.5, 30.0]])
    gone = np.where(whole("gone", 2, 2, 3, 4, below=2) > 0, -np.inf, scores)
    by, ids = apart("by", 2, 3, 5), whole("ids-more", 2, 3, below=5)
    weights = draw("more-weights", 2, 3, 5, low=0.1)

    def with_attrs(name: str, *inputs: Any, title: str = "", **attrs: Any) -> Case:
        return Case(name, inputs, attrs, title)

    made = [Case(name, (apart(name, 3, 4),)) for name in BENDS if name in LOOPS]
    made += [Case("quick_gelu", (far,), title="far"), Case("swiglu_clamped", (far, far[:, ::-1].copy()), title="far")]
    made += [
        Case("swiglu_clamped", (draw("gate-more", 2, 3), draw("hidden-more", 2, 3))),
        Case("swiglu_clamped", (np.array([8, -0.5, 9, 0.3]), np.array([0.5, -9, -2, 8])), title="open"),
        *(
            with_attrs("gated", apart("gate-" + act, 2, 3), draw("hidden-" + act, 2, 3), title=act, act=act)
            for act in BENDS
        ),
        Case("sigmoid_gate", (x, draw("more-gate", 2, 3, 4))),
        with_attrs("soft_cap", 30 * x, cap=10.0),
        with_attrs("clip", x, bound=0.7),
        Case("softmax_sink", (draw("sunk", 2, 3, 3, 4), draw("sinks", 3))),
        Case("softmax_sink", (1000 * scores, np.array([0.0, 900.0])), title="large"),
        Case("softmax_sink", (gone, draw("sinks", 2)), title="infinite", smooth=False),
        with_attrs("layer_norm_no_bias", x, gamma, eps=1e-5),
        with_attrs("rms_unit", x, eps=1e-5),
        with_attrs("layer_unit", x, eps=1e-5),
        with_attrs("embed_times", draw("more-table", 5, 4), ids, times=2.5),
        Case("relative_bias", (draw("relative", 5, 2), ids)),
        with_attrs("add_times", x, draw("more-fx", 2, 3, 4), times=0.22),
        Case("add_both", (x, draw("more-attn", 2, 3, 4), draw("more-ffn", 2, 3, 4))),
        with_attrs("keep_top", draw("kept", 2, 3, 5), by, k=2, other=0.0),
        with_attrs("keep_top", draw("kept", 2, 3, 5), by, title="infinite", k=3, other=-np.inf),
        Case(
            "keep_top", (by, np.array([1.0, 2.0, 2.0, 2.0, 0.0]) + 0 * by), {"k": 2, "other": 0.0}, "tied", smooth=False
        ),
        with_attrs("shares", weights, times=1.0),
        with_attrs("shares", weights, title="times", times=2.5),
        Case("among_top", (by,), {"k": 2}, smooth=False),
        with_attrs("expert_share", x, weights, by > 0, expert=3),
        with_attrs("expert_share", x * (np.arange(4) != 3), weights, by > 0, title="a zero where it counts", expert=3),
        Case("mix", (x, draw("mix-1", 2, 3, 4), draw("mix-2", 2, 3, 4))),
        Case("pool", (x, draw("pool", 2, 3))),
        Case("unit", (x[:, 0],)),
        with_attrs(
            "rope",
            draw("part", 2, 2, 3, 6),
            np.cos(draw("a", 3, 4)),
            np.sin(draw("a", 3, 4)),
            title="part",
            pairs="half",
        ),
    ]
    return made
