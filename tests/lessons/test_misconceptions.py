"""Every misconception of docs/misconceptions.md stands in so many words in the step of the lesson that is named."""

import re
from pathlib import Path

import pytest

from tfstep.lessons.format.catalog import load_lesson, shipped

ROOT = Path(__file__).resolve().parents[2]
ASKED = (
    "the step is −dW",
    "a score of 0",
    "set to −∞",
    "every number by itself",
    "wrong axis",
    "embeddings of milk and drank",
    "scores, weights and weight matrices",
    "weights explain",
    "QQᵀ",
    "key bias",
    "not differentiable",
    "slice of the embedding",
    "bigger attention",
    "a relation of its own",
    "permutation-invariant",
    "concatenate",
    "multiplies the scores",
    "after softmax",
    "rows of `<pad>`",
    "fully masked row",
    "mask needed at inference",
    "FFN mixes",
    "abolish vanishing gradients",
    "mean of a feature over the batch",
    "shifted not at all, or twice",
    "uses the words before t",
    "which encoder layer",
    "ignores the model's word",
    "predictions made in parallel",
    "all is translated",
)
"""What must not be missing from the page: each of these is really asked."""

_ROW = re.compile(r"^\| (.+?) \| (.+?) \| \[([\w-]+)\]\((\S+)\) \| (.+?) \|$", re.M)


def page(language: str) -> str:
    """The page in one language."""
    end = "" if language == "en" else f".{language}"
    return (ROOT / "docs" / f"misconceptions{end}.md").read_text("utf-8")


def rows(language: str) -> list[tuple[str, ...]]:
    """What is said, what is right, the lesson, its file and its step."""
    return _ROW.findall(page(language))


def bare(text: str) -> str:
    """A text as one line in small letters."""
    return " ".join(text.split()).lower()


def step_text(name: str, language: str, title: str) -> str:
    """A step of a lesson as it is written, its heading included."""
    text = load_lesson(name, language).path.read_text("utf-8")
    found = re.search(rf"^## {re.escape(title)}$.*?(?=^## |\Z)", text, re.M | re.S)
    assert found is not None, f"{name} has no step '{title}'"
    return bare(found[0])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_is_met_by_name(language: str) -> None:
    found = rows(language)
    lines = page(language).count("\n| ") - 1  # without the heading
    assert len(found) == lines, "a row that is not of the form | said | right | [lesson](file) | step |"
    for said, _, name, file, step in found:
        assert file == f"../lessons/{name}.{language}.md"
        assert bare(said) in step_text(name, language, step), said
    assert len({said for said, *_ in found}) == len(found)


def test_both_languages_have_the_same_rows_in_the_order_of_the_lessons() -> None:
    names = {language: [name for _, _, name, *_ in rows(language)] for language in ("en", "zh")}
    assert names["en"] == names["zh"]
    order = shipped()
    assert names["en"] == sorted(names["en"], key=order.index)
    for one, other in zip(rows("en"), rows("zh"), strict=True):
        titles = {language: [step.title for step in load_lesson(one[2], language).steps] for language in ("en", "zh")}
        assert titles["en"].index(one[4]) == titles["zh"].index(other[4])


@pytest.mark.parametrize("asked", ASKED)
def test_nothing_that_is_asked_is_missing(asked: str) -> None:
    assert any(asked in said for said, *_ in rows("en"))
