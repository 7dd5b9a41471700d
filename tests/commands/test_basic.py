"""The commands of the first hour: moving, looking, changing, variants, help."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tfstep
from tfstep.commands.language.completion import KINDS, complete
from tfstep.commands.language.registry import all_commands, find
from tfstep.commands.language.script import ScriptError
from tfstep.commands.language.session import Session
from tfstep.errors import CommandError, TfstepError
from tfstep.session.results import GROUPS, Changed, Moved, Nothing, Quit, Shown, Value
from tfstep.text import set_language
from tfstep.view.result.lines import text

WEIGHTS = "enc0.attn.weights"


@pytest.fixture
def session() -> Session:
    return Session(tfstep.load("wo-ai-ni"))


def run(session: Session, *lines: str) -> str:
    """The text of the last line's result."""
    shown = ""
    for line in lines:
        shown = text(session.run(line), session.trace)
    return shown


def test_stepping_and_its_reverse_returns_everywhere(session: Session) -> None:
    places = [session.position]
    while session.run("step").end is None:  # type: ignore[attr-defined]  # step gives a Moved
        places.append(session.position)
    for place in reversed(places):
        assert session.position == place
        session.run("rs")
    assert session.position == (1,)


def test_the_ends_are_told_and_are_no_error(session: Session) -> None:
    assert "starts here" in run(session, "rn")
    assert "ends here" in run(session, "goto end", "n 5")
    assert session.position == (session.steps_total,)


def test_goto_a_parameter_says_where_it_is(session: Session) -> None:
    assert "this one reads it first" in run(session, "goto enc0.attn.W_Q")
    assert session.current.path == "enc0.attn.q_proj"
    assert "reads it first" not in run(session, "goto enc0.attn.q_proj")


def test_counts(session: Session) -> None:
    session.run("n 7")
    assert session.position == (8,)
    session.run("rn 3")
    assert session.position == (5,)
    for bad in ("n 0", "n x", "n -1", "n 1 2", "n 99999999999999999999"):
        with pytest.raises(CommandError):
            session.run(bad)


def test_an_empty_line_repeats_moves_and_not_changes(session: Session) -> None:
    session.run("n 2")
    session.run("")
    assert session.position == (5,)
    session.run("set enc0.attn.W_Q[0,0] = 7")
    assert isinstance(session.run(""), Nothing)
    assert isinstance(session.run("# a comment"), Nothing)


@pytest.mark.parametrize(
    ("short", "name"),
    [
        ("s", "step"),
        ("fin", "finish"),
        ("p", "print"),
        ("rs", "reverse-step"),
        ("go", "goto"),
        ("und", "undo"),
        ("reverse-f", "reverse-finish"),
    ],
)
def test_names_are_shortened(short: str, name: str) -> None:
    assert find(short).name == name


def test_an_unknown_command_tells_the_nearest(session: Session) -> None:
    with pytest.raises(CommandError, match="did you mean print"):
        session.run("prnt loss")
    with pytest.raises(CommandError, match="which one"):
        session.run("reverse-")
    with pytest.raises(CommandError, match="print 12"):
        session.run("12")


def test_print_keeps_its_values(session: Session) -> None:
    first = session.run("print loss")
    assert isinstance(first, Value)
    session.run("print 2")
    assert session.run("print $1 * $_ - 2*loss").values == 0  # type: ignore[attr-defined]  # print gives a Value
    session.run("set $x = [1, 2]")
    assert session.run("print sum($x)").values == 3  # type: ignore[attr-defined]  # as above
    with pytest.raises(TfstepError, match="no value"):
        session.run("print $nope")


def test_a_named_value_of_many_numbers_is_summed_up(session: Session) -> None:
    assert len(run(session, "set $few = src.x").splitlines()) > 3  # twelve are written out
    assert run(session, "set $all = enc0.ffn.W_1").startswith("$all = 4×8: from ")
    assert len(run(session, "set $all = enc0.ffn.W_1").splitlines()) == 1
    assert len(run(session, "print $all").splitlines()) > 4


