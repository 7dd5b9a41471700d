"""A lesson file of whatever text is read in a time that grows as the file does, and is refused in words."""

import itertools
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import tfstep
from tfstep.lessons.format.filled import number_text
from tfstep.lessons.format.lesson import Number
from tfstep.lessons.format.prose import prose_lines
from tfstep.lessons.format.words import place_in, read_pieces, without_comments
from tfstep.lessons.player.answers import AnswerError, ExpectedChoice
from tfstep.lessons.player.check import check
from tfstep.scenario.file.mistakes import Mistakes, Place, Report
from tfstep.text import Bilingual

HERE = Place("f", 1, 1)
REPEATED = ["{{ ", "{{ loss }} ", "{{ loss }}\n", "`", "<!-- ", "<!--", "<!-- x --> ", "```a\n", "{{ `", "**", "1.5 "]


class Counted(str):
    """A text that counts the characters which are cut out of it or searched."""

    work = 0

    def __getitem__(self, key) -> str:
        part = str.__getitem__(self, key)
        Counted.work += len(part)
        return part


@pytest.mark.slow
@pytest.mark.parametrize("piece", REPEATED)
def test_a_text_of_very_many_marks_is_read(piece: str) -> None:
    text = without_comments(piece * 100_000)
    with suppress(Mistakes):
        read_pieces(text, HERE, Report())
    lines = list(prose_lines(text[:200_000], 80))
    assert bool(lines) == bool(text.strip())


def test_the_text_is_not_cut_out_again_for_every_number() -> None:
    counts = []
    for n in (1000, 2000):
        Counted.work = 0
        read_pieces(Counted("{{ loss }} a\n" * n), HERE, Report())
        counts.append(Counted.work)
    assert counts[1] <= 2.5 * counts[0] + 100


def test_comments_are_blotted_out_and_places_stay() -> None:
    text = "a <!-- b\nc --> d\n```text\n<!-- kept -->\n```\n<!-- open"
    found = without_comments(text)
    assert found == "a       \n      d\n```text\n<!-- kept -->\n```\n<!-- open"
    for offset in range(len(text)):
        before = text[:offset]
        assert place_in(text, offset, Place("f", 3, 7)) == Place(
            "f", 3 + before.count("\n"), len(before) - before.rfind("\n") - 1 + (1 if "\n" in before else 7)
        )


def test_whatever_a_number_is_to_be_written_as() -> None:
    """Every spelling of up to four characters is refused, or writes each kind of number."""
    session = tfstep.Session(tfstep.load("neuron"))
    for n in range(1, 5):
        for letters in itertools.product(".+-03defg%", repeat=n):
            report = Report()
            (piece,) = read_pieces(f"{{{{ 1 | {''.join(letters)} }}}}", HERE, report)
            assert isinstance(piece, Number)
            for expr in () if report.mistakes else ("1.5", "layer0.W.shape[0]", "1 > 0", "exp(1e9)"):
                assert number_text(session, Number(expr, piece.spec, HERE))


@pytest.mark.parametrize("spec", ["exp(1) | .f", "exp(1) | .2f", "nan | d", "inf | .0%", "[] | .f", "1 / 0"])
def test_a_lesson_with_odd_numbers_is_checked(lesson: Callable[..., Path], spec: str) -> None:
    found = check(str(lesson("{{ layer0.a[3,0] }}", f"{{{{ {spec} }}}}")))
    assert all(str(mistake) for mistake in found)


@pytest.mark.parametrize("answer", ["9" * 5000, "", "0", "²", "٣" * 9, "\x1b[2J", "-1", "1e9999", "\udcff"])
def test_a_choice_answered_with_anything(answer: str) -> None:
    right = ExpectedChoice("1", Bilingual("{it}", "{it}", it="1"), 3)
    with pytest.raises(AnswerError):
        right.judge(tfstep.Session(tfstep.load("neuron")), answer)
