"""What is left of large terms carries their rounding, and is no mistake."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tfstep
from tfstep.compare.tolerance import allowed, terms


def test_the_backward_of_a_layer_norm_of_which_nothing_is_left() -> None:
    """With a loss mean(y²) the gradient of y = x̂ is y times a number, and all of it cancels."""
    node = tfstep.trace(tfstep.load("encoder")).plan.paths["enc0.add2.grad"]
    assert node.op is not None
    assert node.op.arguments == ("g", "x", "gamma")
    x = np.random.default_rng(3).normal(0, 2, (5, 16))
    y = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + node.attrs["eps"])
    args = [2 * y / y.size, x, np.ones(16)]
    exact = np.asarray(node.op.forward(*args, **node.attrs))
    single = np.asarray(node.op.forward(*(a.astype(np.float32) for a in args), **node.attrs))
    far, size = np.abs(single - exact), terms(node, args, exact)
    assert (far > 1e-3 * np.abs(exact)).any()
    assert (far <= allowed("float32") * size).all()
    assert (allowed("float32") * size < 1e-4 * np.abs(args[0]).mean()).all()  # and a mistake is still one


@pytest.mark.parametrize("path", ["dec0.attn.Q_rot", "dec0.attn.Q.grad"])
def test_a_pair_of_features_that_is_turned_until_nothing_is_left_of_one(path: str) -> None:
    """One feature of a pair lies on the axis from which it is turned away."""
    trace = tfstep.trace(tfstep.load("gpt", variant="llama"))
    node = trace.plan.paths[path]
    assert node.op is not None
    assert node.op.name.removesuffix("_vjp_x") == "rope"
    angle = np.outer(np.arange(40), 1 / 10 ** np.linspace(0, 4, 128))
    angle = np.concatenate([angle, angle], -1) if node.attrs["pairs"] == "half" else angle.repeat(2, -1)
    cos, sin = np.cos(angle), np.sin(angle)
    there = {"rope": sin, "rope_vjp_x": -sin}[node.op.name]
    plain = trace.plan.paths["dec0.attn.Q_rot"]
    assert plain.op is not None
    back = np.asarray(plain.op.forward(np.eye(cos.shape[-1])[:1].repeat(len(cos), 0), cos, -there, **node.attrs))
    args = [x.astype(np.float32).astype(np.float64) for x in (3 * back, cos, sin)]
    exact = np.asarray(node.op.forward(*args, **node.attrs))
    single = np.asarray(node.op.forward(*(a.astype(np.float32) for a in args), **node.attrs))
    far, size = np.abs(single - exact), terms(node, args, exact)
    assert (far > allowed("float32") * np.abs(exact)).any()
    assert (far <= allowed("float32") * size).all()
    assert (size <= 5).all()


UPDATES: list[tuple[dict[str, Any], int]] = [
    ({"optimizer": "sgd"}, 0),
    ({"optimizer": "sgd", "momentum": 0.9}, 0),
    ({"optimizer": "sgd", "momentum": 0.9, "nesterov": True}, 0),
    ({"optimizer": "adam"}, 1),
    ({"optimizer": "adamw", "weight_decay": 0.1}, 1),
]


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(("train", "sign"), UPDATES)
def test_a_weight_that_its_update_brings_near_0(train: dict[str, Any], sign: int, dtype: str) -> None:
    """The rate is such that one cell all but cancels; what is left of it is rounding, of the weight and of its gradient."""
    start = tfstep.trace(tfstep.load("two-heads"))
    W, g = start["attn.W_V"].value[1, 2], start["attn.W_V.grad"].value[1, 2]
    ahead = 1 + train.get("momentum", 0.0) * ("nesterov" in train)
    lr = abs(W) / (1 + train.get("weight_decay", 0.0) * abs(W)) if sign else W / g / ahead
    assert W * g > 0
    lr = float(lr)
    scenario = tfstep.load("two-heads").with_changes({"train": {**train, "lr": lr}})
    trace = tfstep.trace(scenario)
    rows = {
        n.path: np.asarray(trace.value(n.slot), dtype)
        for n in trace.plan.nodes
        if n.dtype.kind == "f" and "/" not in n.path and n.kind != "view" and n.path != "update.done"
    }
    new = rows["attn.W_V.new"]
    assert abs(float(new[1, 2])) < 1e-3 * np.abs(new).mean()
    new[1, 2] += np.float64(np.finfo(dtype).eps) * abs(W)
    found = tfstep.diagnose(scenario, rows)
    assert found.agrees, str(found)
    assert "attn.W_V.new" in {match.name for match in found.matched}
    new[1, 2] += 40 * np.float64(np.finfo(dtype).eps) * abs(W)
    found = tfstep.diagnose(scenario, rows)
    assert found.first is not None, str(found)
    assert found.first.path == "attn.W_V.new"
