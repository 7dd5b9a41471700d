"""Rotary positions in config.json: `rope_parameters` of today, `rope_theta` and `rope_scaling` of before."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tfstep.families.config import Config, Reader, nothing, refused

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
_ALSO = {"rope_type", "type", "rope_theta", "partial_rotary_factor", "original_max_position_embeddings"}


def written(config: Config) -> dict[str, Any]:
    """The rotary parameters, wherever they are written; older keys count where the newer ones are silent."""
    found = config["rope_parameters"] or config["rope_scaling"] or {}
    if not isinstance(found, Mapping):
        raise config.fault("rope_parameters" if config["rope_parameters"] else "rope_scaling")
    before = {"rope_theta": config["rope_theta"], "partial_rotary_factor": config["partial_rotary_factor"]}
    return {**{key: value for key, value in before.items() if value is not None}, **found}


def section(found: Mapping[str, Any], config: Config, pairs: str) -> dict[str, Any]:
    """`rope:` of one set of parameters. Raises FamilyError for a kind or a key that is not computed."""
    kind = found.get("rope_type", found.get("type", "default")) or "default"
    if kind == "su":
        kind = "longrope"
    if not isinstance(kind, str) or kind not in KEYS:
        raise refused("rope_type", kind, config.family, None)
    for key, value in found.items():
        if key not in KEYS[kind] and key not in _ALSO and value is not None:
            raise refused(f"rope_parameters.{key}", value, config.family, None)
    rope: dict[str, Any] = {"base": found.get("rope_theta") or 10000.0, "pairs": pairs}
    part = found.get("partial_rotary_factor")
    if part not in (None, 1, 1.0):
        rope["part"] = part
    scaling = {ours: found[theirs] for theirs, ours in KEYS[kind].items() if found.get(theirs) is not None}
    longest = config["max_position_embeddings"]
    if kind == "dynamic":
        scaling.setdefault("original", longest)
    if kind in ("yarn", "longrope"):
        scaling.setdefault("original", config["original_max_position_embeddings"] or longest)
        if kind == "longrope":
            scaling.setdefault("factor", longest / scaling["original"])
    return rope | ({} if kind == "default" else {"scaling": {"kind": kind, **scaling}})


def rope(pairs: str) -> Reader:
    """`rope:` of a model whose layers all turn alike."""

    def read(value: Any, config: Config) -> dict[str, Any]:
        return {"rope": section(written(config), config, pairs)}

    return read


def rope_keys(pairs: str = "half") -> dict[str, Reader]:
    """The keys of config.json that say how positions turn."""
    return {
        "rope_parameters": rope(pairs),
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
