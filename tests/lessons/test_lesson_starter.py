"""A new lesson is right as it is written, comments are not read, and the schema says what the reader demands."""

from pathlib import Path

import pytest

from tfstep.errors import CommandError
from tfstep.lessons import starter
from tfstep.lessons.format.catalog import load_lesson, shipped
from tfstep.lessons.format.json_schema import ABOUT, json_schema
from tfstep.lessons.format.lesson import Prose
from tfstep.lessons.format.question import OWN, SHARED
from tfstep.lessons.format.reader import KEYS, read_lesson
from tfstep.lessons.player.check import check
from tfstep.scenario.file.mistakes import Mistakes


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mine", "mine.zh.md", "mine.md"])
def test_a_new_lesson_is_right_in_both_languages(tmp_path: Path, name: str) -> None:
    files = starter.write(str(tmp_path / name))
    assert [file.name for file in files] == ["mine.en.md", "mine.zh.md"]
    assert check(str(files[0])) == []
    assert all(file.read_text("utf-8").count("<!--") > 5 for file in files)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.zh.md").write_text("mine")
    with pytest.raises(CommandError, match="there already"):
        starter.write(str(tmp_path / "mine"))
    assert not (tmp_path / "mine.en.md").exists()


def test_comments_are_not_shown_and_move_nothing(lesson) -> None:
    path = lesson("The sum is {{ layer0.a[3,0] }}, the", "<!-- ## not\na step --> {{ layer0.a[9,0] }}, the")
    (first, *_) = read_lesson(path).steps[0].blocks
    assert isinstance(first, Prose)
    assert not any("not" in piece for piece in first.pieces if isinstance(piece, str))
    assert any(":12:12: " in str(each) for each in check(str(path)))


def test_a_comment_in_a_block_is_what_it_says(lesson) -> None:
    path = lesson("```claim", "```text\n<!-- shown -->\n```\n\n```claim")
    texts = [block for block in read_lesson(path).steps[0].blocks if isinstance(block, Prose) and block.verbatim]
    assert texts[0].pieces == ("<!-- shown -->",)


def test_a_comment_that_is_not_closed_is_told(lesson) -> None:
    with pytest.raises(Mistakes, match=r"11:5: the comment is not closed"):
        read_lesson(lesson("The sum is", "The <!-- sum is"))


def _kinds() -> dict[str, dict]:
    return {each["properties"]["kind"]["const"]: each for each in json_schema()["$defs"]["question"]["oneOf"]}


def test_the_schema_has_the_keys_that_the_reader_has() -> None:
    schema = json_schema()
    assert set(schema["properties"]) == set(KEYS)
    assert schema["required"] == ["title", "about", "scenario", "minutes", "order"]
    kinds = _kinds()
    assert {kind: set(each["properties"]) for kind, each in kinds.items()} == {
        kind: {*SHARED, *own} for kind, own in OWN.items()
    }
    assert kinds["number"]["required"] == ["kind", "ask", "answer"]
    assert set(ABOUT) == {*KEYS, *SHARED, *(key for own in OWN.values() for key in own)}


def test_the_questions_that_ship_have_what_the_schema_demands() -> None:
    kinds = _kinds()
    for name in shipped():
        for question in (each for step in load_lesson(name, "en").steps for each in step.questions):
            schema = kinds[question.kind]
            assert all(getattr(question, key) for key in schema["required"]), question
