"""BART (Lewis et al. 2020) and Marian (Junczys-Dowmunt et al. 2018)."""

from __future__ import annotations

from typing import Any

from tfstep.families.config import Config, WantedError, nothing, one_of, only
from tfstep.families.family import Family, Name, linear, norm
from tfstep.families.relation import TRANSPOSED, Relation
from tfstep.families.shared import activation, no_bias


def _attention(ours: str, theirs: str) -> tuple[Name, ...]:
    return (
        *linear(f"{ours}.W_Q", f"{theirs}.q_proj"),
        *linear(f"{ours}.W_K", f"{theirs}.k_proj"),
        *linear(f"{ours}.W_V", f"{theirs}.v_proj"),
        *linear(f"{ours}.W_O", f"{theirs}.out_proj"),
    )


def _stack(ours: str, side: str, theirs: str) -> tuple[Name, ...]:
    block, layer, last = f"{ours}{{i}}", f"{theirs}.layers.{{i}}", 3 if ours == "dec" else 2
    return (
        Name(f"{side}.E", "shared.weight"),
        Name(f"{side}.E", f"{theirs}.embed_tokens.weight"),
        Name(f"{side}.pos", f"{theirs}.embed_positions.weight"),
        *norm(f"{side}.norm", f"{theirs}.layernorm_embedding"),
        *_attention(f"{block}.attn", f"{layer}.self_attn"),
        *norm(f"{block}.norm1", f"{layer}.self_attn_layer_norm"),
        *(_attention(f"{block}.cross", f"{layer}.encoder_attn") if last == 3 else ()),
        *(norm(f"{block}.norm2", f"{layer}.encoder_attn_layer_norm") if last == 3 else ()),
        *linear(f"{block}.ffn.W_1", f"{layer}.fc1"),
        *linear(f"{block}.ffn.W_2", f"{layer}.fc2"),
        *norm(f"{block}.norm{last}", f"{layer}.final_layer_norm"),
    )


def alike(*keys: str) -> Any:
    """A key of both stacks, which must say the same of each, or nothing."""

    def read(value: Any, config: Config) -> dict[str, Any]:
        if value is not None and any(config[key] != value for key in keys):
            raise WantedError(one_of([f"{keys[0]}: {config[keys[0]]!r}"]))
        return {}

    return read


def _layers(value: Any, config: Config) -> dict[str, Any]:
    return {"layers": {"encoder": config.whole("encoder_layers"), "decoder": config.whole("decoder_layers")}}


def _tied(value: Any, config: Config) -> dict[str, Any]:
    return {"tie": [["src.E", "tgt.E", "out.W"]]} if value else {"tie": [["src.E", "tgt.E"]]}


BART = Family(
    name="bart",
    system="BART",
    kind="encoder-decoder",
    types=("bart",),
    architecture="BartForConditionalGeneration",
    prefix="model.",
    always={
        "norm": "layer",
        "norm_position": "post",
        "eps": 1e-5,
        "positional": "learned",
        "position_offset": 2,
        "embed_norm": True,
        **no_bias(qkv=True, out=True, ffn=True, norm=True, head=True),
    },
    defaults={
        "activation_function": "gelu",
        "scale_embedding": False,
        "tie_word_embeddings": True,
        "is_decoder": False,
        "normalize_embedding": True,
        "normalize_before": False,
        "add_final_layer_norm": False,
        "add_bias_logits": False,
        "extra_pos_embeddings": 2,
        "static_position_embeddings": False,
    },
    keys={
        "d_model": "d_model",
        "encoder_layers": _layers,
        "decoder_layers": nothing,
        "num_hidden_layers": nothing,
        "encoder_attention_heads": "heads",
        "decoder_attention_heads": alike("encoder_attention_heads"),
        "encoder_ffn_dim": "d_ff",
        "decoder_ffn_dim": alike("encoder_ffn_dim"),
        "max_position_embeddings": lambda value, config: {"positions": config.whole("max_position_embeddings") + 2},
        "activation_function": activation,
        "scale_embedding": lambda value, config: {"embed_scale": True} if value else {},
        "is_decoder": nothing,
        "normalize_embedding": only(True, None),
        "normalize_before": only(False, None),
        "add_final_layer_norm": only(False, None),
        "add_bias_logits": nothing,
        "extra_pos_embeddings": only(2, None),
        "static_position_embeddings": only(False, None),
        "tie_word_embeddings": _tied,
        "force_bos_token_to_be_generated": nothing,
    },
    anchors=("encoder.embed_tokens.weight", "shared.weight"),
    names=(
        *_stack("enc", "src", "encoder"),
        *_stack("dec", "tgt", "decoder"),
        Name("out.b", "final_logits_bias", Relation(flat=True)),
        Name("out.W", "lm_head.weight", TRANSPOSED),
    ),
    spare=(r"lm_head\.weight", r"shared\.weight", r"(en|de)coder\.embed_tokens\.weight", r"encoder\.version"),
)
MARIAN = BART.but(
    "marian",
    system="Marian",
    architecture="MarianMTModel",
    always={"positional": "sinusoidal", "sinusoids": "halved", "position_offset": None, "embed_norm": None},
    defaults={"share_encoder_decoder_embeddings": True, "normalize_embedding": False, "decoder_vocab_size": None},
    keys={
        "max_position_embeddings": nothing,
        "share_encoder_decoder_embeddings": only(True),
        "decoder_vocab_size": alike("vocab_size"),
        "normalize_embedding": only(False, None),
        "extra_pos_embeddings": nothing,
        "static_position_embeddings": nothing,
    },
    spare=(*BART.spare, r"(en|de)coder\.embed_positions\.weight"),
)
