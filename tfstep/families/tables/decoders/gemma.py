"""Gemma 1 to 3 (Gemma team 2024, 2025); of Gemma-3 the text alone."""

from __future__ import annotations

from typing import Any

from tfstep.families.config import NUMBER, Config, WantedError, nothing, only
from tfstep.families.family import norm
from tfstep.families.layers import by_type
from tfstep.families.shared import gated, number
from tfstep.families.tables.decoders.llama import ATTENTION, EMBED, END, FEED, LLAMA, QK_NORMS


def _scale(value: Any, config: Config) -> dict[str, Any]:
    """`query_pre_attn_scalar`: scores are divided by its root."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise WantedError(NUMBER)
    return {"scale": float(value) ** -0.5}


GEMMA = LLAMA.but(
    "gemma",
    system="Gemma",
    architecture="GemmaForCausalLM",
    always={"norm_offset": 1, "embed_scale": True},
    defaults={
        "hidden_act": "gelu_pytorch_tanh",
        "head_dim": 256,
        "tie_word_embeddings": True,
    },
    keys={
        "hidden_act": lambda value, config: gated("gelu_new" if value == "gelu" else value, config),
        "hidden_activation": nothing,
        "use_bidirectional_attention": only(None, False),
        "mlp_bias": nothing,
    },
)
BOTH_NORMS = (
    *norm("dec{i}.norm1", "layers.{i}.input_layernorm"),
    *norm("dec{i}.norm1_out", "layers.{i}.post_attention_layernorm"),
    *norm("dec{i}.norm2", "layers.{i}.pre_feedforward_layernorm"),
    *norm("dec{i}.norm2_out", "layers.{i}.post_feedforward_layernorm"),
)
GEMMA2 = GEMMA.but(
    "gemma2",
    system="Gemma-2",
    architecture="Gemma2ForCausalLM",
    always={"norm_position": "both"},
    defaults={
        "hidden_activation": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": 256,
        "attn_logit_softcapping": 50.0,
        "final_logit_softcapping": 30.0,
        "_sliding_window_pattern": 2,
        "sliding_window": 4096,
    },
    keys={
        **by_type("half"),
        "hidden_act": nothing,
        "hidden_activation": gated,
        "query_pre_attn_scalar": _scale,
        "attn_logit_softcapping": number("score_softcap"),
        "final_logit_softcapping": number("logit_softcap"),
        "cache_implementation": nothing,
    },
    names=(*EMBED, *BOTH_NORMS, *ATTENTION, *FEED, *END),
)
GEMMA3 = GEMMA2.but(
    "gemma3",
    "gemma3_text",
    system="Gemma-3",
    architecture="Gemma3ForCausalLM",
    always={"qk_norm": "head"},
    defaults={
        "attn_logit_softcapping": None,
        "final_logit_softcapping": None,
        "_sliding_window_pattern": 6,
        "rope_theta": 1000000.0,
        "rope_local_base_freq": 10000.0,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "vocab_size": 262208,
    },
    keys={
        **by_type("half", local=True),
        "attn_logit_softcapping": only(None),  # which the library reads and does not apply
    },
    names=(*EMBED, *BOTH_NORMS, *ATTENTION, *QK_NORMS, *FEED, *END),
)
