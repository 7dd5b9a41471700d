"""Gradients clipped by the norm of all, of each parameter, or number by number, where ours are clipped otherwise or not."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from plants import Start

import tfstep
from tfstep.compare.backwards.clipped import told

Grads = dict[str, np.ndarray]
LR = 0.1


def by_value(most: float) -> Callable[[Grads], Grads]:
    return lambda g: {p: np.clip(x, -most, most) for p, x in g.items()}


def norm(arrays: Any) -> float:
    return float(np.sqrt(sum((x**2).sum() for x in arrays)))


def by_norm(most: float) -> Callable[[Grads], Grads]:
    """As torch.nn.utils.clip_grad_norm_ does it."""
    return lambda g: {p: x * min(1.0, most / (norm(g.values()) + 1e-6)) for p, x in g.items()}


def one_by_one(most: float) -> Callable[[Grads], Grads]:
    return lambda g: {p: x * min(1.0, most / (norm([x]) + 1e-6)) for p, x in g.items()}


THEIRS: dict[str, Callable[[Grads], Grads]] = {
    "none": dict, "value .1": by_value(0.1), "value .01": by_value(0.01), "norm .5": by_norm(0.5), "norm .2": by_norm(0.2),
    "each .1": one_by_one(0.1),
}  # fmt: skip
OURS: dict[str, dict[str, float]] = {"none": {}, "norm .5": {"clip_norm": 0.5}, "value .1": {"clip_value": 0.1}}
SAID = {"value": "every number", "norm": "clipped to a norm of", "each": "each parameter", "none": "not clipped"}


@cache
def start(ours: str) -> Start:
    s = Start("small encoder")
    s.trace = tfstep.trace(s.scenario.with_changes({"train": {"optimizer": "sgd", "lr": LR, **OURS[ours]}})).edit(
        {p: s.w[p] for p in s.parameters}
    )
    return s


def rows(s: Start, recorded: Grads, used: Grads | None, dtype: Any = np.float64) -> dict[str, np.ndarray]:
    found = {p: s.w[p] for p in s.parameters}
    found |= {n.path: s.trace.value(n.slot) for n in s.trace.plan.steps if n.phase == "forward" and n.dtype.kind == "f"}
    found |= {f"{p}.grad": g for p, g in recorded.items()}
    found |= {f"{p}.new": s.w[p] - LR * g for p, g in (used or {}).items()}
    return {name: np.asarray(array, dtype) for name, array in found.items()}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("theirs", THEIRS)
@pytest.mark.parametrize("ours", OURS)
def test_a_clipping_that_is_another_is_named_before_and_after_it(ours: str, theirs: str, dtype: str) -> None:
    s = start(ours)
    raw = {p: np.array(s.trace[f"{p}.grad"].value) for p in s.parameters}
    cut = THEIRS[theirs](raw)
    for recorded, used in ((cut, None), (cut, cut), (raw, cut)):
        found = tfstep.diagnose(s.trace, rows(s, recorded, used, dtype))
        right = theirs == ours or (theirs == "none" and used is None)  # before the clipping they are alike
        causes = [(cause.kind, cause.explains == cause.of) for cause in found.causes]
        assert causes == ([] if right else [("grad-clipped", True)])
        assert found.agrees == right
        if found.causes:
            assert SAID[theirs.split()[0]] in found.causes[0].detail.in_("en")
            assert found.first is not None
            assert (
                found.first.path
                == found.causes[0].path
                == ("src.E.new" if recorded is raw or theirs == "none" else "out.W.grad")
            )


def test_a_gradient_that_is_a_mean_is_not_called_clipped() -> None:
    s = start("none")
    n = s.trace["enc0.ffn.out"].value[..., 0].size
    path = "enc0.ffn.W_2"
    found = tfstep.diagnose(s.trace, rows(s, {path: s.trace[f"{path}.grad"].value / n}, None))
    assert [cause.kind for cause in found.causes] == ["loss-reduction"]


def test_gradients_that_are_clipped_are_named_where_another_array_has_those_of_a_parameter() -> None:
    """A table of positions has the gradient of what is added to it, which is recorded, and is not clipped."""
    s = Start("pre-norm")
    trace = tfstep.trace(s.scenario.with_changes({"train": {"optimizer": "sgd", "lr": LR}})).edit(
        {p: s.w[p] for p in s.parameters}
    )
    own = [p for p in s.parameters if p not in ("src.E", "src.pos")]
    found = {n.path: trace.value(n.slot) for n in trace.plan.steps if n.phase == "forward" and n.dtype.kind == "f"}
    found |= {p: s.w[p] for p in own} | {"src.x.grad": trace["src.x.grad"].value}
    cut = by_norm(0.1)({p: np.asarray(trace[f"{p}.grad"].value) for p in own})
    (cause,) = tfstep.diagnose(trace, found | {f"{p}.grad": g for p, g in cut.items()}).causes
    assert (cause.kind, cause.explains) == ("grad-clipped", cause.of)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("by", [2, 4, 7])
def test_a_loss_divided_before_the_backward_pass_is_not_called_clipped(by: int, dtype: str) -> None:
    s = start("none")
    every = [n.path.removesuffix(".grad") for n in s.trace.plan.nodes if n.role.name == "gradient"]
    for paths in (s.parameters, every):
        found = tfstep.diagnose(s.trace, rows(s, {p: s.trace[f"{p}.grad"].value / by for p in paths}, None, dtype))
        assert [(cause.kind, cause.explains == cause.of) for cause in found.causes] == [("loss-reduction", True)]
        if paths is s.parameters:
            assert f"divided by {by}" in found.causes[0].detail.in_("en")


def test_a_round_norm_is_a_clipping_though_it_is_a_fourth_of_ours() -> None:
    s = start("none")
    raw = {p: np.array(s.trace[f"{p}.grad"].value) for p in s.parameters}
    whole = norm(raw.values())
    assert [c.kind for c in told([(g, g / 4) for g in raw.values()], whole)] == ["loss-reduction"]
    two = [(2 * g / whole, g / whole / 2) for g in raw.values()]
    assert [c.kind for c in told(two, 2.0)] == ["grad-clipped"]
