"""A number that is asked for is worked out, not read: an answer that names it, or what is made from it, is refused."""

import pytest

from tfstep.commands.language.session import Session
from tfstep.lessons.format.catalog import load_lesson, scenario_of, shipped
from tfstep.lessons.player.answers import AnswerError
from tfstep.lessons.player.player import Player
from tfstep.text import Bilingual, set_language

WORKED = {
    "neuron": ("layer0.W[0,0] + layer0.W[1,0] + layer0.b[0]",),
    "backprop-by-hand": (
        "w3 * x1 + w4 * x2 + b2",
        "(0.95 - 1) ** 2 / 2",
        "y3 - y",
        "y3.grad * y3 * (1 - y3)",
        "a3.grad",
    ),
    "how-w-q-is-trained": (
        "sum(softmax(attn.scaled[0,0,1] + [0.1, 0, 0, 0]) != attn.weights[0,0,1])",
        "attn.heads[0,0,1,1] - loss.target[0,1,1]",
        "attn.heads.grad[0,0,1] @ attn.V[0,0,0]",
    ),
    "padding": ("sum(enc0.attn.weights[0,0,0,0:4])", "enc0.attn.weights[0,0,0,0] / sum(enc0.attn.weights[0,0,0,0:4])"),
}
"""Answers that are worked out of other numbers, to the first questions of a lesson that ask for a number."""


def numbers(name: str) -> Player:
    """A player of a lesson."""
    lesson = load_lesson(name, "en")
    return Player(lesson, Session(scenario_of(lesson)))


def to_number(player: Player) -> bool:
    """On to the next question that asks for a number; False where there is none."""
    while not player.done:
        list(player.advance())
        if player.question is not None:
            if player.question.kind == "number":
                return True
            list(player.reveal())
    return False


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped())
def test_what_is_asked_for_is_no_answer_in_any_lesson(name: str) -> None:
    player = numbers(name)
    while to_number(player):
        question, ahead = player.question, player.worked()
        assert question is not None
        assert question.answer is not None
        assert ahead.judge(player.session, ahead.right.accepted)
        if ahead.quantity is not None and not ahead.quantity.moved:
            for text in (question.answer.text, f"({question.answer.text}) * 1", f"{question.answer.text} + 0"):
                with pytest.raises(AnswerError, match="that is asked for; work it out"):
                    ahead.judge(player.session, text)
        list(player.reveal())


@pytest.mark.parametrize("name", WORKED)
def test_what_is_worked_out_of_other_numbers_is_taken(name: str) -> None:
    player = numbers(name)
    for text in WORKED[name]:
        assert to_number(player)
        assert next(iter(list(player.answer(text)))).right, text


@pytest.mark.parametrize(
    "text",
    [
        "attn.V[0,0,3,1]",
        "base:attn.V",
        "+attn.V[0,0,3,1]",
        "attn.v_proj[0,3,1]",  # the same numbers, before they are split into heads
        "max(attn.V[0,0,3])",
        "2 * attn.V[0,0,3,1] / 2",
        "attn.concat[0,3,1]",  # made from it
    ],
)
def test_nor_what_holds_the_same_numbers_or_is_made_from_it(text: str) -> None:
    player = numbers("attention")
    assert to_number(player)
    with pytest.raises(AnswerError, match="work it out"):
        player.worked().judge(player.session, f"`{text}`[0,0,3,1]" if text.startswith("base:") else text)
    assert player.worked().judge(player.session, "x[0,3] @ attn.W_V[:,1] + attn.b_V[1]")


def test_behind_commands_the_number_of_before_is_one_to_reckon_with_and_not_the_answer() -> None:
    player = numbers("similarity")
    while to_number(player) and "longer" not in str(player.question and player.question.then):
        list(player.reveal())
    with pytest.raises(AnswerError):
        player.worked().judge(player.session, "`longer:enc0.attn.scores`[0,0,0,1]")
    with pytest.raises(AnswerError):
        player.worked().judge(player.session, "enc0.attn.scores[0,0,0,1]")
    assert player.worked().judge(player.session, "2 * enc0.attn.scores[0,0,0,1]")


def test_it_is_said_in_both_languages() -> None:
    player = numbers("backprop-by-hand")
    to_number(player)
    with pytest.raises(AnswerError) as caught:
        player.worked().judge(player.session, "a2")
    assert isinstance(caught.value.message, Bilingual)
    try:
        set_language("zh")
        assert "读的就是要求的那个数" in str(caught.value.message)
    finally:
        set_language("en")
