"""What is said of a wrong value, for every kind of type that a key may have, and how a key is declared."""

from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, ValidationError, convert

from tfstep.models.config import ModelConfig
from tfstep.models.keys.key import Key, Positive, Section, Size, Told, choices_of, completed, fields, keys
from tfstep.models.keys.kinds import KINDS
from tfstep.models.keys.sections import RopePart
from tfstep.scenario.file.mistakes import Place
from tfstep.scenario.file.nodes import from_python
from tfstep.scenario.keys.refused import allowed, misfits
from tfstep.scenario.keys.starter import starter
from tfstep.scenario.scenario import load_text
from tfstep.text import Bilingual

EITHER = bool | Annotated[float, Meta(gt=0, le=10)]


class Inner(Section, frozen=True):
    deep: Annotated[Size, Key("", Bilingual("a", "甲"))] = 1


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        (Size, 0, "a whole number, 1 or more"),
        (Size | None, -1, "a whole number, 1 or more"),
        (Positive, -1, "a number, more than 0"),
        (Positive | None, -1, "a number, more than 0"),
        (Positive | None, "far", "a number, more than 0"),
        (bool, 1, "true or false"),
        (bool | None, 1, "true or false"),
        (EITHER, -1, "true or false, or a number, more than 0 and at most 10"),
        (bool | Inner, "no", "true or false, or a group of keys (deep), such as {deep: …}"),
        (Inner, 3, "a group of keys (deep), such as {deep: …}"),
        (Inner | None, 3, "a group of keys (deep), such as {deep: …}"),
        (Literal["a", "b"], "c", "a, b"),
        (Literal["a", "b"] | None, "c", "a, b"),
        (Literal["a", "b"] | Size, 0, "a, b, or a whole number, 1 or more"),
        (str, 1, "a text"),
        (Annotated[str, Meta(min_length=1)], "", "a text that is not empty"),
        (tuple[Size, ...], 1, "a list"),
        (tuple[Size, ...] | None, 1, "a list"),
        (Annotated[tuple[Size, ...], Meta(min_length=2)], [1], "a list of at least 2"),
        (Annotated[tuple[Size, ...], Meta(min_length=2, max_length=2)], [1], "a list of 2"),
        (dict[str, int], 3, "a group of keys"),
    ],
)
def test_a_wrong_value_is_told_what_its_type_allows(kind: Any, value: Any, says: str) -> None:
    with pytest.raises(ValidationError):
        convert(value, kind)
    [(where, wrong)] = misfits(value, kind)
    assert where == ()
    assert str(allowed(wrong, from_python(value, Place("")))) == says


def test_what_is_wrong_inside_is_told_there() -> None:
    assert misfits({"deep": 0}, bool | Inner) == [(("deep",), Size)]
    assert misfits([1, 0], tuple[Size, ...] | None) == [((1,), Size)]
    assert misfits({"far": 1}, Inner | None) == [(("far",), None)]


def test_defaults_follow_from_other_keys() -> None:
    given = {"kind": "decoder", "d_model": 12, "heads": 3}
    config = completed(ModelConfig(**given), lambda *key: key[0] in given, Told(labels=True))
    assert (config.kv_heads, config.d_k, config.d_v, config.d_ff) == (3, 4, 4, 48)
    assert config.head
    assert config.mask.causal
    alone = completed(ModelConfig(kind="attention"), lambda *key: key == ("kind",), Told(width=6))
    assert (alone.d_model, alone.d_k, alone.positional, alone.mask.causal) == (6, 6, "none", False)
    read = load_text("model: {kind: encoder, d_model: 6}\nvocab: [a]\ninput: {source: a}\n").model
    assert (read.d_ff, read.d_k, read.head, read.mask.causal) == (24, 6, False, False)


def test_the_types_of_a_section_and_what_is_said_of_its_keys() -> None:
    assert fields(RopePart)["base"] == Positive
    assert choices_of(fields(RopePart)["pairs"]) == ("interleaved", "half")
    assert keys(ModelConfig)["sizes"].kinds == ("mlp",)


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_a_kind_is_valid_and_every_key_of_it_is_commented(kind: str) -> None:
    text = starter(kind, "mine")
    scenario = load_text(text)
    assert (scenario.model.kind, scenario.variants) == (kind, ("base", "mine"))
    assert all(
        "#" in line
        for line in text.splitlines()
        if line.startswith("  ") and not line.startswith("    ") and line.split(":")[0].strip() in fields(ModelConfig)
    )
