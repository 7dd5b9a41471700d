"""What each op is tried on, room by room."""

from __future__ import annotations

from typing import Any

import numpy as np
import op_cases_losses
import op_cases_models
import op_cases_training
from op_case import Case, apart, draw

INF, NAN = np.inf, np.nan
SPECIAL = np.array(
    [[-INF, -1e300, -710.0, -1.5, -1e-310], [0.0, 1e-310, 2.5, 710.0, INF], [NAN, -0.0, 1.0, 40.0, -40.0]]
)


def _pairs(name: str, make: Any = draw) -> list[Case]:
    """Two operands: alike, each broadcast over the other, of fewer axes, beside a literal on either side."""
    a, b = make("a" + name, 2, 3), make("b" + name, 2, 3) + 0.04
    return [
        Case(name, (a, b)),
        Case(name, (make("c" + name, 2, 1, 3), make("d" + name, 4, 1) + 0.04), title="both-broadcast"),
        Case(name, (a, make("e" + name, 3) + 0.04), title="fewer-axes"),
        Case(name, (np.asarray(make("f" + name) + 0.04), a), title="scalar-first"),
        Case(name, (1.75, a), title="literal-first"),
        Case(name, (a, 1.75), title="literal-second"),
        Case(name, (a, a), title="itself"),
    ]


def _positive(key: str, *shape: int) -> np.ndarray:
    return draw(key, *shape, low=0.3, high=2.0)


def elementwise_cases() -> list[Case]:
    """Arithmetic and choice."""
    made = [case for name in ("add", "sub", "mul") for case in _pairs(name)]
    made += [case for name in ("div", "pow") for case in _pairs(name, _positive)]
    made += [case for name in ("maximum", "minimum") for case in _pairs(name, apart) if case.title != "itself"]
    x = draw("pow", 2, 3)
    made += [
        Case("pow", (x, 2), title="square"),
        Case("pow", (x, 3.0), title="cube"),
        Case("pow", (x, 1), title="first"),
        Case("pow", (x, -1), title="reciprocal"),
        Case("pow", (SPECIAL, 1.5), title="special", smooth=False),
        Case("clamp", (apart("clamp", 3, 4), -0.5, 0.5)),
        Case("clamp", (SPECIAL, -1.0, 2.0), title="special", smooth=False),
        Case("zero", (np.array([0.0, -0.0, 1e-300, -2.0]),), smooth=False),
        Case("zero", (SPECIAL,), title="special", smooth=False),
        Case("div", (x, SPECIAL[:2, :3]), title="special", smooth=False),
        Case("div", (np.array([1.0, -1.0, 0.0]), np.array([0.0, 0.0, 0.0])), title="by-zero", smooth=False),
        Case("add", (np.array([INF, 1e308]), np.array([-INF, 1e308])), title="special", smooth=False),
        Case("maximum", (SPECIAL, 1.0), title="special", smooth=False),
        Case("minimum", (1.0, SPECIAL), title="special", smooth=False),
        Case("maximum", (np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])), title="tied"),
        Case("minimum", (np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])), title="tied"),
        Case("pow", (2, x), title="whole-first"),
        Case("pow", (x, 0), title="nothing"),
        Case("pow", (np.array([0.0, 2.0, 0.0, 1.5]), np.array([2.0, 3.0, 4.0, 0.0])), title="of-nothing"),
        Case("neg", (x,)),
        Case("identity", (x,)),
        Case("positive", (apart("positive", 2, 3),), smooth=False),
        Case("positive", (SPECIAL,), title="special", smooth=False),
    ]
    test = draw("where", 2, 3) > 0
    made += [
        Case("where", (test, draw("w1", 2, 3), draw("w2", 2, 3))),
        Case("where", (test[:, :1], draw("w3", 3), draw("w4", 2, 3)), title="broadcast"),
        Case("where", (draw("where", 4, 2, 3) > 0, draw("w5", 2, 1), np.asarray(draw("w6"))), title="scalar"),
        Case("where", (test, 0.0, draw("w7", 2, 3)), title="literal-first"),
        Case("where", (test, 1.0, 0.0), title="literals"),
        Case("where", (test, draw("w8", 2, 3), -1.0), title="literal-second"),
    ]
    return made


