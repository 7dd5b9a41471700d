"""The table of the libraries' masks: each answer that was recorded agrees with the scenario that the page names for it."""

import json
import re
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tfstep.commands.language.session import Session
from tfstep.scenario.scenario import load, load_text
from tfstep.view.result.lines import lines
from tfstep.view.text.spans import plain


@pytest.fixture(scope="module")
def asked(make: ModuleType) -> ModuleType:
    return sys.modules["making.masks.asked"]


@pytest.fixture(scope="module")
def rows(asked: ModuleType) -> list[dict[str, Any]]:
    return list(json.loads(asked.ANSWERS.read_text("utf-8"))["rows"])


def test_every_answer_has_the_numbers_of_its_scenario(asked: ModuleType, rows: list[dict[str, Any]]) -> None:
    compared = 0
    for row in rows:
        for name, given in row["answers"].items():
            if given["answer"] == "refused":
                assert given["said"], (row["call"], name)
                continue
            question = asked.OF_KIND[row["kind"]][name]
            found = np.array(given["weights"], float)  # "nan" is read as well
            assert asked.answer(question, found)[0] == given["answer"], (row["call"], name)
            compared += 1
    assert compared > 200


def test_answers_to_a_question_are_all_different_numbers(asked: ModuleType) -> None:
    for questions in asked.OF_KIND.values():
        for name, question in questions.items():
            for one, variant in question.answers.items():
                found = asked.weights(variant)
                assert asked.answer(question, found)[0] == one, (name, one)


def test_the_page_holds_every_call_and_its_file_is_the_one_that_was_compared(
    asked: ModuleType, rows: list[dict[str, Any]], make: ModuleType
) -> None:
    page = make.file("masks", "en").read_text("utf-8")
    assert [row["call"] for row in rows if row["call"] not in page] == []
    found = re.search(r"```yaml masks.yaml\n(.*?)```", page, re.DOTALL)
    assert found is not None
    assert found[1] == asked.text()
    assert set(load_text(found[1]).variants) == {"base", *asked.VARIANTS}


def shown(session: Session, line: str) -> str:
    found = session.run(line)
    return "\n".join(plain(each) for each in lines(found, session.trace, 120))


@pytest.mark.parametrize(
    "line", ["names enc0.attn.mask", "explain enc0.attn.masked[0,0,0,-1]", "explain weights[0,0,0,-1]"]
)
def test_the_debugger_points_to_the_page(line: str) -> None:
    session = Session(load("padding"))
    session.run("goto enc0.attn.weights")
    told = shown(session, line)
    assert "docs/masks.md" in told
    if line.startswith("names"):
        assert re.search(r"MultiheadAttention +attn_mask.* +true hides", told)
        assert re.search(r"scaled_dot_product_attention +attn_mask +true may look", told)


def test_a_cell_that_is_seen_does_not() -> None:
    session = Session(load("padding"))
    assert "docs/masks.md" not in shown(session, "explain enc0.attn.weights[1,0,0,0]")
