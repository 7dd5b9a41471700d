"""T5 v1.0 and v1.1 (Raffel et al. 2020)."""

from __future__ import annotations

from typing import Any

from tfstep.families.config import Config, nothing, one_of, only
from tfstep.families.family import Family, Name, linear, only_when
from tfstep.families.shared import ACTIVATIONS, activation, gated, no_bias


def _attention(ours: str, theirs: str) -> tuple[Name, ...]:
    return tuple(name for each in "QKVO" for name in linear(f"{ours}.W_{each}", f"{theirs}.{each.lower()}"))


def _gamma(ours: str, theirs: str) -> Name:
    return Name(f"{ours}.gamma", f"{theirs}.weight")


def _stack(ours: str, side: str, theirs: str) -> tuple[Name, ...]:
    block, layer, last = f"{ours}{{i}}", f"{theirs}.block.{{i}}.layer", 2 if ours == "dec" else 1
    feed = f"{layer}.{last}.DenseReluDense"
    return (
        Name(f"{side}.E", "shared.weight"),
        Name(f"{side}.E", f"{theirs}.embed_tokens.weight"),
        Name(f"{ours}.relative.E", f"{theirs}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"),
        *_attention(f"{block}.attn", f"{layer}.0.SelfAttention"),
        _gamma(f"{block}.norm1", f"{layer}.0.layer_norm"),
        *(_attention(f"{block}.cross", f"{layer}.1.EncDecAttention") if last == 2 else ()),
        *((_gamma(f"{block}.norm2", f"{layer}.1.layer_norm"),) if last == 2 else ()),
        *linear(f"{block}.ffn.W_gate", f"{feed}.wi_0"),
        *only_when(lambda m: m.gated, linear(f"{block}.ffn.W_1", f"{feed}.wi_1")),
        *linear(f"{block}.ffn.W_1", f"{feed}.wi"),
        *linear(f"{block}.ffn.W_2", f"{feed}.wo"),
        _gamma(f"{block}.norm{last + 1}", f"{layer}.{last}.layer_norm"),
        _gamma(f"{ours}.norm", f"{theirs}.final_layer_norm"),
    )


def _feed(value: Any, config: Config) -> dict[str, Any]:
    """`feed_forward_proj`: relu, or gated-ACT; what else is written goes before what it says."""
    if not isinstance(value, str):
        raise ValueError
    has, act = value.startswith("gated-"), value.removeprefix("gated-")
    if config["dense_act_fn"] not in (None, *ACTIVATIONS):
        raise config.fault("dense_act_fn", one_of(ACTIVATIONS))
    act = config["dense_act_fn"] or ("gelu_new" if value == "gated-gelu" else act)
    has = bool(config["is_gated_act"]) if "is_gated_act" in config.given else has
    return (gated if has else activation)(act, config)


def _scaled(value: Any, config: Config) -> dict[str, Any]:
    """The logits are scaled where v1.0 says so: by the flag of today, or by the tie of before."""
    flag = config["scale_decoder_outputs"]
    if "scale_decoder_outputs" not in config.given:
        flag = config["tie_word_embeddings"] is not False
    return {"logit_scale": config.whole("d_model") ** -0.5} if flag else {}


def _layers(value: Any, config: Config) -> dict[str, Any]:
    layers = config.whole("num_layers")
    decoder = layers if config["num_decoder_layers"] is None else config.whole("num_decoder_layers")
    return {"layers": {"encoder": layers, "decoder": decoder}}


T5 = Family(
    name="t5",
    system="T5",
    kind="encoder-decoder",
    types=("t5",),
    architecture="T5ForConditionalGeneration",
    always={
        "norm": "rms",
        "norm_position": "pre",
        "positional": "relative",
        "scale": False,
        "tie": [["src.E", "tgt.E", "out.W"]],
        **no_bias(),
    },
    defaults={
        "layer_norm_epsilon": 1e-6,
        "feed_forward_proj": "relu",
        "relative_attention_num_buckets": 32,
        "relative_attention_max_distance": 128,
        "tie_word_embeddings": True,
        "scale_decoder_outputs": None,
        "dense_act_fn": None,
        "is_gated_act": None,
        "is_decoder": False,
    },
    keys={
        "num_layers": _layers,
        "num_decoder_layers": nothing,
        "d_model": "d_model",
        "num_heads": "heads",
        "d_kv": lambda value, config: {"d_k": config.whole("d_kv"), "d_v": config.whole("d_kv")},
        "d_ff": "d_ff",
        "layer_norm_epsilon": "eps",
        "feed_forward_proj": _feed,
        "dense_act_fn": nothing,
        "is_gated_act": nothing,
        "is_decoder": only(False),
        "relative_attention_num_buckets": "relative.buckets",
        "relative_attention_max_distance": "relative.distance",
        "scale_decoder_outputs": _scaled,
        "tie_word_embeddings": nothing,
        "n_positions": nothing,
    },
    anchors=("encoder.final_layer_norm.weight",),
    names=(*_stack("enc", "src", "encoder"), *_stack("dec", "tgt", "decoder"), *linear("out.W", "lm_head")),
    spare=(
        r"lm_head\.weight",
        r"shared\.weight",
        r"(en|de)coder\.embed_tokens\.weight",
        r"EncDecAttention\.relative_attention_bias\.weight",
    ),
)
MT5 = T5.but(
    "mt5",
    system="mT5",
    architecture="MT5ForConditionalGeneration",
    defaults={"feed_forward_proj": "gated-gelu"},
    keys={"scale_decoder_outputs": only(None, False)},
)
"""mT5 (Xue et al. 2021): T5 v1.1, whose logits are never scaled."""
