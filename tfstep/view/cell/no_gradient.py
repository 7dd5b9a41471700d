"""Why a tensor has no gradient."""

from __future__ import annotations

from tfstep.engine.trace import Tensor
from tfstep.text import Bilingual


def no_gradient(tensor: Tensor) -> Bilingual | None:
    """Why no gradient of this tensor is recorded; None where it has one, and where it is a gradient or a new value."""
    node, plan = tensor.node, tensor.trace.plan
    if plan.gradient(node) is not None or node.phase == "backward" or node.role.name == "new":
        return None
    if tensor.trace.outer is not None:
        return Bilingual("inside a step no gradient is recorded", "步骤内部不记录梯度")
    if "loss" not in plan.paths:
        return Bilingual("no gradient: there is no loss", "没有梯度：没有损失")
    if node.op is None and node.kind != "parameter" and node.role.name != "memory":
        return Bilingual("given, not learned: no gradient is recorded", "给定的，不参与学习：不记录梯度")
    return Bilingual("no path leads from it to the loss", "没有从它通向损失的路径")
