"""The JSON Schema of scenario files, made from `schema`: editors complete and check from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from tfstep.scenario.keys.about import ABOUT, PARTS
from tfstep.scenario.keys.kinds import KEYS, KINDS
from tfstep.scenario.keys.schema import LARGEST, FilePart, VariantPart, choices_of, fields

SHIPPED = Path(__file__).with_name("scenario.schema.json")
_NUMBERS = {"anyOf": [{"type": "number"}, {"type": "array", "items": {"$ref": "#/$defs/Numbers"}}]}
_REFERENCES = {"numbers": "#/$defs/Numbers", "variant": "#/$defs/VariantPart"}
# defaults that follow from other keys: the number in the class is only a stand-in
_DEPENDENT = {"kind", "kv_heads", "d_k", "d_v", "d_ff", "head", "sizes", "encoder", "decoder"}


def json_schema() -> dict[str, object]:
    """The schema as a dictionary; ``model:`` takes the keys of its kind only."""
    definitions: dict[str, Any]
    _, definitions = msgspec.json.schema_components([FilePart, VariantPart], ref_template="#/$defs/{name}")
    for section, part in PARTS.items():
        properties, kinds = definitions[part.__name__]["properties"], fields(part)
        defaults = msgspec.to_builtins(part())
        for key, about in ABOUT[section].items():
            properties[key]["description"] = about.in_("en")
            properties[key]["default"] = defaults[key]
            if choices := choices_of(kinds[key]):
                properties[key]["enum"] = list(choices)  # in the order in which they are declared
    schema = definitions.pop("FilePart")
    schema["$defs"] = {**definitions, "Numbers": _NUMBERS}
    schema["required"] = ["model"]
    definitions["ModelPart"]["required"] = ["kind"]
    schema["allOf"] = [_keys_of(kind) for kind in KINDS]
    tidy = _tidy(schema)
    assert isinstance(tidy, dict)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **tidy, "title": "tfstep scenario"}


def _keys_of(kind: str) -> dict[str, object]:
    names = [key for key, kinds in KEYS.items() if kind in kinds]
    return {
        "if": {
            "properties": {"model": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}},
            "required": ["model"],
        },
        "then": {"properties": {"model": {"propertyNames": {"enum": names}}}},
    }


def _tidy(schema: object, name: str = "") -> object:
    """References put in; generated titles and stand-in defaults left out."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$nested" in schema:
        return {"$ref": _REFERENCES[schema["$nested"]]}
    return {
        key: _tidy(value, key)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
        and not (key == "required" and value == [])
        and not (key == "default" and (isinstance(value, dict) or value in (None, "", []) or name in _DEPENDENT))
        and not (key in ("minimum", "maximum") and abs(value) == LARGEST)
    }


def write(path: Path = SHIPPED) -> None:
    """Write the schema beside this file, where it ships."""
    path.write_text(json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
