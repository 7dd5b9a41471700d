"""An eps that one cell does not tell in float32: every row as a whole does, and right code of any order is left alone."""

from __future__ import annotations

import numpy as np
import pytest
from test_shares import Rows

import tfstep
from tfstep.compare.refusals.slight import fitting
from tfstep.scenario.scenario import load_text

WIDE = """
tfstep: 1
model: {kind: decoder, layers: 1, d_model: 12, heads: 3, d_ff: 20, norm_position: pre, positional: sinusoidal, embed_scale: 3.5}
vocab: [<pad>, <sos>, <eos>, a, b, c, d, e, f]
input: {target: [<sos> a b c d, <sos> e f], labels: [a b c d <eos>, e f <eos>]}
weights: {seed: 3, init: {normal: 0.5}, set: {dec0.norm1.gamma: {normal: 0.5}, dec0.norm1.beta: {normal: 0.5}}}
"""


def single(eps: float) -> Rows:
    """The norms of a run in float32 with this eps, and what they read."""
    trace, rows = tfstep.trace(load_text(WIDE)), dict[str, np.ndarray]()
    for name, path in (("x", "tgt.x"), ("g", "dec0.norm1.gamma"), ("b", "dec0.norm1.beta")):
        rows[name] = np.array(trace[path].value).astype(np.float32)
    x = rows["x"] - rows["x"].mean(-1, keepdims=True)
    rows["n"] = x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(eps)) * rows["g"] + rows["b"]
    return rows


@pytest.mark.parametrize("eps", [1e-5, 1e-12])
def test_another_eps_in_float32(eps: float) -> None:
    found = tfstep.diagnose(tfstep.trace(load_text(WIDE)), single(eps))
    right = [] if eps == 1e-5 else [("norm-eps", "dec0.norm1")]
    assert [(cause.kind, cause.path) for cause in found.causes] == right
    assert found.agrees == (not right)
    said = [str(cause.detail.in_("en")) for cause in found.causes]
    assert all(f"{eps:g}" in each and "too slight" in each for each in said)


ORDERS = ("two passes", "squares", "one by one", "folded")


def normed(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float, order: str) -> np.ndarray:
    """A layer norm in float32, its sums taken in another order or its factors put together first."""
    m, n = x.mean(-1, keepdims=True), np.float32(x.shape[-1])
    v = ((x - m) ** 2).mean(-1, keepdims=True)
    if order == "squares":
        v = np.maximum((x * x).mean(-1, keepdims=True) - m * m, 0)
    elif order == "one by one":
        m = np.cumsum(x, -1, dtype=np.float32)[..., -1:] / n
        v = np.cumsum((x - m) ** 2, -1, dtype=np.float32)[..., -1:] / n
    root = np.sqrt(v + np.float32(eps))
    if order == "folded":
        scale = gamma / root
        return np.asarray(x * scale + (beta - m * scale))
    return np.asarray((x - m) / root * gamma + beta)


@pytest.mark.parametrize("order", ORDERS)
def test_another_order_of_sums_is_no_other_eps(order: str) -> None:
    rng, told = np.random.default_rng(3), 0
    for n in (4, 12, 64, 256) * 100:
        x = rng.normal(rng.choice([0, 1, 10]), rng.choice([0.1, 0.5, 1, 3]), (12, n)).astype(np.float32)
        gamma, beta = rng.normal(1, 0.3, n).astype(np.float32), rng.normal(0, 0.3, n).astype(np.float32)
        for eps in (1e-5, 1e-6):
            y = normed(x, gamma, beta, eps, order).astype(np.float64) - beta
            other = fitting(x.astype(np.float64), gamma.astype(np.float64), y, 1e-5)
            assert not other if eps == 1e-5 else not other or eps in other
            told += eps in other
    assert told > 40, "the other eps is told where its rows are short enough"
