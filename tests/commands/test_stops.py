"""Breakpoints, watchpoints, displays, and moves that stop at them."""

import pytest

import tfstep
from tfstep.commands.language.session import Session
from tfstep.errors import CommandError, PathError, TfstepError
from tfstep.scenario.scenario import load_text
from tfstep.session.results import Moved
from tfstep.view.result.lines import text


@pytest.fixture
def session() -> Session:
    return Session(tfstep.load("wo-ai-ni"))


def moved(session: Session, line: str) -> Moved:
    result = session.run(line)
    assert isinstance(result, Moved)
    return result


def told(session: Session, line: str) -> str:
    return text(session.run(line), session.trace)


def test_continue_without_breakpoints_goes_to_the_ends(session: Session) -> None:
    assert moved(session, "c").end is not None
    assert session.position == (session.steps_total,)
    assert moved(session, "rc").end is not None
    assert session.position == (1,)


def test_a_pattern_stops_forwards_and_backwards_at_the_same_steps(session: Session) -> None:
    session.run("break *.grad")
    forwards = []
    while moved(session, "c").end is None:
        forwards.append(session.current.path)
    backwards = []
    while moved(session, "rc").end is None:
        backwards.append(session.current.path)
    assert forwards == backwards[::-1]
    assert forwards == [n.path for n in session.trace.plan.steps if n.path.endswith(".grad")]


def test_a_star_does_not_mean_gradients_or_insides(session: Session) -> None:
    session.run("break *weights*")
    stops = []
    while moved(session, "c").end is None:
        stops.append(session.current.path)
    assert stops == ["enc0.attn.weights"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "break enc0.attn.weights if nosuch > 1",
        "tbreak *.weights if entropy(it) < nosuch",
        "break enc0.attn.weights if it[9,9,9,9] > 0",
        "break *.weights if nosuch(it) < 1",
        "break *.weights if it[0,0,9] > 0",
        "watch loss if nosuch",
    ],
)
def test_a_condition_that_can_hold_nowhere_is_refused_at_once(session: Session, line: str) -> None:
    with pytest.raises(TfstepError, match=r"(?s)(nosuch|outside).*\^"):
        session.run(line)
    assert not session.points.all


def test_a_condition_may_name_what_is_around_the_step(session: Session) -> None:
    session.run("break *.weights if max(scores) > 0")
    assert moved(session, "c").stops


def test_commands_are_for_the_last_breakpoint_or_for_several(session: Session) -> None:
    session.run("break loss")
    session.run("break *.weights")
    session.run("commands print loss; where")
    assert session.points.all[2].commands == ["print loss", "where"]
    session.run("commands 1-2 print 1")
    assert [point.commands for point in session.points.all.values()] == [["print 1"]] * 2
    session.run("commands 1")
    assert [point.commands for point in session.points.all.values()] == [[], ["print 1"]]


def test_what_is_displayed_has_its_number(session: Session) -> None:
    session.run("display loss")
    assert told(session, "display 1+1") == "2: 1+1 = 2"
    session.run("undisplay 1")
    assert told(session, "n").endswith("\n2: 1+1 = 2")
    assert "1+1" in told(session, "info display")


def test_an_expect_on_a_function_shows_what_it_was_of(session: Session) -> None:
    with pytest.raises(TfstepError, match=r"(?s)not hold.*loss = 1\.43.*`swapped:loss` = 1\.\d") as error:
        session.run("expect allclose(loss, `swapped:loss`) ")
    assert str(error.value).count("\n") == 2
    with pytest.raises(TfstepError, match=r"loss = 1\.43") as error:
        session.run("expect loss > 3 and loss < 1")
    assert str(error.value).count("\n") == 1, "each side once"


def test_continue_goes_on_to_the_nth_stop(session: Session) -> None:
    session.run("break op linear")
    for _ in range(3):
        session.run("continue")
    third = session.position
    session.run("goto start")
    session.run("continue 3")
    assert session.position == third
    session.run("reverse-continue 2")
    assert session.current.path == "enc0.attn.q_proj"
    assert moved(session, "continue 999999999").end is not None


