"""OPT (Zhang et al. 2022)."""

from __future__ import annotations

from tfstep.families.config import Config, nothing, only
from tfstep.families.family import Family, Name, linear, norm
from tfstep.families.shared import activation, no_bias, tied


def _width(value: object, config: Config) -> dict[str, object]:
    return {} if value in (None, config["hidden_size"]) else {"d_embed": value, "widen": "first"}


def _before(value: object, config: Config) -> dict[str, object]:
    """`do_layer_norm_before`: pre-norm with a norm at the end, unless that is removed; or post-norm without (350m)."""
    if not value:
        return {"norm_position": "post"}
    return {"norm_position": "pre"} | ({"final_norm": False} if config["_remove_final_layer_norm"] else {})


OPT = Family(
    name="opt",
    system="OPT",
    kind="decoder",
    types=("opt",),
    architecture="OPTForCausalLM",
    prefix="model.",
    always={
        "norm": "layer",
        "positional": "learned",
        "position_offset": 2,
        **no_bias(qkv=True, out=True, ffn=True, norm=True),
    },
    defaults={
        "activation_function": "relu",
        "word_embed_proj_dim": None,
        "do_layer_norm_before": True,
        "_remove_final_layer_norm": False,
        "enable_bias": True,
        "layer_norm_elementwise_affine": True,
        "tie_word_embeddings": True,
        "intermediate_size": None,
    },
    keys={
        "num_hidden_layers": "layers",
        "hidden_size": "d_model",
        "num_attention_heads": "heads",
        "ffn_dim": "d_ff",
        "intermediate_size": lambda value, config: {},
        "max_position_embeddings": lambda value, config: {"positions": config.whole("max_position_embeddings") + 2},
        "word_embed_proj_dim": _width,
        "activation_function": activation,
        "do_layer_norm_before": _before,
        "_remove_final_layer_norm": nothing,
        "enable_bias": only(True),
        "layer_norm_elementwise_affine": only(True),
        "tie_word_embeddings": tied,
    },
    anchors=("decoder.embed_tokens.weight",),
    names=(
        Name("tgt.E", "decoder.embed_tokens.weight"),
        *linear("tgt.W_E", "decoder.project_in"),
        Name("tgt.pos", "decoder.embed_positions.weight"),
        *norm("dec{i}.norm1", "decoder.layers.{i}.self_attn_layer_norm"),
        *linear("dec{i}.attn.W_Q", "decoder.layers.{i}.self_attn.q_proj"),
        *linear("dec{i}.attn.W_K", "decoder.layers.{i}.self_attn.k_proj"),
        *linear("dec{i}.attn.W_V", "decoder.layers.{i}.self_attn.v_proj"),
        *linear("dec{i}.attn.W_O", "decoder.layers.{i}.self_attn.out_proj"),
        *norm("dec{i}.norm2", "decoder.layers.{i}.final_layer_norm"),
        *linear("dec{i}.ffn.W_1", "decoder.layers.{i}.fc1"),
        *linear("dec{i}.ffn.W_2", "decoder.layers.{i}.fc2"),
        *norm("dec.norm", "decoder.final_layer_norm"),
        *linear("out.W_h", "decoder.project_out"),
        *linear("out.W", "lm_head"),
    ),
    spare=(r"lm_head\.weight",),
)
