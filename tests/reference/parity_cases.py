"""The grid: which scenarios are recorded. Each line is one case: its name, and what it does unlike the others."""

from __future__ import annotations

from typing import Any

from parity_shapes import draw, parameters

Scenario = dict[str, Any]
Grid = dict[str, dict[str, Scenario]]  # group → case → scenario

VOCAB = ["<pad>", "我", "爱", "你", "他"]
TARGET = ["<pad>", "<sos>", "<eos>", "Steve", "builds", "a", "house"]
SOURCE = ["<pad>", "史蒂夫", "建造", "房子"]
ONE = {"source": "我 爱 我", "labels": "爱 我 他"}
TWO = {"source": ["我 爱 我 你", "你 爱"], "labels": ["爱 我 他 你", "他 <pad>"]}
SGD = {"optimizer": "sgd", "lr": 0.1}
ADAM = {"optimizer": "adam", "lr": 0.01, "betas": [0.8, 0.95], "eps": 1e-6}
INF = float("-inf")


def scenario(name: str, kind: str, given: Scenario, loss: Scenario | None, train: Scenario, **model: Any) -> Scenario:
    """A whole scenario with all of its parameters set."""
    made: Scenario = {"tfstep": 1, "title": name, "model": {"kind": kind} | model}
    if kind in ("encoder", "decoder"):
        made["vocab"] = VOCAB if kind == "encoder" else TARGET
    elif kind == "encoder-decoder":
        made["vocab"] = {"source": SOURCE, "target": TARGET}
    made["input"] = given
    if loss:
        made["loss"] = loss
    return made | {"weights": {"set": parameters(made, name)}, "train": train}


def encoder(
    name: str, given: Scenario = ONE, loss: Scenario | None = None, train: Scenario = SGD, **model: Any
) -> Scenario:
    """An encoder of width 4; without ``labels`` the loss is given."""
    return scenario(name, "encoder", given, loss, train, **({"d_model": 4, "d_ff": 6} | model))


def target(kind: str, *shape: int, of: str | None = None) -> Scenario:
    """A loss against numbers."""
    named = {"of": of} if of else {}
    return {"kind": kind, **named, "target": draw(f"target {shape}", shape)}


def words_only(given: Scenario) -> Scenario:
    """The input without its labels: a model without an output head."""
    return {key: value for key, value in given.items() if key != "labels"}


ENCODER: dict[str, Scenario] = {
    "post-relu": {},
    "post-relu-2-layers-2-heads": {"layers": 2, "heads": 2},
    "pre-relu": {"norm_position": "pre"},
    "pre-gelu-2-layers-2-heads": {"layers": 2, "heads": 2, "norm_position": "pre", "activation": "gelu"},
    "post-gelu-tanh-padding": {"given": TWO, "heads": 2, "activation": "gelu_tanh"},
    "pre-silu-padding-inf": {"given": TWO, "heads": 2, "norm_position": "pre", "activation": "silu", "mask_value": INF},
    "post-sigmoid-no-bias": {"activation": "sigmoid", "bias": False, "heads": 2},
    "pre-tanh-no-bias-2-layers": {"activation": "tanh", "bias": False, "norm_position": "pre", "layers": 2},
    "post-identity-no-residual": {"activation": "identity", "residual": False},
    "pre-gelu-no-residual-2-heads": {"activation": "gelu", "residual": False, "norm_position": "pre", "heads": 2},
    "no-norm-relu-2-layers": {"norm": "none", "layers": 2, "heads": 2},
    "no-norm-pre-gelu-tanh": {"norm": "none", "norm_position": "pre", "activation": "gelu_tanh"},
    "no-norm-no-residual-no-bias": {"norm": "none", "residual": False, "bias": False, "activation": "tanh"},
    "no-positions": {"positional": "none", "heads": 2},
    "no-positions-pre-padding-inf": {"given": TWO, "positional": "none", "norm_position": "pre", "mask_value": INF},
    "learned-positions": {"positional": "learned", "activation": "gelu"},
    "learned-positions-pre-padding-2-layers": {
        "given": TWO,
        "positional": "learned",
        "norm_position": "pre",
        "layers": 2,
    },
    "embed-scale": {"embed_scale": True, "heads": 2},
    "embed-scale-learned-pre": {"embed_scale": True, "positional": "learned", "norm_position": "pre"},
    "offset": {"given": {**ONE, "offset": 5}, "activation": "silu"},
    "no-scale": {"scale": False, "heads": 2},
    "no-scale-pre-padding-no-bias": {"given": TWO, "scale": False, "norm_position": "pre", "bias": False},
    "padding-seen": {"given": TWO, "mask": {"padding": False}, "heads": 2},
    "padding-inf-2-layers": {"given": TWO, "mask_value": INF, "layers": 2},
    "mask-value-small": {"given": TWO, "mask_value": -2.0, "heads": 2},
    "all-pad-sentence": {"given": {"source": ["我 爱", "<pad> <pad>"], "labels": ["爱 我", "<pad> <pad>"]}},
    "all-pad-sentence-inf": {
        "given": {"source": ["我 爱", "<pad> <pad>"], "labels": ["爱 我", "<pad> <pad>"]},
        "mask_value": INF,
    },
    "eps-large": {"eps": 0.1, "heads": 2, "activation": "gelu_tanh"},
    "d-k-3-d-v-5": {"heads": 2, "d_k": 3, "d_v": 5},
    "mse": {"given": words_only(ONE), "loss": target("mse", 1, 3, 4), "activation": "gelu", "heads": 2},
    "half-mse-pre": {"given": words_only(TWO), "loss": target("half_mse", 2, 4, 4), "norm_position": "pre"},
    "half-mse-of-weights": {"given": ONE, "loss": target("half_mse", 1, 2, 3, 3, of="enc0.attn.weights"), "heads": 2},
    "sum-of-ffn": {"given": words_only(ONE), "loss": {"kind": "sum", "of": "enc0.ffn.out"}, "activation": "tanh"},
    "mse-of-logits": {"given": words_only(ONE), "loss": target("mse", 1, 3, 5, of="out.logits"), "head": True},
    "float32": {"dtype": "float32", "heads": 2, "layers": 2},
    "float32-pre-gelu-padding": {"given": TWO, "dtype": "float32", "norm_position": "pre", "activation": "gelu"},
}

