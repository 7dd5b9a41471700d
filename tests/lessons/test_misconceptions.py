"""Every misconception stands in so many words in the step that meets it, and gets a question wrong that names it."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tfstep.commands.language.session import Session
from tfstep.lessons.exam.bank import bank
from tfstep.lessons.format.catalog import load_lesson, scenario_of, shipped
from tfstep.lessons.format.lesson import Question
from tfstep.lessons.format.misconceptions import Misconception, misconceptions
from tfstep.lessons.player.player import Player
from tfstep.text import LANGUAGES, set_language

ALL = list(misconceptions().values())
ASKED = {
    "is attention differentiable": "not-differentiable",
    "is multi-head a bigger attention": "bigger-attention",
    "does a head see a slice of the embedding": "head-sees-slice",
    "does the FFN mix words": "ffn-mixes",
    "softmax over the wrong axis": "softmax-axis",
    "the mask multiplies": "mask-multiplies",
    "the mask zeroes after softmax": "mask-after-softmax",
    "PAD rows are masked too": "pad-rows-masked",
    "a fully masked row is harmless": "masked-row-harmless",
    "labels shifted not at all, or twice": "labels-shift",
    "is the mask needed at inference": "causal-at-inference",
    "are training predictions made in parallel": "one-after-another",
    "why not QQᵀ": "query-times-query",
    "add or concatenate positions": "concatenate-positions",
    "does the key bias matter": "key-bias",
    "which encoder layer does the decoder read": "encoder-layer",
    "attention weights are an explanation": "weights-are-reasons",
    "−dW is the step": "step-is-minus-dw",
    "a score of 0 is unrelated": "score-0-unrelated",
    "does softmax let words interact": "softmax-one-by-one",
    "the embeddings align": "embeddings-align",
    "layer norm in batch norm's words": "layer-norm-over-batch",
    "residuals abolish vanishing gradients": "residual-abolishes",
    "predicting word t uses words before t": "sees-before-only",
    "teacher forcing ignores the model's word": "forcing-ignores",
    "attention is permutation-invariant": "permutation-invariant",
    "scores, weights, weight matrices": "scores-weights-matrices",
}
"""What the syllabus says is really asked: each has a question of the exam, too."""


def bare(text: str) -> str:
    """A text as one line in small letters."""
    return " ".join(text.split()).lower()


def step_text(each: Misconception, language: str) -> str:
    """The step of a lesson that meets it, as it is written, its heading included."""
    lesson = load_lesson(each.lesson, language)
    found = re.split(r"^(?=## )", lesson.path.read_text("utf-8"), flags=re.M)[each.step]
    assert found.startswith(f"## {lesson.steps[each.step - 1].title}\n")
    return bare(found)


def wrong_of(question: Question) -> Iterator[str]:
    """The misconceptions that a question of a lesson gets wrong answers from."""
    yield from (each.fits for each in (*question.choices, *question.mistaken) if each.fits)


def of_lessons() -> Counter[str]:
    return Counter(
        name
        for lesson in shipped()
        for step in load_lesson(lesson, "en").steps
        for question in step.questions
        for name in wrong_of(question)
    )


def of_exam() -> Counter[str]:
    return Counter(each.fits for item in bank() for each in (*item.slips, *item.options) if each.fits)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
def test_it_is_met_by_name(each: Misconception, language: str) -> None:
    assert bare(each.said.in_(language)) in step_text(each, language)


@pytest.mark.slow
def test_no_two_say_the_same_and_they_stand_in_the_order_of_the_lessons() -> None:
    for language in LANGUAGES:
        assert len({each.said.in_(language) for each in ALL}) == len(ALL)
    assert sorted(ALL, key=lambda each: shipped().index(each.lesson)) == ALL


@pytest.mark.slow
@pytest.mark.parametrize("name", [each.name for each in ALL])
def test_it_gets_a_question_wrong(name: str) -> None:
    assert of_lessons()[name] + of_exam()[name] > 0


@pytest.mark.slow
def test_they_are_counted() -> None:
    assert len(ALL) == 37
    assert sum(name in of_lessons() for name in misconceptions()) >= 32


@pytest.mark.parametrize("name", [each.name for each in ALL])
def test_the_exam_can_find_each_of_them(name: str) -> None:
    assert of_exam()[name] > 0


@pytest.mark.parametrize("name", ASKED.values(), ids=list(ASKED))
def test_what_is_really_asked_is_asked_in_the_exam(name: str) -> None:
    assert of_exam()[name] > 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_gives_the_answer_of_a_misconception_is_told_which(language: str) -> None:
    set_language(language)
    try:
        lesson = load_lesson("softmax", language)
        player = Player(lesson, Session(scenario_of(lesson)))
        while not (player.question and "softmax-axis" in wrong_of(player.question)):
            list(player.advance())
            if player.question and "softmax-axis" not in wrong_of(player.question):
                list(player.reveal())
        (judged,) = player.answer("1")
        assert misconceptions()["softmax-axis"].said.in_(language) in str(judged.message)
    finally:
        set_language("en")
