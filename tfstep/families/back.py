"""The other direction: a config.json for a model of ours, and its tensors as a checkpoint of a family holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tfstep import work
from tfstep.families.config import FamilyError
from tfstep.families.family import Family, Theirs, layer_pattern, theirs
from tfstep.families.relation import Heads, Relation, Shape
from tfstep.families.rope import KEYS
from tfstep.families.shared import ACTIVATIONS, FULL, SLIDING
from tfstep.text import Bilingual

_NAMED = {ours: name for name, ours in reversed(ACTIVATIONS.items())} | {"swiglu": "silu", "swiglu_clamped": "silu"}


def _act(m: Any) -> Any:
    return _NAMED.get(m.activation)


def _rope(m: Any) -> Any:
    found: dict[str, Any] = {"rope_type": "default", "rope_theta": m.rope.base}
    if m.rope.part != 1:
        found["partial_rotary_factor"] = m.rope.part
    if (scaling := m.rope.scaling) is not None:
        said = {theirs: getattr(scaling, ours) for theirs, ours in KEYS[scaling.kind].items()}
        found |= {"rope_type": scaling.kind} | {key: value for key, value in said.items() if value not in (None, ())}
    return found


def _longest(m: Any) -> int:
    """`max_position_embeddings`, from which some ways to stretch angles are counted."""
    scaling = m.rope.scaling if m.positional == "rope" else None
    if scaling is not None and scaling.kind in ("dynamic", "longrope"):
        return int(scaling.original * (scaling.factor if scaling.kind == "longrope" else 1))
    return int(m.positions - m.position_offset)


def _feed(m: Any) -> str:
    """`feed_forward_proj` of T5."""
    act = _act(m)
    return f"gated-{'gelu' if act == 'gelu_pytorch_tanh' else act}" if m.gated else str(act)


def _tied(m: Any) -> bool:
    return any("out.W" in group for group in m.tie)


def _types(m: Any) -> Any:
    layers = [m.layer(i) for i in range(max(m.encoder_layers, m.decoder_layers))]
    return [FULL if layer.window is None else SLIDING for layer in layers]


def _window(m: Any) -> Any:
    return next((m.layer(i).window for i in range(m.decoder_layers) if m.layer(i).window is not None), None)


def _mpt(m: Any) -> Any:
    """`attn_config` of MPT."""
    return {"alibi": True, "clip_qkv": m.clip_qkv, "softmax_scale": None if isinstance(m.scale, bool) else m.scale}


_BACK: dict[str, Callable[[Any], Any]] = {
    "n_inner": lambda m: m.d_ff,
    "num_local_experts": lambda m: m.experts.count,
    "num_experts": lambda m: m.experts.count,
    "num_experts_per_tok": lambda m: m.experts.top,
    "experts_per_token": lambda m: m.experts.top,
    "norm_topk_prob": lambda m: m.experts.renormalise,
    "moe_intermediate_size": lambda m: m.experts.d_ff or m.d_ff,
    "num_layers": lambda m: m.encoder_layers,
    "num_decoder_layers": lambda m: m.decoder_layers,
    "d_kv": lambda m: m.d_k,
    "feed_forward_proj": _feed,
    "scale_decoder_outputs": lambda m: m.logit_scale is not None,
    "encoder_layers": lambda m: m.encoder_layers,
    "decoder_layers": lambda m: m.decoder_layers,
    "encoder_attention_heads": lambda m: m.heads,
    "decoder_attention_heads": lambda m: m.heads,
    "encoder_ffn_dim": lambda m: m.d_ff,
    "decoder_ffn_dim": lambda m: m.d_ff,
    "scale_embedding": lambda m: bool(m.embed_scale),
    "ffn_hidden_size": lambda m: m.d_ff,
    "activation_function": _act,
    "hidden_act": _act,
    "hidden_activation": _act,
    "activation": _act,
    "num_key_value_heads": lambda m: m.kv_heads,
    "head_dim": lambda m: m.d_k,
    "rope_parameters": _rope,
    "attention_bias": lambda m: m.site("qkv"),
    "mlp_bias": lambda m: m.site("ffn"),
    "use_bias": lambda m: m.site("ffn"),
    "use_qkv_bias": lambda m: m.site("qkv"),
    "tie_word_embeddings": _tied,
    "sliding_window": _window,
    "layer_types": _types,
    "qk_layernorm": lambda m: m.qk_norm in ("head", "heads"),
    "use_qk_norm": lambda m: m.qk_norm == "heads",
    "clip_qkv": lambda m: m.clip_qkv,
    "attn_config": _mpt,
    "use_parallel_residual": lambda m: m.parallel != "none",
    "embedding_multiplier": lambda m: 1.0 if isinstance(m.embed_scale, bool) else m.embed_scale,
    "residual_multiplier": lambda m: m.residual_scale,
    "attention_multiplier": lambda m: m.d_k**-0.5 if isinstance(m.scale, bool) else m.scale,
    "logits_scaling": lambda m: 1.0 if m.logit_scale is None else 1.0 / m.logit_scale,
    "logit_scale": lambda m: 1.0 if m.logit_scale is None else m.logit_scale,
    "query_pre_attn_scalar": lambda m: m.d_k if isinstance(m.scale, bool) else m.scale**-2,
    "attn_logit_softcapping": lambda m: m.score_softcap,
    "final_logit_softcapping": lambda m: m.logit_softcap,
}


class Model:
    """A model's keys, with what a config asks in other words: whether a site has a bias, how many positions."""

    def __init__(self, config: Any, positions: int) -> None:
        self.config, self.positions = config, config.positions or positions

    def __getattr__(self, name: str) -> Any:
        return getattr(self.config, name)

    def site(self, name: str) -> bool:
        """Whether the layers of a site have a bias."""
        return bool(self.config.bias if isinstance(self.config.bias, bool) else getattr(self.config.bias, name))


