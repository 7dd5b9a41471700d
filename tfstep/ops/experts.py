"""What a router does: keeps the best experts, makes weights of their scores, and mixes what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfstep.engine.axis import Spec
from tfstep.engine.cases.leading import aligned
from tfstep.engine.node import Literal
from tfstep.engine.op import Array, Cell, Const, Op, Primitive, Ref, TermSpec, Why, op
from tfstep.engine.tape import named
from tfstep.ops.primitive.choice import where
from tfstep.ops.primitive.reduce import sum_
from tfstep.ops.primitive.shape import Accumulate, take, unslice
from tfstep.text import Bilingual, Template

TITLE = Bilingual("Experts", "专家")


def ranks(x: np.ndarray) -> np.ndarray:
    """The place of each number in its row, from 0, the largest first; of equals the first comes first."""
    order = np.argsort(-x, axis=-1, kind="stable")
    places: np.ndarray = np.argsort(order, axis=-1, kind="stable")
    return places


class KeepTop(Primitive):
    """Numbers whose ``by`` is among the k largest of its row; in place of the rest one number.

    Shapes: x (…, n), by (…, n) → as x.
    """

    about_zh = "每行中 by 属前 k 大的取 x，其余换成同一个数。"
    shapes_zh = "x (…, n), by (…, n) → 同 x"
    leading = aligned
    formula = Template(
        "{x} where {by} is among the {k} largest, else {other}", "{by} 属前 {k} 大处取 {x}，其余为 {other}"
    )
    vjp_formula = {
        "x": Template("{g} where {by} is among the {k} largest, else 0", "{by} 属前 {k} 大处取 {g}，其余为 0")
    }

    helper = {
        "numpy": """def keep_top(x, by, k, other):
    # x where by is among the k largest of its row, else other
    place = np.argsort(np.argsort(-by, axis=-1, kind="stable"), axis=-1, kind="stable")
    return np.where(place < k, x, x.dtype.type(other))
""",
        "torch": """def keep_top(x, by, k, other):
    # x where by is among the k largest of its row, else other
    place = torch.argsort(torch.argsort(-by, dim=-1, stable=True), dim=-1, stable=True)
    return torch.where(place < k, x, other)
""",
    }
    code = dict.fromkeys(("numpy", "torch"), "keep_top({x}, {by}, {k}, {other})")

    def infer(self, *args: Spec | Literal, k: int, other: float) -> Spec:
        """The shape of x."""
        assert isinstance(args[0], Spec)
        return args[0]

    def forward(self, x: Array, by: Array, *, k: int, other: float) -> Array:
        return np.where(ranks(by) < k, x, x.dtype.type(other))

    def vjp_x(self, g: Array, y: Array, x: Array, by: Array, *, k: int, other: float) -> Array:
        return keep_top(g, by, k=k, other=0.0)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        x, by = args
        k, place = attrs["k"], int(ranks(by[cell[:-1]])[cell[-1]])
        said = {"place": place + 1, "n": by.shape[-1], "k": k, "score": float(by[cell])}
        if place < k:
            note = Bilingual(
                "chosen: {score:.4g} is number {place} of {n}, and {k} are kept",
                "选中：{score:.4g} 在 {n} 个中排第 {place}，保留前 {k} 个",
                **said,
            )
            return Why("visible", (TermSpec((Ref(0, cell),)),), note=note)
        note = Bilingual(
            "not chosen: {score:.4g} is number {place} of {n}, and only {k} are kept",
            "未选中：{score:.4g} 在 {n} 个中排第 {place}，只保留前 {k} 个",
            **said,
        )
        other = float(x.dtype.type(attrs["other"]))
        return Why("masked", (TermSpec((Const(other, f"{other:g}"),)),), note=note)


keep_top = op(KeepTop)


class Shares(Op):
    """Each number of a row by their sum, times a factor. Shapes: x (…, n) → (…, n)."""

    about_zh = "每行各数除以它们的和，再乘一个系数。"
    formula = "{times} · {x} / Σ {x}"
    vjp_formula = {"x": "({times} · {g} − Σ {g} · {y}) / Σ {x}"}

    def forward(self, x: Array, *, times: float) -> Array:
        y = x / named("sum", sum_(x))
        return y if times == 1 else times * y

    def vjp_x(self, g: Array, y: Array, x: Array, *, times: float) -> Array:
        average = named("average", sum_(named("g_y", g * y)))
        return (times * g - average) / named("sum", sum_(x))


shares = op(Shares)


class AmongTop(Primitive):
    """Where a number is among the k largest of its row, as booleans; of equals the first comes first.

    Shapes: by (…, n) → as by.
    """

    about_zh = "每行中属前 k 大之处，为布尔值；相等时先到先得。"
    shapes_zh = "by (…, n) → 同 by"
    leading = aligned
    formula = Template("{by} is among the {k} largest", "{by} 属前 {k} 大")
    helper = {
        "numpy": """def among_top(by, k):
    # where a number is among the k largest of its row
    return np.argsort(np.argsort(-by, axis=-1, kind="stable"), axis=-1, kind="stable") < k
