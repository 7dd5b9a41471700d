"""Every family by name and by the `model_type` of its config.json; a table is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from tfstep.errors import did_you_mean
from tfstep.families.config import FamilyError
from tfstep.families.family import Family
from tfstep.text import Bilingual

_HOMES = {
    "pytorch": "pytorch",
    "gpt2": "decoders.gpt2",
    "opt": "decoders.opt",
    "gpt-neox": "decoders.neox",
    "gptj": "decoders.neox",
    "bloom": "decoders.neox",
    "mpt": "decoders.mpt",
    "falcon": "decoders.mpt",
    "llama": "decoders.llama",
    "mistral": "decoders.llama",
    "granite": "decoders.llama",
    "qwen2": "decoders.qwen",
    "qwen3": "decoders.qwen",
    "qwen3-moe": "decoders.qwen",
    "mixtral": "decoders.qwen",
    "gemma": "decoders.gemma",
    "gemma2": "decoders.gemma",
    "gemma3": "decoders.gemma",
    "phi": "decoders.phi",
    "phi3": "decoders.phi",
    "glm4": "decoders.phi",
    "gpt-oss": "decoders.phi",
    "olmo": "decoders.olmo",
    "olmo2": "decoders.olmo",
    "olmo3": "decoders.olmo",
    "cohere": "decoders.cohere",
    "cohere2": "decoders.cohere",
    "smollm3": "decoders.kin",
    "stablelm": "decoders.kin",
    "nemotron": "decoders.kin",
    "starcoder2": "decoders.kin",
    "bert": "encoders.bert",
    "roberta": "encoders.bert",
    "electra": "encoders.bert",
    "distilbert": "encoders.bert",
    "albert": "encoders.bert",
    "modernbert": "encoders.modernbert",
    "t5": "pairs.t5",
    "mt5": "pairs.t5",
    "bart": "pairs.bart",
    "marian": "pairs.bart",
}
_TYPES = {  # `model_type` of config.json, where it is not the name
    "gpt_neox": "gpt-neox",
    "qwen3_moe": "qwen3-moe",
    "gemma3_text": "gemma3",
    "gpt_oss": "gpt-oss",
    "xlm-roberta": "roberta",
    "camembert": "roberta",
    "RefinedWeb": "falcon",
    "RefinedWebModel": "falcon",
}
_DELTA = Bilingual("gated delta net", "门控 delta 网络")
_STATES = Bilingual("state space", "状态空间模型")
_SEES, _HEARS = Bilingual("vision", "视觉"), Bilingual("speech", "语音")
_OTHERWISE: dict[str, Bilingual] = {  # known, and not computed: what they need that is not here
    **dict.fromkeys(("deepseek_v2", "deepseek_v3", "minicpm3"), Bilingual("MLA", "多头潜在注意力 MLA")),
    **dict.fromkeys(("qwen3_next", "qwen3_5", "qwen3_5_text", "qwen3_5_moe", "kimi_linear", "olmo_hybrid"), _DELTA),
    **dict.fromkeys(("mamba", "mamba2", "jamba"), _STATES),
    **dict.fromkeys(("vit", "clip", "siglip", "dinov2", "llava", "qwen2_vl", "qwen2_5_vl", "mllama"), _SEES),
    **dict.fromkeys(("whisper", "wav2vec2", "hubert"), _HEARS),
    **dict.fromkeys(
        ("gemma4", "gemma4_text", "gemma3n", "gemma3n_text"), Bilingual("inputs of their own a layer", "逐层输入")
    ),
    **dict.fromkeys(("llama4", "llama4_text"), Bilingual("experts on weighted inputs", "输入加权的专家")),
    **dict.fromkeys(("deberta", "deberta-v2"), Bilingual("disentangled attention", "解耦注意力")),
}


_SEEING = {"gemma3": "gemma3_text"}  # see images too: the `model_type` of their `text_config`


def names() -> tuple[str, ...]:
    """The names of all families."""
    return tuple(_HOMES)


def family(name: str) -> Family:
    """The family of a name. Raises FamilyError, naming the nearest."""
    if name not in _HOMES:
        raise FamilyError(
            Bilingual(
                "there is no family {name!r}{near}; the families: {known}",
                "没有家族 {name!r}{near}；可用：{known}",
                name=name[:60],
                near=did_you_mean(name, _HOMES),
                known=", ".join(_HOMES),
            )
        )
    module = import_module(f"tfstep.families.tables.{_HOMES[name]}")
    found = getattr(module, name.replace(".", "_").replace("-", "_").upper())
    assert isinstance(found, Family)
    return found


def families() -> Iterator[Family]:
    """All of them."""
    return map(family, _HOMES)


def types(of: Family) -> tuple[str, ...]:
    """What `model_type` may be in a config.json of the family; nothing for modules, which have none."""
    if not of.architecture:
        return ()
    return tuple(dict.fromkeys((*of.types, *_aliases(of))))


def _aliases(of: Family) -> Iterator[str]:
    yield from (each for each, name in _TYPES.items() if name == of.name)
    yield from (each for each, kind in _SEEING.items() if kind in of.types)


def text_part(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a config says of the model that reads text, where it is one of several parts (Gemma-3 from 4b on).

    Given text alone, the library computes with no other part.
    """
    kind, part = config.get("model_type"), config.get("text_config")
    if not isinstance(kind, str) or kind not in _SEEING or not isinstance(part, Mapping):
        return config
    roles = {key: value for key, value in config.items() if key.endswith("_token_id") and value is not None}
    return {**part, **roles, "model_type": _SEEING[kind]}


def of_type(model_type: object) -> Family:
    """The family of a `model_type`. Raises FamilyError for one that does not open."""
    name = _TYPES.get(model_type, model_type) if isinstance(model_type, str) else None
    if isinstance(name, str) and name in _HOMES and model_type not in _OTHERWISE:
        return family(name)
    why = _OTHERWISE.get(model_type) if isinstance(model_type, str) else None
    known = sorted(each for other in families() for each in types(other))
    raise FamilyError(
        Bilingual(
            "config.json: model_type is {found}{why}{near}; what opens: {known}",
            "config.json：model_type 为 {found}{why}{near}；可打开的有：{known}",
            found=repr(model_type)[:60],
            why=Bilingual(" ({it}, which is not computed)", "（{it}，无法计算）", it=why) if why else Bilingual("", ""),
            near=did_you_mean(model_type, known) if isinstance(model_type, str) and not why else "",
            known=", ".join(known),
        )
    )
