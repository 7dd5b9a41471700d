"""MPT (MosaicML 2023) and Falcon (Almazrouei et al. 2023)."""

from __future__ import annotations

from collections.abc import Mapping

from tfstep.families.config import INERT, Config, WantedError, nothing, only, refused
from tfstep.families.family import Family, Name, fused, linear, norm, only_when
from tfstep.families.relation import PER_HEAD, THIRDS
from tfstep.families.rope import rope_keys
from tfstep.families.shared import activation, clipped, no_bias, optional, tied
from tfstep.text import Bilingual

_ATTENTION = {  # attn_config: the values that are computed
    "attn_type": ("multihead_attention",),
    "attn_impl": None,
    "attn_pdrop": None,
    "prefix_lm": (False,),
    "qk_ln": (False,),
    "attn_uses_sequence_id": (False,),
    "alibi": (True,),
    "alibi_bias_max": (8,),
    "return_dict": None,
}


def _attention(value: object, config: Config) -> dict[str, object]:
    """`attn_config`."""
    if not isinstance(value, Mapping):
        raise ValueError
    for key, each in value.items():
        if key in ("softmax_scale", "clip_qkv") or (key in INERT and key not in _ATTENTION):
            continue
        allowed = _ATTENTION.get(key, (None,))
        if allowed is not None and each not in allowed:
            raise refused(f"attn_config.{key}", each, config.family, None)
    scale = value.get("softmax_scale")
    try:
        clip = clipped(value.get("clip_qkv") or None, config)
    except WantedError as error:
        raise refused("attn_config.clip_qkv", value["clip_qkv"], config.family, error.needed) from None
    return clip if scale is None else clip | {"scale": scale}


def _longer(value: object, config: Config) -> dict[str, object]:
    """`max_seq_len`: of one word the library makes a bias that every word shares."""
    if value == 1:
        raise WantedError(Bilingual("2 or more", "不小于 2"))
    return {}


MPT = Family(
    name="mpt",
    system="MPT",
    kind="decoder",
    types=("mpt",),
    architecture="MptForCausalLM",
    prefix="transformer.",
    always={
        "norm": "layer",
        "norm_position": "pre",
        "positional": "alibi",
        "activation": "gelu",
        **no_bias(),
    },
    defaults={
        "expansion_ratio": 4,
        "layer_norm_epsilon": 1e-5,
        "no_bias": True,
        "attn_config": {"alibi": True},
        "logit_scale": None,
        "embedding_fraction": 1.0,
        "learned_pos_emb": True,
        "norm_type": "low_precision_layernorm",
        "tie_word_embeddings": True,
    },
    keys={
        "max_seq_len": _longer,
        "n_layers": "layers",
        "d_model": "d_model",
        "n_heads": "heads",
        "expansion_ratio": only(4),  # the library takes 4, whatever it says
        "layer_norm_epsilon": "eps",
        "attn_config": _attention,
        "no_bias": only(True),
        "logit_scale": only(None),
        "norm_type": only("low_precision_layernorm"),
        "embedding_fraction": nothing,
        "learned_pos_emb": nothing,
        "init_config": nothing,
        "verbose": nothing,
        "tie_word_embeddings": tied,
    },
    anchors=("wte.weight",),
    names=(
        Name("tgt.E", "wte.weight"),
        *norm("dec{i}.norm1", "blocks.{i}.norm_1"),
        *fused("dec{i}.attn", "blocks.{i}.attn.Wqkv", THIRDS),
        *linear("dec{i}.attn.W_O", "blocks.{i}.attn.out_proj"),
        *norm("dec{i}.norm2", "blocks.{i}.norm_2"),
        *linear("dec{i}.ffn.W_1", "blocks.{i}.ffn.up_proj"),
        *linear("dec{i}.ffn.W_2", "blocks.{i}.ffn.down_proj"),
        *norm("dec.norm", "norm_f"),
        *linear("out.W", "lm_head"),
    ),
    spare=(r"lm_head\.weight",),
)


def _block(value: object, config: Config) -> dict[str, object]:
    """`new_decoder_architecture`, and with it how many norms and key heads there are."""
    new, norms = bool(value), config["num_ln_in_parallel_attn"]
    if new and not config["parallel_attn"]:
        raise refused("parallel_attn", False, config.family, None)
    own = new and norms in (None, 2)
    heads = config.whole("num_attention_heads")
    kv = (config["num_kv_heads"] or heads) if new else 1 if config["multi_query"] else heads
    return {"parallel": "own" if own else "shared" if config["parallel_attn"] else "none", "kv_heads": kv}


def _alibi(value: object, config: Config) -> dict[str, object]:
    """`alibi`: in place of rope, divided as the scores are, and rounded whatever the model's type."""
    return {"positional": "alibi", "alibi.divided": True, "alibi.rounded": True, "rope": None} if value else {}


FALCON = Family(
    name="falcon",
    system="Falcon",
    kind="decoder",
    types=("falcon", "RefinedWeb", "RefinedWebModel"),
    architecture="FalconForCausalLM",
    prefix="transformer.",
    always={"norm": "layer", "norm_position": "pre", "positional": "rope", **no_bias(norm=True)},
    defaults={
        "activation": "gelu",
        "layer_norm_epsilon": 1e-5,
        "alibi": False,
        "new_decoder_architecture": False,
        "multi_query": True,
        "parallel_attn": True,
        "bias": False,
        "num_kv_heads": None,
        "num_ln_in_parallel_attn": None,
        "ffn_hidden_size": None,
        "rope_theta": 10000.0,
        "tie_word_embeddings": True,
    },
    keys={
        "num_hidden_layers": "layers",
        "hidden_size": "d_model",
        "num_attention_heads": "heads",
        "ffn_hidden_size": optional("d_ff"),
        "intermediate_size": nothing,
        "activation": activation,
        "layer_norm_epsilon": "eps",
        "new_decoder_architecture": _block,
        "multi_query": nothing,
        "parallel_attn": nothing,
        "num_kv_heads": nothing,
        "num_ln_in_parallel_attn": nothing,
        "bias": lambda value, config: no_bias(qkv=bool(value), out=bool(value), ffn=bool(value), norm=True),
        **rope_keys(),
        "alibi": _alibi,
        "tie_word_embeddings": tied,
    },
    anchors=("word_embeddings.weight",),
    names=(
        Name("tgt.E", "word_embeddings.weight"),
        *only_when(lambda m: m.parallel == "own", norm("dec{i}.norm1", "h.{i}.ln_attn")),
        *norm("dec{i}.norm1", "h.{i}.input_layernorm"),
        *only_when(lambda m: m.parallel == "own", norm("dec{i}.norm2", "h.{i}.ln_mlp")),
        *norm("dec{i}.norm2", "h.{i}.post_attention_layernorm"),
        *fused("dec{i}.attn", "h.{i}.self_attention.query_key_value", PER_HEAD),
        *linear("dec{i}.attn.W_O", "h.{i}.self_attention.dense"),
        *linear("dec{i}.ffn.W_1", "h.{i}.mlp.dense_h_to_4h"),
        *linear("dec{i}.ffn.W_2", "h.{i}.mlp.dense_4h_to_h"),
        *norm("dec.norm", "ln_f"),
        *linear("out.W", "lm_head"),
    ),
    spare=(r"rotary_emb\.inv_freq", r"lm_head\.weight"),
)
