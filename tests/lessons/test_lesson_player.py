"""The player: asks, judges, reveals, comes back to its own numbers, and resumes."""

import pytest

from tfstep.commands.language.session import Session
from tfstep.lessons.format.catalog import scenario_of
from tfstep.lessons.format.reader import read_lesson
from tfstep.lessons.player.answers import AnswerError
from tfstep.lessons.player.branch import MINE
from tfstep.lessons.player.events import Asked, Ended, Hinted, Judged, Ran, Returned, Revealed, Said, Worked
from tfstep.lessons.player.player import Player
from tfstep.lessons.player.progress import Progress
from tfstep.lessons.player.shown import event_lines
from tfstep.view.text.spans import plain


@pytest.fixture
def player(lesson) -> Player:
    read = read_lesson(lesson())
    return Player(read, Session(scenario_of(read)))


def kinds(events) -> list[type]:
    return [type(event) for event in events]


def test_numbers_are_filled_in_and_their_cells_named(player) -> None:
    said = next(event for event in player.advance() if isinstance(event, Said))
    assert said.text == "The sum is 1.5, the output 0.82."
    assert said.cells == ("layer0.a[3,0]", "layer0.y[3,0]")


def test_a_question_stops_until_it_is_answered(player) -> None:
    assert kinds(player.advance())[-1] is Asked
    assert list(player.advance()) == []
    (judged,) = player.answer("1.4")
    assert not judged.right
    judged, worked, said = player.answer("1.505")
    assert judged.right
    assert isinstance(worked, Worked)
    assert worked.explanations[0].value == 1.5
    assert said.text == "It was 1.5."
    assert kinds(player.advance()) == [Ended]


@pytest.mark.parametrize("text", ["1.5", "3/2", "+1.50", "2 + 2 - 2.5", "sum(layer0.W) + layer0.b[0]"])
def test_a_number_may_be_written_in_many_ways(player, text) -> None:
    list(player.advance())
    assert next(player.answer(text)).right


def test_what_is_no_answer_is_refused_and_nothing_happens(player) -> None:
    list(player.advance())
    with pytest.raises(AnswerError, match="a number is asked for"):
        list(player.answer("large"))
    assert player.question is not None


def test_hints_come_one_by_one(player) -> None:
    list(player.advance())
    assert player.hint() == Hinted("The bias is −2.5.", 0)
    assert player.hint() is None


def test_revealing_gives_the_answer_and_goes_on(player) -> None:
    list(player.advance())
    assert kinds(player.reveal())[:2] == [Revealed, Worked]
    assert player.question is None


def test_the_answer_is_that_behind_the_commands_of_the_question(player) -> None:
    list(player.advance())
    list(player.answer("1.5"))
    list(player.advance())
    *_, asked = player.advance()
    assert isinstance(asked, Asked)
    before = player.session.trace
    assert not next(player.answer("smaller")).right
    assert player.session.trace is before, "a wrong answer changes nothing"
    judged, ran = player.answer(">")
    assert (judged.right, ran.line) == (True, "set layer0.b[0] = 0")
    assert player.session.trace is not before


def test_the_lesson_goes_on_from_its_own_numbers(player) -> None:
    list(player.advance())
    player.session.run("set layer0.b[0] = 7")
    assert Returned in kinds(player.reveal())
    player.session.run("set layer0.b[0] = 8")
    events = list(player.advance())
    assert isinstance(events[0], Returned)
    assert player.session.trace["layer0.b"].value[0] == -2.5
    player.session.run("restore mine")
    assert player.session.trace["layer0.b"].value[0] == 8


def test_an_answer_is_judged_by_the_numbers_of_the_lesson(player) -> None:
    list(player.advance())
    player.session.run("set layer0.b[0] = 7")
    assert next(player.answer("1.5")).right


def test_going_back_begins_the_step_anew(player) -> None:
    list(player.advance())
    list(player.answer("1.5"))
    list(player.advance())
    list(player.advance())
    assert player.step == 1
    began, *_ = player.back()
    assert began.number == 1
    assert player.question is not None


def test_resuming_runs_what_came_before(player) -> None:
    player.resume(1)
    assert player.step == 1
    assert player.session.values.named["before"] == player.session.trace["loss"].value
    assert kinds(player.advance())[-1] is Asked


def test_the_end_is_the_end(player) -> None:
    list(player.advance())
    list(player.reveal())
    while not player.done:
        list(player.advance())
        if player.question:
            list(player.reveal())
    assert list(player.advance()) == []


def test_commands_of_the_lesson_are_shown_with_what_they_give(player) -> None:
    ran = [event for event in player.advance() if isinstance(event, Ran)]
    assert [event.line for event in ran] == ["goto layer0.y", "set $before = loss"]
    assert player.session.history == [], "they are no lines of the reader's"


def test_what_a_question_runs_runs_once_and_leaves_nothing_of_the_reader_s(player, monkeypatch) -> None:
    ran = []
    within = player.session.run_within
    monkeypatch.setattr(player.session, "run_within", lambda line: ran.append(line) or within(line))
    list(player.advance())
    list(player.answer("1.5"))
    list(player.advance())
    list(player.advance())
    assert player.question is not None
    list(player.answer("same"))
    assert MINE not in player.session.checkpoints, "the reader has changed nothing"
    answered = list(player.answer(player.expected().accepted))
    assert ran.count("set layer0.b[0] = 0") == 1
    assert [event.line for event in answered if isinstance(event, Ran)] == ["set layer0.b[0] = 0"]
    assert player.session.trace["layer0.b"].value == 0


def test_progress_is_remembered(tmp_path) -> None:
    file = tmp_path / "there" / "progress.json"
    progress = Progress(file)
    assert progress.of("neuron") is None
    progress.reach("neuron", 2, 7)
    progress.reach("hill", 0, 5, done=True)
    progress.reach("hill", 1, 5)
    again = Progress(file)
    assert again.of("neuron").step == 2
    assert again.of("hill").done
    assert [each.name for each in file.parent.iterdir()] == ["progress.json"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"neuron": 3}', '{"neuron": {"step": "a", "of": 1, "done": true}}'])
def test_progress_that_cannot_be_read_is_none(tmp_path, text) -> None:
    file = tmp_path / "progress.json"
    file.write_text(text, "utf-8")
    assert Progress(file).of("neuron") is None


def test_judged_is_told_before_anything_else(player) -> None:
    list(player.advance())
    assert kinds(player.answer("1.5"))[0] is Judged


def test_a_refusal_is_one_line(player) -> None:
    list(player.advance())
    with pytest.raises(AnswerError) as caught:
        list(player.answer("large + 1"))
    assert "\n" not in str(caught.value)


def test_a_change_is_not_called_by_its_command_twice(lesson) -> None:
    read = read_lesson(lesson("goto layer0.y", "model activation relu"))
    player = Player(read, Session(scenario_of(read)))
    shown = [
        plain(each)
        for event in player.advance()
        if isinstance(event, Ran)
        for each in event_lines(event, player.session.trace, 80)
    ]
    assert shown[0] == "> model activation relu"
    assert sum("model activation relu" in each for each in shown) == 1
    assert any("loss" in each for each in shown), "what it did is told all the same"