def config_for(family: Family, config: Any, vocab: int, positions: int) -> dict[str, Any]:
    """A config.json that says what this model is, as far as the family has words for it."""
    m = Model(config, positions)
    found: dict[str, Any] = {
        "architectures": [family.architecture],
        "model_type": family.types[0],
        "vocab_size": vocab,
        "max_position_embeddings": _longest(m),
    }
    for key, reader in family.keys.items():
        if isinstance(reader, str):
            value: Any = m
            for part in reader.split("."):
                value = getattr(value, part)
            found[key] = value
        elif key in _BACK and (value := _BACK[key](m)) is not None:
            found[key] = value
    return found


def checkpoint(
    family: Family, arrays: Mapping[str, np.ndarray], names: Mapping[str, str], model: Heads
) -> dict[str, np.ndarray]:
    """Our parameters by path as the tensors of a checkpoint; ``names`` are full names that are known already.

    Raises FamilyError for a parameter that the family has no tensor for.
    """
    found: dict[str, np.ndarray] = {}
    for path, array in work.each(list(arrays.items()), work.TENSORS):
        held = held_by(family, path, names.get(path, ""), model) or held_by(family, path, "", model)
        if held is None:
            if layer_pattern(path)[0] in family.fixed and (array == 1).all():
                continue
            raise FamilyError(
                Bilingual(
                    "{family} has no tensor for {path}",
                    "{family} 没有对应 {path} 的张量",
                    family=family.name,
                    path=path,
                )
            )
        name, how = held
        if name not in found:
            count = sum(
                1
                for other in arrays
                if (layer_pattern(other)[0], *_layer(other)) == (layer_pattern(path)[0], *_layer(path))
            )
            found[name] = np.zeros(whole(how.relation, array.shape, model, count), array.dtype)
        how.relation.put(array, found[name], model)
    return found


def held_by(family: Family, path: str, known: str, model: Heads) -> tuple[str, Theirs] | None:
    """Under which full name a checkpoint holds a parameter, and how; ``known`` is the name that it has already."""
    parts = {anchor.partition(".")[0] for anchor in family.anchors}  # of the model without its output layer
    for how in theirs(family, path, None if known else model):
        if known and (known == how.name or known.endswith(f".{how.name}")):
            return known, how
        if not known:
            inside = not path.startswith("out.") or how.name.partition(".")[0] in parts
            return (family.prefix if inside else "") + how.name, how
    return None


def _layer(path: str) -> tuple[int | None]:
    return (layer_pattern(path)[1].get("i"),)


def whole(relation: Relation, ours: Shape, model: Heads, count: int) -> Shape:
    """The shape of the whole tensor of theirs of which ours is a part; ``count`` experts share it."""
    shape = list(ours[::-1] if relation.transposed else ours)
    if relation.part is not None:
        _, pieces, first, end = relation.part.cut(model)
        out = len(shape) - 1 if relation.last else 0
        shape[out] = shape[out] * pieces // (end - first)
    if relation.flat:
        shape = [1, *shape]
    return (count, *shape) if relation.index is not None else tuple(shape)
