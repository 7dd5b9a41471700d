"""Kin of Llama that set a few of its keys otherwise: SmolLM3, StableLM-2, Nemotron, StarCoder2."""

from __future__ import annotations

from typing import Any

from tfstep.families.config import Config, WantedError, nothing, only
from tfstep.families.family import Name, linear
from tfstep.families.rope import rope_keys
from tfstep.families.shared import FULL, activation, biases, layer_types, pattern, windows
from tfstep.families.tables.decoders.llama import ATTENTION, EMBED, END, FEED, LLAMA, NORMS
from tfstep.text import Bilingual


def _unturned(value: Any, config: Config) -> dict[str, Any]:
    """`no_rope_layers`: 1 for a layer that has rope, 0 for one that has none."""
    layers, every = config.whole("num_hidden_layers"), config["no_rope_layer_interval"]
    turned = value or [int((i + 1) % every != 0) for i in range(layers)]
    if not isinstance(turned, list) or len(turned) < layers:
        raise WantedError(Bilingual("a list, one number a layer", "列表，每层一个数"))
    return pattern([{} if each else {"positional": "none"} for each in turned[:layers]])


def _full(value: Any, config: Config) -> dict[str, Any]:
    """`layer_types` of a model whose layers all see everything."""
    layer_types(config, [FULL] * config.whole("num_hidden_layers"), (FULL,))
    return {}


SMOLLM3 = LLAMA.but(
    "smollm3",
    system="SmolLM3",
    architecture="SmolLM3ForCausalLM",
    defaults={
        "no_rope_layer_interval": 4,
        "use_sliding_window": False,
        "rope_theta": 2000000.0,
        "tie_word_embeddings": True,
    },
    keys={
        "no_rope_layers": _unturned,
        "no_rope_layer_interval": nothing,
        "layer_types": _full,
        "use_sliding_window": only(False),
        "sliding_window": nothing,
        "max_window_layers": nothing,
    },
)
NEMOTRON = LLAMA.but(
    "nemotron",
    system="Nemotron",
    architecture="NemotronForCausalLM",
    always={"norm": "layer", "norm_offset": 1, "bias.norm": True},
    defaults={"hidden_act": "relu2", "norm_eps": 1e-5, "partial_rotary_factor": 0.5},
    keys={**rope_keys(part=True), "hidden_act": activation, "rms_norm_eps": nothing, "norm_eps": "eps"},
)
STABLELM = LLAMA.but(
    "stablelm",
    system="StableLM",
    architecture="StableLmForCausalLM",
    always={"norm": "layer", "bias.norm": True},
    defaults={
        "layer_norm_eps": 1e-5,
        "use_qkv_bias": False,
        "qk_layernorm": False,
        "use_parallel_residual": False,
        "partial_rotary_factor": 0.25,
    },
    keys={
        **rope_keys(part=True),
        "rms_norm_eps": nothing,
        "layer_norm_eps": "eps",
        "use_qkv_bias": biases("qkv"),
        "attention_bias": nothing,
        "mlp_bias": nothing,
        "qk_layernorm": lambda value, config: {"qk_norm": "heads"} if value else {},
        "use_parallel_residual": lambda value, config: {"parallel": "shared"} if value else {},
        "norm_eps": nothing,
        "rope_pct": nothing,
        "rotary_scaling_factor": only(1.0, None),
    },
    names=(
        *EMBED,
        *NORMS,
        *ATTENTION,
        Name("dec{i}.attn.q_norm.head{e}.gamma", "layers.{i}.self_attn.q_layernorm.norms.{e}.weight"),
        Name("dec{i}.attn.k_norm.head{e}.gamma", "layers.{i}.self_attn.k_layernorm.norms.{e}.weight"),
        *FEED,
        *END,
    ),
)
STARCODER2 = LLAMA.but(
    "starcoder2",
    system="StarCoder2",
    architecture="Starcoder2ForCausalLM",
    always={"norm": "layer", "bias.norm": True},
    defaults={
        "hidden_act": "gelu_pytorch_tanh",
        "norm_epsilon": 1e-5,
        "use_bias": True,
        "tie_word_embeddings": True,
    },
    keys={
        "hidden_act": activation,
        "rms_norm_eps": nothing,
        "norm_epsilon": "eps",
        "use_bias": biases("qkv", "out", "ffn"),
        "attention_bias": nothing,
        "mlp_bias": nothing,
        "mlp_type": only("default", None),
        "norm_type": only("layer_norm", None),
        "sliding_window": windows,
    },
    names=(
        *EMBED,
        *NORMS,
        *ATTENTION,
        *linear("dec{i}.ffn.W_1", "layers.{i}.mlp.c_fc"),
        *linear("dec{i}.ffn.W_2", "layers.{i}.mlp.c_proj"),
        *END,
    ),
)
