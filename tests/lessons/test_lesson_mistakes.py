"""Every mistake of a lesson is told with its place, and a right lesson has none."""

import pytest

from tfstep.lessons.format.reader import read_lesson
from tfstep.lessons.player.check import check
from tfstep.scenario.file.mistakes import Mistakes


def places(found) -> list[str]:
    return [str(each).rpartition("/")[2] for each in found]


def test_a_right_lesson_has_no_mistakes(lesson) -> None:
    assert check(str(lesson())) == []


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("title: Two", "titel: Two", "2:1", "did you mean title?"),
        ("minutes: 5", "minutes: many", "5:10", "whole number from 1 to 60"),
        ("The sum is {{ layer0.a[3,0] }}", "The sum is 1.5", "11:12", "1.5 is typed in"),
        ("| .2f }}", "| two }}", "11:44", "'two'"),
        ("```tfstep", "```tfsetp", "13:4", "did you mean tfstep?"),
        ("kind: number", "kind: numbr", "23:1", "did you mean number?"),
        ("tolerance: 0.01", "tolerance: -1", "26:12", "above 0"),
        ("answer: layer0.a[3,0]", "answer: 1.2", "25:9", "answer 1.2 is typed in"),
        ("reveal: layer0.a[3,0]\n", "reveals: layer0.a[3,0]\n", "29:1", "did you mean reveal?"),
        ("ask: Larger?\n", "", "36:1", "needs the key ask"),
        ("```try\nundo\nshow layer0.y\n```\n", "", "33:4", "no ```try block"),
        ("## One", "# One", "9:1", "begins with"),
        ("show layer0.y\n```", "show layer0.y\n", "43:1", "not closed"),
    ],
)
def test_a_mistake_of_the_file_is_told_at_its_place(lesson, old, new, place, message) -> None:
    path = lesson(old, new)
    with pytest.raises(Mistakes) as caught:
        read_lesson(path)
    told = [each for each in places(caught.value.mistakes) if each.startswith(f"mine.en.md:{place}:")]
    assert told, places(caught.value.mistakes)
    assert message in told[0]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("layer0.a[3,0] > 1", "layer0.a[3,0] > 2", "19:1"),
        ("goto layer0.y", "goto layer1.y", "14:1"),
        ("{{ layer0.a[3,0] }}, the", "{{ layer0.a[9,0] }}, the", "11:12"),
        ("answer: layer0.a[3,0]", "answer: layer0.a", "25:9"),
        ("second: $before", "second: $after", "39:9"),
        ("then: set layer0.b[0] = 0", "then: set layer0.b[7] = 0", "40:7"),
        ("reveal: layer0.a[3,0]", "reveal: layer0.a[3]", "29:9"),
        ("because:", "show: layer0.a[9,0]\nbecause:", "30:7"),
        ("```try", "```look\nlayer0.a[9]\n```\n\n```try", "44:1"),
        ("undo\nshow", "undo\nundo 1 2\nshow", "45:1"),
        ("scenario: neuron", "scenario: neuro", "4:1"),
    ],
)
def test_what_fails_when_it_is_played_is_told_at_its_line(lesson, old, new, place) -> None:
    found = places(check(str(lesson(old, new))))
    assert [each for each in found if each.startswith(f"mine.en.md:{place}:")], found
    assert [each for each in found if each.startswith(f"mine.zh.md:{place}:")], found


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("goto layer0.y", "goto layer0.a", "14:1"),
        ("layer0.a[3,0] > 1", "layer0.a[3,0] > 0", "19:1"),
        ("tolerance: 0.01", "tolerance: 0.02", "23:1"),
        ("minutes: 5", "minutes: 6", "5:1"),
        ("undo\nshow layer0.y", "undo", "33:4"),
        ("## Two\n", "## Two\n\n## Three\n", "33:4"),
    ],
)
def test_the_languages_must_do_the_same(lesson, old, new, place) -> None:
    found = places(check(str(lesson(old, new, ("zh",))), play=False))
    assert [each for each in found if each.startswith(f"mine.zh.md:{place}")], found


def test_a_file_is_meant_where_a_file_is_named(lesson, monkeypatch) -> None:
    path = lesson("layer0.a[3,0] > 1", "layer0.a[3,0] > 2")
    for each in ("en", "zh"):
        path.with_name(f"mine.{each}.md").rename(path.with_name(f"softmax.{each}.md"))
    monkeypatch.chdir(path.parent)
    assert "softmax.en.md:19:1" in str(check("softmax.en.md")[0])
    assert check("softmax", play=False) == [], "one that ships"


def test_prose_may_differ(lesson) -> None:
    assert check(str(lesson("The sum is {{ layer0.a[3,0] }}, the", "The", ("zh",)))) == []


def test_all_mistakes_are_told_at_once(lesson) -> None:
    path = lesson("title: Two sums\nabout: A lesson for tests.", "titel: Two sums\nminute: 5")
    with pytest.raises(Mistakes) as caught:
        read_lesson(path)
    assert len(caught.value.mistakes) == 4


def test_one_language_alone_is_a_mistake(lesson) -> None:
    path = lesson()
    path.with_name("mine.zh.md").unlink()
    assert "one language only" in str(check(str(path))[0])