def test_an_error_points_at_its_place(session: Session) -> None:
    with pytest.raises(TfstepError) as caught:
        session.run("print 1 + * 2")
    line, mark = str(caught.value).splitlines()[-2:]
    assert line[mark.index("^")] == "*"


def test_show_a_slice_with_its_words(session: Session) -> None:
    shown = session.run(f"show {WEIGHTS}[0,0,'你']")
    assert isinstance(shown, Shown)
    assert shown.values.shape == (3,)
    assert "我" in text(shown, session.trace)


def test_a_weight_that_a_mask_made_0_names_the_word() -> None:
    padded = Session(tfstep.load("padding"))
    assert "<pad>" in run(padded, "explain enc0.attn.weights[0,0,0,5]")
    assert "<pad>, which" not in run(padded, "explain enc0.attn.weights[0,0,0,1]")


def test_explain_by_words_and_at_the_cursor(session: Session) -> None:
    by_words = run(session, "explain enc0.attn.scores[0,0,我,爱]")
    run(session, "goto enc0.attn.scores[0,0,0,1]")
    assert run(session, "explain") == by_words
    assert "total" in by_words


# -- changing --------------------------------------------------------------------------------------


def bits(session: Session) -> dict[str, bytes]:
    return {n.path: session.trace.value(n.slot).tobytes() for n in session.trace.plan.nodes}


def test_undo_and_redo_are_exact(session: Session) -> None:
    stages = [bits(session)]
    for line in ("set enc0.attn.W_Q[0,0] = 2", f"set {WEIGHTS}[0,0,0] = [1,0,0]", "release", "set loss.grad = 2"):
        session.run(line)
        stages.append(bits(session))
    assert stages[1] != stages[0]
    assert stages[3] == stages[1], "released: computed again, to the bit"
    for stage in reversed(stages[:-1]):
        session.run("undo")
        assert bits(session) == stage
    with pytest.raises(CommandError, match="nothing to undo"):
        session.run("undo")
    session.run("redo 4")
    assert bits(session) == stages[-1]
    session.run("reset")
    assert bits(session) == stages[0]
    session.run("undo")
    assert bits(session) == stages[-1]


def test_undo_and_redo_say_so(session: Session) -> None:
    session.run("set out.b[0] = 1")
    assert run(session, "undo").startswith("undone: set out.b[0] = 1")
    assert run(session, "redo").startswith("redone: set out.b[0] = 1")


def test_a_new_change_forgets_what_was_undone(session: Session) -> None:
    run(session, "set out.b[0] = 1", "undo", "set out.b[0] = 2")
    with pytest.raises(CommandError, match="nothing to redo"):
        session.run("redo")


def test_a_pin_keeps_its_cells(session: Session) -> None:
    run(session, f"set {WEIGHTS}[0,0,0] = [1,0,0]", "set enc0.attn.W_Q[0,0] = 9")
    assert session.trace[WEIGHTS].value[0, 0, 0].tolist() == [1, 0, 0]
    assert session.pinned == {WEIGHTS}
    assert session.trace[f"{WEIGHTS}/computed"].value[0, 0, 0].tolist() != [1, 0, 0]
    run(session, f"release {WEIGHTS}")
    assert not session.pinned
    with pytest.raises(TfstepError, match="nothing is pinned"):
        session.run("release")
    with pytest.raises(TfstepError, match="not pinned"):
        session.run("release enc0.attn.W_Q")


def test_an_edit_without_effect_says_so_and_is_no_entry(session: Session) -> None:
    run(session, "set enc0.attn.W_Q[0,0] = 2")
    assert "no effect" in run(session, "set enc0.attn.W_Q[0,0] = 2")
    assert len(session.journal.changes) == 1
    assert "pinned now" in run(session, f"set {WEIGHTS} = {WEIGHTS}"), "no number moves, but the gradients do"
    assert "nothing is computed from it" in run(session, "set out.probs[0,0,0] = 1")


