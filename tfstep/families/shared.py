"""What the configs of many families have in common: activations, biases, ties, windows by layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tfstep.families.config import NUMBER, Config, Read, WantedError, one_of
from tfstep.text import Bilingual

ACTIVATIONS = {
    "relu": "relu",
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "quick_gelu": "quick_gelu",
    "relu2": "relu_squared",
    "silu": "silu",
    "swish": "silu",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "linear": "identity",
}


def activation(value: Any, config: Config) -> dict[str, Any]:
    """`hidden_act` as `activation`."""
    if not isinstance(value, str) or value not in ACTIVATIONS:
        raise WantedError(one_of(ACTIVATIONS))
    return {"activation": ACTIVATIONS[value]}


def gated(value: Any, config: Config) -> dict[str, Any]:
    """`hidden_act` of a feed-forward network with a gate: act(x W_gate) · (x W_1)."""
    named = activation(value, config)["activation"]
    return {"activation": "swiglu"} if named == "silu" else {"activation": named, "gated": True}


def tied(value: Any, config: Config) -> dict[str, Any]:
    """`tie_word_embeddings` of a decoder: the output layer is the embedding."""
    return {"tie": [["tgt.E", "out.W"]]} if value else {}


def head_size(value: Any, config: Config) -> dict[str, Any]:
    """`head_dim`, where it is not hidden_size / heads."""
    return {} if value is None else {"d_k": value, "d_v": value}


def optional(key: str) -> Read:
    """A key that may be null, which stands for the default of ours."""
    return lambda value, config: {} if value is None else {key: value}


def biases(*sites: str) -> Read:
    """A flag that says whether these layers have a bias: qkv, out, ffn, norm, head."""
    return lambda value, config: {f"bias.{site}": bool(value) for site in sites}


def no_bias(**given: bool) -> dict[str, bool]:
    """`bias:` of a model of which only the named sites have one."""
    return {f"bias.{site}": given.get(site, False) for site in ("qkv", "out", "ffn", "norm", "head")}


def times(key: str, of: Callable[[float], float] = float) -> Read:
    """A multiplier, left out where it is 1 or not there."""

    def read(value: Any, config: Config) -> dict[str, Any]:
        if value is None:
            return {}
        if isinstance(value, bool) or not isinstance(value, int | float) or not value:
            raise WantedError(NUMBER)
        return {} if of(value) == 1.0 else {key: of(value)}

    return read


def clipped(value: Any, config: Config) -> dict[str, Any]:
    """`clip_qkv`: a bound, or null for none."""
    if value is None:
        return {}
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise WantedError(Bilingual("a number above 0, or null", "大于 0 的数，或 null"))
    return {"clip_qkv": float(value)}


def number(key: str) -> Read:
    """A number, or null for none."""

    def read(value: Any, config: Config) -> dict[str, Any]:
        if value is None:
            return {}
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise WantedError(NUMBER)
        return {key: value}

    return read


def pattern(each: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`layer_pattern` of a list with an entry a layer: nothing where all are empty, else its shortest period."""
    entries = [dict(entry) for entry in each]
    if not any(entries):
        return {}
    n = next(n for n in range(1, len(entries) + 1) if all(entries[i] == entries[i % n] for i in range(len(entries))))
    return {"layer_pattern": entries[:n]}


def layer_types(config: Config, default: Sequence[str], known: Sequence[str]) -> list[str]:
    """`layer_types`, one of ``known`` a layer. Raises FamilyError for any other."""
    found = config["layer_types"] or list(default)
    layers = config["num_hidden_layers"]
    if not isinstance(found, list) or len(found) < layers or any(each not in known for each in found):
        raise config.fault("layer_types")
    return found[:layers]


SLIDING, FULL = "sliding_attention", "full_attention"


def windows(value: Any, config: Config) -> dict[str, Any]:
    """`sliding_window` of a model in which every layer has it."""
    return {} if value is None else {"window": config.whole("sliding_window")}