def function_cases() -> list[Case]:
    """Functions of one number: near 0, far out, and at the special values."""
    made = []
    for name in (
        "exp",
        "log",
        "sqrt",
        "root",
        "deviation",
        "tanh",
        "sin",
        "cos",
        "erf",
        "abs",
        "relu",
        "sigmoid",
        "gelu",
        "gelu_tanh",
        "silu",
    ):
        x = _positive(name, 2, 3) if name in ("log", "sqrt", "root", "deviation") else apart(name, 3, 4)
        made += [Case(name, (x,)), Case(name, (np.asarray(x[0, 1]),), title="scalar")]
        if name not in ("gelu", "gelu_tanh", "silu"):
            made.append(Case(name, (SPECIAL,), title="special", smooth=False))
    far = np.array([-30.0, -8.0, -5.9, -3.1, -1e-3, 1e-3, 0.7, 4.0, 5.9, 6.1, 30.0])
    made += [Case(name, (far,), title="far") for name in ("erf", "sigmoid", "tanh", "gelu", "gelu_tanh", "silu")]
    made.append(Case("abs", (np.array([0.0, -1.0, 2.0]),), title="kink"))
    made.append(Case("swiglu", (draw("gate", 2, 2, 3), draw("hidden", 2, 2, 3))))
    return made


def reduce_cases() -> list[Case]:
    """Along the last axis, another, several, all; keeping them or not."""
    made = []
    ways: list[tuple[str, dict[str, Any]]] = [
        ("default", {}),
        ("first", {"axis": 0}),
        ("middle-gone", {"axis": 1, "keepdims": False}),
        ("two", {"axis": (0, 2)}),
        ("two-gone", {"axis": (0, -1), "keepdims": False}),
        ("all", {"axis": None, "keepdims": False}),
        ("all-kept", {"axis": None}),
    ]
    for name in ("sum", "mean", "max"):
        for title, attrs in ways:
            made.append(Case(name, (apart(name + title, 2, 3, 4),), attrs, title))
    made.append(Case("max", (np.array([[1.0, 3.0, 3.0], [2.0, 0.0, 2.0]]),), title="tied"))
    for title, attrs in (("default", {}), ("first", {"axis": 0}), ("two", {"axis": (0, 2)})):
        made.append(Case("largest", (apart("largest", 2, 3, 4),), dict(attrs), title, smooth=False))
    made.append(Case("max", (SPECIAL,), title="special", smooth=False))
    made.append(Case("max", (np.array([[-INF, -INF], [INF, 1.0]]),), title="infinite", smooth=False))
    made.append(Case("sum", (SPECIAL,), title="special", smooth=False))
    return made


def shape_cases() -> list[Case]:
    """Moving numbers."""
    x = draw("shape", 2, 3, 4)
    made = [
        Case("reshape", (x,), {"shape": (6, 4)}),
        Case("reshape", (x,), {"shape": (2, 3, 2, 2)}, "split"),
        Case("reshape", (x[:1, :1, :1],), {"shape": ()}, "to-scalar"),
        Case("reshape", (np.asarray(x[0, 0, 0]),), {"shape": (1, 1)}, "from-scalar"),
        Case("transpose", (x,), {"order": (2, 0, 1)}),
        Case("transpose", (x,), {"order": (0, 2, 1)}, "last-two"),
        Case("broadcast_to", (x[:, :1],), {"shape": (2, 3, 4)}),
        Case("broadcast_to", (x[0, :, :1],), {"shape": (2, 3, 4)}, "more-axes"),
        Case("split_heads", (draw("heads", 2, 3, 6),), {"heads": 2}),
        Case("concat_heads", (draw("concat", 2, 3, 4, 5),)),
        Case("repeat_heads", (draw("repeat", 2, 2, 3, 4),), {"times": 3}),
        Case("concat", (x, draw("more", 2, 2, 4), draw("most", 2, 1, 4)), {"axis": 1}),
        Case("concat", (x, draw("last", 2, 3, 2)), {}, "last"),
        Case("accumulate", (x, draw("u", 2, 3, 4))),
        Case("accumulate", (x, draw("u", 2, 3, 4), draw("v", 2, 3, 4)), {}, "three"),
        Case("seed", (), {"dtype": "float64"}, smooth=False),
    ]
    for title, attrs in (
        ("first", {"axis": 0, "start": 1, "stop": 2}),
        ("negative-axis", {"axis": -1, "start": 1, "stop": 3}),
        ("every-second", {"axis": 2, "start": 1, "stop": 4, "step": 2}),
    ):
        made.append(Case("take", (x,), dict(attrs), title))
    put = {"axis": -2, "start": 1, "stop": 6, "step": 2, "size": 7}
    made.append(Case("unslice", (x,), put, "every-second"))
    made.append(Case("unslice", (x,), {"axis": 0, "start": 1, "stop": 3, "step": 1, "size": 4}, "first"))
    return made


