"""Which steps make good exercises, at which level, and how much of them fits on paper."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfstep.engine.node import Node
from tfstep.engine.trace import Trace
from tfstep.lessons.worksheet.excerpt import fits
from tfstep.text import Bilingual

LEVELS: dict[str, Bilingual] = {
    "products": Bilingual("dot products", "点积"),
    "softmax": Bilingual("softmax rows", "softmax 的一行"),
    "masks": Bilingual("masks", "掩码"),
    "gradients": Bilingual("gradients", "梯度"),
    "updates": Bilingual("updates", "参数更新"),
}
"""The levels of exercises, easiest first."""

OPS = {
    "linear": "products",
    "matmul": "products",
    "softmax": "softmax",
    "mask_fill": "masks",
    "linear_vjp_W": "gradients",
    "linear_vjp_x": "gradients",
    "matmul_vjp_a": "gradients",
    "matmul_vjp_b": "gradients",
    "sgd": "updates",
}


def candidates(trace: Trace, level: str) -> list[Node]:
    """The steps that make exercises of a level, in the order of the timeline."""
    return [node for node in trace.plan.steps if _level(node) == level and _fits(trace, node)]


def _level(node: Node) -> str | None:
    if node.op is None or node.path.startswith(("#", "update.")):
        return None
    if node.role.name == "share" or node.op.name == "seed":
        return None
    if node.op.name in OPS:
        return OPS[node.op.name]
    if _copies(node):
        return None
    if node.shape == () or (len(node.shape) == 1 and _on_paper(node)):
        if node.op.name == "formula" and "softmax(" in str(node.op.formula):
            return "softmax"
        return {"forward": "products", "backward": "gradients"}.get(node.phase)
    return None


def _copies(node: Node) -> bool:
    """Whether a step hands on what it is given, such as the gradient of a sum."""
    text = "" if node.op is None else str(node.op.formula).rpartition(" = ")[2]
    return node.op is not None and node.op.name.startswith("formula") and not any(mark in text for mark in " ()*/")


def _on_paper(node: Node) -> bool:
    """Whether a step of a formula is written with what a reader knows, and not with the placing of gradients."""
    if node.op is None or not node.op.name.startswith("formula"):
        return False
    return not any(word in str(node.op.formula) for word in ("unslice(", "take("))


def operands(trace: Trace, node: Node) -> Iterator[Node]:
    """The tensors that a step reads, each once."""
    seen: set[int] = set()
    for source in node.inputs:
        if isinstance(source, int) and source not in seen:
            seen.add(source)
            yield trace.plan.nodes[source]


def _fits(trace: Trace, node: Node) -> bool:
    sources = list(operands(trace, node))
    shapes = [node.shape, *(source.shape for source in sources)]
    if node.shape == () and any(source.shape for source in sources):
        return False
    if not sources or not fits(node, sources):
        return False
    if (
        node.op is not None
        and node.op.name == "linear_vjp_W"
        and any(len(s.shape) == 3 and s.shape[0] > 1 for s in sources)
    ):
        return False  # it sums over the sentences, which one table does not show
    if (
        node.op is not None
        and node.op.name == "mask_fill"
        and not any(np.any(trace.value(source.slot)) for source in sources if source.dtype.kind != "f")
    ):
        return False  # a mask that hides nothing asks nothing
    heads = {shape[1] for shape in shapes if len(shape) == 4} - {1}  # one mask serves all heads
    return len(heads) < 2 and any(source.dtype.kind == "f" for source in sources)
