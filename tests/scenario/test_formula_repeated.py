"""Equations that are written once for many layers or heads, parameters that are drawn or read, axes with names."""

from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep.errors import TfstepError
from tfstep.scenario.file.repeated import written_out
from tfstep.scenario.scenario import Scenario, load, load_text
from tfstep.session.study.checks import check

NET = """\
model:
  kind: formula
  repeat: {i: 2, h: 2}
  given: {x: [[1, 0, 1], [0, 1, 1]]}
  parameters:
    layer{i}.Q{h}: {shape: [3, 2], init: {normal: 0.5}}
    layer{i}.K{h}: {shape: [3, 2]}
    layer{i}.O: {shape: [6, 3]}
    b{i}: 0.25
  steps:
    h0: x
    layer{i}.a{h}: softmax(h{i} @ layer{i}.Q{h} @ (h{i} @ layer{i}.K{h}).T)
    layer{i}.o{h}: layer{i}.a{h} @ h{i}
    h{i+1}: h{i} + concat(layer{i}.o{h}, ..., axis=-1) @ layer{i}.O - b{i}
    y: 2 * h{i+1} + ...
  axes:
    x: [{word: [I, run]}, feature]
loss: sum(y**2)
weights: {seed: 4}
"""


def at(steps: str, repeat: str = "{i: 3}", more: str = "") -> Scenario:
    """Equations over x = 2 and w = 3, on lines 7 and so on."""
    lines = "\n".join(f"    {line}" for line in steps.splitlines())
    return load_text(
        f"model:\n  kind: formula\n  repeat: {repeat}\n  given: {{x: 2}}\n  parameters: {{w: 3}}\n  steps:\n{lines}\n{more}"
    )


def test_it_is_what_plain_loops_compute() -> None:
    trace = load_text(NET).program.trace()
    value = {path: np.asarray(trace[path].value) for path in trace.plan.paths if "/" not in path}
    h = [value["x"]]
    for i in range(2):
        heads = []
        for k in range(2):
            scores = h[i] @ value[f"layer{i}.Q{k}"] @ (h[i] @ value[f"layer{i}.K{k}"]).T
            weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
            np.testing.assert_allclose(value[f"layer{i}.a{k}"], weights, rtol=1e-13)
            heads.append(weights @ h[i])
        h.append(h[i] + np.concatenate(heads, -1) @ value[f"layer{i}.O"] - 0.25)
    np.testing.assert_allclose(value["y"], 2 * h[1] + 2 * h[2], rtol=1e-13)
    assert [n.path for n in trace.plan.steps if n.phase == "forward"] == [
        "h0",
        *("layer0.a0", "layer0.o0", "layer0.a1", "layer0.o1", "h1"),
        *("layer1.a0", "layer1.o0", "layer1.a1", "layer1.o1", "h2"),
        *("y", "loss"),
    ]


def test_every_number_of_it_is_explained_and_every_gradient_right() -> None:
    told = load_text(NET)
    trace = told.program.trace()
    found = check(told, trace)
    assert found.ok
    assert found.gradient is not None
    assert found.gradient.checked > 40
    for path in ("layer0.a1", "layer1.o0", "h2", "y", "layer1.Q0.grad", "layer0.O.grad"):
        for cell in np.ndindex(*trace[path].value.shape):
            assert trace.explain(f"{path}[{','.join(map(str, cell))}]").holds


def test_words_and_names_of_axes_are_taken_on() -> None:
    trace = load_text(NET).program.trace()
    assert trace["layer1.a0"].axes == ("query", "key")
    assert trace["y"].axes == ("word", "feature")
    assert trace["y.grad"].axes == ("word", "feature")
    assert trace["layer0.a1"]["run", "I"] == trace["layer0.a1"].value[1, 0]
    assert trace.explain("y['run',0]").holds


def test_an_equation_itself_may_name_its_axes() -> None:
    trace = at("y{i}: x * w + {i}\ns: y{i} + ...", more="  axes: {s: []}\n").program.trace()
    assert float(trace["s"].value) == 3 * 6 + 0 + 1 + 2
    trace = load_text(NET.replace("  axes:\n", "  axes:\n    layer{i}.a{h}: [from, to]\n")).program.trace()
    assert trace["layer0.a1"].axes == trace["layer1.a0"].axes == ("from", "to")


