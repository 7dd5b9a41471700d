"""Llama 1 to 3.3 (Touvron et al. 2023, Grattafiori et al. 2024), Mistral and Granite; what their kin have in common."""

from __future__ import annotations

from tfstep.families.config import only
from tfstep.families.family import Family, Name, linear, norm
from tfstep.families.rope import rope_keys
from tfstep.families.shared import biases, gated, head_size, no_bias, optional, tied, times, windows

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
    prefix="model.",
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
    spare=(r"rotary_emb\.inv_freq", r"lm_head\.weight", r"rope_(freqs|factors_\w+)\.weight"),
)
MISTRAL = LLAMA.but(
    "mistral",
    system="Mistral",
    architecture="MistralForCausalLM",
    keys={"sliding_window": windows, "attention_bias": only(False, None), "mlp_bias": only(False, None)},
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
