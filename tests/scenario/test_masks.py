"""The file's own masks: polarity, shapes, heads, cross-attention, a prefix, corners, and rows with nothing left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tfstep.engine.trace import Trace
from tfstep.errors import TfstepError
from tfstep.scenario.scenario import Scenario, load, load_text
from tfstep.session.study.checks import check

WORDS = ["<pad>", "a", "b", "c"]
SEES = [[True, False, True], [True, True, False], [False, True, True]]
X, STORE = [[1.0, 0.5], [0.3, -1.0]], [[0.1, 0.2], [1.0, -0.4], [0.5, 0.6], [-0.7, 0.2], [0.9, 0.1]]


def scenario(mask: dict[str, Any], kind: str = "encoder", read: str = "a b c", **model: Any) -> Scenario:
    sides = {"encoder": ("source",), "decoder": ("target",), "encoder-decoder": ("source", "target")}[kind]
    given = dict.fromkeys(sides, read) | {"labels": "b c a"}
    keys = {"kind": kind, "d_model": 4, "d_ff": 6, "heads": 2, "mask": mask, **model}
    return load_text(json.dumps({"model": keys, "vocab": WORDS, "input": given}).replace("-Infinity", "-.inf"))


def alone(mask: dict[str, Any]) -> Scenario:
    keys = {"kind": "attention", "d_model": 2, "projections": False, "output": False, "bias": False, "mask": mask}
    return load_text(json.dumps({"model": keys, "input": {"x": X, "memory": STORE}, "loss": {"kind": "sum"}}))


def value(trace: Trace, path: str) -> np.ndarray:
    return np.asarray(trace[path].value)


def softmax(s: np.ndarray) -> np.ndarray:
    e = np.exp(s - s.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True))


def test_true_may_look_and_every_hidden_cell_says_why() -> None:
    trace = scenario({"custom": SEES}).program.trace()
    weights = value(trace, "enc0.attn.weights")
    wanted = softmax(np.where(SEES, value(trace, "enc0.attn.scaled"), -np.inf))
    np.testing.assert_allclose(weights, wanted, rtol=1e-14)
    assert "the scenario's own mask says false" in str(trace.explain("enc0.attn.masked[0,1,0,1]").note)
    assert check(scenario({"custom": SEES}), trace).ok


def test_a_cell_has_all_of_its_reasons() -> None:
    own = [[True, True, True], [True, True, True], [False, True, True]]
    trace = scenario({"custom": own}, "decoder", "<pad> b c").program.trace()
    assert value(trace, "dec0.attn.mask")[0, 0].tolist() == [[1, 2, 2], [1, 0, 2], [33, 0, 0]]
    assert str(trace.explain("dec0.attn.masked[0,0,2,0]").note).count(":") == 2


def test_each_head_has_its_own() -> None:
    own = [SEES, [[True] * 3] * 3]
    trace = scenario({"custom": own}).program.trace()
    weights = value(trace, "enc0.attn.weights")[0]
    np.testing.assert_array_equal(weights[0] == 0, ~np.array(SEES))
    assert (weights[1] > 0).all()


def test_a_batch_has_a_mask_for_each_sentence() -> None:
    own = np.array([[SEES], [[[True] * 3] * 3]])
    trace = scenario({"custom": own.tolist()}).with_changes(
        {"input": {"source": ["a b c", "c b a"], "labels": ["b c a", "a a a"]}}
    )
    zero = (value(trace.program.trace(), "enc0.attn.weights") == 0).any((1, 2, 3))
    assert zero.tolist() == [True, False]


def test_numbers_are_added_and_a_trained_one_learns() -> None:
    numbers = [[0.0, 0.5, 1.0], [1.0, 2.0, 0.0], [-np.inf, 0.0, 0.0]]
    trace = scenario({"custom": numbers}).program.trace()
    wanted = softmax(value(trace, "enc0.attn.scaled") + np.array(numbers))
    np.testing.assert_allclose(value(trace, "enc0.attn.weights"), wanted, rtol=1e-14)
    learned = scenario({"custom": numbers, "trained": True})
    trace = learned.program.trace()
    np.testing.assert_array_equal(value(trace, "enc0.attn.mask_added")[0, 0], numbers)
    grad = np.asarray(trace["enc0.attn.scaled"].grad).sum((0, 1))
    np.testing.assert_allclose(np.asarray(trace["enc0.attn.mask_added"].grad)[0, 0], grad, rtol=1e-13, atol=1e-18)
    new = value(trace, "enc0.attn.mask_added.new")[0, 0]
    assert np.isneginf(new[2, 0])
    assert (new[0] != numbers[0]).all()


def test_cross_attention_has_a_mask_of_its_own() -> None:
    trace = scenario({"cross": SEES}, "encoder-decoder").program.trace()
    np.testing.assert_array_equal(value(trace, "dec0.cross.weights")[0, 0] == 0, ~np.array(SEES))
    assert (value(trace, "enc0.attn.weights") > 0).all()


def test_each_stack_may_have_a_mask_of_its_own() -> None:
    turned, two = np.array(SEES).T.tolist(), [[True, True, True], [True, True, False]]
    given = {"encoder": SEES, "decoder": [[0.0, 0.5], [0.25, 1.0]], "cross": two, "trained": False}
    keys = {"kind": "encoder-decoder", "d_model": 4, "d_ff": 6, "heads": 2, "mask": {**given, "causal": False}}
    read = {"source": "a b c", "target": "a b", "labels": "b c"}
    trace = load_text(json.dumps({"model": keys, "vocab": WORDS, "input": read})).program.trace()
    np.testing.assert_array_equal(value(trace, "enc0.attn.weights")[0, 0] == 0, ~np.array(SEES))
    np.testing.assert_array_equal(value(trace, "dec0.cross.weights")[0, 0] == 0, ~np.array(two))
    np.testing.assert_array_equal(value(trace, "dec0.attn.mask_added")[0, 0], given["decoder"])
    both = scenario({"custom": turned, "encoder": SEES}).program.trace()
    np.testing.assert_array_equal(value(both, "enc0.attn.weights")[0, 0] == 0, ~np.array(SEES))
    learned = scenario({"encoder": [[0.0, 1.0, 2.0]] * 3, "trained": True}).program.trace()
    np.testing.assert_array_equal(value(learned, "enc0.attn.mask_added")[0, 0], [[0.0, 1.0, 2.0]] * 3)


@pytest.mark.parametrize("suffix", ["npz", "npy"])
def test_a_mask_is_read_from_a_file_beside_the_scenario(tmp_path: Path, suffix: str) -> None:
    if suffix == "npz":
        np.savez(tmp_path / "m.npz", own=np.array(SEES))
    else:
        np.save(tmp_path / "m.npy", np.array(SEES))
    keys = {"kind": "encoder", "d_model": 4, "mask": {"custom": f"m.{suffix}"}}
    text = json.dumps({"model": keys, "vocab": WORDS, "input": {"source": "a b c"}})
    (tmp_path / "s.yaml").write_text(text)
    trace = load(tmp_path / "s.yaml").program.trace()
    np.testing.assert_array_equal(value(trace, "enc0.attn.weights")[0, 0] == 0, ~np.array(SEES))


def test_one_file_has_the_masks_of_all_stacks_by_their_keys(tmp_path: Path) -> None:
    sees = {"encoder": np.array(SEES), "decoder": np.zeros((2, 2)), "cross": np.array([[True, False, False]] * 2)}
    sees["decoder"][0, 1] = -1.5
    np.savez(tmp_path / "m.npz", **sees)
    keys = {"kind": "encoder-decoder", "d_model": 4, "mask": {"causal": False, **dict.fromkeys(sees, "m.npz")}}
    read = {"source": "a b c", "target": "a b", "labels": "b c"}
    (tmp_path / "s.yaml").write_text(json.dumps({"model": keys, "vocab": WORDS, "input": read}))
    trace = load(tmp_path / "s.yaml").program.trace()
    np.testing.assert_array_equal(value(trace, "enc0.attn.weights")[0, 0] == 0, ~np.array(SEES))
    np.testing.assert_array_equal(value(trace, "dec0.cross.weights")[0, 0], [[1, 0, 0]] * 2)
    np.testing.assert_array_equal(value(trace, "dec0.attn.mask_added")[0, 0], sees["decoder"])
    np.savez(tmp_path / "m.npz", encoder=sees["encoder"], decoder=sees["decoder"])
    with pytest.raises(TfstepError, match=r"s.yaml:1:\d+: .*m.npz cannot be read .* with an array cross"):
        _ = load(tmp_path / "s.yaml").program


def test_a_prefix_is_seen_by_all_and_may_come_from_the_front_only() -> None:
    trace = scenario({"prefix": 2}, "decoder").program.trace()
    assert (value(trace, "dec0.attn.weights")[0, 0] > 0).tolist() == [
        [True, True, False],
        [True, True, False],
        [True] * 3,
    ]


@pytest.mark.parametrize(
    ("corner", "seen"),
    [
        ("top", [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0]]),  # torch 2.13, JAX 0.10
        ("bottom", [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]),  # MLX 0.32, x-transformers 2.31
    ],
)
def test_two_queries_and_five_keys_have_two_causal_masks(corner: str, seen: list[list[int]]) -> None:
    trace = alone({"causal": True, "corner": corner}).program.trace()
    assert (value(trace, "attn.weights")[0, 0] > 0).astype(int).tolist() == seen
    scores = np.array(X) @ np.array(STORE).T / np.sqrt(2)
    wanted = softmax(np.where(np.array(seen) > 0, scores, -np.inf))
    np.testing.assert_allclose(value(trace, "attn.weights")[0, 0], wanted, rtol=1e-14)


@pytest.mark.parametrize("lowest", [-1e9, -np.inf, -2.0])
@pytest.mark.parametrize(("empty", "wanted"), [("uniform", 1 / 3), ("zero", 0.0), ("nan", np.nan)])
def test_a_row_with_nothing_left(empty: str, wanted: float, lowest: float) -> None:
    told = scenario({"empty": empty}, "decoder", "<pad> b c", mask_value=lowest)
    trace = told.program.trace()
    weights = value(trace, "dec0.attn.weights")
    np.testing.assert_array_equal(weights[0, :, 0], wanted)
    plain = scenario({}, "decoder", "<pad> b c", mask_value=lowest).program.trace()
    np.testing.assert_array_equal(weights[0, :, 1:], value(plain, "dec0.attn.weights")[0, :, 1:])
    if empty != "nan":
        assert np.isfinite(np.asarray(trace["tgt.E"].grad)).all()
        assert check(told, trace).gradient.max_error < 1e-6


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        ({"custom": [[False, True, True], [True, False, True], [True, True, False]]}, "no word may look at itself"),
        (
            {"custom": [[False, False, False], [False, True, False], [False, False, True]]},
            "a query may look at nothing",
        ),
        ({"custom": [[True, False]]}, r"a mask of shape \(1, 1, 1, 2\)"),
        ({"custom": [[1, 2], [3]]}, "no rectangle"),
        ({"custom": [["a"]]}, "no rectangle"),
        ({"custom": "nowhere.npz"}, "cannot be read"),
        ({"custom": SEES, "trained": True}, "booleans cannot be trained"),
        ({"trained": True}, "mask.trained without numbers"),
        ({"prefix": 1}, "mask.prefix without a causal mask"),
        ({"cross": SEES}, "cross"),
        ({"decoder": SEES}, "decoder"),
        ({"empty": "even"}, "uniform"),
    ],
)
def test_what_does_not_fit_is_refused(mask: dict[str, Any], said: str) -> None:
    with pytest.raises(TfstepError, match=said):
        _ = scenario(mask).program


@pytest.mark.parametrize(
    ("mask", "said"),
    [({"causal": True}, "from which corner"), ({"corner": "top"}, "a corner without memory and causal")],
)
def test_a_causal_mask_over_a_memory_names_its_corner(mask: dict[str, Any], said: str) -> None:
    with pytest.raises(TfstepError, match=said):
        alone(mask)


@pytest.mark.parametrize("row", ["[false, false, false]", "[-.inf, -.inf, -.inf]"])
def test_a_row_that_is_meant_to_have_nothing(row: str) -> None:
    other = "[true, true, false]" if "false" in row else "[0, 0, -.inf]"
    text = (
        "tfstep: 1\nmodel: {kind: attention, d_model: 2, mask: {custom: ["
        f"{other}, {row}, {other}"
        "], empty: EMPTY}}\ninput: {x: [[1, 2], [0, 1], [2, 1]]}\nweights: {seed: 1}\n"
    )
    zero = load_text(text.replace("EMPTY", "zero")).program.trace()["attn.weights"].value[0, 0]
    even = load_text(text.replace("EMPTY", "uniform")).program.trace()["attn.weights"].value[0, 0]
    assert (zero[1] == 0).all()
    assert (even[1] == np.full(3, 1 / 3)).all()
    assert (zero[0] == even[0]).all()
    assert zero[0, 2] == 0
