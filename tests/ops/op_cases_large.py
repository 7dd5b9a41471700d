"""Cases of the ops that have kernels, large enough to be cut into blocks."""

from __future__ import annotations

import numpy as np
from op_case import Case, draw, whole


def large_cases() -> list[Case]:
    """Sizes that end within a block, rows of odd length, a last block of one row or column."""
    x, g = draw("x", 3, 137, 257), draw("g", 3, 137, 257)
    scores = draw("scores", 2, 3, 97, 129)
    mask = (draw("mask", 2, 1, 97, 129) > 1).astype(np.int8)
    gamma, beta = draw("gamma", 257), draw("beta", 257)
    rows = np.random.default_rng(3).permutation(411)
    return [
        Case("add", (x, g)),
        Case("add", (x, beta), title="bias"),
        Case("add", (x, draw("column", 3, 137, 1)), title="column"),
        Case("add", (np.asarray(draw("scalar")), x), title="scalar"),
        Case("accumulate", (x, g, x), title="three"),
        Case("mix", (x, g, x), title="three"),
        Case("relu", (x,)),
        Case("gelu", (x,)),
        Case("gelu_tanh", (x,)),
        Case("scale", (scores,), {"d_k": 3}),
        Case("mask_fill", (scores, mask), {"value": -1e9}),
        Case("softmax", (scores,)),
        Case("softmax", (draw("wide", 2, 70001),), title="rows-longer-than-a-block"),
        Case("layer_norm", (x, gamma, beta), {"eps": 1e-5}),
        Case("layer_norm", (x[0], gamma, beta), {"eps": 1e-5}, "two-axes"),
        Case("layer_norm", (draw("long", 601, 257), gamma, beta), {"eps": 1e-5}, "many-rows"),
        Case("linear", (x, draw("W", 257, 65), draw("b", 65))),
        Case("linear", (draw("tall", 1301, 7), draw("W2", 7, 65), draw("b2", 65)), title="last-column-alone"),
        Case("linear", (draw("tall", 1301, 7), draw("W3", 7, 193), draw("b3", 193)), title="columns-in-blocks"),
        Case("linear_no_bias", (x, draw("W", 257, 65))),
        Case("matmul", (draw("Q", 2, 3, 97, 33), draw("K", 2, 3, 97, 33)), {"bt": True}, "scores"),
        Case("matmul", (draw("w", 2, 3, 97, 97), draw("V", 1, 3, 97, 33)), {}, "broadcast"),
        Case("matmul", (draw("a", 2, 129, 97), draw("b", 129, 65)), {"at": True}, "one-for-all"),
        Case("split_heads", (draw("heads", 3, 137, 3 * 129),), {"heads": 3}),
        Case("concat_heads", (draw("apart", 3, 3, 137, 129),)),
        Case("gather", (draw("table", 50, 257), whole("ids", 3, 137, below=40))),
        Case(
            "cross_entropy",
            (draw("logits", 3, 137, 521), whole("labels", 3, 137, below=521)),
            {"keep": tuple(range(411))},
        ),
        Case(
            "cross_entropy",
            (draw("logits", 3, 137, 521), whole("labels", 3, 137, below=521)),
            {"keep": tuple(sorted(int(n) for n in rows[:300]))},
            "pads",
        ),
        Case("sgd", (x, g), {"lr": 0.1}),
    ]


def in_float32(case: Case) -> Case:
    """The same in single precision, in which large sums are added otherwise."""
    inputs = tuple(
        x.astype(np.float32) if isinstance(x, np.ndarray) and x.dtype == np.float64 else x for x in case.inputs
    )
    return Case(case.name, inputs, case.attrs, case.title)
