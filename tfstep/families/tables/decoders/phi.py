"""Phi-1 to Phi-4-mini (Gunasekar et al. 2023, Abdin et al. 2024), GLM-4 and gpt-oss: fused layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfstep.families.config import Config, nothing, only
from tfstep.families.family import Name, fused, linear, norm
from tfstep.families.layers import by_type
from tfstep.families.relation import FIRST_HALF, IN_TURN, SECOND_HALF, Relation, alternating
from tfstep.families.rope import rope_keys
from tfstep.families.shared import activation, biases, no_bias, windows
from tfstep.families.tables.decoders.llama import ATTENTION, EMBED, END, LLAMA, NORMS

PHI = LLAMA.but(
    "phi",
    system="Phi",
    architecture="PhiForCausalLM",
    always={
        "norm": "layer",
        "parallel": "shared",
        **no_bias(qkv=True, out=True, ffn=True, norm=True, head=True),
    },
    defaults={
        "hidden_act": "gelu_new",
        "layer_norm_eps": 1e-5,
        "qk_layernorm": False,
        "partial_rotary_factor": 0.5,
    },
    keys={
        **rope_keys(part=True),
        "hidden_act": activation,
        "rms_norm_eps": nothing,
        "layer_norm_eps": "eps",
        "qk_layernorm": lambda value, config: {"qk_norm": "head"} if value else {},
        "attention_bias": nothing,
        "mlp_bias": nothing,
    },
    names=(
        *EMBED,
        *norm("dec{i}.norm1", "layers.{i}.input_layernorm"),
        *linear("dec{i}.attn.W_Q", "layers.{i}.self_attn.q_proj"),
        *linear("dec{i}.attn.W_K", "layers.{i}.self_attn.k_proj"),
        *linear("dec{i}.attn.W_V", "layers.{i}.self_attn.v_proj"),
        *linear("dec{i}.attn.W_O", "layers.{i}.self_attn.dense"),
        *norm("dec{i}.attn.q_norm", "layers.{i}.self_attn.q_layernorm"),
        *norm("dec{i}.attn.k_norm", "layers.{i}.self_attn.k_layernorm"),
        *linear("dec{i}.ffn.W_1", "layers.{i}.mlp.fc1"),
        *linear("dec{i}.ffn.W_2", "layers.{i}.mlp.fc2"),
        *norm("dec.norm", "final_layernorm"),
        *linear("out.W", "lm_head"),
    ),
)
GATE_UP = (
    Name("dec{i}.ffn.W_gate", "layers.{i}.mlp.gate_up_proj.weight", Relation(part=FIRST_HALF, transposed=True)),
    Name("dec{i}.ffn.W_1", "layers.{i}.mlp.gate_up_proj.weight", Relation(part=SECOND_HALF, transposed=True)),
    *linear("dec{i}.ffn.W_2", "layers.{i}.mlp.down_proj"),
)
PHI3 = LLAMA.but(
    "phi3",
    system="Phi-3",
    architecture="Phi3ForCausalLM",
    defaults={"rms_norm_eps": 1e-5, "original_max_position_embeddings": 4096},
    keys={
        **rope_keys(part=True),
        "sliding_window": windows,
        "mlp_bias": nothing,
        "attention_bias": only(False),
    },
    names=(
        *EMBED,
        *NORMS,
        *fused("dec{i}.attn", "layers.{i}.self_attn.qkv_proj", IN_TURN),
        *linear("dec{i}.attn.W_O", "layers.{i}.self_attn.o_proj"),
        *GATE_UP,
        *END,
    ),
)
GLM4 = LLAMA.but(
    "glm4",
    system="GLM-4",
    architecture="Glm4ForCausalLM",
    always={"norm_position": "both"},
    defaults={
        "rms_norm_eps": 1.5625e-07,
        "partial_rotary_factor": 0.5,
        "attention_bias": False,
        "head_dim": 128,
    },
    keys={**rope_keys("interleaved", part=True), "attention_bias": biases("qkv"), "mlp_bias": nothing},
    names=(
        *EMBED,
        *norm("dec{i}.norm1", "layers.{i}.input_layernorm"),
        *norm("dec{i}.norm1_out", "layers.{i}.post_self_attn_layernorm"),
        *norm("dec{i}.norm2", "layers.{i}.post_attention_layernorm"),
        *norm("dec{i}.norm2_out", "layers.{i}.post_mlp_layernorm"),
        *ATTENTION,
        *GATE_UP,
        *END,
    ),
)


def _experts(value: Any, config: Config) -> Mapping[str, Any]:
    count, top = config.whole("num_local_experts"), config.whole("num_experts_per_tok")
    return {"experts": {"count": count, "top": top, "router": "topk", "bias": True}}


_EXPERT = "layers.{i}.mlp.experts"
_EVEN, _ODD = alternating(0, 2), alternating(1, 2)
GPT_OSS = LLAMA.but(
    "gpt-oss",
    "gpt_oss",
    system="gpt-oss",
    architecture="GptOssForCausalLM",
    always={"activation": "swiglu_clamped", "sinks": True, "bias.ffn": True},
    defaults={
        "attention_bias": True,
        "rms_norm_eps": 1e-5,
        "swiglu_alpha": 1.702,
        "swiglu_limit": 7.0,
        "num_local_experts": 128,
        "num_experts_per_tok": 4,
        "_sliding_window_pattern": 2,
        "output_router_logits": False,
        "head_dim": 64,
        "rope_theta": 150000.0,
    },
    keys={
        **by_type("half"),
        "hidden_act": only("silu"),
        "mlp_bias": nothing,
        "swiglu_alpha": only(1.702),
        "swiglu_limit": only(7, 7.0),
        "output_router_logits": only(False),
        "num_local_experts": _experts,
        "num_experts_per_tok": nothing,
        "experts_per_token": nothing,
        "initial_context_length": nothing,
        "original_max_position_embeddings": nothing,
    },
    names=(
        *EMBED,
        *NORMS,
        *ATTENTION,
        Name("dec{i}.attn.sinks", "layers.{i}.self_attn.sinks"),
        *linear("dec{i}.ffn.router.W", "layers.{i}.mlp.router"),
        Name("dec{i}.ffn.expert{e}.W_gate", f"{_EXPERT}.gate_up_proj", Relation(index=0, part=_EVEN, last=True)),
        Name("dec{i}.ffn.expert{e}.W_1", f"{_EXPERT}.gate_up_proj", Relation(index=0, part=_ODD, last=True)),
        Name("dec{i}.ffn.expert{e}.b_gate", f"{_EXPERT}.gate_up_proj_bias", Relation(index=0, part=_EVEN)),
        Name("dec{i}.ffn.expert{e}.b_1", f"{_EXPERT}.gate_up_proj_bias", Relation(index=0, part=_ODD)),
        Name("dec{i}.ffn.expert{e}.W_2", f"{_EXPERT}.down_proj", Relation(index=0)),
        Name("dec{i}.ffn.expert{e}.b_2", f"{_EXPERT}.down_proj_bias", Relation(index=0)),
        *END,
    ),
)
