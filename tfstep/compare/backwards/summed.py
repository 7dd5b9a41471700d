"""Gradients of parameters that are sums over the rows of a run, and are written otherwise: of some of the rows alone, divided,
taken twice, or with another factor of the product than what the step reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from tfstep.compare.layout import role
from tfstep.engine.node import Node
from tfstep.engine.op import Vjp
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.search import Search

Made = tuple[str, Bilingual, np.ndarray]
FEW = 4  # rows of a weight that tell whether another factor is likely
LIKELY = 1e-3

ALONE = (
    (0, slice(0, 1), Bilingual("of the first sentence alone", "只算了第一句")),
    (0, slice(-1, None), Bilingual("of the last sentence alone", "只算了最后一句")),
    (1, slice(0, 1), Bilingual("of the first position alone", "只算了第一个位置")),
    (1, slice(-1, None), Bilingual("of the last position alone", "只算了最后一个位置")),
)
ROWS = (
    ((slice(0, 1), slice(0, 1)), Bilingual("of the first row alone", "只算了第一行")),
    ((slice(-1, None), slice(-1, None)), Bilingual("of the last row alone", "只算了最后一行")),
)


def shares(part: Callable[..., np.ndarray], *arrays: np.ndarray) -> Iterator[Made]:
    """Every known way to go wrong in the sum over rows that ``part`` is of these arrays (batch, position, …)."""
    whole, (batch, rows) = part(*arrays), (len(arrays[0]), int(np.prod(arrays[0].shape[:2])))
    positions = rows // batch
    reasons: dict[int, list[Bilingual]] = {}
    for n, why in (
        (rows, Bilingual("the mean over {n} rows, not their sum", "对 {n} 行取了平均，而不是求和", n=rows)),
        (batch, Bilingual("divided by the {n} sentences of the batch", "除以了批次里的 {n} 个句子", n=batch)),
        (positions, Bilingual("divided by the {n} positions", "除以了 {n} 个位置", n=positions)),
        (2, Bilingual("half of ours, a factor of 2", "是我方的一半，差一个因子 2")),
    ):
        if n > 1 and not (n == rows and min(batch, positions) == 1 and n in reasons):
            reasons.setdefault(n, []).append(why)
    for n, whys in reasons.items():
        text = whys[0]
        for why in whys[1:]:
            text = Bilingual("{one}, or {other}", "{one}，或者{other}", one=text, other=why)
        yield "loss-reduction", text, whole / n
    for axis, some, text in ALONE:
        if arrays[0].shape[axis] > 1:
            yield "grad-missing", text, part(*(x[some] if axis == 0 else x[:, some] for x in arrays))
    if min(batch, positions) > 1:
        for both, text in ROWS:
            yield "grad-missing", text, part(*(x[both] for x in arrays))
    yield "grad-accumulated", Bilingual("twice ours: added up twice", "是我方的两倍：加了两次"), 2 * whole
    yield "loss-reduction", Bilingual("the sign is turned", "正负号反了"), -whole


def factors(search: Search, node: Node, theirs: np.ndarray) -> Iterator[Made]:
    """The gradient of a matrix, xᵀ g, with another x or another g of this run that has its shape."""
    op = node.op
    if not isinstance(op, Vjp) or op.argument != "W" or not {"x", "g"} <= set(op.arguments):
        return
    walked, nodes = search.walk, search.plan.nodes
    slots = dict(zip(op.arguments, node.inputs, strict=False))
    own = {name: nodes[s] for name in ("x", "g") if isinstance(s := slots[name], int)}
    if len(own) < 2:
        return
    x, g = (walked.ours(own[name].slot) for name in ("x", "g"))

    def likely(a: np.ndarray, b: np.ndarray) -> bool:
        size = max(float(np.abs(theirs[:FEW]).max(initial=0.0)), 1e-300)
        return bool(np.abs(_rows(a)[:, :FEW].T @ _rows(b) - theirs[:FEW]).max(initial=0.0) <= LIKELY * size)

    for kind, text, other in _instead_of_x(search, own["x"], own["g"], x):
        if likely(other, g):
            yield kind, text, _rows(other).T @ _rows(g)
    for each in nodes:
        if each.phase == "backward" and each.role.name == "gradient" and each.shape == g.shape and each is not own["g"]:
            of = search.plan.base(each)
            if _layer(of.path) != _layer(search.plan.base(own["g"]).path) or of.kind == "parameter":
                continue
            other = walked.ours(each.slot)
            if likely(x, other):
                yield (
                    "swapped",
                    _with("∂" + role(of.path), "∂" + role(_of(search, own["g"]))),
                    _rows(x).T @ _rows(other),
                )


def _rows(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1, x.shape[-1])


def _of(search: Search, g: Node) -> str:
    return search.plan.base(g).path if g.role.name == "gradient" else g.path


def _layer(path: str) -> str:
    return path.partition(".")[0]


def _with(wrong: str, right: str) -> Bilingual:
    return Bilingual(
        "∂W = xᵀ g with {wrong} in place of {right}",
        "∂W = xᵀ g 里用了 {wrong}，而不是 {right}",
        wrong=wrong,
        right=right,
    )


def _instead_of_x(search: Search, own: Node, g: Node, x: np.ndarray) -> Iterator[Made]:
    """What may have been taken for the input of a linear layer."""
    walked, name = search.walk, role(own.path)
    if own.op is not None and "norm" in own.op.name and own.slots:
        before = np.asarray(walked.ours(own.slots[0]))
        text = Bilingual(
            "∂W = xᵀ g with what the norm reads, not what it gives",
            "∂W = xᵀ g 里用了归一化之前的 x，而不是归一化之后的",
        )
        yield "norm-place", text, before
        gamma, *beta = (np.asarray(walked.ours(s)) for s in own.slots[1:])
        bare = Bilingual("∂W = xᵀ g with x̂, before γ and β", "∂W = xᵀ g 里用了乘 γ、加 β 之前的 x̂")
        yield "norm-affine", bare, (x - (beta[0] if beta else 0.0)) / np.where(gamma == 0, 1.0, gamma)
    if own.op is not None and own.op.name == "concat_heads":
        text = Bilingual(
            "∂W = xᵀ g with heads merged by a reshape without a transpose", "∂W = xᵀ g 里合并各头时只 reshape，没有转置"
        )
        yield "heads-merged", text, np.asarray(walked.ours(own.slots[0])).reshape(x.shape)
    for each in search.plan.steps:
        if each.phase != "forward" or each.shape != own.shape or each is own or each.dtype.kind != "f":
            continue
        if _layer(each.path) in (_layer(own.path), _layer(_of(search, g))) or each.slot in own.slots:
            yield "swapped", _with(role(each.path), name), np.asarray(walked.ours(each.slot))
