"""GPT-2 (Radford et al. 2019), and what nanoGPT and minGPT write in its names."""

from __future__ import annotations

from typing import Any

from tfstep.families.config import Config, nothing, only
from tfstep.families.family import Family, Name, fused, linear, norm
from tfstep.families.relation import SAME, THIRDS, TRANSPOSED, Relation
from tfstep.families.shared import activation, no_bias, optional, pattern, tied


def _by_layer(value: Any, config: Config) -> dict[str, Any]:
    """`scale_attn_by_inverse_layer_idx`: scores over √d_k · (layer + 1)."""
    if not value:
        return {}
    width = config.whole("n_embd") // config.whole("n_head")
    return pattern([{"scale": width**-0.5 / (i + 1)} for i in range(config.whole("n_layer"))])


GPT2 = Family(
    name="gpt2",
    system="GPT-2",
    kind="decoder",
    types=("gpt2",),
    architecture="GPT2LMHeadModel",
    prefix="transformer.",
    always={
        "norm": "layer",
        "norm_position": "pre",
        "positional": "learned",
        **no_bias(qkv=True, out=True, ffn=True, norm=True),
    },
    defaults={
        "n_inner": None,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5,
        "scale_attn_weights": True,
        "scale_attn_by_inverse_layer_idx": False,
        "add_cross_attention": False,
        "tie_word_embeddings": True,
    },
    keys={
        "n_layer": "layers",
        "n_embd": "d_model",
        "n_head": "heads",
        "n_inner": optional("d_ff"),
        "n_positions": "positions",
        "activation_function": activation,
        "layer_norm_epsilon": "eps",
        "scale_attn_weights": only(True),
        "scale_attn_by_inverse_layer_idx": _by_layer,
        "reorder_and_upcast_attn": nothing,
        "add_cross_attention": only(False),
        "tie_word_embeddings": tied,
    },
    anchors=("wte.weight",),
    names=(
        Name("tgt.E", "wte.weight"),
        Name("tgt.pos", "wpe.weight"),
        *norm("dec{i}.norm1", "h.{i}.ln_1"),
        *fused("dec{i}.attn", "h.{i}.attn.c_attn", THIRDS, Relation(last=True)),
        *linear("dec{i}.attn.W_O", "h.{i}.attn.c_proj", SAME),
        *norm("dec{i}.norm2", "h.{i}.ln_2"),
        *linear("dec{i}.ffn.W_1", "h.{i}.mlp.c_fc", SAME),
        *linear("dec{i}.ffn.W_2", "h.{i}.mlp.c_proj", SAME),
        *norm("dec.norm", "ln_f"),
        Name("out.W", "lm_head.weight", TRANSPOSED),
    ),
    spare=(r"h\.\d+\.attn\.(bias|masked_bias)", r"lm_head\.weight"),
)
