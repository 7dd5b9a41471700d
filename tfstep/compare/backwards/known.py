"""Mistakes of a backward pass written by hand: the forward pass is right, a derivative is not.

A mistake is a function of what the step reads: `ways` yields the kind, what is computed instead, and its numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tfstep.compare.backwards.summed import shares
from tfstep.compare.names import axis_called
from tfstep.compare.plant import is_aside
from tfstep.engine.arrays.erf import erf
from tfstep.engine.node import Node
from tfstep.engine.op import Vjp
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.search import Search

Made = tuple[str, Bilingual, np.ndarray]
Reached = tuple[
    str, Bilingual, str, np.ndarray, np.ndarray
]  # with the path of the step, its numbers, and those further on
Given = dict[str, Any]
FAR = 3  # steps in a row that they did not record


def reached(search: Search, node: Node, depth: int = FAR) -> Iterator[Reached]:
    """Every known mistake of this step of the backward pass, or of one before it that they did not record."""
    args = search.walk.arguments(node)
    for kind, text, value in () if is_aside(node) else ways(node, args):
        yield kind, text, node.path, value, value
    if not depth or node.op is None:
        return
    args = search.walk.arguments(node)
    alike: dict[str, list[tuple[int, Reached]]] = {}
    for k, s in enumerate(node.inputs):
        if not isinstance(s, int) or not _loose(search, s):
            continue
        search.walk.ours(s)
        for each in reached(search, search.plan.nodes[s], depth - 1):
            alike.setdefault(each[1].in_("en"), []).append((k, each))
    args = search.walk.arguments(node)
    for group in alike.values():
        for some in [[one] for one in group] + ([group] if len({k for k, _ in group}) == len(group) > 1 else []):
            changed = list(args)
            for k, each in some:
                changed[k] = each[4]
            kind, text, path, own, _ = some[0][1]
            yield kind, text, path, own, np.asarray(node.op.forward(*changed, **node.attrs))


def _loose(search: Search, slot: int) -> bool:
    """Whether a gradient was not recorded, nor is one of a mistake that is known."""
    node, walked = search.plan.nodes[slot], search.walk
    return (
        node.phase == "backward"
        and slot not in walked.wrong
        and not walked.found.get(slot)
        and node.path not in search.overrides
    )


def ways(node: Node, args: list[Any]) -> Iterator[Made]:
    """Every known way to make this step of the backward pass otherwise."""
    op = node.op
    if not isinstance(op, Vjp) or op.name not in _WAYS:
        return
    given = dict(zip(op.arguments, args, strict=False))
    with np.errstate(all="ignore"):
        for kind, text, value in _WAYS[op.name](node, given):
            made = np.asarray(value)
            if made.shape == node.shape:
                yield kind, text, made


Rule = Callable[[Node, Given], Iterator[Made]]
_WAYS: dict[str, Rule] = {}


def _of(*names: str) -> Callable[[Rule], Rule]:
    def enter(rule: Rule) -> Rule:
        _WAYS.update(dict.fromkeys(names, rule))
        return rule

    return enter


def _sum(x: np.ndarray, axis: Any = -1) -> Any:
    return x.sum(axis, keepdims=True)


@_of("softmax_vjp_x")
def _softmax(node: Node, given: Given) -> Iterator[Made]:
    g, y = given["g"], given["y"]
    n = y.shape[-1]
    said = "∂x = y · (g − Σ g·y)"
    for kind, wrong, value in (
        ("grad-missing", "y · g", y * g),
        ("grad-missing", "y · (1 − y) · g", y * (1 - y) * g),
        ("grad-missing", "g", g),
        ("grad-missing", "g − Σ g·y", g - _sum(g * y)),
        ("softmax-axis", "y · (g − Σ g)", y * (g - _sum(g))),
        ("softmax-axis", f"y · (g − Σ g·y / {n})", y * (g - _sum(g * y) / n)),
        ("softmax-axis", f"y · (g − Σ g / {n})", y * (g - _sum(g) / n)),
        ("swapped", "g · (y − Σ g·y)", g * (y - _sum(g * y))),
        ("swapped", "y · (Σ g·y − g)", y * (_sum(g * y) - g)),
    ):
        yield kind, _instead(f"∂x = {wrong}", said), value
    for k in range(y.ndim - 1):
        name = node.spec.axes[k].name or str(k)
        text = Bilingual(
            "∂x = y · (g − Σ g·y) with the sum over the axis {axis}, not over keys",
            "∂x = y · (g − Σ g·y)，其中的和沿{axis}的轴，而不是键的轴",
            axis=axis_called(name),
        )
        yield "softmax-axis", text, y * (g - _sum(g * y, k))


def _instead(wrong: object, right: object) -> Bilingual:
    return Bilingual("{wrong} in place of {right}", "{wrong}，而不是 {right}", wrong=wrong, right=right)


@_of("scale_vjp_x")
def _scale(node: Node, given: Given) -> Iterator[Made]:
    g, d = given["g"], int(node.attrs["d_k"])
    right = f"∂scores = ∂scaled / √{d}"
    for wrong, factor in (
        ("∂scaled", 1.0), (f"∂scaled / {d}", 1 / d), (f"∂scaled · √{d}", math.sqrt(d)), (f"∂scaled · {d}", float(d)),
        (f"∂scaled / {d}²", d**-2.0),
    ):  # fmt: skip
        yield "scale", _instead(f"∂scores = {wrong}", right), g * factor


@_of("mask_fill_vjp_x")
def _mask(node: Node, given: Given) -> Iterator[Made]:
    text = Bilingual("the mask is left out in the backward pass", "反向传播里漏了掩码")
    yield "mask-missing", text, given["g"]


def _turned(x: np.ndarray) -> np.ndarray:
    return np.swapaxes(x, -1, -2)


def _products(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[str, str, np.ndarray]]:
    """Every product of two matrices, each as it is or turned."""
    for left, one in (("", a), ("ᵀ", _turned(a))):
        for right, two in (("", b), ("ᵀ", _turned(b))):
            if one.shape[-1] == two.shape[-2]:
                yield left, right, one @ two


@_of("matmul_vjp_a", "matmul_vjp_b")
def _matmul(node: Node, given: Given) -> Iterator[Made]:
    g, other = given["g"], given["b"] if "b" in given else given["a"]
    if g.ndim != other.ndim or g.shape[:-2] != other.shape[:-2]:
        return
    name = "b" if "b" in given else "a"
    for first, second, x, y in ((("g", name, g, other)), (name, "g", other, g)):
        for left, right, value in _products(x, y):
            text = Bilingual(
                "{wrong}: a factor of the product a · b is turned the wrong way",
                "{wrong}：乘积 a · b 的一个因子转置错了",
                wrong=f"∂ = {first}{left} · {second}{right}",
            )
            yield "transposed", text, value
    assert node.op is not None
    whole = np.asarray(node.op.forward(*given.values(), **node.attrs))
    yield "transposed", Bilingual("turned: its transpose is right", "转置了：它的转置才对"), _turned(whole)


@_of("linear_vjp_x", "linear_no_bias_vjp_x")
def _linear_x(node: Node, given: Given) -> Iterator[Made]:
    g, W = given["g"], given["W"]
    if W.shape[0] == W.shape[1]:
        yield "transposed", _instead("∂x = g W", "g Wᵀ"), g @ W


@_of("linear_vjp_W", "linear_no_bias_vjp_W")
def _linear_w(node: Node, given: Given) -> Iterator[Made]:
    x, g = given["x"], given["g"]
    if x.shape[-1] == g.shape[-1]:
        yield "transposed", _instead("∂W = gᵀ x", "xᵀ g"), _flat(g).T @ _flat(x)
    yield from shares(lambda x, g: _flat(x).T @ _flat(g), x, g)


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1, x.shape[-1])


@_of("linear_vjp_b", "layer_norm_vjp_beta")
def _bias(node: Node, given: Given) -> Iterator[Made]:
    g = given["g"]
    yield from shares(lambda g: _flat(g).sum(0), g)
    features = Bilingual("∂b sums over features, not over rows", "∂b 沿特征求和，而不是沿行")
    if g.size == g.shape[-1] ** 2:
        yield "transposed", features, _flat(g).sum(1)
    if g.ndim == 3 and g.shape[1] == g.shape[2]:
        yield "transposed", features, g.sum((0, 2))


@_of("layer_norm_vjp_x", "rms_norm_vjp_x")
def _norm(node: Node, given: Given) -> Iterator[Made]:
    g, x, gamma, eps = given["g"], given["x"], given["gamma"], float(node.attrs["eps"])
    rms = node.op is not None and node.op.name.startswith("rms")
    mean: Any = 0.0 if rms else x.mean(-1, keepdims=True)
    std = np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + eps)
    u, n = (x - mean) / std, x.shape[-1]

    def average(t: np.ndarray) -> Any:
        return t.mean(-1, keepdims=True)

    for h, less in ((g * gamma, ""), (g, "γ")):
        centred: Any = 0.0 if rms else average(h)
        tail = Bilingual(", without γ", "，并且漏了 γ") if less else Bilingual("", "")

        def said(what: Bilingual, tail: Bilingual = tail) -> Bilingual:
            return Bilingual("{what}{tail}", "{what}{tail}", what=what, tail=tail)

        if less:
            yield (
                "norm-affine",
                Bilingual("γ is left out: g in place of g · γ", "漏了 γ：用了 g，而不是 g · γ"),
                (h - centred - u * average(h * u)) / std,
            )
        yield (
            "norm-variance",
            said(
                Bilingual(
                    "mean and variance are taken for constants: ∂x = g γ / σ", "把均值和方差当成了常数：∂x = g γ / σ"
                )
            ),
            h / std,
        )
        yield (
            "norm-variance",
            said(Bilingual("the variance is taken for a constant", "把方差当成了常数")),
            (h - centred) / std,
        )
        if not rms:
            yield (
                "norm-variance",
                said(Bilingual("the mean is taken for a constant", "把均值当成了常数")),
                (h - u * average(h * u)) / std,
            )
            yield (
                "norm-variance",
                said(Bilingual("the variance is unbiased: n − 1 in place of n", "方差用了 n − 1，而不是 n")),
                (h - centred - u * (h * u).sum(-1, keepdims=True) / (n - 1)) / std,
            )
        yield "norm-variance", said(Bilingual("not divided by σ", "没有除以 σ")), h - centred - u * average(h * u)
        yield (
            "norm-variance",
            said(Bilingual("divided by σ² in place of σ", "除以了 σ²，而不是 σ")),
            (h - centred - u * average(h * u)) / std**2,
        )
        yield (
            "norm-axis",
            said(Bilingual("sums in place of means", "用了求和，而不是平均")),
            (h - (0.0 if rms else h.sum(-1, keepdims=True)) - u * (h * u).sum(-1, keepdims=True)) / std,
        )


@_of("layer_norm_vjp_gamma", "rms_norm_vjp_gamma")
def _gamma(node: Node, given: Given) -> Iterator[Made]:
    g, x = given["g"], given["x"]
    rms = node.op is not None and node.op.name.startswith("rms")
    axes, u = tuple(range(x.ndim - 1)), x if rms else x - x.mean(-1, keepdims=True)
    u = u / np.sqrt((u**2).mean(-1, keepdims=True) + float(node.attrs["eps"]))
    right = "Σ g · x̂"
    for wrong, value in (("Σ g", g.sum(axes)), ("Σ g · x", (g * x).sum(axes))):
        yield "norm-affine", _instead(f"∂γ = {wrong}", right), value
    yield from shares(lambda each: _flat(each).sum(0), g * u)


@_of("relu_vjp_x")
def _relu(node: Node, given: Given) -> Iterator[Made]:
    g, x = given["g"], given["x"]
    right = "g · (x > 0)"
    for wrong, value in (
        ("g · (g > 0)", g * (g > 0)), ("g", g), ("g · (x < 0)", g * (x < 0)), ("g · (x ≤ 0)", g * (x <= 0)),
        ("g · relu(x)", g * np.maximum(x, 0)), ("g · x", g * x), ("x > 0", (x > 0) * 1.0), ("relu(g)", np.maximum(g, 0)),
        ("g · (x > 0) where x ≤ 0 gives 0.01 g", g * np.where(x > 0, 1.0, 0.01)),
    ):  # fmt: skip
        yield "activation", _instead(f"∂x = {wrong}", right), value


@_of("gelu_vjp_x", "gelu_tanh_vjp_x", "silu_vjp_x", "quick_gelu_vjp_x", "tanh_vjp_x", "sigmoid_vjp_x")
def _smooth(node: Node, given: Given) -> Iterator[Made]:
    if "x" not in given:
        return
    g, x = given["g"], given["x"]
    yield "activation", Bilingual("the derivative is left out: ∂x = g", "漏了导数：∂x = g"), g
    yield "activation", Bilingual("the derivative of relu: g · (x > 0)", "用了 relu 的导数：g · (x > 0)"), g * (x > 0)
    s = 1 / (1 + np.exp(-x))
    yield "activation", Bilingual("∂x = g · σ(x)", "∂x = g · σ(x)"), g * s
    t = np.tanh(0.7978845608028654 * (x + 0.044715 * x**3))
    slope = 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * 0.7978845608028654 * (1 + 3 * 0.044715 * x**2)
    half = Bilingual(
        "∂x = g · ½ (1 + tanh …): without the slope of the tanh", "∂x = g · ½ (1 + tanh …)：漏了 tanh 自己的斜率"
    )
    yield "activation", half, g * 0.5 * (1 + t)
    yield "activation", Bilingual("the derivative of gelu by tanh", "用了 tanh 近似的 gelu 的导数"), g * slope
    phi = 0.5 * (1 + erf(x / math.sqrt(2)))
    exact = phi + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    yield "activation", Bilingual("∂x = g · Φ(x)", "∂x = g · Φ(x)"), g * phi
    yield "activation", Bilingual("the derivative of the exact gelu", "用了精确 gelu 的导数"), g * exact
    yield "activation", Bilingual("the derivative of silu", "用了 silu 的导数"), g * s * (1 + x * (1 - s))


@_of("gather_vjp_table")
def _rows(node: Node, given: Given) -> Iterator[Made]:
    """Rows of an embedding: those that are read more than once have the sum of all their uses."""
    g, ids = given["g"], np.asarray(given["ids"])
    value = np.zeros(node.shape, g.dtype)
    value[ids.reshape(-1)] = g.reshape(ids.size, -1)
    text = Bilingual(
        "rows are written, not added: a word that is read twice keeps the gradient of its last use alone",
        "写入各行而没有累加：出现两次的词只留下最后一次的梯度",
    )
    yield "grad-missing", text, value

    def added(g: np.ndarray, ids: np.ndarray) -> np.ndarray:
        total = np.zeros(node.shape, g.dtype)
        np.add.at(total, ids.reshape(-1), g.reshape(ids.size, -1))
        return total

    if ids.ndim == 2:
        yield from shares(added, g, ids)


@_of("cross_entropy_vjp_logits")
def _entropy(node: Node, given: Given) -> Iterator[Made]:
    g, z, labels = given["g"], given["logits"], np.asarray(given["labels"])
    keep = np.zeros(labels.size, bool)
    keep[list(node.attrs["keep"])] = True
    keep = keep.reshape(labels.shape)[..., None]
    e = np.exp(z - z.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    one = np.eye(z.shape[-1])[labels]
    n, rows, batch = int(keep.sum()), keep.size, len(labels)
    right, bare = p - one, g * (p - one) * keep
    mean = f"(p − 1[label]) / {n}"
    yield "loss-reduction", _instead("∂logits = p − 1[label]", mean), bare
    if rows != n:
        yield "loss-reduction", _instead(f"∂logits = (p − 1[label]) / {rows}", mean), bare / rows
        pads = Bilingual("pads count in ∂logits", "∂logits 里填充词也算了进去")
        yield "pads-counted", pads, g * right / n
        yield "pads-counted", pads, g * right / rows
        yield "pads-counted", pads, g * right
    if batch not in (1, n):
        yield "loss-reduction", _instead(f"∂logits = (p − 1[label]) / {batch}", mean), bare / batch
    for wrong, value in (("p", p), ("−1[label]", -one), ("1[label] − p", one - p), ("p · (p − 1[label])", p * (p - one)),
                         ("z − 1[label]", z - one), ("−1[label] / p", -one / p)):  # fmt: skip
        for how, by in (("", 1), (f" / {n}", n)):
            yield (
                "loss-input",
                _instead(f"∂logits = ({wrong}){how}" if how else f"∂logits = {wrong}", mean),
                g * value * keep / by,
            )


@_of("label_loss_vjp_logits")
def _label_loss(node: Node, given: Given) -> Iterator[Made]:
    """Of labels that are smoothed or weigh differently; g has the share of each that counts."""
    g, z, labels, weights = given["g"], given["logits"], np.asarray(given["labels"]).ravel(), given["weights"]
    keep, n, epsilon = list(node.attrs["keep"]), z.shape[-1], float(node.attrs["smoothing"])
    rows, one = z.reshape(-1, n)[keep], np.eye(n)[labels[keep]]
    e = np.exp(rows - rows.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    q = ((1 - epsilon) * one + epsilon / n) * weights

    def every(kept: np.ndarray) -> np.ndarray:
        value = np.zeros((labels.size, n))
        value[keep] = kept
        return value.reshape(z.shape)

    right = "p · Σ q − q"
    for wrong, made in (
        ("p − q", p - q), ("p − 1[label]", p - one), ("weight[label] · (p − 1[label])", weights[labels[keep], None] * (p - one)),
        ("q − p · Σ q", q - p * _sum(q)),
    ):  # fmt: skip
        yield "loss-input", _instead(f"∂logits = {wrong}", right), every(g * made)
    for less, made in (
        ("ε", one * weights),
        (Bilingual("class weights", "类别权重"), (1 - epsilon) * one + epsilon / n),
    ):
        left = Bilingual("∂logits without {less}", "∂logits 里漏了 {less}", less=less)
        yield "loss-input", left, every(g * (p * _sum(made) - made))
    for by in dict.fromkeys((1, len(keep), labels.size, len(z))):
        share = Bilingual("∂logits divided by {n}", "∂logits 除以了 {n}", n=by)
        yield "loss-reduction", share, every((p * _sum(q) - q) / by)


@_of("mse_vjp_x", "half_mse_vjp_x")
def _squares(node: Node, given: Given) -> Iterator[Made]:
    g, x, t = given["g"], given["x"], given["target"]
    half = node.op is not None and node.op.name.startswith("half")
    n = x.size
    right, own = ("y − t", 1.0) if half else (f"2 (y − t) / {n}", 2 / n)
    for wrong, factor in (
        ("y − t", 1.0), ("2 (y − t)", 2.0), (f"(y − t) / {n}", 1 / n), (f"2 (y − t) / {n}", 2 / n), ("½ (y − t)", 0.5),
        ("t − y", -1.0), ("2 (t − y)", -2.0), (f"(y − t) / {x.shape[-1]}", 1 / x.shape[-1]), (f"(y − t) / {len(x)}", 1 / len(x)),
        (f"(y − t) / {n // x.shape[-1]}", x.shape[-1] / n),
    ):  # fmt: skip
        if factor != own:
            yield "loss-reduction", _instead(f"∂y = {wrong}", right), g * (x - t) * factor


@_of("split_heads_vjp_x")
def _split(node: Node, given: Given) -> Iterator[Made]:
    g = given["g"]
    how = Bilingual("heads merged by a reshape without a transpose", "合并各头时只 reshape，没有转置")
    yield "heads-merged", how, g.reshape(node.shape)
    yield (
        "heads-merged",
        Bilingual("heads merged as (d, head)", "按 (d, 头) 合并"),
        g.transpose(0, 2, 3, 1).reshape(node.shape),
    )


@_of("concat_heads_vjp_x")
def _concat(node: Node, given: Given) -> Iterator[Made]:
    g = given["g"]
    batch, heads, n, d = node.shape
    how = Bilingual("split into heads by a reshape without a transpose", "切分各头时只 reshape，没有转置")
    yield "heads-reshaped", how, g.reshape(node.shape)
    text = Bilingual("split as (d, head)", "按 (d, 头) 切分")
    yield "heads-reshaped", text, g.reshape(batch, n, d, heads).transpose(0, 3, 1, 2)
