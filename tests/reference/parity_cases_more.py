"""The grid, continued: decoders, encoder-decoders, attention alone, networks, ties, and training over some steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from parity_cases import ADAM, ENCODER, EXTENDED, INF, SGD, TWO, Grid, Scenario, encoder, encoders, scenario, target
from parity_shapes import draw

SAY = {"target": "<sos> Steve builds a Steve", "labels": "Steve builds a house <eos>"}
SAY_TWO = {
    "target": ["<sos> Steve builds", "<sos> a"],
    "labels": ["Steve builds <eos>", "a <eos>"],
}
TRANSLATE = {"source": "史蒂夫 建造 史蒂夫", "target": "<sos> Steve a Steve", "labels": "Steve builds a <eos>"}
TRANSLATE_TWO = {"source": ["史蒂夫 建造 房子", "房子 房子"], **SAY_TWO}

DECODER: dict[str, Scenario] = {
    "post-relu": {},
    "pre-gelu-2-layers": {"norm_position": "pre", "activation": "gelu", "layers": 2, "heads": 2},
    "causal-and-padding": {"given": SAY_TWO, "heads": 2},
    "causal-and-padding-inf-pre": {
        "given": SAY_TWO,
        "norm_position": "pre",
        "mask_value": INF,
        "activation": "gelu_tanh",
    },
    "no-causal-mask": {"given": SAY_TWO, "mask": {"causal": False}},
    "no-mask-at-all": {"given": SAY_TWO, "mask": {"causal": False, "padding": False}, "positional": "learned"},
    "llama": {
        "norm_position": "pre",
        "norm": "rms",
        "activation": "swiglu",
        "positional": "rope",
        "rope": {"pairs": "half"},
        "bias": False,
        "heads": 2,
        "kv_heads": 1,
    },
    "tied-embedding": {"tie": [["tgt.E", "out.W"]], "heads": 2, "embed_scale": True},
    "float32": {"dtype": "float32", "given": SAY_TWO, "heads": 2},
}
BOTH: dict[str, Scenario] = {
    "post-relu": {},
    "pre-gelu": {"norm_position": "pre", "activation": "gelu"},
    "post-2-and-2-padding-both-sides": {"given": TRANSLATE_TWO, "layers": 2, "heads": 2},
    "pre-2-and-2-padding-both-sides-inf": {
        "given": TRANSLATE_TWO,
        "layers": {"encoder": 2, "decoder": 2},
        "norm_position": "pre",
        "mask_value": INF,
    },
    "2-and-1-no-bias-learned": {"layers": {"encoder": 2, "decoder": 1}, "bias": False, "positional": "learned"},
    "1-and-2-no-norm": {"layers": {"encoder": 1, "decoder": 2}, "norm": "none", "activation": "tanh"},
    "no-causal-mask-rms": {"mask": {"causal": False}, "norm": "rms", "norm_position": "pre", "heads": 2},
    "batch-norm": {"given": TRANSLATE_TWO, "norm": "batch"},
    "tied-embedding": {"tie": [["tgt.E", "out.W"]], "embed_scale": True, "bias": False},
    "float32": {"dtype": "float32", "given": TRANSLATE_TWO, "heads": 2},
}
X, STORE = draw("x", (3, 4)), draw("store", (5, 4))
PLAIN = {"projections": False, "output": False, "bias": False}
ATTENTION: dict[str, Scenario] = {
    "plain": {**PLAIN, "loss": target("half_mse", 1, 3, 4)},
    "plain-no-scale": {**PLAIN, "scale": False, "loss": target("mse", 1, 3, 4)},
    "plain-memory": {**PLAIN, "given": {"x": X, "memory": STORE}, "loss": target("half_mse", 1, 3, 4)},
    "projections": {"output": False, "loss": target("mse", 1, 3, 4)},
    "projections-no-scale": {"output": False, "scale": False, "loss": {"kind": "sum"}},
    "one-head": {"loss": target("mse", 1, 3, 4)},
    "two-heads": {"heads": 2, "loss": target("half_mse", 1, 3, 4)},
    "two-heads-no-bias": {"heads": 2, "bias": False, "loss": {"kind": "sum"}},
    "two-heads-memory": {"heads": 2, "given": {"x": X, "memory": STORE}, "loss": target("mse", 1, 3, 4)},
    "d-k-3-d-v-2": {"heads": 2, "d_k": 3, "d_v": 2, "loss": target("mse", 1, 3, 4)},
    "grouped-heads": {"heads": 4, "kv_heads": 2, "d_k": 2, "d_v": 2, "loss": target("mse", 1, 3, 4)},
    "rope": {"positional": "rope", "loss": target("mse", 1, 3, 4)},
    "loss-of-weights": {"heads": 2, "loss": target("half_mse", 1, 2, 3, 3, of="attn.weights")},
}
MLP: dict[str, Scenario] = {
    "2-2-1-sigmoid-half-mse": {
        "sizes": [2, 2, 1],
        "x": [[0.05, 0.1]],
        "loss": {"kind": "half_mse", "target": [[0.01]]},
    },
    "2-2-1-batch": {"sizes": [2, 2, 1], "rows": 4, "loss": target("half_mse", 4, 1)},
    "3-1-identity-mse": {"sizes": [3, 1], "rows": 5, "activation": "identity", "loss": target("mse", 5, 1)},
    "4-5-3-2-gelu": {"sizes": [4, 5, 3, 2], "rows": 3, "activation": "gelu", "loss": target("mse", 3, 2)},
    "3-4-2-tanh-no-bias": {"sizes": [3, 4, 2], "rows": 3, "activation": "tanh", "bias": False, "loss": {"kind": "sum"}},
    "3-4-2-relu": {
        "sizes": [3, 4, 2],
        "rows": 3,
        "activation": "relu",
        "loss": target("mse", 3, 2),
    },
}
MOMENTUM = {"optimizer": "sgd", "lr": 0.05, "momentum": 0.9, "steps": 4}
TRAINING: dict[str, Scenario] = {
    "sgd": {"train": {**SGD, "steps": 3}},
    "momentum": {"train": MOMENTUM, "heads": 2},
    "adam": {"train": {**ADAM, "steps": 4}, "heads": 2},
    # without biases: Adam divides by its ε of 1e-8 what rounding leaves in the gradient of b_K, which is 0
    "adam-defaults": {"train": {"optimizer": "adam", "lr": 0.01, "steps": 5}, "norm_position": "pre", "bias": False},
}

DECAY = {"optimizer": "adamw", "lr": 0.02, "betas": [0.8, 0.95], "eps": 1e-6, "steps": 4}
# without biases where Adam divides: see adam-defaults
UPDATES: dict[str, Scenario] = {
    "adamw": {"train": {**DECAY, "weight_decay": 0.1}, "heads": 2, "bias": False},
    "adamw-default-decay": {"train": DECAY, "norm_position": "pre", "bias": False},
    "adam-coupled-decay": {"train": {**ADAM, "weight_decay": 0.1, "steps": 4}, "bias": False},
    "sgd-decay": {"train": {**SGD, "weight_decay": 0.2, "steps": 3}},
    "nesterov": {"train": {**MOMENTUM, "nesterov": True}, "heads": 2},
    "nesterov-decay": {"train": {**MOMENTUM, "nesterov": True, "weight_decay": 0.05}},
    "dampening": {"train": {**MOMENTUM, "dampening": 0.5}},
    "clip-norm": {"train": {**MOMENTUM, "clip_norm": 0.25}},
    "clip-norm-of-short-gradients": {"train": {**MOMENTUM, "clip_norm": 1000}},
    "clip-value": {"train": {**SGD, "clip_value": 0.01, "steps": 3}},
    "cosine": {"train": {**SGD, "schedule": {"kind": "cosine", "total": 5, "least": 0.1, "first": 0}, "steps": 6}},
    "cosine-warmup": {
        "train": {**DECAY, "schedule": {"kind": "cosine", "warmup": 2, "total": 6, "first": 0}, "steps": 6},
        "bias": False,
    },
    "linear": {"train": {**SGD, "schedule": {"kind": "linear", "total": 4, "least": 0.25, "first": 0}, "steps": 6}},
    "linear-warmup": {
        "train": {**ADAM, "schedule": {"kind": "linear", "warmup": 3, "total": 7}, "steps": 5},
        "bias": False,
    },
    "warmup": {"train": {**MOMENTUM, "schedule": {"kind": "constant", "warmup": 3}}},
    "noam": {"train": {**ADAM, "lr": 0.5, "schedule": {"kind": "noam", "warmup": 3}, "steps": 5}, "bias": False},
    "micro-batches": {
        "train": {**ADAM, "accumulate": 2, "clip_norm": 0.3, "steps": 6},
        "norm_position": "pre",
        "bias": False,
    },
    "micro-batches-momentum": {"train": {**MOMENTUM, "accumulate": 3, "steps": 7}},
    "frozen": {
        "train": {**DECAY, "clip_norm": 0.2, "freeze": ["src.E", "enc0.attn.W_Q", "enc0.norm1.gamma"]},
        "bias": False,
    },
    "adamw-float32": {"train": {**DECAY, "weight_decay": 0.1, "clip_norm": 0.3}, "dtype": "float32", "bias": False},
}
SITES = {"src.drop": (2, 4, 4), "enc0.attn.drop": (2, 2, 4, 4), "enc0.drop1": (2, 4, 4), "enc0.drop2": (2, 4, 4)}


def with_masks(made: Scenario, rate: float, hidden: int) -> Scenario:
    """Dropout at every site, under masks that are given."""
    made["model"]["dropout"] = rate
    sites = {**SITES, "enc0.ffn.drop": (2, 4, hidden)}
    made["pins"] = {
        f"{at}.keep": np.where(np.array(draw(f"keep {at}", shape)) < -0.2, 0.0, 1 / (1 - rate)).tolist()
        for at, shape in sites.items()
    }
    return made


def network(
    name: str, sizes: list[int], loss: Scenario, rows: int = 1, x: Any = None, train: Scenario = SGD, **more: Any
) -> Scenario:
    """A network over a batch of numbers; sigmoid unless told."""
    model = {"sizes": sizes, "activation": "sigmoid"} | more
    return scenario(name, "mlp", {"x": x or draw(f"{name} x", (rows, sizes[0]))}, loss, train, **model)


def alone(name: str, loss: Scenario, given: Scenario | None = None, train: Scenario = SGD, **model: Any) -> Scenario:
    """Attention over three rows of four numbers."""
    return scenario(name, "attention", given or {"x": X}, loss, train, **({"d_model": 4} | model))


def speaking(kind: str, name: str, usual: Scenario, told: Scenario) -> Scenario:
    """A model with a decoder, width 4."""
    model: Scenario = {"d_model": 4, "d_ff": 6} | told
    given, train = model.pop("given", usual), model.pop("train", SGD)
    return scenario(name, kind, given, None, train, **model)


def grid() -> Grid:
    """Every recorded scenario."""
    training: dict[str, Scenario] = {name: encoder(name, **told) for name, told in TRAINING.items()}
    tied: Scenario = {"tie": [["tgt.E", "out.W"]]}
    training["momentum-tied"] = speaking("decoder", "momentum-tied", SAY, tied | {"train": MOMENTUM})
    pre_adam = {"norm_position": "pre", "train": {**ADAM, "steps": 3}}
    training["adam-tied-pre"] = speaking("decoder", "adam-tied-pre", SAY, tied | pre_adam)
    training["adam-both"] = speaking("encoder-decoder", "adam-both", TRANSLATE_TWO, {"train": {**ADAM, "steps": 2}})
    target_3_2 = target("half_mse", 3, 2)
    training["adam-network"] = network("adam-network", [3, 4, 2], target_3_2, rows=3, train={**ADAM, "steps": 3})
    return {
        "encoder": encoders(ENCODER),
        "extended": encoders(EXTENDED),
        "decoder": {name: speaking("decoder", name, SAY, told) for name, told in DECODER.items()},
        "encoder-decoder": {name: speaking("encoder-decoder", name, TRANSLATE, told) for name, told in BOTH.items()},
        "attention": {name: alone(name, **told) for name, told in ATTENTION.items()},
        "mlp": {name: network(name, **told) for name, told in MLP.items()},
        "training": training,
        "updates": {
            **encoders(UPDATES),
            "dropout": with_masks(encoder("dropout", TWO, heads=2, train={**SGD, "steps": 3}), 0.25, 6),
            "dropout-pre": with_masks(
                encoder("dropout-pre", TWO, heads=2, norm_position="pre", activation="gelu", train={**SGD, "steps": 2}),
                0.5,
                6,
            ),
        },
    }
