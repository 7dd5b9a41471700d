"""Rotary positions in config.json: `rope_parameters` of today, `rope_theta` and `rope_scaling` of before."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tfstep.families.config import NUMBER, Config, FamilyError, Reader, missing, nothing, one_of, refused
from tfstep.text import Bilingual

KEYS = {  # of the dictionary, by kind: theirs → ours
    "default": {},
    "linear": {"factor": "factor"},
    "dynamic": {"factor": "factor"},
    "llama3": {
        "factor": "factor",
        "original_max_position_embeddings": "original",
        "low_freq_factor": "low",
        "high_freq_factor": "high",
    },
    "yarn": {
        "factor": "factor",
        "original_max_position_embeddings": "original",
        "beta_fast": "beta_fast",
        "beta_slow": "beta_slow",
        "truncate": "truncate",
        "attention_factor": "attention",
    },
    "longrope": {
        "factor": "factor",
        "original_max_position_embeddings": "original",
        "attention_factor": "attention",
        "short_factor": "short",
        "long_factor": "long",
    },
}
_NEEDED = {
    "linear": ("factor",),
    "dynamic": ("factor",),
    "llama3": ("factor", "original_max_position_embeddings", "low_freq_factor", "high_freq_factor"),
    "yarn": ("factor",),
    "longrope": ("short_factor", "long_factor"),
}
"""Without which the library opens no folder."""
_ALSO = {"rope_type", "type", "rope_theta", "partial_rotary_factor", "original_max_position_embeddings"}


def written(config: Config) -> dict[str, Any]:
    """The rotary parameters, wherever they are written; older keys count where the newer ones are silent."""
    found = config["rope_scaling"] or config["rope_parameters"] or {}  # the older key goes before, as in the library
    if not isinstance(found, Mapping):
        raise config.fault(key_of(config))
    before = {"rope_theta": config["rope_theta"], "partial_rotary_factor": config["partial_rotary_factor"]}
    return {**{key: value for key, value in before.items() if value is not None}, **found}


def key_of(config: Config) -> str:
    """The key of config.json that has them."""
    return "rope_scaling" if config["rope_scaling"] else "rope_parameters"


def odd(found: Mapping[str, Any], config: Config, key: str, needed: Bilingual) -> FamilyError:
    """The error for one of the parameters, wherever it is written."""
    inner = config[key_of(config)]
    there = isinstance(inner, Mapping) and (key in inner or key not in config.given)
    return refused(f"{key_of(config)}.{key}" if there else key, found[key], config.family, needed)


def section(found: Mapping[str, Any], config: Config, pairs: str, part: bool = False) -> dict[str, Any]:
    """`rope:` of one set of parameters; ``part`` says whether the library lets a part of the features turn.

    Raises FamilyError for a kind or a key that is not computed, or a number that no angle can be made of.
    """
    name = "rope_type" if found.get("rope_type") is not None or "type" not in found else "type"
    kind = found.get(name) or "default"
    if kind == "su":
        kind = "longrope"
    if not isinstance(kind, str) or kind not in KEYS:
        raise refused(f"{key_of(config)}.{name}", kind, config.family, one_of(KEYS))
    for key, value in found.items():
        if key not in KEYS[kind] and key not in _ALSO and value is not None:
            raise refused(f"{key_of(config)}.{key}", value, config.family, None)
    for key in _NEEDED.get(kind, ()):
        if found.get(key) is None:
            raise missing(f"{key_of(config)}.{key}", kind)
    for key in ("rope_theta", "factor"):
        if (value := found.get(key)) is not None and not (type(value) in (int, float) and value > 0):
            raise odd(found, config, key, NUMBER)
    base, share = found.get("rope_theta"), found.get("partial_rotary_factor")
    rope: dict[str, Any] = {"base": 10000.0 if base is None else base, "pairs": pairs}
    if share not in (None, 1, 1.0):
        if not part:
            raise odd(found, config, "partial_rotary_factor", one_of([1]))
        rope["part"] = share
    scaling = {ours: found[theirs] for theirs, ours in KEYS[kind].items() if found.get(theirs) is not None}
    longest = config["max_position_embeddings"]
    if kind == "dynamic":
        scaling.setdefault("original", longest)
    if kind in ("yarn", "longrope"):
        scaling.setdefault("original", config["original_max_position_embeddings"] or longest)
        if kind == "longrope":
            scaling.setdefault("factor", longest / scaling["original"])
    return rope | ({} if kind == "default" else {"scaling": {"kind": kind, **scaling}})


def rope(pairs: str, part: bool = False) -> Reader:
    """`rope:` of a model whose layers all turn alike."""

    def read(value: Any, config: Config) -> dict[str, Any]:
        return {"rope": section(written(config), config, pairs, part)}

    return read


def rope_keys(pairs: str = "half", part: bool = False) -> dict[str, Reader]:
    """The keys of config.json that say how positions turn."""
    return {
        "rope_parameters": rope(pairs, part),
        "rope_theta": nothing,
        "rope_scaling": nothing,
        "partial_rotary_factor": nothing,
        "original_max_position_embeddings": nothing,
    }


def share(turned: int, of: int) -> float:
    """The share of the features that turn."""
    return turned / of


def root(x: float) -> float:
    """1 / √x."""
    return 1.0 / math.sqrt(x)
