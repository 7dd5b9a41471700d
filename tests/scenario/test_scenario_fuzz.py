"""Whatever the file is, the answer is a scenario or a `ScenarioError`."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfstep.errors import ScenarioError
from tfstep.models.config import ModelConfig
from tfstep.models.keys.key import fields
from tfstep.scenario.file import catalog
from tfstep.scenario.file.mistakes import Mistake, Mistakes
from tfstep.scenario.file.reading import decode, read_text
from tfstep.scenario.keys.schema import InputPart
from tfstep.scenario.scenario import load_text

FILES = [read_text(catalog.find(name)) for name in ("wo-ai-ni", "padding")]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 9),
    st.sampled_from([1e9, -1e-3, float("nan"), float("inf"), 10**30, "a", "a b", "rope", "swiglu", "mse", "<pad>", ""]),
    st.sampled_from(["normal", "identity", "adam", "half", "float32", "x", "sum(x)"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["normal", "encoder", "kind", "a", "source", "padding"]), inner, max_size=2),
    ),
    max_leaves=6,
)
SECTIONS = st.fixed_dictionaries(
    {
        "model": st.dictionaries(st.sampled_from(sorted(fields(ModelConfig))), VALUES, max_size=4).flatmap(
            lambda keys: st.sampled_from(["encoder", "decoder", "encoder-decoder", "attention", "mlp", "formula"]).map(
                lambda kind: {"kind": kind, **keys}
            )
        )
    },
    optional={
        "title": VALUES,
        "vocab": st.one_of(VALUES, st.just(["a", "<pad>"])),
        "input": st.dictionaries(st.sampled_from(sorted(fields(InputPart))), VALUES, max_size=3),
        "loss": VALUES,
        "weights": st.dictionaries(st.sampled_from(["seed", "init", "set", "file"]), VALUES, max_size=2),
        "train": st.dictionaries(st.sampled_from(["optimizer", "lr", "betas", "data"]), VALUES, max_size=2),
        "variants": st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2),
    },
)


def refused_or_right(text: str) -> None:
    mistakes: tuple[Mistake, ...] | None = None
    try:
        load_text(text, "f")
    except Mistakes as error:
        mistakes = error.mistakes
    assert mistakes != ()
    for mistake in mistakes or ():
        assert mistake.message.in_("en")
        assert mistake.message.in_("zh")


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    with contextlib.suppress(ScenarioError):
        refused_or_right(decode(data, "f"))


@given(st.text(st.sampled_from(list("a:- []{}'\"|>#&*!%@`?,\n\t\\~0.我：")), max_size=60))
def test_any_yaml(text: str) -> None:
    refused_or_right(text)


@pytest.mark.slow
@given(st.sampled_from(FILES), st.data())
def test_any_change_of_a_file_that_is_right(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 12))
    put = data.draw(st.text(st.sampled_from(list("a: -[]{}'\n9.&*!|我")), max_size=4))
    refused_or_right(text[:at] + put + text[at + cut :])


@pytest.mark.slow
@given(SECTIONS)
def test_any_value_under_any_key(sections: dict[str, object]) -> None:
    refused_or_right(as_yaml(sections))


def as_yaml(value: object) -> str:
    """A value in flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {as_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_yaml, value)) + "]"
    if isinstance(value, str):
        return "'" + value + "'"
    special = {"None": "null", "True": "true", "False": "false", "nan": ".nan", "inf": ".inf"}
    return special.get(str(value), str(value))