def test_a_slice_with_a_step_is_numpys(session: Session) -> None:
    session.run("set enc0.attn.W_Q[::2,1:4:2] = 7")
    assert (session.trace["enc0.attn.W_Q"].value[::2, 1:4:2] == 7).all()
    assert (session.trace["enc0.attn.W_Q"].value == 7).sum() == 4
    assert "2×3" in told(session, "show enc0.attn.weights[0,0,::2]")
    with pytest.raises(PathError):
        session.run("set enc0.attn.W_Q[::0] = 1")


def test_numbers_that_no_breakpoint_has_are_refused(session: Session) -> None:
    session.run("break loss")
    with pytest.raises(CommandError, match="no breakpoint 2"):
        session.run("delete 2-5")
    assert told(session, "delete 1-5") == "deleted: 1"


def test_a_condition_is_on_it(session: Session) -> None:
    session.run("break enc0.* if max(it) > 3")
    while moved(session, "c").end is None:
        assert session.current.value.max() > 3
    assert session.points.all[1].hits >= 2


def test_a_condition_that_makes_no_sense_somewhere_does_not_stop_there(session: Session) -> None:
    session.run("break * if it[0,0,2,2] > 0.7")
    assert moved(session, "c").tensor.path == "enc0.attn.scores"


def test_a_breakpoint_inside_a_step(session: Session) -> None:
    session.run("break enc0.attn.weights/exp")
    assert moved(session, "c").tensor.path == "enc0.attn.weights/exp"
    assert len(session.position) == 2
    session.run("c")
    assert moved(session, "rc").tensor.path == "enc0.attn.weights/exp"


def test_phases_ops_numbers_and_here(session: Session) -> None:
    for what in ("backward", "op softmax", "5", ""):
        session.run(f"tbreak {what}")
    found = [moved(session, "c").tensor.path for _ in range(3)]
    assert found == [session.trace.plan.steps[4].path, "enc0.attn.weights", "loss.grad"]
    assert moved(session, "rc").tensor.path == session.trace.plan.steps[0].path, "where the last one was set"


def test_a_temporary_one_stops_once(session: Session) -> None:
    session.run("tbreak enc0.attn.scores")
    moved(session, "c")
    assert not session.points.all
    session.run("goto start")
    assert moved(session, "c").end is not None


def test_ignore_disable_enable_delete(session: Session) -> None:
    session.run("break enc0.attn.scores")
    session.run("break enc0.attn.heads")
    session.run("ignore 1 1")
    assert moved(session, "c").tensor.path == "enc0.attn.heads"
    session.run("goto start")
    session.run("disable 1")
    assert moved(session, "c").tensor.path == "enc0.attn.heads"
    session.run("enable 1")
    assert moved(session, "rc").tensor.path == "enc0.attn.scores"
    session.run("delete 1")
    assert list(session.points.all) == [2]
    for step in (3, 4, 5):
        session.run(f"break {step}")
    session.run("delete 3-4")
    assert list(session.points.all) == [2, 5]
    session.run("delete")
    with pytest.raises(CommandError, match="no breakpoints"):
        session.run("disable")


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "break nothing",
        "break *.weigths",
        "break op sofmax",
        "break enc0.attn.scores if",
        "break 999",
        "watch nope",
        "break x if )",
        "ignore 1",
        "delete 7",
    ],
)
def test_what_cannot_be_is_refused(session: Session, line: str) -> None:
    session.run("break enc0.attn.scores")
    with pytest.raises(TfstepError):
        session.run(line)
    assert list(session.points.all) == [1]


def test_a_scenario_without_loss_has_no_backward_phase() -> None:
    session = Session(load_text("tfstep: 1\nmodel: {kind: attention, d_model: 2}\ninput: {x: [[1, 0], [0, 1]]}\n"))
    with pytest.raises(PathError, match="no backward phase"):
        session.run("break phase backward")