def index_cases() -> list[Case]:
    """Rows by number; ids repeat, and some rows are never asked for."""
    ids, labels = np.array([[1, 3, 1], [0, 3, 3]]), np.array([2, 0, 2, 1])
    table, x, g = draw("table", 5, 4), draw("rows", 4, 3), draw("column", 4, 1)
    return [
        Case("gather", (table, ids)),
        Case("gather", (table, ids[0]), title="one-sentence"),
        Case("scatter", (draw("scatter", 2, 3, 4), ids), {"rows": 5}),
        Case("embed_scaled", (table, ids)),
        Case("add_rows", (draw("add", 2, 3, 4), table), {"start": 0}),
        Case("add_rows", (draw("add", 2, 3, 4), table), {"start": 2}, "later"),
        Case("select", (x,), {"keep": (0, 2, 3)}),
        Case("select", (x,), {"keep": (0, 1, 2, 3)}, "all"),
        Case("scatter_rows", (x,), {"keep": (1, 2, 4, 5), "rows": 6}),
        Case("scatter_rows", (x,), {"keep": (0, 1, 2, 3), "rows": 4}, "all"),
        Case("take_per_row", (x, labels)),
        Case("one_hot", (labels, g), {"width": 3}),
        Case("minus_label", (x, labels)),
    ]


def linear_cases() -> list[Case]:
    """Matrix products, read as they are and transposed, with leading axes alike and broadcast."""
    a, b = (2, 3, 4), (2, 4, 5)
    flip = lambda s: (*s[:-2], s[-1], s[-2])  # noqa: E731  # named for the lines below
    made = []
    for at in (False, True):
        for bt in (False, True):
            inputs = (draw("ma", *(flip(a) if at else a)), draw("mb", *(flip(b) if bt else b)))
            made.append(Case("matmul", inputs, {"at": at, "bt": bt}, f"{'t' if at else 'n'}{'t' if bt else 'n'}"))
    made += [
        Case("matmul", (draw("m1", 3, 4), draw("m2", 4, 2)), title="plain"),
        Case("matmul", (draw("m3", 2, 3, 4), draw("m4", 4, 2)), title="one-matrix-for-all"),
        Case("matmul", (draw("m5", 4, 3), draw("m6", 2, 4, 2)), {"at": True}, "one-for-all-first"),
        Case("matmul", (draw("m7", 2, 1, 3, 4), draw("m8", 3, 5, 4)), {"bt": True}, "both-broadcast"),
        Case("grouped_matmul", (draw("q", 2, 4, 3, 2), draw("k", 2, 2, 5, 2)), {"times": 2, "bt": True}, "scores"),
        Case("grouped_matmul", (draw("w", 2, 4, 3, 5), draw("v", 2, 2, 5, 2)), {"times": 2}, "values"),
        Case("linear", (draw("x", 2, 3, 4), draw("W", 4, 5), draw("b", 5))),
        Case("linear", (draw("x2", 3, 4), draw("W", 4, 2), draw("b", 2)), title="two-axes"),
        Case("linear_no_bias", (draw("x", 2, 3, 4), draw("W", 4, 5))),
        Case("linear_no_bias", (draw("x2", 3, 4), draw("W", 4, 2)), title="two-axes"),
    ]
    return made


