"""The JSON Schema that ships."""

import json

from tfstep.scenario.keys.about import ABOUT, PARTS
from tfstep.scenario.keys.json_schema import SHIPPED, json_schema
from tfstep.scenario.keys.kinds import INPUTS, KEYS
from tfstep.scenario.keys.schema import ExamplePart, InputPart, ModelPart


def test_the_schema_that_ships_is_up_to_date() -> None:
    assert json.loads(SHIPPED.read_text(encoding="utf-8")) == json_schema(), (
        "python -m tfstep.scenario.keys.json_schema"
    )


def test_every_key_has_its_kinds() -> None:
    assert set(KEYS) == set(ModelPart.__struct_fields__)
    assert set(INPUTS) == set(InputPart.__struct_fields__)
    assert set(ExamplePart.__struct_fields__) <= set(INPUTS)


def test_every_key_says_what_it_is_for() -> None:
    assert {name: set(texts) for name, texts in ABOUT.items()} == {
        name: set(part.__struct_fields__) for name, part in PARTS.items()
    }


def test_every_reference_leads_somewhere_and_no_default_is_a_stand_in() -> None:
    schema = json_schema()
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    for part in walk(schema):
        if "$ref" in part:
            assert str(part["$ref"]).removeprefix("#/$defs/") in definitions
        assert "$nested" not in part
        assert part.get("default", 0) is not None
    assert "default" not in definitions["ModelPart"]["properties"]["d_k"]
    assert definitions["ModelPart"]["properties"]["activation"]["default"] == "relu"


def test_lists_are_declared_as_every_editor_reads_them() -> None:
    schema = json_schema()
    assert not [part for part in walk(schema) if "prefixItems" in part or part.get("items") is False]
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    betas = definitions["TrainPart"]["properties"]["betas"]
    assert (betas["minItems"], betas["maxItems"], betas["default"]) == (2, 2, [0.9, 0.999])


def walk(node: object) -> list[dict[str, object]]:
    if isinstance(node, dict):
        return [node, *(part for value in node.values() for part in walk(value))]
    return [part for item in node for part in walk(item)] if isinstance(node, list) else []