def test_a_watchpoint_stops_at_the_step_that_makes_it_and_at_the_update(session: Session) -> None:
    session.run("watch enc0.attn.W_Q[0,0]")
    stop = moved(session, "c")
    assert stop.tensor.path == "enc0.attn.W_Q.new"
    (why,) = stop.stops
    assert why.old == 1
    assert why.new == session.trace["enc0.attn.W_Q"].new[0, 0]
    session.run("goto end")
    (back,) = moved(session, "rc").stops
    assert (back.old, back.new) == (why.new, why.old)


def test_a_watched_expression_stops_where_any_of_its_tensors_is_made(session: Session) -> None:
    session.run("watch max(enc0.attn.scores) - max(enc0.attn.weights)")
    assert moved(session, "c").tensor.path == "enc0.attn.weights"


def test_an_edit_tells_what_is_watched(session: Session) -> None:
    session.run("watch loss")
    assert "watchpoint 1: loss changed" in told(session, "set enc0.attn.W_Q[0,0] = 2")
    assert "watchpoint" not in told(session, "set out.probs[0,0,0] = 1")
    assert "watchpoint 1" in told(session, "undo 2")
    session.run("variant swapped")
    assert "loss changed" in str(session.asides[0])
    session.run("variant swapped")
    assert not session.asides


def test_commands_of_a_breakpoint_run_and_their_errors_end_nothing(session: Session) -> None:
    session.run("break enc0.attn.weights")
    session.run("commands 1 output max(it); nonsense; goto 1")
    shown = told(session, "c")
    assert "max(it) = 0.7" in shown
    assert "breakpoint 1: no command 'nonsense'" in shown


def test_commands_that_stop_again_come_to_an_end(session: Session) -> None:
    session.run("break enc0.*")
    session.run("commands 1 rs; n")
    session.run("c")


def test_a_display_is_shown_after_every_move(session: Session) -> None:
    session.run("display it.size")
    assert "it.size = 12" in told(session, "n")
    assert "it.size = 9" in told(session, "goto enc0.attn.scores")
    session.run("undisplay 1")
    assert "it.size" not in told(session, "n")
    with pytest.raises(CommandError):
        session.run("undisplay 1")


def test_the_list_marks_breakpoints_pins_and_what_moved(session: Session) -> None:
    session.run("goto enc0.attn.weights")
    session.run("break enc0.attn.heads")
    session.run("set enc0.attn.weights[0,0,0] = [1,0,0]")
    rows = {row.split()[-3]: row for row in told(session, "list 2").splitlines()}
    assert "■~" in rows["enc0.attn.weights"]
    assert "●~" in rows["enc0.attn.heads"]
    assert not {"●", "■", "~"} & set(rows["enc0.attn.masked"])


def test_until_goes_ahead_only(session: Session) -> None:
    assert moved(session, "until enc0.attn.weights/exp").tensor.path == "enc0.attn.weights/exp"
    with pytest.raises(CommandError, match="not ahead"):
        session.run("until start")
    assert moved(session, "ru src.x").tensor.path == "src.x"
    session.run("break enc0.attn.scores")
    assert moved(session, "until loss").tensor.path == "enc0.attn.scores"


def test_next_stops_at_a_breakpoint_on_its_way(session: Session) -> None:
    session.run("break 4")
    session.run("n 10")
    assert session.position == (4,)


def test_a_nan_is_traced_to_where_it_begins(session: Session) -> None:
    shown = told(session, "set enc0.attn.W_K[0,0] = nan")
    assert "it begins in enc0.attn.W_K" in shown
    assert "the first one is in enc0.attn.W_K" in told(session, "goto enc0.attn.weights")
    session.run("undo")
    assert "NaN" not in told(session, "goto enc0.attn.weights")


def test_an_infinity_that_arises_in_a_step_is_told_there(session: Session) -> None:
    session.run("set enc0.attn.W_Q = 1e308")
    assert "arises here" in told(session, "goto enc0.attn.q_proj")