def test_an_edit_tells_old_new_and_loss(session: Session) -> None:
    result = session.run("set enc0.attn.W_Q[0,0] = 2")
    assert isinstance(result, Changed)
    assert (result.edits[0].old, result.edits[0].new) == (1, 2)
    assert result.loss is not None
    assert result.loss[0] != result.loss[1]
    assert result.downstream > 50


@pytest.mark.parametrize(
    "line",
    [
        "set",
        "set enc0.attn.W_Q",
        "set enc0.attn.W_Q =",
        "set nothing = 1",
        "set enc0.attn.W_Q[9,9] = 1",
        "set enc0.attn.W_Q = [1,2]",
        "set src.tokens[0,0] = 1",
        "set enc0.attn.weights/exp = 1",
        "set enc0.attn.W_Q == 1",
        "set $1x = 2",
    ],
)
def test_a_wrong_edit_changes_nothing(session: Session, line: str) -> None:
    before = session.trace
    with pytest.raises(TfstepError):
        session.run(line)
    assert session.trace is before
    assert not session.journal.changes


def test_variants_have_their_own_changes_and_keep_the_place(session: Session) -> None:
    run(session, f"goto {WEIGHTS}", "set enc0.attn.W_Q[0,0] = 2")
    edited = session.trace
    assert "changes that stay with base: 1" in run(session, "variant swapped")
    assert session.current.path == WEIGHTS
    assert not session.journal.changes
    session.run("variant base")
    assert session.trace is edited
    with pytest.raises(TfstepError, match="swapped"):
        session.run("variant swaped")
    assert "no-position" in run(session, "variant")


def test_numbers_of_another_variant(session: Session) -> None:
    run(session, f"set {WEIGHTS} = `swapped:{WEIGHTS}`")
    swapped = tfstep.trace(tfstep.load("wo-ai-ni", variant="swapped"))
    assert np.array_equal(session.trace[WEIGHTS].value, swapped[WEIGHTS].value)


# -- scripts ---------------------------------------------------------------------------------------


def test_a_script_stops_at_its_first_error_with_file_and_line(session: Session, tmp_path: Path) -> None:
    script = tmp_path / "a.tfs"
    script.write_text("# a script\ngoto loss\n\nexpect loss < 0\nrn\n", "utf-8")
    with pytest.raises(ScriptError, match=r"a\.tfs:4: does not hold: loss < 0\n  loss = 1\.4") as caught:
        session.run(f"source {script}")
    assert len(caught.value.results) == 1
    assert session.current.path == "loss"
    assert session.history == [f"source {script}"]


def test_a_script_that_runs_itself_is_stopped(session: Session, tmp_path: Path) -> None:
    script = tmp_path / "loop"
    script.write_text(f"source {script}\n", "utf-8")
    with pytest.raises(ScriptError, match="10 deep"):
        session.run(f"source {script}")


def test_quit_ends_a_script(session: Session, tmp_path: Path) -> None:
    script = tmp_path / "q"
    script.write_text("n\nquit\nn\n", "utf-8")
    session.run(f"source {script}")
    assert session.position == (2,)
    assert isinstance(session.run("q"), Quit)


def test_a_word_may_have_a_hash(session: Session) -> None:
    with pytest.raises(TfstepError, match="我#2"):
        session.run(f"print {WEIGHTS}[0,0,'我#2',0]")
    assert isinstance(session.run("n # forwards"), Moved)


# -- help, completion ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_help_names_every_command(session: Session, language: str) -> None:
    set_language(language)
    shown, brief = run(session, "help all"), run(session, "help")
    assert len(brief.splitlines()) < 30, "all of it is seen at once"
    for name, each in all_commands().items():
        assert each.usage in shown
        assert name in brief
        assert each.usage in run(session, f"help {each.group}")
        assert str(each.about)[:8] in run(session, f"help {name}")
        assert each.group in GROUPS


