"""GGUF: what its metadata says as a config.json would, and its tensors as they stand in a folder.

The converters of llama.cpp rename every tensor, permute the rows of q and k for Llama (pairs side by side instead of
halves), and store Gemma's norms with the 1 added.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tfstep.families.config import FamilyError
from tfstep.text import Bilingual

_BLOCK = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_qkv": "self_attn.qkv_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_BOTH = {
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}
_BLOCKS = {
    "phi3": _BLOCK | {"ffn_up": "mlp.gate_up_proj"},
    "starcoder2": _BLOCK | {"ffn_up": "mlp.c_fc", "ffn_down": "mlp.c_proj"},
    "gemma2": _BLOCK | _BOTH,
    "gemma3": _BLOCK | _BOTH,
}
_TOP = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
ARCHITECTURES = {  # general.architecture → model_type
    "llama": "llama",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "phi3": "phi3",
    "starcoder2": "starcoder2",
    "gemma": "gemma",
    "gemma2": "gemma2",
    "gemma3": "gemma3_text",
}
_PERMUTED = ("llama",)
_KEYS = {
    "block_count": "num_hidden_layers",
    "embedding_length": "hidden_size",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps",
    "attention.layer_norm_epsilon": "norm_epsilon",
    "attention.sliding_window": "sliding_window",
    "attention.key_length": "head_dim",
    "context_length": "max_position_embeddings",
    "rope.freq_base": "rope_theta",
    "rope.freq_base_swa": "rope_local_base_freq",
    "vocab_size": "vocab_size",
    "attn_logit_softcapping": "attn_logit_softcapping",
    "final_logit_softcapping": "final_logit_softcapping",
}
_NEUTRAL: dict[str, tuple[Any, ...]] = {"expert_count": (0,), "expert_used_count": (0,)}
_STRETCH = "rope.scaling."


def in_folder(arch: str, name: str) -> str:
    """The name of a tensor in a folder; the name itself where it has none."""
    head, _, last = name.rpartition(".")
    if head in _TOP:
        return f"{_TOP[head]}.{last}"
    match = re.fullmatch(r"blk\.(\d+)\.(\w+)", head)
    block = _BLOCKS.get(arch, _BLOCK)
    return f"model.layers.{match[1]}.{block[match[2]]}.{last}" if match and match[2] in block else name


def as_in_folder(arch: str, name: str, array: np.ndarray, meta: Mapping[str, Any]) -> np.ndarray:
    """The numbers of a tensor as they stand in a folder."""
    if arch.startswith("gemma") and "norm" in name and name.endswith("weight"):
        return np.asarray(array - array.dtype.type(1))
    which = re.search(r"\.self_attn\.([qk])_proj\.", name)
    if arch in _PERMUTED and which is not None:
        heads = meta.get(f"{arch}.attention.head_count", 1)
        if which[1] == "k":
            heads = meta.get(f"{arch}.attention.head_count_kv", heads)
        return array.reshape(heads, -1, 2, *array.shape[1:]).swapaxes(1, 2).reshape(array.shape)
    return array


def config(
    meta: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], numbers: Callable[[str], Sequence[float]]
) -> dict[str, Any]:
    """The metadata as the keys of a config.json; ``shapes`` are those of the tensors, by their names in the file, and
    ``numbers`` reads one of them.

    Raises FamilyError for an architecture, or a key, that is not computed.
    """
    arch = meta.get("general.architecture")
    if not isinstance(arch, str) or arch not in ARCHITECTURES:
        raise FamilyError(
            Bilingual(
                "general.architecture is {found!r}; what opens: {known}",
                "general.architecture 为 {found!r}；可打开的有：{known}",
                found=arch,
                known=", ".join(ARCHITECTURES),
            )
        )
    found: dict[str, Any] = {"model_type": ARCHITECTURES[arch]}
    for key, value in meta.items():
        if not key.startswith(f"{arch}."):
            continue
        short = key.removeprefix(f"{arch}.")
        if short.startswith(_STRETCH):
            continue
        if short in _KEYS:
            found[_KEYS[short]] = value
        elif short in ("rope.dimension_count", "attention.value_length"):
            width = meta.get(f"{arch}.attention.key_length") or _width(meta, arch)
            if value != width:
                raise _refused(key, value)
        elif value not in _NEUTRAL.get(short, ()):
            raise _refused(key, value)
    stretched = _stretched(arch, meta, shapes, numbers)
    if stretched is not None:
        found["rope_scaling"] = stretched
    if arch == "gemma3" and "sliding_window" in found:
        found.setdefault("rope_local_base_freq", 10000.0)
    if "token_embd.weight" in shapes:
        found["vocab_size"] = shapes["token_embd.weight"][0]
    found["tie_word_embeddings"] = "output.weight" not in shapes
    for role in ("bos", "eos"):
        found[f"{role}_token_id"] = meta.get(f"tokenizer.ggml.{role}_token_id")
    return found


def _stretched(
    arch: str,
    meta: Mapping[str, Any],
    shapes: Mapping[str, tuple[int, ...]],
    numbers: Callable[[str], Sequence[float]],
) -> dict[str, Any] | None:
    """`rope_scaling` of a config.json. The factors of Llama 3.1 and of Phi's longrope are tensors of the file.

    Raises FamilyError for a way that is not computed.
    """
    prefix = f"{arch}.{_STRETCH}"
    said = {key.removeprefix(prefix): value for key, value in meta.items() if key.startswith(prefix)}
    kind, factor = said.pop("type", "none"), said.pop("factor", 1.0)
    original, attention = said.pop("original_context_length", None), said.pop("attn_factor", None)
    longest = meta.get(f"{arch}.context_length")
    if kind not in ("none", "linear", "longrope") or said:
        key, value = (
            next(iter(said.items()), ("type", kind)) if kind in ("none", "linear", "longrope") else ("type", kind)
        )
        raise _refused(f"{prefix}{key}", value)
    if "rope_freqs.weight" in shapes:
        given = [float(each) for each in numbers("rope_freqs.weight")]
        return _llama3(given, meta, arch) or {
            "rope_type": "longrope",
            "factor": 1.0,
            "original_max_position_embeddings": longest or 1,
            "short_factor": given,
            "long_factor": given,
        }
    short, long = (f"rope_factors_{which}.weight" for which in ("short", "long"))
    if short in shapes and long in shapes:
        if type(original) is not int or type(longest) is not int or original < 1:
            raise _refused(f"{prefix}original_context_length", original)
        return {
            "rope_type": "longrope",
            "factor": longest / original,
            "original_max_position_embeddings": original,
            "short_factor": [float(each) for each in numbers(short)],
            "long_factor": [float(each) for each in numbers(long)],
        } | ({} if attention is None else {"attention_factor": attention})
    if kind == "longrope":
        raise _refused(f"{prefix}type", kind)
    return {"rope_type": "linear", "factor": factor} if kind == "linear" else None


def _llama3(given: Sequence[float], meta: Mapping[str, Any], arch: str) -> dict[str, Any] | None:
    """The rule of Llama 3.1 with its published ramp, if these are its factors: 1 for short waves, the factor for long."""
    factor, original, low, high = max(given, default=1.0), 8192, 1.0, 4.0
    base = float(meta.get(f"{arch}.rope.freq_base", 10000.0))
    waves = 2 * np.pi * base ** (np.arange(len(given)) / max(1, len(given)))
    smooth = np.clip((original / waves - low) / (high - low), 0, 1)
    if factor <= 1 or not np.allclose(1 / ((1 - smooth) / factor + smooth), given, rtol=1e-6, atol=0):
        return None
    ramp = {"low_freq_factor": low, "high_freq_factor": high}
    return {"rope_type": "llama3", "factor": factor, "original_max_position_embeddings": original, **ramp}


def _width(meta: Mapping[str, Any], arch: str) -> int:
    heads, width = meta.get(f"{arch}.attention.head_count"), meta.get(f"{arch}.embedding_length")
    return width // heads if isinstance(heads, int) and isinstance(width, int) and heads else 0


def _refused(key: str, value: object) -> FamilyError:
    return FamilyError(
        Bilingual(
            "{key} is {value}, which is not computed", "{key} 为 {value}，无法计算", key=key, value=repr(value)[:80]
        )
    )
