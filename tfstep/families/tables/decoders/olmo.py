"""OLMo 1 to 3 (Groeneveld et al. 2024, OLMo team 2025)."""

from __future__ import annotations

from tfstep.families.config import nothing
from tfstep.families.family import linear, norm
from tfstep.families.layers import by_type
from tfstep.families.shared import clipped
from tfstep.families.tables.decoders.llama import ATTENTION, EMBED, END, FEED, LLAMA, QK_NORMS

OLMO = LLAMA.but(
    "olmo",
    system="OLMo",
    architecture="OlmoForCausalLM",
    always={"norm": "layer", "eps": 1e-5},
    fixed=("dec{i}.norm1.gamma", "dec{i}.norm2.gamma", "dec.norm.gamma"),
    keys={"clip_qkv": clipped, "rms_norm_eps": nothing, "mlp_bias": nothing},
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
OLMO3 = OLMO2.but(
    "olmo3",
    system="OLMo-3",
    architecture="Olmo3ForCausalLM",
    defaults={"_sliding_window_pattern": 4, "sliding_window": 4096},
    keys=by_type("half"),
)
