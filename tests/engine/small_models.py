"""Small models to try the engine on, built without a scenario file, their numbers drawn once and for all."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

import tfstep.ops  # noqa: F401  # enters the ops in the catalogue
from tfstep.engine.axis import Axis, Spec
from tfstep.engine.backward import backward
from tfstep.engine.plan import Plan
from tfstep.engine.tape import Scope, Tape, Traced
from tfstep.engine.trace import Trace
from tfstep.models.build import build
from tfstep.models.config import Inputs, LossConfig, ModelConfig, Sentences, TrainConfig
from tfstep.models.keys.key import Told, completed
from tfstep.ops.primitive.shape import accumulate, seed

VOCAB = ("<pad>", "我", "爱", "你")


def sentences(*texts: str) -> Sentences:
    """A batch of sentences, the shorter ones padded."""
    longest = max(len(text) for text in texts)
    words = tuple((*text, *["<pad>"] * (longest - len(text))) for text in texts)
    return Sentences(words, np.array([[VOCAB.index(w) for w in row] for row in words]), VOCAB, 0)


def numbers(key: str, shape: tuple[int, ...], dtype: Any = np.float64) -> np.ndarray:
    """Numbers that depend on the key alone."""
    return (np.random.default_rng(zlib.crc32(key.encode())).normal(size=shape) * 0.6).astype(dtype)


def encoder_plan(
    source: tuple[str, ...] = ("我爱你",),
    labels: tuple[str, ...] | None = ("爱你我",),
    loss: str = "cross_entropy",
    train: TrainConfig | None = None,
    **options: Any,
) -> Plan:
    """An encoder of one layer, two heads."""
    config: dict[str, Any] = {"kind": "encoder", "heads": 2, "kv_heads": 2, "d_k": 2, "d_v": 2, "d_ff": 5, **options}
    side = None if labels is None else sentences(*labels)
    inputs = Inputs(source=sentences(*source), labels=side)
    return build(
        completed(ModelConfig(**config), lambda *key: key[-1] in config, Told(labels=True)),
        inputs,
        LossConfig(loss),
        train or TrainConfig(),
    )


def started(plan: Plan) -> Trace:
    """The plan with numbers for every parameter."""
    leaves = dict(plan.leaves)
    for node in plan.nodes:
        if node.kind == "parameter":
            base = 1.0 if node.init == "one" else 0.0
            leaves[node.slot] = base + numbers(node.path, node.shape, node.dtype)
    return Trace.start(plan, leaves)


def encoder(**options: Any) -> Trace:
    """A trace of the encoder, all of it computed."""
    return started(encoder_plan(**options)).run()


def written(shape: tuple[int, ...], body: Callable[[Scope], Traced], **parameters: tuple[int, ...]) -> Trace:
    """A model written out in the test: parameters by shape, a body that records steps and returns the loss."""
    tape = Tape()
    root = Scope(tape)
    float64 = np.dtype(float)
    for name, own in {"x": shape, **parameters}.items():
        root.parameter(name, Spec(own, float64, tuple(Axis(f"axis{k}") for k in range(len(own)))), "weight")
    loss = body(root)
    for node in tape.nodes:
        if node.op is not None and not node.path:
            tape.name(node, node.op.name)
    backward(tape, loss, seed, accumulate)
    return started(tape.plan()).run()


def slope(trace: Trace, path: str, cell: tuple[int, ...], h: float = 1e-4) -> float:
    """∂loss/∂(one cell), by a central difference of fourth order over edits."""

    def loss(by: float) -> float:
        value = trace[path].value.copy()
        value[cell] += by
        return float(trace.edit({path: value})["loss"].value)

    return (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h)
