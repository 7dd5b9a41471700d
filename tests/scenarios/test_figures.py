"""Every decimal that a scenario's text quotes is what the engine computes, in the order in which it is quoted."""

from __future__ import annotations

import re

import pytest
from figures import FIGURES

import tfstep
from tfstep.scenario.file.catalog import shipped

QUOTED = re.compile(r"(?<![\w.])[−+]?\d+(?:\.\d+(?:e[−-]?\d+)?|e[−-]\d+)")


def quoted(text: str) -> list[str]:
    """The numbers of a text that are no integers, as they are written."""
    return QUOTED.findall(text)


def written(value: float, like: str) -> str:
    """A value with as many digits as ``like`` has."""
    digits, e, _ = like.partition("e")
    places = len(digits.partition(".")[2])
    if e:
        mantissa, _, exponent = f"{value:.{places}e}".partition("e")
        text = f"{mantissa}e{int(exponent)}"
    else:
        text = f"{value:.{places}f}"
    return text if like[0] not in "+−" else ("−" if value < 0 else "+") + text.lstrip("-")


@pytest.mark.parametrize("name", shipped())
def test_the_figures_are_computed(name: str) -> None:
    found = FIGURES[name]()
    for language in ("en", "zh"):
        said = quoted(tfstep.load(name).about.in_(language))
        assert len(said) == len(found), (language, said, found)
        computed = [written(value, like) for value, like in zip(found, said, strict=True)]
        assert [c.replace("-", "−") for c in computed] == [s.replace("-", "−") for s in said], language


@pytest.mark.parametrize(
    ("value", "like", "expected"),
    [
        (0.4567, "0.46", "0.46"),
        (-0.909, "−0.909", "−0.909"),
        (0.1, "+0.105", "+0.100"),
        (1.6e-15, "1.6e-15", "1.6e-15"),
    ],
)
def test_a_value_is_written_as_it_is_quoted(value: float, like: str, expected: str) -> None:
    assert written(value, like) == expected
    assert quoted(f"from (1, 3) {like}, 20 steps of enc0.norm1, row 2") == [like]
