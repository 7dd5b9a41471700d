"""Llama (Touvron et al. 2023), and the families whose tensors have the same names."""

from __future__ import annotations

from tfstep.families.config import Config, nothing, only
from tfstep.families.family import Family, Name, linear, norm
from tfstep.families.relation import Relation
from tfstep.families.rope import rope_keys, section, written
from tfstep.families.shared import (
    FULL,
    SLIDING,
    activation,
    biases,
    gated,
    head_size,
    layer_types,
    no_bias,
    optional,
    pattern,
    tied,
    times,
    windows,
)

EMBED = (Name("tgt.E", "embed_tokens.weight"),)
ATTENTION = (
    *linear("dec{i}.attn.W_Q", "layers.{i}.self_attn.q_proj"),
    *linear("dec{i}.attn.W_K", "layers.{i}.self_attn.k_proj"),
    *linear("dec{i}.attn.W_V", "layers.{i}.self_attn.v_proj"),
    *linear("dec{i}.attn.W_O", "layers.{i}.self_attn.o_proj"),
)
NORMS = (
    *norm("dec{i}.norm1", "layers.{i}.input_layernorm"),
    *norm("dec{i}.norm2", "layers.{i}.post_attention_layernorm"),
)
FEED = (
    *linear("dec{i}.ffn.W_gate", "layers.{i}.mlp.gate_proj"),
    *linear("dec{i}.ffn.W_1", "layers.{i}.mlp.up_proj"),
    *linear("dec{i}.ffn.W_2", "layers.{i}.mlp.down_proj"),
)
END = (*norm("dec.norm", "norm"), *linear("out.W", "lm_head"))
QK_NORMS = (
    Name("dec{i}.attn.q_norm.gamma", "layers.{i}.self_attn.q_norm.weight"),
    Name("dec{i}.attn.k_norm.gamma", "layers.{i}.self_attn.k_norm.weight"),
)
LLAMA = Family(
    name="llama",
    system="Llama",
    kind="decoder",
    types=("llama",),
    architecture="LlamaForCausalLM",
    always={"norm": "rms", "norm_position": "pre", "positional": "rope", **no_bias()},
    defaults={
        "num_key_value_heads": None,
        "head_dim": None,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "tie_word_embeddings": False,
        "attention_bias": False,
        "mlp_bias": False,
        "rope_theta": 10000.0,
    },
    keys={
        "num_hidden_layers": "layers",
        "hidden_size": "d_model",
        "num_attention_heads": "heads",
        "num_key_value_heads": optional("kv_heads"),
        "head_dim": head_size,
        "intermediate_size": "d_ff",
        "hidden_act": gated,
        "rms_norm_eps": "eps",
        **rope_keys(),
        "attention_bias": biases("qkv", "out"),
        "mlp_bias": biases("ffn"),
        "tie_word_embeddings": tied,
    },
    anchors=("embed_tokens.weight",),
    names=(*EMBED, *NORMS, *ATTENTION, *FEED, *END),
    spare=(r"rotary_emb\.inv_freq", r"lm_head\.weight"),
)
MISTRAL = LLAMA.but("mistral", system="Mistral", architecture="MistralForCausalLM", keys={"sliding_window": windows})


def by_layer(value: object, config: Config) -> dict[str, object]:
    """Windows on the layers that `layer_types`, or in older files `max_window_layers`, says."""
    layers = config.whole("num_hidden_layers")
    size = config["sliding_window"] if config["use_sliding_window"] else None
    first = config["max_window_layers"] or 0
    kinds = layer_types(config, [FULL if size is None or i < first else SLIDING for i in range(layers)], (FULL, SLIDING))
    if SLIDING in kinds and size is None:
        raise config.fault("sliding_window")
    return pattern([{"window": size} if kind == SLIDING else {} for kind in kinds])


LAYERED = {
    "sliding_window": by_layer,
    "use_sliding_window": nothing,
    "max_window_layers": nothing,
    "layer_types": nothing,
}
QWEN2 = LLAMA.but(
    "qwen2",
    system="Qwen2",
    architecture="Qwen2ForCausalLM",
    always={"bias.qkv": True},
    defaults={"use_sliding_window": False, "max_window_layers": 28},
    keys={**LAYERED, "attention_bias": nothing, "mlp_bias": nothing, "use_mrope": only(False, None)},
)
QWEN3 = LLAMA.but(
    "qwen3",
    system="Qwen3",
    architecture="Qwen3ForCausalLM",
    always={"qk_norm": "head"},
    defaults={"use_sliding_window": False, "max_window_layers": 28, "head_dim": 128},
    keys=LAYERED,
    names=(*LLAMA.names, *QK_NORMS),
)


