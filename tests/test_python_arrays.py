"""A run in Python: a mapping of paths, tensors that NumPy takes, copies, pickles, and what is found of it above."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tfstep
from tfstep.address.wildcard import matcher


@pytest.fixture(scope="module")
def scenario() -> tfstep.Scenario:
    return tfstep.load("wo-ai-ni")


@pytest.fixture(scope="module")
def trace(scenario: tfstep.Scenario) -> tfstep.Trace:
    return tfstep.trace(scenario)


def test_dir_lists_what_is_public_and_nothing_else() -> None:
    assert sorted(tfstep.__all__) == dir(tfstep)
    assert all(getattr(tfstep, name) is not None for name in dir(tfstep))


def test_paths_are_those_of_the_plan_that_the_pattern_spells(trace: tfstep.Trace) -> None:
    recorded = [node.path for node in trace.plan.nodes]
    plain = [path for path in recorded if ".grad" not in path and not path.endswith(".new")]
    assert trace.paths() == list(trace) == plain
    assert len(trace) == len(plain)
    asked = [path for path in recorded if matcher("*.attn.*.grad")(path)]
    assert trace.paths("*.attn.*.grad") == asked != []
    assert trace.paths("enc0.attn.weights/e*") == ["enc0.attn.weights/exp"]
    assert trace.paths("no.such*") == []


def test_in_knows_gradients_and_insides(trace: tfstep.Trace) -> None:
    known = ("loss", "loss.grad", "enc0.attn.W_Q.new", "enc0.attn.weights/exp")
    assert all(path in trace for path in known)
    assert not any(path in trace for path in ("los", "enc0.attn.weights[0,0,0,0]", 3, None))
    assert bool(trace)


def test_a_tensor_converts_to_its_array(trace: tfstep.Trace) -> None:
    weights = trace["enc0.attn.weights"]
    assert np.asarray(weights) is weights.value
    own = np.array(weights)
    own[0] = 0
    assert np.asarray(weights, np.float32).dtype == np.float32
    assert weights.value.any()
    assert (len(weights), weights.ndim, weights.size, weights.dtype) == (1, 4, 9, np.float64)
    assert (weights.value.swapaxes(-1, -2) == weights.T).all()


def test_a_scalar_is_a_number(trace: tfstep.Trace) -> None:
    loss = trace["loss"]
    assert float(loss) == loss.value.item()
    assert f"{loss:.3f}" == f"{loss.value.item():.3f}"
    with pytest.raises(TypeError):
        float(trace["enc0.attn.weights"])


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: x * 2 - 1,
        lambda x: 1 - x,
        lambda x: x @ x,
        lambda x: -(x**2),
        lambda x: np.exp(x),
        lambda x: np.add.reduce(x, axis=-1),
        lambda x: np.concatenate([x, x]),
        lambda x: x > 0.3,
        lambda x: x == x,
        lambda x: np.mean(x),
        lambda x: x[0, :, 1:],
        lambda x: x[..., 0],
        lambda x: [row.sum() for row in x],
    ],
)
def test_arithmetic_is_that_of_the_array(compute: Callable[[Any], Any], trace: tfstep.Trace) -> None:
    weights = trace["enc0.attn.weights"]
    got, right = compute(weights), compute(weights.value)
    assert type(got) is type(right)
    assert np.array_equal(got, right)


@pytest.mark.slow
def test_an_index_may_be_a_word() -> None:
    sentence = {"source": "我 爱 我", "labels": "I love I"}
    trace = tfstep.trace(tfstep.load("wo-ai-ni").with_changes({"input": sentence}))
    weights = trace["enc0.attn.weights"]
    assert weights[0, 0, "爱", "我#2"] == weights.value[0, 0, 1, 2]
    assert isinstance(weights[0, 0, "爱", 2], float)
    assert np.array_equal(weights[..., "爱"], weights.value[..., 1])
    assert np.array_equal(weights[:, 0, "我"], weights.value[:, 0, 0])
    assert isinstance(trace["src.tokens"][0, "爱"], int)


@pytest.mark.parametrize(
    ("index", "said"),
    [
        ((0, 0, "他"), "'他' is neither a whole number nor a word of axis query: 我 爱 你"),
        ((0, 5), r"has shape \(1, 1, 3, 3\)"),
        ((0, "我"), "'我' is neither a whole number nor a word of axis head"),
        ((0, 0, 0, 0, 0), "there is no place"),
    ],
)
def test_a_place_that_is_not_there_is_a_path_error(index: Any, said: str, trace: tfstep.Trace) -> None:
    with pytest.raises(tfstep.TfstepError, match=said):
        trace["enc0.attn.weights"][index]


def held(trace: tfstep.Trace) -> list[Any]:
    scenario = trace.plan.origin
    explained = trace.explain("enc0.attn.scores[0,0,1,2]")
    return [scenario, trace, trace["loss"], explained, trace.diff(trace), trace.check(), trace.train(2)]


def test_everything_says_what_it_is_in_one_line(trace: tfstep.Trace) -> None:
    for each in held(trace):
        line = repr(each)
        assert line.startswith(f"<{type(each).__name__} ")
        assert line.endswith(">")
        assert "\n" not in line
        assert len(line) < 130
    weights = trace["enc0.attn.weights"].value
    assert f"{weights.min():.4g}, {weights.max():.4g}" in repr(trace["enc0.attn.weights"])


def test_an_array_of_odd_numbers_says_so(scenario: tfstep.Scenario) -> None:
    trace = tfstep.trace(scenario).edit({"enc0.attn.W_Q[0,0]": np.nan, "enc0.attn.W_Q[1,1]": np.inf})
    assert repr(trace["enc0.attn.W_Q"]).endswith("nan×1 inf×1>")
    assert repr(trace["enc0.attn.b_Q"]) == "<Tensor enc0.attn.b_Q 4 = 0>"


def test_print_tells_the_terms_and_the_total(trace: tfstep.Trace) -> None:
    found = trace.explain("enc0.attn.scores[0,0,1,2]")
    text = str(found)
    assert "Q[爱,0] · K[你,0]" in text
    assert repr(found.total) in text
    assert f"{found.value:.4f}" in text.splitlines()[0]
    assert "我" in str(trace["enc0.attn.weights"])
    assert "first step that differs" in str(trace.diff(trace.edit({"src.E": 0})))


def kept(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


@pytest.mark.parametrize("again", [kept, copy.copy, copy.deepcopy])
def test_a_copy_has_the_same_numbers_and_can_be_gone_on_with(
    again: Callable[[Any], Any], trace: tfstep.Trace, scenario: tfstep.Scenario
) -> None:
    edited = trace.edit({"enc0.attn.scores[0,0,0,0]": 3.0, "enc0.attn.W_Q[0,0]": 2.0})
    other = again(edited)
    assert other.diff(edited, tol=0).equal
    change = {"enc0.attn.W_K": 0.5}
    assert other.edit(change).diff(edited.edit(change), tol=0).equal
    inner = again(edited["enc0.attn.weights/exp"])
    assert inner.path == "enc0.attn.weights/exp"
    assert np.array_equal(inner.value, edited["enc0.attn.weights/exp"].value)
    assert again(scenario).document() == scenario.document()
    assert again(edited["enc0.attn.weights/exp"].trace).prefix == "enc0.attn.weights/"
    assert again(trace.explain("loss")).total == trace.explain("loss").total


def test_an_edit_has_the_shape_of_its_place_or_is_one_number(trace: tfstep.Trace) -> None:
    for wrong in ([[1.0]], np.ones((1, 4)), np.ones(4), np.ones((4, 4, 1))):
        with pytest.raises(tfstep.TfstepError, match=r"has shape \(4, 4\)"):
            trace.edit({"enc0.attn.W_Q": wrong})
    for fine in (0.5, np.float32(0.5), np.array(0.5), np.full((4, 4), 0.5)):
        assert (trace.edit({"enc0.attn.W_Q": fine})["enc0.attn.W_Q"].value == 0.5).all()
    scaled = trace.edit({"enc0.attn.W_Q": trace["enc0.attn.W_Q"] * 2})
    assert np.array_equal(scaled["enc0.attn.W_Q"], 2 * trace["enc0.attn.W_Q"].value)


def test_training_goes_on_from_the_numbers_of_the_run(trace: tfstep.Trace) -> None:
    trained = trace.train(3)
    step, losses = trace, [float(trace["loss"])]
    for _ in range(3):
        step = step.advance()
        losses.append(float(step["loss"]))
    assert list(trained.losses) == losses
    assert trained.trace.diff(step, tol=0).equal
    assert trained.trace.train(2).losses == trace.train(5).losses[3:]
    with pytest.raises(tfstep.TfstepError, match="-1 updates"):
        trace.train(-1)


def test_a_check_is_of_the_numbers_after_edits(trace: tfstep.Trace) -> None:
    assert trace.check().ok
    edited = trace.edit({"enc0.attn.W_Q": trace["enc0.attn.W_Q"] * 3})
    assert edited.check().gradient != trace.check().gradient


def test_what_is_no_run_is_not_compared_or_checked(trace: tfstep.Trace) -> None:
    with pytest.raises(tfstep.TfstepError, match="3 is no trace"):
        trace.diff(3)  # type: ignore[arg-type]  # what a user might do
    with pytest.raises(tfstep.TfstepError, match="align is position or token"):
        trace.diff(trace, align="word")
    with pytest.raises(tfstep.TfstepError, match="inside of a step"):
        trace["enc0.attn.weights/exp"].trace.check()


def test_a_dictionary_is_a_scenario(scenario: tfstep.Scenario) -> None:
    made = tfstep.Scenario.from_dict(scenario.document(), name="mine")
    assert tfstep.trace(made).diff(tfstep.trace(scenario), tol=0).equal
    assert made.name == "mine"
    two = tfstep.Scenario.from_dict(
        {
            "model": {"kind": "mlp", "sizes": [2, 1]},
            "input": {"x": np.eye(2)},
            "variants": {"zero": {"input": {"x": [[0, 0]]}}},
        },
        variant="zero",
    )
    assert two.variants == ("base", "zero")
    assert np.array_equal(tfstep.trace(two)["x"], [[0, 0]])


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"model": {"kind": "encodr"}}, "encoder"),
        ({"model": {"kind": "mlp", "sizes": [2, 1], "activasion": 2}}, "activation"),
        ([], "a list is no dictionary"),
        ({"model": object()}, "cannot hold a object"),
    ],
)
def test_a_dictionary_that_is_wrong_says_where(document: Any, said: str) -> None:
    with pytest.raises(tfstep.TfstepError, match=said):
        tfstep.Scenario.from_dict(document)


def test_a_scenario_of_a_dictionary_is_saved(tmp_path: Any, scenario: tfstep.Scenario) -> None:
    session = tfstep.Session(tfstep.Scenario.from_dict(scenario.document()))
    session.run(f"save {tmp_path / 'a.yaml'}")
    again = tfstep.trace(tfstep.load(tmp_path / "a.yaml"))
    assert again.diff(tfstep.trace(scenario), tol=0).equal


@pytest.mark.slow
def test_xarray_has_the_axes_and_the_words(trace: tfstep.Trace) -> None:
    pytest.importorskip("xarray")
    array = trace["enc0.attn.weights"].to_xarray()
    assert array.dims == ("batch", "head", "query", "key")
    assert float(array.sel(query="我", key="爱")[0, 0]) == trace["enc0.attn.weights"][0, 0, "我", "爱"]
    doubled = trace.edit({"enc0.attn.scores": 2 * trace["enc0.attn.scores"].to_xarray()})
    assert np.array_equal(doubled["enc0.attn.scores"], 2 * trace["enc0.attn.scores"].value)


def test_xarray_goes_in_by_the_names_of_its_axes(trace: tfstep.Trace) -> None:
    xarray = pytest.importorskip("xarray")
    weight = trace["enc0.attn.W_Q"].to_xarray() + np.arange(16).reshape(4, 4)
    turned = trace.edit({"enc0.attn.W_Q": weight.transpose("out", "in")})
    assert np.array_equal(turned["enc0.attn.W_Q"].value, weight.values)
    unnamed = trace.edit({"enc0.attn.W_Q": xarray.DataArray(weight.values)})
    assert np.array_equal(unnamed["enc0.attn.W_Q"].value, weight.values)
    x = xarray.DataArray([[1.0, 0.0], [0.5, 1.0]], dims=("position", "feature"))
    document = {"model": {"kind": "attention", "d_model": 2}, "input": {"x": x}}
    assert np.array_equal(tfstep.trace(tfstep.Scenario.from_dict(document))["x"].value[0], x.values)


def test_a_slice_of_words_is_refused_by_name(trace: tfstep.Trace) -> None:
    with pytest.raises(tfstep.TfstepError, match="a slice counts places"):
        trace["enc0.attn.weights"][0, 0, "我":"爱"]  # type: ignore[misc]  # that is the mistake


def test_a_session_says_where_it_stands_and_is_pickled(scenario: tfstep.Scenario) -> None:
    session = tfstep.Session(scenario)
    session.run("goto enc0.attn.weights")
    session.run("set enc0.attn.W_Q[0,0] = 5")
    assert repr(session) == "<Session wo-ai-ni · base at enc0.attn.weights>"
    again = pickle.loads(pickle.dumps(session))
    again.run("undo")
    assert again.trace["enc0.attn.W_Q"][0, 0] != 5 == session.trace["enc0.attn.W_Q"][0, 0]
    assert again.current.path == "enc0.attn.weights"


def test_a_word_is_that_of_the_sentence_that_is_indexed() -> None:
    weights = tfstep.trace(tfstep.load("padding"))["enc0.attn.weights"]
    word = weights.labels["query"][1][0]
    assert np.array_equal(weights[np.int64(1), 0, word], weights.value[1, 0, 0])
    assert np.array_equal(weights[1:, 0, word], weights.value[1:, 0, 0])
    with pytest.raises(tfstep.TfstepError, match="neither a whole number nor a word"):
        weights[:, 0, word]


def test_a_list_may_hold_words(trace: tfstep.Trace) -> None:
    weights = trace["enc0.attn.weights"]
    assert np.array_equal(weights[0, 0, ["我", 2], "爱"], weights.value[0, 0, [0, 2], 1])


@pytest.mark.parametrize("ask", [lambda t: t.explain(3), lambda t: t.edit(3), lambda t: t.edit({3: 1})])
def test_a_wrong_type_is_a_mistake_like_another(trace: tfstep.Trace, ask: Any) -> None:
    with pytest.raises(tfstep.TfstepError):
        ask(trace)