def model_cases() -> list[Case]:
    """Attention, norms, losses, the updates."""
    mask = np.array([[[[0, 2, 2], [0, 0, 2], [0, 0, 0]]], [[[0, 2, 3], [0, 0, 3], [0, 0, 1]]]], np.int8)
    x, scores = draw("x", 2, 3, 4), draw("scores", 2, 2, 3, 3)
    gamma, beta = draw("gamma", 4), draw("beta", 4)
    angle = draw("angle", 3, 6, low=-3.0, high=3.0)
    labels = np.array([[1, 4, 0], [3, 0, 0]])
    logits = draw("logits", 2, 3, 5)
    gone = np.array([[0.5, -INF, 1.0], [-INF, -INF, 2.0]])
    made = [
        Case("scale", (scores,), {"d_k": 3}),
        Case("mask_fill", (scores, mask), {"value": -1e9}),
        Case("mask_fill", (scores, mask), {"value": -INF}, "infinite"),
        Case("softmax", (scores,)),
        Case("softmax", (np.array([[1000.0, 999.0, -1000.0], [-1e9, 0.5, 0.1]]),), title="large"),
        Case("softmax", (gone,), title="infinite", smooth=False),
        Case("softmax", (np.full((1, 3), -INF),), title="nothing-left", smooth=False),
        Case("log_softmax", (scores,)),
        Case("log_softmax", (np.array([[1000.0, 999.0, -1000.0], [-1e3, 0.5, 0.1]]),), title="large"),
        Case("layer_norm", (x, gamma, beta), {"eps": 1e-5}),
        Case("layer_norm", (x, gamma, beta), {"eps": 0.3}, "large-eps"),
        Case("rms_norm", (x, gamma), {"eps": 1e-5}),
        Case("rms_norm", (x, gamma), {"eps": 0.3}, "large-eps"),
        Case("batch_norm", (x, gamma, beta), {"eps": 1e-5}),
        Case("batch_norm", (x[0], gamma, beta), {"eps": 0.3}, "large-eps"),
        Case("cross_entropy", (logits, labels), {"keep": (0, 1, 3)}),
        Case("cross_entropy", (logits, labels), {"keep": (0, 1, 2, 3, 4, 5)}, "all"),
        Case("mse", (x, draw("target", 2, 3, 4))),
        Case("half_mse", (x, draw("target", 2, 3, 4))),
        Case("sum_loss", (x,)),
        Case("sgd", (x, draw("g", 2, 3, 4)), {"lr": 0.1}),
        Case("velocity", (x, draw("g", 2, 3, 4)), {"momentum": 0.9}),
        Case("adam_m", (x, draw("g", 2, 3, 4)), {"beta": 0.9}),
        Case("adam_v", (_positive("v", 2, 3, 4), draw("g", 2, 3, 4)), {"beta": 0.999}),
        Case("remaining", (np.array(3),), {"beta": 0.9, "dtype": "float64"}, smooth=False),
        Case("next_step", (np.array(3),), smooth=False),
        Case("bias_correct", (x, np.array(3)), {"beta": 0.9}),
        Case("adam_new", (x, draw("m", 2, 3, 4), _positive("v", 2, 3, 4)), {"lr": 0.1, "eps": 1e-8}),
    ]
    for pairs in ("interleaved", "half"):
        made.append(Case("rope", (draw("rope", 2, 2, 3, 6), np.cos(angle), np.sin(angle)), {"pairs": pairs}, pairs))
    return made


CASES = [
    *elementwise_cases(),
    *function_cases(),
    *reduce_cases(),
    *shape_cases(),
    *index_cases(),
    *linear_cases(),
    *model_cases(),
    *op_cases_losses.cases(),
    *op_cases_models.cases(),
    *op_cases_training.cases(),
]