def _unturned(value: object, config: Config) -> dict[str, object]:
    """`no_rope_layers`: 1 for a layer that has rope, 0 for one that has none."""
    layers, every = config.whole("num_hidden_layers"), config["no_rope_layer_interval"]
    turned = value or [int((i + 1) % every != 0) for i in range(layers)]
    if not isinstance(turned, list) or len(turned) < layers:
        raise ValueError("a list, one number a layer")
    return pattern([{} if each else {"positional": "none"} for each in turned[:layers]])


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
        "layer_types": lambda value, config: layer_types(config, [FULL] * config.whole("num_hidden_layers"), (FULL,)) and {},
        "use_sliding_window": only(False),
        "sliding_window": nothing,
        "max_window_layers": nothing,
    },
)
GRANITE = LLAMA.but(
    "granite",
    system="Granite",
    architecture="GraniteForCausalLM",
    keys={
        "embedding_multiplier": times("embed_scale"),
        "logits_scaling": times("logit_scale", lambda value: 1.0 / value),
        "residual_multiplier": times("residual_scale"),
        "attention_multiplier": lambda value, config: {"scale": 1.0 if value is None else value},
    },
)
OLMO = LLAMA.but(
    "olmo",
    system="OLMo",
    architecture="OlmoForCausalLM",
    always={"norm": "layer", "norm_affine": False, "eps": 1e-5},
    keys={"clip_qkv": only(None), "rms_norm_eps": nothing, "mlp_bias": nothing},
    names=(*EMBED, *ATTENTION, *FEED, *linear("out.W", "lm_head")),
)
OUTPUT_NORMS = (
    *norm("dec{i}.norm1", "layers.{i}.post_attention_layernorm"),
    *norm("dec{i}.norm2", "layers.{i}.post_feedforward_layernorm"),
)
OLMO2 = LLAMA.but(
    "olmo2",
    system="OLMo-2",
    architecture="Olmo2ForCausalLM",
    always={"norm_position": "output", "qk_norm": "all"},
    defaults={"rms_norm_eps": 1e-5},
    keys={"mlp_bias": nothing},
    names=(*EMBED, *OUTPUT_NORMS, *ATTENTION, *QK_NORMS, *FEED, *END),
)


def by_type(pairs: str, windowed: object = None) -> dict[str, object]:
    """Keys of a model whose windows, and with them perhaps the rotary angles, go by `layer_types`."""

    def read(value: object, config: Config) -> dict[str, object]:
        layers, size = config.whole("num_hidden_layers"), config["sliding_window"]
        every = config["sliding_window_pattern"] or config["_sliding_window_pattern"]
        kinds = layer_types(config, [FULL if (i + 1) % every == 0 else SLIDING for i in range(layers)], (FULL, SLIDING))
        found = config["rope_parameters"]
        if isinstance(found, dict) and FULL in found:
            ropes = {kind: section(found[kind], config, pairs) for kind in (FULL, SLIDING)}
        else:
            ropes = dict.fromkeys((FULL, SLIDING), section(written(config), config, pairs))
            local = config["rope_local_base_freq"]
            if local is not None:
                ropes[SLIDING] = {"base": local, "pairs": pairs}
        each = []
        for kind in kinds:
            entry: dict[str, object] = {} if kind == FULL else {"window": size}
            if ropes[kind] != ropes[FULL]:
                entry["rope"] = ropes[kind]
            if kind == FULL and windowed is not None:
                entry |= windowed  # type: ignore[operator]  # what full layers have otherwise
            each.append(entry)
        return {"rope": ropes[FULL], **pattern(each)}

    return {
        "rope_parameters": read,
        "sliding_window": nothing,
        "sliding_window_pattern": nothing,
        "_sliding_window_pattern": nothing,
        "layer_types": nothing,
        "rope_local_base_freq": nothing,
    }


OLMO3 = OLMO2.but(
    "olmo3",
    system="OLMo-3",
    architecture="Olmo3ForCausalLM",
    defaults={"_sliding_window_pattern": 4, "sliding_window": 4096},
    keys=by_type("half"),
)
COHERE = LLAMA.but(
    "cohere",
    system="Cohere",
    architecture="CohereForCausalLM",
    always={"norm": "layer", "parallel": "shared"},
    defaults={
        "layer_norm_eps": 1e-5,
        "logit_scale": 0.0625,
        "use_qk_norm": False,
        "tie_word_embeddings": True,
        "rope_theta": 10000.0,
    },
    keys={
        **rope_keys("interleaved"),
        "rms_norm_eps": nothing,
        "layer_norm_eps": "eps",
        "logit_scale": times("logit_scale"),
        "use_qk_norm": only(False),
        "mlp_bias": nothing,
    },
    names=(*EMBED, *NORMS, *ATTENTION, *FEED, *END),
)
COHERE2 = COHERE.but(
    "cohere2",
    system="Cohere-2",
    architecture="Cohere2ForCausalLM",
    defaults={"_sliding_window_pattern": 4, "sliding_window": 4096},
    keys={**by_type("interleaved", {"positional": "none"}), "use_qk_norm": nothing, "use_embedding_sharing": nothing,
          "cache_implementation": nothing, "use_gated_activation": only(True, None), "rotary_pct": only(1.0, 1, None),
          "use_parallel_block": only(True, None), "use_parallel_embedding": nothing, "position_embedding_type": nothing,
          "order_of_interleaved_layers": nothing},
)
NEMOTRON = LLAMA.but(
    "nemotron",
    system="Nemotron",
    architecture="NemotronForCausalLM",
    always={"norm": "layer", "norm_offset": 1, "bias.norm": True},
    defaults={"hidden_act": "relu2", "norm_eps": 1e-5, "partial_rotary_factor": 0.5},
    keys={"hidden_act": activation, "rms_norm_eps": nothing, "norm_eps": "eps"},
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
        "rms_norm_eps": nothing,
        "layer_norm_eps": "eps",
        "use_qkv_bias": biases("qkv"),
        "attention_bias": nothing,
        "mlp_bias": nothing,
        "qk_layernorm": only(False),
        "use_parallel_residual": lambda value, config: {"parallel": "shared"} if value else {},
        "norm_eps": nothing,
        "rope_pct": nothing,
        "rotary_scaling_factor": only(1.0, None),
    },
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
OFFSET = Relation()