@pytest.mark.parametrize(
    ("steps", "repeat", "wanted"),
    [
        ("h0: x\nh{i+1}: h{i} * w", "{i: 3}", {"h3": 54}),
        ("h{i}: w * {i}\ny: h{i} + ...", "{i: [2, 5]}", {"y": 21}),
        ("h{2*i+1}: x * w\ny: h1 + h3 + h5", "{i: 3}", {"y": 18}),
        ("q{i}{j}: w + {i-j}\ny: q00 - q01 - q10 + q11", "{i: 2, j: 2}", {"q01": 2, "y": 0}),
        ("h{i}: w * 1e-2*{i}\ny: x - (h{i} + ...)", "{i: 2}", {"y": 2 - 0.03}),
        ("h{i}: w + {i}\ny: maximum(x, h{i} + ...)", "{i: 2}", {"y": 7}),
        ("h{i}: w + {i}\ny: 1e-1*h{i} + ... + x", "{i: 2}", {"y": 2.7}),
        ("h{i}: w + {i}\ny: -h{i} + ...", "{i: 2}", {"y": -3 - 4}),
        ("h{i}_{j}: w + {i*j}\nz{j}: h{i}_{j} + ...\ny: z{j} + ...", "{i: 2, j: 2}", {"z1": 7, "y": 13}),
        ("h{i}: w + {i}\ny: sum(concat(reshape(h{i}, 1), ...)[...])", "{i: 2}", {"y": 7}),
    ],
)
def test_what_braces_and_dots_come_to(steps: str, repeat: str, wanted: dict[str, float]) -> None:
    trace = at(steps, repeat).program.trace()
    for path, number in wanted.items():
        assert float(trace[path].value) == pytest.approx(number, rel=1e-14), path


