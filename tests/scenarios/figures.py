"""For each scenario the numbers that its text quotes, computed: in the order in which they are quoted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from shipped_runs import grad, loss, run, trained, value

FIGURES: dict[str, Callable[[], list[float]]] = {}


def figures(name: str) -> Callable[[Callable[[], list[float]]], Callable[[], list[float]]]:
    """Enter the figures of a scenario."""

    def enter(compute: Callable[[], list[float]]) -> Callable[[], list[float]]:
        FIGURES[name] = compute
        return compute

    return enter


def flat(*parts: object) -> list[float]:
    """All numbers of arrays and numbers, in order."""
    return [float(v) for part in parts for v in np.ravel(np.asarray(part))]


def norm(array: np.ndarray) -> float:
    """The Euclidean length of all cells together."""
    return float(np.linalg.norm(array))


@figures("neuron")
def neuron() -> list[float]:
    base = run("neuron")
    nothing = value(run("neuron", "no-bias"), "layer0.y")[0]
    return flat(
        value(base, "layer0.a"), value(base, "layer0.y"), nothing, value(trained("neuron", "no-bias"), "layer0.y")[3]
    )


@figures("hill")
def hill() -> list[float]:
    return [loss(trained("hill", "too-small")), 0.01, loss(trained("hill", "right")), 0.1, 1.1]


@figures("half-precision")
def half_precision() -> list[float]:
    ends = {
        each: value(trained("half-precision", each), "average") for each in ("float64", "float16", "base", "master")
    }
    stalled = trained("half-precision")
    step = 0.01 * abs(value(stalled, "average.grad"))
    variances = [value(run("half-precision", each), "variance") for each in ("float64", "base", "float16")]
    distance = np.spacing(np.float32(ends["base"])) * 2**16
    return flat(ends["float64"], ends["base"], distance, step, ends["float16"], ends["master"], variances)


@figures("house-price")
def house_price() -> list[float]:
    start, end = loss(run("house-price")), loss(trained("house-price"))
    area, metres = trained("house-price", "area-only"), trained("house-price", "square-metres", 1)
    return [start, end, loss(area), loss(metres)]


@figures("backprop-by-hand")
def backprop_by_hand() -> list[float]:
    base, sure, saturated = (run("backprop-by-hand", v) for v in ("base", "sure", "saturated"))
    y3 = value(sure, "y3")
    return flat(grad(base, "y3"), grad(base, "w4"), y3, 1 - y3, loss(sure), grad(saturated, "a3"))


@figures("softmax")
def softmax() -> list[float]:
    base, hot, zero = (run("softmax", v) for v in ("base", "hot", "zero-is-no-zero"))
    temperatures = value(run("softmax", "cold"), "tau")
    return flat(
        value(base, "p"), value(hot, "z"), value(hot, "p"), temperatures, value(zero, "s")[1], value(zero, "p")[2]
    )


@figures("similarity")
def similarity() -> list[float]:
    return [float(value(run("similarity"), "enc0.attn.scores")[0, 0, 0, 2])]


@figures("attention")
def attention() -> list[float]:
    base, raw = run("attention"), run("attention", "no-scale")
    row = value(base, "attn.scores")[0, 0, 2], value(base, "attn.weights")[0, 0, 2]
    return flat(*row, value(raw, "attn.weights")[0, 0, 2].max())


@figures("self-attention-plain")
def self_attention_plain() -> list[float]:
    return flat(value(run("self-attention-plain"), "enc0.attn.heads")[:, 0, 0])


@figures("self-attention")
def self_attention() -> list[float]:
    one, both = run("self-attention"), run("self-attention", "query-is-key")
    weights = value(one, "enc0.attn.weights")[0, 0]
    return flat(weights[0, 1], weights[1, 0], value(both, "enc0.attn.weights")[0, 0, 0, 0])


@figures("scaling")
def scaling() -> list[float]:
    scaled, raw = ("d4", "base", "d512"), ("d4-no-scale", "no-scale", "d512-no-scale")
    median = [
        np.median(np.abs(grad(run("scaling", v), f"attn.{t}")))
        for vs, t in ((scaled, "scaled"), (raw, "scores"))
        for v in vs
    ]
    return flat(np.log(8), [entropy(v) for v in (*scaled, *raw)], median)


def entropy(variant: str) -> float:
    """The mean over the rows of −Σ p log p."""
    p = value(run("scaling", variant), "attn.weights")
    return float(-(p * np.log(np.maximum(p, 1e-300))).sum(-1).mean())


@figures("multi-head")
def multi_head() -> list[float]:
    three, one = (value(run("multi-head", v), "enc0.attn.weights")[0, :, 4] for v in ("base", "one-head"))
    return flat(three[0, 2], three[1, 0], three[2, 6], one[0, [2, 0, 6]])


@figures("wo-ai-ni")
def wo_ai_ni() -> list[float]:
    return flat(*(value(run("wo-ai-ni", v), "enc0.attn.heads")[0, 0, 1, 2] for v in ("base", "swapped")))


@figures("rope")
def rope() -> list[float]:
    scores, reversed_ = (value(run("rope", v), "enc0.attn.scores")[0, 0] for v in ("base", "reversed"))
    return flat(scores[1, 3], reversed_[3, 1])


@figures("padding")
def padding() -> list[float]:
    scores = value(run("padding"), "enc0.attn.scaled")[0, 0, 0]
    weights = [value(run("padding", v), "enc0.attn.weights")[0, 0, 0, 0] for v in ("base", "mask-off")]
    return flat(scores[1:3], weights)


@figures("residual")
def residual() -> list[float]:
    tops = {
        "no-norm": "add2",
        "no-residual-no-norm": "ffn.out",
        "base": "norm2",
        "no-residual": "norm2",
        "pre-norm": "add2",
    }
    traces = {v: run("residual", v) for v in tops}
    found = {v: [norm(grad(traces[v], path)) for path in (f"enc5.{top}", "src.x")] for v, top in tops.items()}
    large = run("residual", "large-weights")
    found["large-weights"] = [norm(grad(large, path)) for path in ("enc5.add2", "enc0.add2")]
    order = ("no-norm", "no-residual-no-norm", "base", "no-residual", "large-weights", "pre-norm")
    return flat(*(found[v] for v in order))


@figures("layernorm-batchnorm")
def layernorm_batchnorm() -> list[float]:
    one, other = (value(run("layernorm-batchnorm", v), "enc0.norm1")[0, :3] for v in ("batch", "batch-other-neighbour"))
    return flat(np.abs(one - other).max())


@figures("ffn")
def ffn() -> list[float]:
    alone, talking = (
        [value(run("ffn", v), "enc0.ffn.out")[0] for v in two]
        for two in (("base", "other-word"), ("talking", "talking-other-word"))
    )
    return flat(np.abs(alone[0] - alone[1]).max(), np.abs(talking[0] - talking[1]).max(-1))


@figures("encoder")
def encoder() -> list[float]:
    return []


@figures("causal-mask")
def causal_mask() -> list[float]:
    return [loss(trained("causal-mask", "no-mask")), loss(trained("causal-mask"))]


@figures("the-ball-is-blue")
def the_ball_is_blue() -> list[float]:
    return flat(np.diagonal(value(run("the-ball-is-blue"), "dec0.cross.weights")[0, 0]))


@figures("steve-builds-a-house")
def steve_builds_a_house() -> list[float]:
    end = trained("steve-builds-a-house")
    weights, probs = value(end, "dec0.cross.weights")[0, 0], value(end, "out.probs")[0].max(-1)
    other = value(trained("steve-builds-a-house", "a-or-an"), "dec0.cross.weights")[0, 0]
    return flat(weights[0, 0], weights[1, 1], weights[3, 2], np.floor(probs.min() * 1000) / 1000, other[2, 2])


@figures("milk")
def milk() -> list[float]:
    before, after = run("milk"), trained("milk")
    rows = [value(trace, "enc0.attn.weights")[0, 0] for trace in (before, after)]
    other = value(trained("milk", "another-seed"), "enc0.attn.weights")[0, 0, 5, 3]
    return flat(rows[0][5], rows[1][5], batch_loss(), floor(), rows[1][3, 5], other)


def batch_loss() -> float:
    """The loss over all sentences of the last of the 300 updates."""
    import tfstep
    from tfstep.session.change.training import Training

    return Training(tfstep.load("milk")).run(300)


def floor() -> float:
    """The entropy of odds of two to one, which no model gets below."""
    return float(np.log(3) - 2 / 3 * np.log(2))


@figures("gpt")
def gpt() -> list[float]:
    return [float(np.log(19)), loss(run("gpt")), loss(trained("gpt"))]


@figures("two-heads")
def two_heads() -> list[float]:
    return []


@figures("decoder-layer")
def decoder_layer() -> list[float]:
    return []
