"""Keys that differ from layer to layer: windows, rotary angles, layers without them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfstep.families.config import Config, Reader, nothing, refused
from tfstep.families.rope import section, written
from tfstep.families.shared import FULL, SLIDING, layer_types, pattern


def by_layer(value: Any, config: Config) -> dict[str, Any]:
    """Windows on the layers that `layer_types`, or in older files `max_window_layers`, says."""
    layers = config.whole("num_hidden_layers")
    size = config["sliding_window"] if config["use_sliding_window"] else None
    first = config["max_window_layers"] or 0
    kinds = layer_types(
        config, [FULL if size is None or i < first else SLIDING for i in range(layers)], (FULL, SLIDING)
    )
    if SLIDING in kinds and size is None:
        raise config.fault("sliding_window")
    return pattern([{"window": size} if kind == SLIDING else {} for kind in kinds])


def sections(found: Mapping[str, Any], config: Config, pairs: str) -> dict[str, Any]:
    """`rope:` of each type of layer. Raises FamilyError for a type that is not known."""
    for kind, value in found.items():
        if kind not in (FULL, SLIDING):
            raise refused(f"rope_parameters.{kind}", value, config.family, None)
    return {kind: section(found[kind], config, pairs) for kind in (FULL, SLIDING)}


def by_type(pairs: str, full: Mapping[str, Any] | None = None, local: bool = False) -> dict[str, Reader]:
    """The keys of a model whose windows, and with them perhaps the rotary angles, go by `layer_types`.

    ``full`` is what the layers without a window have otherwise; ``local`` says that files have had a base of their own
    for those with one.
    """

    def read(value: Any, config: Config) -> dict[str, Any]:
        layers, size = config.whole("num_hidden_layers"), config["sliding_window"]
        every = config["sliding_window_pattern"] or config.whole("_sliding_window_pattern")
        kinds = layer_types(config, [FULL if (i + 1) % every == 0 else SLIDING for i in range(layers)], (FULL, SLIDING))
        if SLIDING in kinds:
            config.whole("sliding_window")
        found = config["rope_parameters"]
        if isinstance(found, dict) and FULL in found:
            ropes = sections(found, config, pairs)
        else:
            ropes = dict.fromkeys((FULL, SLIDING), section(written(config), config, pairs))
            if local and (base := config["rope_local_base_freq"]) is not None:
                ropes[SLIDING] = {"base": base, "pairs": pairs}
        each = []
        for kind in kinds:
            entry: dict[str, Any] = {} if kind == FULL else {"window": size}
            if ropes[kind] != ropes[FULL]:
                entry["rope"] = ropes[kind]
            entry |= (full or {}) if kind == FULL else {}
            each.append(entry)
        return {"rope": ropes[FULL], **pattern(each)}

    return {
        "rope_parameters": read,
        "sliding_window": nothing,
        "sliding_window_pattern": nothing,
        "_sliding_window_pattern": nothing,
        "layer_types": nothing,
        **({"rope_local_base_freq": nothing} if local else {}),
    }