@pytest.mark.parametrize(
    ("steps", "repeat", "place", "said"),
    [
        ("h{i}: x * w{j}", "{i: 2}", "7:16", "no index j; there are i"),
        ("h{k}: x * w", "{i: 2}", "3:12", "no name and no equation has {i}"),
        ("h{i}: x\ny: h{i} * w", "{i: 2}", "8:9", "the name of this has no {i}"),
        ("h{i}: h{i-1} * w", "{i: 2}", "7:12", "{i-1} comes to -1"),
        ("h{i}: x * w\ny: w - h{i} + ...", "{i: 2}", "8:10", "behind a minus"),
        ("h{i}: x * w\ny: h0 + ...", "{i: 2}", "8:11", "here it has 0"),
        ("h{i+}: x * w", "{i: 2}", "7:6", "in braces stand indices"),
        ("h{i}: x * w\nh1: x", "{i: 2}", "8:5", "the name h1 is given twice, first on line 7"),
        ("h{i}: x * w + nothing{i}", "{i: 2}", "7:19", "no tensor 'nothing0'"),
        ("h{i}: x * w + (", "{i: 2}", "7:20", "the end stands where"),
        ("h{i}: x * w", "{i: 0}", "3:15", "i is 0; allowed"),
        ("h{i}: x * w", "{i: [1, -1]}", "3:15", "i is a list; allowed"),
        ("h{i}: x * w", "{i: 101}", "3:15", "i is 101; allowed"),
        ("h{i}: x * w", "3", "3:11", "allowed: indices with their numbers"),
        ("h{i}_{j}: x * w", "{i: 100, j: 100}", "3:3", "more than 1000 names"),
        ("w.m{i}: x * w", "{i: 2}", "7:5", "stands below the parameter w"),
        ("a.T{i}: x * w\na.grad: w", "{i: 2}", "8:5", "has a meaning in expressions"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(steps: str, repeat: str, place: str, said: str) -> None:
    with pytest.raises(TfstepError) as caught:
        at(steps, repeat).program.trace()
    first = str(caught.value).splitlines()
    assert any(line.startswith(f"scenario:{place}") for line in first), first
    assert said in str(caught.value)


def test_braces_without_repeat_say_what_they_need() -> None:
    with pytest.raises(TfstepError, match="needs `repeat"):
        load_text("model:\n  kind: formula\n  given: {x: 1}\n  steps:\n    h{i}: x * 2\n")


def test_another_number_of_layers_is_a_variant_and_is_written_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(NET + "variants: {deep: {model: {repeat: {i: 4}}}}\n", "utf-8")
    assert "h4" in load(file, "deep").program.plan.paths
    session = tfstep.Session(load(file))
    session.run("model repeat.i 3")
    session.run("set b2 = 1.5")
    session.run(f"save {tmp_path / 'kept.yaml'}")
    kept = load(tmp_path / "kept.yaml")
    assert "layer{i}.a{h}" in (tmp_path / "kept.yaml").read_text("utf-8")
    np.testing.assert_array_equal(kept.program.trace()["y"].value, session.trace["y"].value)
    assert float(kept.program.trace()["b2"].value) == 1.5


def test_what_is_not_repeated_is_left_alone() -> None:
    tree = load_text("model: {kind: formula, given: {x: 1}, steps: {y: 2 * x}}").tree
    assert written_out(tree) is tree


SHAPED = (
    "model:\n  kind: formula\n  given: {{x: [[1, 2]]}}\n  parameters: {{{}}}\n  steps: {{y: x @ W}}\nloss: sum(y)\n{}"
)


@pytest.mark.parametrize(
    ("start", "more", "wanted"),
    [
        ("W: {shape: [2, 2], init: identity}", "", np.eye(2)),
        ("W: {shape: [2, 2], init: {constant: 0.5}}", "", np.full((2, 2), 0.5)),
        ("W: {shape: [2, 2], init: [[1, 2], [3, 4]]}", "", [[1, 2], [3, 4]]),
        ("W: {shape: [2, 2]}", "weights: {init: zeros}", np.zeros((2, 2))),
        ("W: {shape: [2, 2], init: ones}", "weights: {set: {W: zeros}}", np.zeros((2, 2))),
    ],
)
def test_a_parameter_says_how_it_starts(start: str, more: str, wanted: np.ndarray) -> None:
    trace = load_text(SHAPED.format(start, more)).program.trace()
    np.testing.assert_array_equal(np.asarray(trace["W"].value), wanted)


def test_one_that_is_drawn_is_drawn_as_every_other_is() -> None:
    drawn = load_text(SHAPED.format("W: {shape: [2, 2], init: {uniform: 0.5}}", "weights: {seed: 7}")).program.trace()
    same = load_text(SHAPED.format("W: {shape: [2, 2]}", "weights: {seed: 7, init: {uniform: 0.5}}")).program.trace()
    other = load_text(SHAPED.format("W: {shape: [2, 2]}", "weights: {seed: 8, init: {uniform: 0.5}}")).program.trace()
    W = np.asarray(drawn["W"].value)
    assert abs(W).max() <= 0.5
    np.testing.assert_array_equal(W, np.asarray(same["W"].value))
    assert not np.any(np.asarray(other["W"].value) == W)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("W: {shape: [2, 0]}", "4:31: 0 in the shape of W"),
        ("W: {init: zeros}", "4:19: nothing in the shape of W"),
        ("W: {shape: 2}", "4:27: 2 in the shape of W"),
        ("W: {shape: [2, 2], init: xaver}", "did you mean xavier"),
        ("W: {shape: [2], init: identity}", "only a matrix can be it"),
        ("W: {shape: [2, 2], int: zeros}", "4:35: unknown key int (did you mean init?)"),
    ],
)
def test_a_start_that_is_none_is_told(start: str, said: str) -> None:
    with pytest.raises(TfstepError) as caught:
        _ = load_text(SHAPED.format(start, "")).program
    assert said in str(caught.value)


def test_numbers_come_from_a_file_by_the_names_of_the_formula(tmp_path: Path) -> None:
    W = np.array([[1.0, 2], [3, 4]])
    np.savez(tmp_path / "w.npz", W=W)
    file = tmp_path / "a.yaml"
    file.write_text(SHAPED.format("W: {shape: [2, 2], init: zeros}, b: 3", "weights: {file: w.npz}"), "utf-8")
    trace = load(file).program.trace()
    np.testing.assert_array_equal(np.asarray(trace["W"].value), W)
    assert float(trace["b"].value) == 3  # which has a number of its own
    file.write_text(SHAPED.format("W: {shape: [2, 2]}, V: {shape: [2]}", "weights: {file: w.npz}"), "utf-8")
    with pytest.raises(TfstepError, match="1 of 2 parameters is not there: V"):
        _ = load(file).program


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ("{x: [a]}", "6:13: 1 names for the axes of x, whose shape is (1, 2)"),
        ("{x: [a, {b: [u]}]}", "6:13: 1 words along b of x, which has 2 places"),
        ("{x: [a, a]}", "6:13: two axes of x have one name"),
        ("{z: [a]}", "6:10: there is no tensor 'z'"),
        ("{x: 3}", "6:13: the axes of x are 3; allowed"),
        ("{x: [a, {b: 3}]}", "6:13: the axes of x are a list; allowed"),
        ("{x: ['a b', c]}", "6:13: the axes of x are a list; allowed"),
    ],
)
def test_axes_that_do_not_fit_are_told(axes: str, said: str) -> None:
    text = SHAPED.format("W: {shape: [2, 2]}", "").replace("loss:", f"  axes: {axes}\nloss:")
    with pytest.raises(TfstepError) as caught:
        _ = load_text(text).program
    assert f"scenario:{said}" in str(caught.value)