EXTENDED: dict[str, Scenario] = {
    "momentum": {"train": {"optimizer": "sgd", "lr": 0.05, "momentum": 0.9}, "norm_position": "pre"},
    "no-output": {"output": False, "heads": 2},
    "no-projections": {"projections": False, "heads": 2},
    "rms-post": {"norm": "rms", "heads": 2},
    "rms-pre-2-layers": {"norm": "rms", "norm_position": "pre", "layers": 2, "activation": "gelu"},
    "rms-no-residual-no-bias": {"norm": "rms", "residual": False, "bias": False, "norm_position": "pre"},
    "batch-norm-post": {"given": TWO, "norm": "batch", "heads": 2},
    "batch-norm-pre-2-layers": {
        "given": TWO,
        "norm": "batch",
        "norm_position": "pre",
        "layers": 2,
        "activation": "tanh",
    },
    "batch-norm-one-sentence": {"norm": "batch", "mask_value": INF, "residual": False},
    "swiglu": {"activation": "swiglu", "heads": 2},
    "swiglu-pre-rms-no-bias": {"activation": "swiglu", "norm_position": "pre", "norm": "rms", "bias": False},
    "rope": {"positional": "rope", "heads": 1},
    "rope-half": {"positional": "rope", "rope": {"pairs": "half"}, "norm_position": "pre"},
    "rope-offset-base-padding": {
        "given": {**TWO, "offset": 3},
        "positional": "rope",
        "rope": {"base": 100, "pairs": "interleaved"},
        "heads": 2,
        "d_k": 4,
        "mask_value": INF,
    },
    "rope-half-2-layers-no-scale": {
        "positional": "rope",
        "rope": {"base": 100, "pairs": "half"},
        "layers": 2,
        "scale": False,
        "embed_scale": True,
    },
    "grouped-heads": {"heads": 4, "kv_heads": 2, "d_k": 2, "d_v": 2},
    "grouped-heads-one-for-all-padding": {"given": TWO, "heads": 2, "kv_heads": 1, "norm_position": "pre"},
    "llama-block": {
        "positional": "rope",
        "rope": {"pairs": "half"},
        "norm": "rms",
        "norm_position": "pre",
        "activation": "swiglu",
        "bias": False,
        "heads": 2,
        "kv_heads": 1,
        "d_k": 4,
        "d_v": 4,
    },
    "rms-swiglu-float32": {"norm": "rms", "activation": "swiglu", "dtype": "float32", "positional": "rope"},
}


def encoders(table: dict[str, Scenario]) -> dict[str, Scenario]:
    """The lines of a table as scenarios."""
    return {name: encoder(name, **told) for name, told in table.items()}