def test_a_nan_is_offered_unasked_on_the_way_and_in_another_variant() -> None:
    session = Session(tfstep.load("padding"))
    assert "NaN" not in told(session, "c")
    session.run("variant all-pad-minus-inf")
    assert "NaN or +inf arises in enc0.attn.weights" in str(session.asides[0])
    session.run("goto start")
    assert "NaN or +inf arises in enc0.attn.weights" in told(session, "c")
    session.run("variant base")
    assert not session.asides


# -- across a training -----------------------------------------------------------------------------


def test_a_training_stops_where_a_condition_comes_to_hold(session: Session) -> None:
    session.run("break loss if it < 0.9")
    shown = told(session, "train 200")
    update = session.update
    assert f"breakpoint 1: loss (it < 0.9) since update {update}" in shown
    assert session.current.path == "loss"
    assert session.current.value < 0.9
    assert session.journal.now.line == f"train {update}"
    assert session.points.all[1].hits == 1
    assert "held before already, at loss" in told(session, "train 3")
    assert session.update == update + 3
    session.run(f"goto update {update - 1}")
    assert session.trace["loss"].value >= 0.9, "it is the first update at which it holds"


def test_what_is_watched_stops_a_training_when_it_changes(session: Session) -> None:
    session.run("watch loss < 0.9")
    shown = told(session, "train 200")
    update = session.update
    assert f"watchpoint 1: loss < 0.9 changed, by update {update}\n  false → true" in shown
    assert f"`train {200 - update}` makes the updates that are left, `disable 1` lets it run through" in shown
    session.run("watch loss")
    assert f"watchpoint 2: loss changed, by update {update + 1}\n" in told(session, "train 3")
    assert session.update == update + 1
    assert f"back to update {update - 1}\n  true → false" in told(session, "rewind 2")
    session.run("disable 2")
    assert "`train 4` makes the updates that are left" in told(session, "train 5"), "only the truth stops it now"
    assert session.update == update


def test_train_without_a_number_makes_the_updates_of_the_file(session: Session) -> None:
    assert session.scenario.train.steps == 100
    session.run("train")
    assert session.update == 100
    assert session.journal.now.line == "train 100"
    session.run("model train.steps 0")
    with pytest.raises(TfstepError, match=r"train\.steps is 0"):
        session.run("train")


def test_a_watchpoint_with_a_condition(session: Session) -> None:
    session.run("watch enc0.attn.W_Q[0,0] if loss < 0.9")
    assert "watchpoint" not in told(session, "set enc0.attn.W_Q[0,0] = 1.5")
    session.run("undo")
    assert "watchpoint 1: enc0.attn.W_Q[0,0] changed, by update" in told(session, "train 200")
    assert session.trace["loss"].value < 0.9
    session.run("goto start")
    assert moved(session, "c").tensor.path == "enc0.attn.W_Q.new"
    session.run("rewind 3")
    session.run("goto start")
    assert moved(session, "c").end is not None


def test_ignored_and_temporary_points_of_a_training(session: Session) -> None:
    session.run("tbreak loss if it < 0.9")
    session.run("break enc0.attn.weights/exp if loss < 0.5")
    session.run("ignore 2 1")
    session.run("commands 1 output loss")
    assert "loss = 0.8" in told(session, "train 200")
    assert list(session.points.all) == [2]
    session.run("train 20")
    assert session.points.all[2].hits == 1
    assert session.trace["loss"].value < 0.5


def test_points_without_a_condition_stop_no_training(session: Session) -> None:
    session.run("break *")
    session.run("break backward")
    session.run("train 3")
    assert (session.update, session.position) == (3, (1,))


def test_the_end_says_what_leads_on(session: Session) -> None:
    assert "`train` goes on" in told(session, "c")
    assert told(session, "rc").endswith("the timeline starts here")
    session.run("train 1")
    assert "`rewind` goes back" in told(session, "rc")
    plain = Session(load_text("tfstep: 1\nmodel: {kind: attention, d_model: 2}\ninput: {x: [[1, 0], [0, 1]]}\n"))
    assert told(plain, "c").endswith("the timeline ends here")