""",
        "torch": """def among_top(by, k):
    # where a number is among the k largest of its row
    return torch.argsort(torch.argsort(-by, dim=-1, stable=True), dim=-1, stable=True) < k
""",
    }
    code = dict.fromkeys(("numpy", "torch"), "among_top({by}, {k})")

    def infer(self, *args: Spec | Literal, k: int) -> Spec:
        """Booleans of the shape of ``by``."""
        assert isinstance(args[0], Spec)
        return Spec(args[0].shape, np.dtype(bool), args[0].axes)

    def forward(self, by: Array, *, k: int) -> Array:
        return ranks(by) < k

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        kept = bool(ranks(args[0][cell[:-1]])[cell[-1]] < attrs["k"])
        return Why("test", (TermSpec((Const(float(kept), "1" if kept else "0"),)),))


among_top = op(AmongTop)


class ExpertShare(Op):
    """What an expert says of each word that chose it, times the weight that the router gives it there.

    A word that did not choose it takes nothing from it and teaches it nothing, whatever it would have said. Shapes:
    x (batch, position, d), weights and kept (batch, position, experts) → as x. Shazeer et al. 2017, eq. 1.
    """

    about_zh = "一个专家对选中它的每个词的结果，乘以路由器给它的权重；未选中它的词不从它取任何东西。"
    shapes_zh = "x (batch, position, d), weights 与 kept (batch, position, experts) → 同 x"
    formula = Template(
        "{weights}[{expert}] · {x} where {kept}, else 0", "{kept} 处为 {weights}[{expert}] · {x}，其余为 0"
    )
    vjp_formula = {
        "x": Template(
            "{weights}[{expert}] · {g} where {kept}, else 0", "{kept} 处为 {weights}[{expert}] · {g}，其余为 0"
        ),
        "weights": Template(
            "Σ {g} · {x} at [{expert}] where {kept}, else 0", "[{expert}] 且 {kept} 处为 Σ {g} · {x}，其余为 0"
        ),
    }
    decisive = "kept"

    def nothing(self, decisive: np.ndarray, attrs: Mapping[str, Any]) -> bool:
        """Whether no word chose this expert."""
        return not decisive[..., attrs["expert"]].any()

    def forward(self, x: Array, weights: Array, kept: Array, *, expert: int) -> Array:
        return where(of_expert(kept, expert), x * named("weight", of_expert(weights, expert)), 0.0)

    def vjp_x(self, g: Array, y: Array, x: Array, weights: Array, kept: Array, *, expert: int) -> Array:
        return where(of_expert(kept, expert), g * named("weight", of_expert(weights, expert)), 0.0)

    def vjp_weights(self, g: Array, y: Array, x: Array, weights: Array, kept: Array, *, expert: int) -> Array:
        along = named("along", where(of_expert(kept, expert), sum_(g * x), 0.0))
        return unslice(along, axis=-1, start=expert, stop=expert + 1, step=1, size=weights.shape[-1])


def of_expert(by_expert: Array, expert: int) -> Array:
    """One expert's column. Shapes: (batch, position, experts) → (batch, position, 1)."""
    return take(by_expert, axis=-1, start=expert, stop=expert + 1)


expert_share = op(ExpertShare)


class Mix(Accumulate):
    """What all experts contribute, added up. Shapes: all alike."""

    about_zh = "所有专家的份额相加。"
    shapes_zh = "都相同"


mix = op(Mix)
