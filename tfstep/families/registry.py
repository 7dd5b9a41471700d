"""Every family by name and by the `model_type` of its config.json; a table is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from tfstep.errors import did_you_mean
from tfstep.families.config import FamilyError
from tfstep.families.family import Family
from tfstep.text import Bilingual

_HOMES = {
    "gpt2": "decoders.gpt2",
    "llama": "decoders.llama",
}
_TYPES: dict[str, str] = {}
_OTHERWISE = {  # known, and not computed: what they need that is not here
    "deepseek_v2": "MLA",
    "deepseek_v3": "MLA",
    "minicpm3": "MLA",
    "qwen3_next": "gated delta net",
    "mamba": "state space",
    "mamba2": "state space",
    "vit": "vision",
    "clip": "vision",
    "whisper": "speech",
    "wav2vec2": "speech",
    "llava": "vision",
    "gemma3": "vision",
    "qwen2_vl": "vision",
    "mllama": "vision",
}


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


def of_type(model_type: object) -> Family:
    """The family of a `model_type`. Raises FamilyError for one that does not open."""
    name = _TYPES.get(model_type, model_type) if isinstance(model_type, str) else None
    if isinstance(name, str) and name in _HOMES:
        return family(name)
    why = _OTHERWISE.get(model_type) if isinstance(model_type, str) else None
    raise FamilyError(
        Bilingual(
            "config.json: model_type is {found}{why}; what opens: {known}",
            "config.json：model_type 为 {found}{why}；可打开的有：{known}",
            found=repr(model_type)[:60],
            why=Bilingual(" ({it}, which is not computed)", "（{it}，无法计算）", it=why) if why else Bilingual("", ""),
            known=", ".join(dict.fromkeys((*_HOMES, *_TYPES))),
        )
    )
