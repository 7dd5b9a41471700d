"""Cohere Command R and R7B."""

from __future__ import annotations

from tfstep.families.config import nothing, only
from tfstep.families.family import Name
from tfstep.families.layers import by_type
from tfstep.families.relation import Relation
from tfstep.families.rope import rope_keys
from tfstep.families.shared import times
from tfstep.families.tables.decoders.llama import ATTENTION, EMBED, END, FEED, LLAMA, NORMS

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
        "use_qk_norm": lambda value, config: {"qk_norm": "heads"} if value else {},
        "mlp_bias": nothing,
    },
    names=(
        *EMBED,
        *NORMS,
        *ATTENTION,
        Name("dec{i}.attn.q_norm.head{e}.gamma", "layers.{i}.self_attn.q_norm.weight", Relation(index=0)),
        Name("dec{i}.attn.k_norm.head{e}.gamma", "layers.{i}.self_attn.k_norm.weight", Relation(index=0)),
        *FEED,
        *END,
    ),
)
COHERE2 = COHERE.but(
    "cohere2",
    system="Cohere-2",
    architecture="Cohere2ForCausalLM",
    defaults={"_sliding_window_pattern": 4, "sliding_window": 4096},
    keys={
        **by_type("interleaved", {"positional": "none"}),
        "use_qk_norm": nothing,
        "use_embedding_sharing": nothing,
        "cache_implementation": nothing,
        "use_gated_activation": only(True, None),
        "rotary_pct": only(1.0, 1, None),
        "use_parallel_block": only(True, None),
        "use_parallel_embedding": nothing,
        "position_embedding_type": nothing,
        "order_of_interleaved_layers": nothing,
    },
)
