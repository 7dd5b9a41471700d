"""The JSON Schema that ships."""

from tfstep.models.keys.key import keys
from tfstep.scenario.keys.declared import SHIPPED
from tfstep.scenario.keys.json_schema import as_shipped, json_schema
from tfstep.scenario.keys.schema import PARTS


def test_the_schema_that_ships_is_up_to_date() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == as_shipped(), "python docs/make.py"


def test_every_key_is_declared_with_what_it_is_for_and_its_kinds() -> None:
    for section in PARTS.values():
        assert set(keys(section)) == set(section.__struct_fields__)
        assert all(key.about.en and key.about.zh and key.kinds for key in keys(section).values())


def test_every_reference_leads_somewhere_and_no_default_is_a_stand_in() -> None:
    schema = json_schema()
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    for part in walk(schema):
        if "$ref" in part:
            assert str(part["$ref"]).removeprefix("#/$defs/") in definitions
        assert "$nested" not in part
        assert part.get("default", 0) is not None
    assert "default" not in definitions["ModelConfig"]["properties"]["d_k"]
    assert definitions["ModelConfig"]["properties"]["activation"]["default"] == "relu"


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
