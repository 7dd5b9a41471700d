"""The JSON Schema of scenario files, made from `schema`: editors complete and check from it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from tfstep.models.config import ModelConfig
from tfstep.models.keys.key import LARGEST, choices_of, fields, keys
from tfstep.models.keys.kinds import KINDS
from tfstep.scenario.keys.schema import DRAWN, PARTS, FilePart, VariantPart

_NUMBERS = {"anyOf": [{"type": "number"}, {"type": "array", "items": {"$ref": "#/$defs/Numbers"}}]}
_REFERENCES = {"numbers": "#/$defs/Numbers", "variant": "#/$defs/VariantPart", "drawn": "#/$defs/Drawn"}


def json_schema() -> dict[str, object]:
    """The schema as a dictionary; ``model:`` takes the keys of its kind only."""
    definitions: dict[str, Any]
    _, definitions = msgspec.json.schema_components([FilePart, VariantPart], ref_template="#/$defs/{name}")
    for part in PARTS.values():
        properties, kinds = definitions[part.__name__]["properties"], fields(part)
        defaults = msgspec.to_builtins(part())
        for name, key in keys(part).items():
            properties[name]["description"] = key.about.in_("en")
            properties[name]["default"] = defaults[name] or (None if key.follows else defaults[name])
            if {"type": "null"} in properties[name].get("anyOf", ()):  # that a key may be left out is no value
                properties[name] |= _one_of(
                    [each for each in properties[name].pop("anyOf") if each != {"type": "null"}]
                )
            if choices := choices_of(kinds[name]):
                properties[name]["enum"] = list(choices)  # in the order in which they are declared
    schema = definitions.pop("FilePart")
    schema["$defs"] = {**definitions, "Numbers": _NUMBERS, "Drawn": DRAWN}
    schema["required"] = ["model"]
    definitions["ModelConfig"]["required"] = ["kind"]
    definitions["ModelConfig"]["properties"]["kind"].pop("default")
    schema["allOf"] = [_keys_of(kind) for kind in KINDS]
    tidy = _tidy(schema)
    assert isinstance(tidy, dict)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **tidy, "title": "tfstep scenario"}


def _one_of(types: list[dict[str, Any]]) -> dict[str, Any]:
    return types[0] if len(types) == 1 else {"anyOf": types}


def _keys_of(kind: str) -> dict[str, object]:
    names = [name for name, key in keys(ModelConfig).items() if kind in key.kinds]
    return {
        "if": {
            "properties": {"model": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}},
            "required": ["model"],
        },
        "then": {"properties": {"model": {"propertyNames": {"enum": names}}}},
    }


def _tidy(schema: object) -> object:
    """References put in; generated titles, and defaults that say nothing, left out."""
    if isinstance(schema, list | tuple):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$nested" in schema:
        return {"$ref": _REFERENCES[schema["$nested"]]}
    return {
        key: _tidy(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
        and not (key == "required" and value == [])
        and not (key == "default" and (isinstance(value, dict) or value in (None, "", (), [])))
        and not (key in ("minimum", "maximum") and abs(value) == LARGEST)
    }


def as_shipped() -> str:
    """The text of the file that ships; ``docs/make.py`` writes it."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"
