"""`pins:`, numbers that are held from the start."""

from collections.abc import Callable

import numpy as np
import pytest

from tfstep.scenario.file.mistakes import Mistake
from tfstep.scenario.scenario import Scenario, load_text
from tfstep.session.change.training import Training

Wrong = Callable[[str], list[Mistake]]
MLP = "tfstep: 1\nmodel: {kind: mlp, sizes: [2, 2]}\ninput: {x: [[1, 2]]}\nloss: {kind: sum}\n"


def test_cells_rows_and_whole_tensors_are_held(scenario: Callable[[str], Scenario]) -> None:
    lines = (
        "pins:\n  enc0.attn.weights[0,0,0]: [0, 0, 1]\n  enc0.attn.heads[:,0,1,0]: 7\n"
        "  enc0.add1: 2\n  src.pos[0,0]: .inf\n"
    )
    trace = scenario(lines).program.trace()
    assert trace["enc0.attn.weights"].value[0, 0, 0].tolist() == [0, 0, 1]
    assert trace["enc0.attn.weights"].value[0, 0, 1].tolist() != [0, 0, 1]
    assert trace["enc0.attn.heads"].value[0, 0, 1, 0] == 7
    assert (trace["enc0.add1"].value == 2).all()
    assert trace["src.pos"].value[0, 0] == np.inf


def test_a_variant_may_pin_and_unpin() -> None:
    text = MLP + "pins: {'layer0.y[0,0]': 5}\nvariants: {free: {pins: null}, more: {pins: {'layer0.y[0,1]': 6}}}\n"
    found = {name: load_text(text, variant=name).program.trace()["layer0.y"].value for name in ("base", "free", "more")}
    assert found["base"][0, 0] == 5
    assert found["free"][0, 0] != 5
    assert found["more"].tolist() == [[5, 6]]


def test_training_holds_them() -> None:
    training = Training(load_text(MLP + "pins: {'layer0.y[0,0]': 5}\ntrain: {lr: 0.1}\n"))
    training.run(3)
    assert training.trace()["layer0.y"].value[0, 0] == 5


@pytest.mark.parametrize(
    ("pin", "column", "words"),
    [
        ("layer0.z: 1", 8, "there is no tensor 'layer0.z' (did you mean layer0.y"),
        ("'layer0.y[0,9]': 1", 8, "index 9 is outside of axis out, which has 2"),
        ("'layer0.y[a]': 1", 8, "'a' is not an index"),
        ("layer0.y: [1, 2, 3]", 18, "cannot be set to something of shape (3,)"),
        ("layer0.y: word", 18, "'word'; a number is needed"),
        ("layer0.W: 1", 8, "layer0.W is a parameter, which training changes"),
    ],
)
def test_what_cannot_be_pinned_is_told_with_its_place(pin: str, column: int, words: str) -> None:
    from tfstep.scenario.file.mistakes import Mistakes

    with pytest.raises(Mistakes) as caught:
        _ = load_text(f"{MLP}pins: {{{pin}}}\n", "f.yaml").program
    (mistake,) = caught.value.mistakes
    assert (mistake.place.line, mistake.place.column) == (5, column)
    assert words in str(mistake.message)


def test_what_an_optimizer_remembers_can_be_given() -> None:
    text = MLP + "train: {optimizer: adam}\nweights: {set: {update.done: 3, layer0.W.m_before: 0.5}}\n"
    trace = load_text(text).program.trace()
    assert trace["update.t"].value == 4
    assert (trace["layer0.W.m_before"].value == 0.5).all()
    assert trace["layer0.b.v_before"].value.any() is np.False_
