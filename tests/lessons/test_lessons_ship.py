"""The lessons that ship pass their own check, in both languages."""

import pytest

from tfstep.lessons.format.catalog import folder, load_lesson, shipped, summaries
from tfstep.lessons.format.lesson import Prose
from tfstep.lessons.player.check import check
from tfstep.view.text.width import width

NAMES = shipped()
BESIDE = 42  # columns of prose beside the matrices, in a terminal of 120


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_that_ships_is_right(name: str) -> None:
    assert [str(each) for each in check(name)] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_is_neither_short_nor_long(name: str) -> None:
    lesson = load_lesson(name, "en")
    assert 5 <= len(lesson.steps) <= 12
    assert 5 <= lesson.minutes <= 15
    assert sum(len(step.questions) for step in lesson.steps) >= 2


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", NAMES)
def test_text_that_is_not_folded_fits_beside_the_matrices(name: str, language: str) -> None:
    blocks = [block for step in load_lesson(name, language).steps for block in step.blocks]
    for block in blocks:
        if isinstance(block, Prose) and block.verbatim:
            filled = "".join(piece if isinstance(piece, str) else "0.1234" for piece in block.pieces)
            assert max(map(width, filled.split("\n"))) <= BESIDE, filled


def test_every_lesson_has_a_place_of_its_own_in_the_list() -> None:
    orders = [each.order for each in summaries()]
    assert orders == sorted(set(orders))


def test_nothing_else_lies_in_the_folder() -> None:
    place = folder()
    assert place is not None
    assert {path.name for path in place.iterdir()} == {f"{name}.{each}.md" for name in NAMES for each in ("en", "zh")}
