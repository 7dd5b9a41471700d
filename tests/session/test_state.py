"""The state of a session: the cursor, names, frames, journals."""

import numpy as np
import pytest

import tfstep
from tfstep.address.indices import index_list
from tfstep.commands.language.session import Session
from tfstep.errors import CommandError, PathError
from tfstep.session.address.names import full_path
from tfstep.session.address.target import cell, target
from tfstep.session.place import find_place
from tfstep.session.state import State


@pytest.fixture
def state() -> State:
    return State(tfstep.load("wo-ai-ni"))


def at(state: State, place: str) -> State:
    state.position, _ = find_place(state.trace, place)
    return state


def test_it_starts_at_the_first_step(state: State) -> None:
    assert (state.position, state.current.path, state.phase) == ((1,), "src.embed", "forward")
    assert state.phases == ("forward", "backward", "update")


def test_frames_go_from_the_phase_to_the_step_inside(state: State) -> None:
    at(state, "enc0.attn.weights/exp")
    assert [(f.kind, f.name) for f in state.frames()] == [
        ("phase", "forward"),
        ("scope", "enc0"),
        ("scope", "attn"),
        ("step", "enc0.attn.weights"),
        ("step", "exp"),
    ]
    assert state.frames()[-1].position == state.position


def test_the_cell_stays_within_the_tensor(state: State) -> None:
    at(state, "enc0.attn.scores").cell = (0, 0, 1, 99)
    assert state.cell == (0, 0, 1, 2)
    assert at(state, "loss").cell == ()


def test_the_cell_keeps_its_place_along_an_axis(state: State) -> None:
    at(state, "enc0.attn.scores").cell = (0, 0, 2, 1)
    assert at(state, "enc0.attn.weights").cell == (0, 0, 2, 1)
    assert at(state, "enc0.attn.Q").cell[2] == 2, "the row of Q that asks"


def test_a_short_name_means_the_tensor_around_us(state: State) -> None:
    assert full_path(state, "scores") == "enc0.attn.scores", "the only one"
    assert full_path(at(state, "enc0.attn.scores"), "Q.grad") == "enc0.attn.Q.grad"
    assert full_path(state, "weights/exp") == "enc0.attn.weights/exp"
    assert full_path(at(state, "enc0.attn.weights/exp"), "shift") == "enc0.attn.weights/shift"
    with pytest.raises(PathError, match="which one"):
        full_path(state, "new")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("weights", ""),
        ("weights[0,0,'我','爱']", "[0,0,0,1]"),
        ("weights[0,0,我,2]", "[0,0,0,2]"),
        ("weights[:,0,1:]", "[:,0,1:]"),
        ("weights[...,-1]", "[:,:,:,-1]"),
        ("`enc0.attn.weights/exp`[0]", "[0]"),
    ],
)
def test_a_target_is_read(state: State, text: str, expected: str) -> None:
    tensor, index = target(state, text)
    assert tensor.path.startswith("enc0.attn.weights")
    assert index_list(index) == expected


@pytest.mark.parametrize("text", ["weights[", "weights[]", "weights[0,,1]", "weights[0,0,'猫']", "weights[x]", "[0]"])
def test_a_target_that_is_none_is_refused(state: State, text: str) -> None:
    with pytest.raises(PathError):
        target(state, text)


def test_a_part_outside_is_refused(state: State) -> None:
    with pytest.raises(PathError, match="index 5 is outside of axis batch, which has 1"):
        target(state, "weights[5]")
    with pytest.raises(PathError, match="more than one cell"):
        cell(state, "weights[0,0,:,1]")


def test_the_second_occurrence_of_a_word() -> None:
    from tfstep.scenario.scenario import load_text

    state = State(
        load_text(
            "tfstep: 1\nmodel: {kind: encoder, d_model: 2, heads: 1}\nvocab: [他, 走]\ninput: {source: 他 走 他}\n"
        )
    )
    assert target(state, "weights[0,0,'他#2',走]")[1] == (0, 0, 2, 1)


def test_nothing_changed_at_first(state: State) -> None:
    assert not state.changed("loss")
    assert not state.differs("loss")
    with pytest.raises(CommandError):
        state.journal.undo()


def test_the_marks_of_an_edit(state: State) -> None:
    from msgspec.structs import replace

    at(state, "enc0.attn.scores")
    new = state.trace.edit({"enc0.attn.scores[0,0,0,0]": 5.0})
    state.record(replace(state.journal.now, line="set", trace=new, edited=frozenset({"enc0.attn.scores"})))
    assert state.current.path == "enc0.attn.scores"
    assert state.pinned == {"enc0.attn.scores"}
    assert state.changed("enc0.attn.weights")
    assert state.changed("loss")
    assert not state.changed("enc0.attn.Q")
    assert state.differs("loss")
    assert np.array_equal(state.before["loss"].value, state.baseline["loss"].value)


def test_a_step_that_rounding_alone_moved_is_not_marked() -> None:
    session = Session(tfstep.load("wo-ai-ni"))
    session.run("nudge enc0.attn.weights[0,0,0,0]")
    path, before = "enc0.attn.weights.grad", session.before
    was, now = before[path].value, session.trace[path].value
    assert (was != now).any(), "not a bit would be moved: nothing is tested"
    assert np.abs(was - now).max() < 1e-13
    assert session.changed(path) is False
    assert session.changed("enc0.attn.weights") is True
    session.run("set enc0.attn.W_V[0,0] = 1 + 1e-15")
    assert session.changed("enc0.attn.W_V") is True, "what is given is told to the bit"
