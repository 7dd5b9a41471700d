"""Positions of one's own, a number a word: each kind of position takes them, and the usual ones give the usual bits."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tfstep.engine.trace import Trace
from tfstep.errors import TfstepError
from tfstep.scenario.scenario import load_text
from tfstep.session.study.checks import check
from tfstep.session.study.decoding import generate

WORDS = ["<pad>", "a", "b", "c"]


def trace(positional: str, read: Any, positions: Any = None, **model: Any) -> Trace:
    model = {"kind": "decoder", "d_model": 4, "d_ff": 6, "positional": positional, **model}
    given: dict[str, Any] = {"target": read}
    if positions is not None:
        given["positions"] = positions
    text = json.dumps({"model": model, "vocab": WORDS, "input": given, "weights": {"init": {"normal": 0.5}}})
    return load_text(text).program.trace()


def last(t: Trace) -> np.ndarray:
    return np.asarray(t["dec0.norm2"].value)


@pytest.mark.parametrize("positional", ["sinusoidal", "learned", "rope"])
def test_the_usual_positions_give_the_usual_numbers(positional: str) -> None:
    np.testing.assert_allclose(
        last(trace(positional, "a b c", [0, 1, 2])), last(trace(positional, "a b c")), rtol=0, atol=1e-15
    )


@pytest.mark.parametrize("positional", ["sinusoidal", "learned", "rope"])
def test_words_on_the_right_of_pads_are_as_without_them(positional: str) -> None:
    def of(read: Any, places: Any = None) -> Trace:
        model = {"kind": "decoder", "d_model": 4, "d_ff": 6, "positional": positional}
        if positional == "learned":
            model["positions"] = 8  # one table for both
        given = {"target": read} if places is None else {"target": read, "positions": places}
        told = {"model": model, "vocab": WORDS, "input": given, "weights": {"init": {"normal": 0.5}}}
        return load_text(json.dumps(told)).program.trace()

    plain = of("a b c")
    padded = of(["<pad> <pad> a b c", "c b a c b"], [[0, 0, 0, 1, 2], [0, 1, 2, 3, 4]])
    np.testing.assert_allclose(last(padded)[0, 2:], last(plain)[0], rtol=0, atol=1e-14)
    counted = of(["<pad> <pad> a b c", "c b a c b"])
    if positional != "rope":  # there only distances count
        assert np.abs(last(counted)[0, 2:] - last(plain)[0]).max() > 0.01


def test_each_table_is_read_at_the_positions() -> None:
    places = np.array([[5, 2, 0], [1, 1, 7]])
    words = ["a b c", "c a b"]
    table = np.asarray(trace("sinusoidal", words, places.tolist())["tgt.pos"].value)
    for cell in np.ndindex(2, 3):
        angles = places[cell] / 10000 ** (np.array([0, 2]) / 4)
        np.testing.assert_allclose(table[cell][0::2], np.sin(angles), rtol=1e-15)
        np.testing.assert_allclose(table[cell][1::2], np.cos(angles), rtol=1e-15)
    learned = trace("learned", words, places.tolist(), position_offset=2)
    pos = np.asarray(learned["tgt.pos"].value)
    assert pos.shape == (10, 4)
    np.testing.assert_array_equal(learned["tgt.placed"].value, pos[places + 2])
    turned = trace("rope", words, places.tolist())
    Q, rot = (np.asarray(turned[f"dec0.attn.{name}"].value) for name in ("Q", "Q_rot"))
    for b, n in np.ndindex(2, 3):
        for pair in (0, 1):
            angle = places[b, n] / 10000 ** (2 * pair / 4)
            x, y = Q[b, 0, n, 2 * pair], Q[b, 0, n, 2 * pair + 1]
            wanted = [x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)]
            np.testing.assert_allclose(rot[b, 0, n, 2 * pair : 2 * pair + 2], wanted, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("positional", ["learned", "rope"])
def test_gradients_of_positions_agree_with_differences(positional: str) -> None:
    model = {"kind": "encoder", "d_model": 4, "heads": 1, "positional": positional}
    given = {"source": ["a b c", "c a"], "labels": ["b c a", "a b"], "positions": [[4, 0, 2], [1, 1, 0]]}
    scenario = load_text(json.dumps({"model": model, "vocab": WORDS, "input": given}))
    found = check(scenario, scenario.program.trace())
    assert found.gradient.max_error < 1e-6


@pytest.mark.parametrize(
    ("positional", "given", "said"),
    [
        ("alibi", {"positions": [0, 1, 2]}, "positions with positional alibi"),
        ("none", {"positions": [0, 1, 2]}, "positions with positional none"),
        ("rope", {"positions": [0, 1]}, "positions of shape"),
        ("rope", {"positions": [0, 1, -1]}, "positions of shape"),
        ("rope", {"positions": [0, 1, 2], "offset": 3}, "positions and offset at once"),
        ("learned", {"positions": [0, 1, 2_000_000]}, "a position of 2,?000,?000"),
    ],
)
def test_what_does_not_go_with_positions_is_refused(positional: str, given: dict[str, Any], said: str) -> None:
    text = {
        "model": {"kind": "decoder", "positional": positional},
        "vocab": WORDS,
        "input": {"target": "a b c", **given},
    }
    with pytest.raises(TfstepError, match=said):
        load_text(json.dumps(text))


def test_to_generate_there_must_be_positions_to_come() -> None:
    model = {"kind": "decoder", "positional": "rope", "head": True}
    text = {"model": model, "vocab": WORDS, "input": {"target": "a b", "positions": [3, 4]}}
    with pytest.raises(TfstepError, match="the words that will be said have none"):
        next(generate(load_text(json.dumps(text)), {}))
