"""Qwen2, Qwen2.5 (Yang et al. 2024), Qwen3 and its experts (Yang et al. 2025), Mixtral (Jiang et al. 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfstep.families.config import Config, nothing, only
from tfstep.families.family import Name, linear
from tfstep.families.layers import by_layer
from tfstep.families.relation import TRANSPOSED
from tfstep.families.tables.decoders.llama import ATTENTION, EMBED, END, FEED, LLAMA, MISTRAL, NORMS, QK_NORMS

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
    keys={**LAYERED, "mlp_bias": only(False, None)},
    names=(*LLAMA.names, *QK_NORMS),
)
EXPERTS = (
    Name("dec{i}.ffn.router.W", "layers.{i}.mlp.gate.weight", TRANSPOSED),
    *linear("dec{i}.ffn.expert{e}.W_gate", "layers.{i}.mlp.experts.{e}.gate_proj"),
    *linear("dec{i}.ffn.expert{e}.W_1", "layers.{i}.mlp.experts.{e}.up_proj"),
    *linear("dec{i}.ffn.expert{e}.W_2", "layers.{i}.mlp.experts.{e}.down_proj"),
)


def _experts(value: Any, config: Config) -> Mapping[str, Any]:
    """Experts in every layer, or in those that `decoder_sparse_step` and `mlp_only_layers` leave."""
    layers, step, dense = config.whole("num_hidden_layers"), config["decoder_sparse_step"], config["mlp_only_layers"]
    if step != 1 or dense:
        raise config.fault("mlp_only_layers" if dense else "decoder_sparse_step")
    assert layers
    return {
        "experts": {
            "count": config["num_experts"] or config.whole("num_local_experts"),
            "top": config.whole("num_experts_per_tok"),
            "router": "softmax",
            "renormalise": bool(config["norm_topk_prob"]),
            "d_ff": config.whole("moe_intermediate_size"),
        }
    }


QWEN3_MOE = QWEN3.but(
    "qwen3-moe",
    "qwen3_moe",
    system="Qwen3-MoE",
    architecture="Qwen3MoeForCausalLM",
    defaults={
        "decoder_sparse_step": 1,
        "mlp_only_layers": [],
        "norm_topk_prob": False,
        "num_experts_per_tok": 8,
        "moe_intermediate_size": 768,
        "head_dim": None,
        "output_router_logits": False,
    },
    keys={
        "output_router_logits": only(False),  # it adds to the loss
        "num_experts": _experts,
        "num_local_experts": nothing,
        "num_experts_per_tok": nothing,
        "moe_intermediate_size": nothing,
        "norm_topk_prob": nothing,
        "decoder_sparse_step": nothing,
        "mlp_only_layers": nothing,
    },
    names=(*EMBED, *NORMS, *ATTENTION, *QK_NORMS, *FEED, *EXPERTS, *END),
)


def _mixture(value: Any, config: Config) -> Mapping[str, Any]:
    count, top = config.whole("num_local_experts"), config.whole("num_experts_per_tok")
    return {"experts": {"count": count, "top": top, "router": "softmax", "renormalise": True}}


MIXTRAL = MISTRAL.but(
    "mixtral",
    system="Mixtral",
    architecture="MixtralForCausalLM",
    defaults={
        "num_local_experts": 8,
        "num_experts_per_tok": 2,
        "rms_norm_eps": 1e-5,
        "rope_theta": 1000000.0,
        "output_router_logits": False,
    },
    keys={"num_local_experts": _mixture, "num_experts_per_tok": nothing, "output_router_logits": only(False)},
    names=(
        *EMBED,
        *NORMS,
        *ATTENTION,
        Name("dec{i}.ffn.router.W", "layers.{i}.block_sparse_moe.gate.weight", TRANSPOSED),
        *linear("dec{i}.ffn.expert{e}.W_gate", "layers.{i}.block_sparse_moe.experts.{e}.w1"),
        *linear("dec{i}.ffn.expert{e}.W_1", "layers.{i}.block_sparse_moe.experts.{e}.w3"),
        *linear("dec{i}.ffn.expert{e}.W_2", "layers.{i}.block_sparse_moe.experts.{e}.w2"),
        *END,
    ),
)