def test_every_kind_of_completion_is_known_or_spelled() -> None:
    kinds = {kind for each in all_commands().values() for kind in each.completes}
    assert {kind for kind in kinds if kind not in KINDS and not kind.startswith("'")} == set()


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("fin", "finish"),
        ("goto enc0.attn.we", WEIGHTS),
        ("show enc0.attn.weights/e", f"{WEIGHTS}/exp"),
        ("goto en", "end"),
        ("variant sw", "swapped"),
        ("print softm", "softmax("),
        ("print 2 * enc0.attn.W_Q.g", "enc0.attn.W_Q.grad"),
        ("set enc0.attn.W_Q[0,0] = max(ab", "abs("),
        ("info pa", "params"),
        ("break *.wei", "*.weights"),
        ("break op soft", "softmax"),
        ("break upd", "update"),
        ("print enc0.attn.weights[0,0,'", "我"),
        ("variant swap", "swapped"),
        ("help und", "undo"),
        ("tokens so", "source"),
        ("tokens source 你", "你"),
        ("model norm_p", "norm_position"),
        ("delete ", "1"),
        ("restore ", "here"),
        ("save a.yaml over", "overwrite"),
    ],
)
def test_completion(session: Session, before: str, expected: str) -> None:
    run(session, "break loss", "checkpoint here")
    found = {each.text: each for each in complete(session, before)}
    assert expected in found
    assert before.endswith(expected[: found[expected].replaces])


def test_help_tells_of_functions(session: Session) -> None:
    shown = text(session.run("help softmax"), session.trace)
    assert "print softmax(x, axis=-1)" in shown
    with pytest.raises(CommandError, match=r"no command, function or term 'sotfmax' \(did you mean softmax"):
        session.run("help sotfmax")


def test_names_are_completed_where_we_are(session: Session) -> None:
    run(session, "goto enc0.attn.scores")
    assert "weights" in {each.text for each in complete(session, "print wei")}


@pytest.mark.slow
@given(st.text(max_size=30), st.sampled_from([*all_commands(), "", "x"]))
def test_any_line_gives_a_result_or_an_error_of_ours(rest: str, name: str) -> None:
    if name == "source":
        return
    session = Session(SCENARIO)
    with suppress(TfstepError):
        text(session.run(f"{name} {rest}"), session.trace)


SCENARIO = tfstep.load("wo-ai-ni")


@pytest.mark.parametrize("edit", ["set enc0.attn.W_Q[0,0] = 2", "set enc0.attn.K[0,0,0,0] = 3", "set loss = 3"])
def test_as_many_steps_follow_an_edit_as_its_undoing(session: Session, edit: str) -> None:
    counts = []
    for line in (edit, "undo", "redo"):
        result = session.run(line)
        assert isinstance(result, Changed)
        counts.append(result.downstream)
    assert counts[0] > 0
    assert len(set(counts)) == 1


def test_pinning_the_loss_stops_the_gradients_and_says_so(session: Session) -> None:
    before = session.trace
    result = session.run("set loss = 3")
    assert isinstance(result, Changed)
    assert "no gradient flows back" in str(result.notes[0])
    moved = [s.path for s in before.plan.steps if (before[s.path].value != session.trace[s.path].value).any()]
    assert "enc0.attn.W_Q.grad" in moved
    following = {before.plan.nodes[slot].path for slot in before.plan.follow({before["loss"].node.slot})}
    assert set(moved) - {"loss"} <= following
    assert result.downstream == len(following)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("set W_Q[0,0] += 1", "`set W_Q[0,0] = W_Q[0,0] + 1`, or `nudge W_Q[0,0] 1`"),
        ("set W_Q[0,0]-=0.5", "`nudge W_Q[0,0] -0.5`"),
        ("set W_Q *= 1 + 1", "`set W_Q = W_Q * (1 + 1)`"),
        ("goto -2", "they go from 1 to 93; `reverse-next 2` goes back"),
    ],
)
def test_what_is_meant_is_told(session: Session, line: str, told: str) -> None:
    with pytest.raises(tfstep.TfstepError) as error:
        session.run(line)
    assert told in str(error.value)
