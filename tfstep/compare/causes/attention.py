"""Scores, their scale, the softmax, and what it weighs."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tfstep.compare.causes.projections import exchanged_by_name
from tfstep.compare.causes.table import Made, Step, cause, equation
from tfstep.compare.names import axis_called
from tfstep.compare.plant import Patch, Site
from tfstep.engine.node import Literal
from tfstep.engine.op import Array
from tfstep.ops.attention import log_softmax, mask_fill, softmax
from tfstep.ops.linear import grouped_matmul, matmul
from tfstep.ops.primitive.functions import exp, log
from tfstep.ops.primitive.reduce import max_, sum_
from tfstep.ops.primitive.shape import reshape, transpose
from tfstep.text import Bilingual


def times(factor: float, name: str) -> Patch:
    """The first input times a number."""
    return lambda at: at.args[0] * Literal(factor, name).value


def factors(step: Step) -> Iterator[tuple[str, float]]:
    """What scores may be scaled by, beside 1/√d_k."""
    c, shape = step.config, step.node.shape
    d_k = int(step.node.attrs.get("d_k", c.d_k)) if step.node.op is not None else c.d_k
    yield "1", 1.0
    yield f"1/d_k = 1/{d_k}", 1 / d_k
    yield f"√d_k = √{d_k}", math.sqrt(d_k)
    yield f"1/√d_model = 1/√{c.d_model}", 1 / math.sqrt(c.d_model)
    yield f"1/d_model = 1/{c.d_model}", 1 / c.d_model
    yield f"d_k = {d_k}", float(d_k)
    yield f"1/√heads = 1/√{c.heads}", 1 / math.sqrt(c.heads)
    yield f"1/√n = 1/√{shape[-1]}", 1 / math.sqrt(shape[-1])
    yield f"1/n = 1/{shape[-1]}", 1 / shape[-1]
    yield f"1/√(d_k·heads) = 1/√{d_k * c.heads}", 1 / math.sqrt(d_k * c.heads)
    yield f"1/√(2·d_k) = 1/√{2 * d_k}", 1 / math.sqrt(2 * d_k)
    yield f"1/√(d_k/2) = 1/√{d_k / 2:g}", 1 / math.sqrt(d_k / 2)
    yield f"1/d_k^0.25 = 1/{d_k}^0.25", d_k**-0.25
    yield f"1/d_k² = 1/{d_k}²", d_k**-2.0
    yield f"1/d_k^1.5 = 1/{d_k}^1.5", d_k**-1.5
    yield f"√d_model = √{c.d_model}", math.sqrt(c.d_model)


@cause("scale", "scaled")
def scale(step: Step) -> Iterator[Made]:
    """Scores times something other than 1/√d_k."""
    d_k = int(step.node.attrs["d_k"])
    for name, factor in factors(step):
        if not math.isclose(factor, d_k**-0.5):
            yield (
                Bilingual(
                    "scaled = scores · {made}, in place of scores / √{d_k} = scores · {right:.6g}",
                    "scaled = scores · {made}，而不是 scores / √{d_k} = scores · {right:.6g}",
                    made=name if name == "1" else f"{name} = scores · {factor:.6g}",
                    d_k=d_k,
                    right=d_k**-0.5,
                ),
                times(factor, name),
            )


@cause("scale", "scores")
def scale_unasked(step: Step) -> Iterator[Made]:
    """Scores scaled where this scenario does not scale them."""
    if step.has("scaled"):
        return
    for name, factor in factors(step):
        if factor != 1.0:
            yield (
                equation(f"scores = Q Kᵀ · {name} = Q Kᵀ · {factor:.6g}"),
                lambda at, f=factor: at.usual() * f,
            )


@cause("scale", "logits")
def logits_scaled(step: Step) -> Iterator[Made]:
    """The logits times a power of the width, as where the head is tied to a scaled embedding, or after the head."""
    d = step.config.d_model
    for name, factor in (("/ √", d**-0.5), ("/ ", 1 / d), ("· √", d**0.5)):
        yield equation(f"logits {name}{d} = logits · {factor:.6g}"), lambda at, f=factor: at.usual() * f


def over(axis: int, infinite: bool = False) -> Patch:
    """Softmax over another axis; ``infinite`` if what is masked is −∞, so that all of it may be NaN."""

    def made(at: Site) -> Array:
        x = at.args[0]
        if infinite:
            x = mask_fill(x, at["mask"], value=-math.inf)
        order = list(range(len(x.shape)))
        order[axis], order[-1] = order[-1], order[axis]
        return transpose(softmax(transpose(x, order=tuple(order))), order=tuple(order))

    return made


def over_all(at: Site) -> Array:
    """Softmax over all cells of a head."""
    x = at.args[0]
    flat = reshape(x, shape=(*x.shape[:-2], x.shape[-2] * x.shape[-1]))
    return reshape(softmax(flat), shape=x.shape)


def summed_over(axis: int) -> Patch:
    """exp(x − the largest over keys), as it should be, but divided by its sum over another axis."""

    def made(at: Site) -> Array:
        x = at.args[0]
        e = exp(x - max_(x, axis=(-1,), keepdims=True))
        return e / sum_(e, axis=(axis,), keepdims=True)

    return made


@cause("softmax-axis", ops=("softmax",))
def softmax_axis(step: Step) -> Iterator[Made]:
    """Softmax over queries, heads, the batch or everything in place of keys."""
    axes = [axis.name for axis in step.node.spec.axes]
    for k in range(len(axes) - 2, -1, -1):
        if step.node.shape[k] > 0:
            yield (
                Bilingual(
                    "softmax over the axis {name}, not {last}",
                    "softmax 沿{name}的轴，而不是{last}的轴",
                    name=axis_called(axes[k]),
                    last=axis_called(axes[-1]),
                ),
                over(k),
            )
            if step.has("masked") and axes[k] in ("query", "position"):
                yield (
                    Bilingual(
                        "softmax over the axis {name}, not {last}, of −∞ where masked",
                        "softmax 沿{name}的轴，而不是{last}的轴，被遮处为 −∞",
                        name=axis_called(axes[k]),
                        last=axis_called(axes[-1]),
                    ),
                    over(k, infinite=True),
                )
            yield (
                Bilingual(
                    "exp(x − max) divided by its sum over the axis {name}, not {last}",
                    "exp(x − max) 除以它沿{name}的轴的和，而不是沿{last}的轴",
                    name=axis_called(axes[k]),
                    last=axis_called(axes[-1]),
                ),
                summed_over(k),
            )
    if len(axes) > 1:
        yield Bilingual("softmax over all cells of a matrix", "softmax 作用于整个矩阵的所有格"), over_all


@cause("softmax-axis", ops=("softmax",))
def undivided(step: Step) -> Iterator[Made]:
    """Divided by no sum along any axis, or without exp."""
    yield Bilingual("exp(x), divided by no sum", "exp(x)，没有除以和"), lambda at: exp(at.args[0])
    yield (
        Bilingual("exp(x − max), divided by no sum", "exp(x − max)，没有除以和"),
        lambda at: exp(at.args[0] - max_(at.args[0], axis=(-1,), keepdims=True)),
    )
    yield (
        Bilingual("x / Σ x, without exp", "x / Σ x，没有 exp"),
        lambda at: at.args[0] / sum_(at.args[0], axis=(-1,), keepdims=True),
    )


@cause("softmax-twice", ops=("softmax",))
def softmax_twice(step: Step) -> Iterator[Made]:
    """softmax(softmax(x))."""
    yield equation("softmax(softmax(x))"), lambda at: softmax(softmax(at.args[0]))


@cause("log-softmax", "weights")
def log_of_softmax(step: Step) -> Iterator[Made]:
    """The logarithm of the weights."""
    yield (
        Bilingual("log softmax(x) in place of softmax(x)", "log softmax(x)，而不是 softmax(x)"),
        lambda at: log_softmax(at.args[0]),
    )
    yield (
        Bilingual("log(softmax(x)) in place of softmax(x)", "log(softmax(x))，而不是 softmax(x)"),
        lambda at: log(softmax(at.args[0])),
    )


@cause("log-softmax", "probs")
def log_of_probs(step: Step) -> Iterator[Made]:
    """The logarithm of the probabilities, where they are said to be probabilities."""
    yield (
        Bilingual("log softmax(x) in place of softmax(x)", "log softmax(x)，而不是 softmax(x)"),
        lambda at: log_softmax(at.args[0]),
    )


@cause("swapped", "scores")
def scores_swapped(step: Step) -> Iterator[Made]:
    """K Qᵀ, or one factor twice."""
    names = ["Q_rot", "K_rot"] if step.has("Q_rot") else ["Q", "K"]
    q, k = step.arg(0), step.arg(1)
    if step.node.shape[-1] == step.node.shape[-2] and not exchanged_by_name(step, "q_proj", "k_proj"):
        yield equation("scores = K Qᵀ"), lambda at: transpose(at.usual(), order=(0, 1, 3, 2))
    if q.shape[2:] != k.shape[2:]:
        return

    def product(a: str, b: str) -> Patch:
        return lambda at: matmul(at[a], at[b], bt=True)

    yield equation("scores = Q Qᵀ"), product(names[0], names[0])
    if q.shape != k.shape:
        return
    yield equation("scores = K Kᵀ"), product(names[1], names[1])
    yield equation("scores = Q Vᵀ"), product(names[0], "V")
    yield equation("scores = V Kᵀ"), product("V", names[1])


@cause("swapped", "weights")
def scores_turned_before(step: Step) -> Iterator[Made]:
    """The same where their scores, turned, are taken for a layout until the softmax."""
    if (
        step.has("scores")
        and step.node.shape[-1] == step.node.shape[-2]
        and not exchanged_by_name(step, "q_proj", "k_proj")
    ):

        def made(at: Site) -> Array:
            return transpose(at.usual(), order=(0, 1, 3, 2))

        yield equation("scores = K Qᵀ"), {step.at("scores"): made}, step.at("scores")


@cause("swapped", "heads")
def values_swapped(step: Step) -> Iterator[Made]:
    """Weights over the keys or the queries in place of the values."""
    for other in ("K", "Q", "K_rot"):
        if step.has(other):
            yield (
                Bilingual(
                    "heads = weights · {other} in place of weights · V",
                    "heads = weights · {other}，而不是 weights · V",
                    other=other,
                ),
                lambda at, o=other: at.usual(at.args[0], at[o]),
            )


@cause("transposed", "heads")
def weights_turned(step: Step) -> Iterator[Made]:
    """weightsᵀ V."""
    if step.arg(0).shape[-1] == step.arg(0).shape[-2]:
        yield equation("heads = weightsᵀ V"), _turned_weights


def _turned_weights(at: Site) -> Array:
    a = at.args[0]
    order = (*range(len(a.shape) - 2), len(a.shape) - 1, len(a.shape) - 2)
    assert at.node.op in (matmul, grouped_matmul)
    return at.usual(transpose(a, order=order), at.args[1])


@cause("transposed", "scores")
def scores_turned(step: Step) -> Iterator[Made]:
    """Qᵀ K reshaped, where the sizes let it pass."""
    q, k = step.arg(0), step.arg(1)
    if q.shape == k.shape and q.shape[-1] == q.shape[-2]:
        yield equation("scores = Qᵀ K"), lambda at: matmul(at.args[0], at.args[1], at=True)
        yield Bilingual("scores = Q K, without the transpose", "scores = Q K，少了转置"), lambda at: matmul(*at.args)
