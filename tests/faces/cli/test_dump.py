"""``dump``: what it prints is what was recorded, in every format."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep.engine.trace import Trace

KEYS = ["path", "phase", "step", "op", "formula", "inputs", "axes", "labels", "shape", "value", "grad", "kind"]


@pytest.fixture(scope="module")
def trace() -> Trace:
    return tfstep.trace(tfstep.load("padding"))


def restored(nested):
    return np.array([restored(n) for n in nested] if isinstance(nested, list) else float(nested))


def same(nested, array: np.ndarray) -> bool:
    found = restored(nested)
    return found.shape == array.shape and found.tobytes() == array.astype(float).tobytes()


def test_json_is_the_trace_field_by_field(tfstep, trace):
    done = tfstep("dump", "padding", "*", "*.grad", "*.new", "*/*", "*.grad/*", "--grad", "--format", "json")
    assert (done.status, done.err) == (0, "")
    found = done.json
    assert list(found) == ["scenario", "variant", "loss", "tensors"]
    assert (found["scenario"], found["variant"]) == ("padding", "base")
    assert found["loss"] == float(trace["loss"].value)
    for said in found["tensors"]:
        tensor = trace[said["path"]]
        assert list(said) == KEYS
        assert said["step"] == tensor.step
        assert (said["phase"], said["op"], said["formula"]) == (tensor.phase, tensor.op, tensor.formula)
        assert (said["phase"] is None) == (said["step"] is None) == (said["kind"] != "step")
        assert (said["axes"], said["labels"]) == (list(tensor.axes), tensor.labels)
        assert said["shape"] == list(tensor.shape)
        assert same(said["value"], tensor.value), said["path"]
        assert (said["grad"] is None) == (tensor.grad is None)
        if tensor.grad is not None:
            assert same(said["grad"], tensor.grad), said["path"]
        for path in said["inputs"]:
            assert trace[path].path == path
    paths = [said["path"] for said in found["tensors"]]
    assert set(paths) >= {node.path for node in trace.plan.nodes}
    assert len(paths) == len(set(paths))


def test_without_patterns_the_forward_pass_in_order(tfstep, trace):
    done = tfstep("dump", "padding", "--format", "json")
    paths = [said["path"] for said in done.json["tensors"]]
    assert paths == [node.path for node in trace.plan.nodes if node.phase in ("", "forward")]
    assert all(said["grad"] is None for said in done.json["tensors"])


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("loss", ["loss"]),
        ("enc0.*.weights", ["enc0.attn.weights"]),
        ("*W_Q", ["enc0.attn.W_Q"]),
        ("*W_Q*", ["enc0.attn.W_Q"]),
        ("*W_Q.grad", ["enc0.attn.W_Q.grad"]),
        ("*W_Q.new", ["enc0.attn.W_Q.new"]),
        ("enc0.attn.weights/exp", ["enc0.attn.weights/exp"]),
        ("*.attn.weights/s*", ["enc0.attn.weights/shift", "enc0.attn.weights/sum"]),
        ("enc0.norm1.grad/*add2", ["enc0.norm1.grad/enc0.add2"]),
    ],
)
def test_patterns(tfstep, pattern, expected):
    done = tfstep("dump", "padding", pattern, "--format", "json")
    assert [said["path"] for said in done.json["tensors"]] == expected


def test_several_patterns_give_each_tensor_once_and_in_order(tfstep):
    done = tfstep("dump", "padding", "loss", "*.weights", "*.scores", "enc0.attn.weights", "--format", "json")
    assert [t["path"] for t in done.json["tensors"]] == ["enc0.attn.scores", "enc0.attn.weights", "loss"]


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("enc0.attn.wieghts", "enc0.attn.weights"),
        ("*.attn.wieghts", "(did you mean *.attn.weights?)"),
        ("enc0.attn.wieghts*", "(did you mean enc0.attn.weights*?)"),
        ("*wieghts", "(did you mean *weights?)"),
        ("enc0.attn.weights.grad.grad", ""),
        ("enc0.attn.mask.grad", "not learned"),
        ("enc0.attn.masked/exp", "nothing inside"),
        ("[", ""),
        ("", ""),
    ],
)
def test_a_pattern_that_names_nothing_is_an_error(tfstep, pattern, hint):
    done = tfstep("dump", "padding", "loss", pattern)
    assert (done.status, done.out) == (2, "")
    assert hint in done.err


@pytest.mark.parametrize("pattern", ["enc0.attn.masked", "*.masked"])
def test_what_is_switched_off_names_its_key(tfstep, pattern):
    done = tfstep("dump", "padding", pattern, "--variant", "mask-off")
    assert done.status == 2
    assert "model.mask" in done.err


def test_numbers_that_are_not_finite_are_strings(tfstep):
    done = tfstep("dump", "padding", "*.masked", "--variant", "minus-inf", "--format", "json")
    (said,) = done.json["tensors"]
    cells = np.array(said["value"], object).ravel().tolist()
    assert "-inf" in cells
    assert all(isinstance(c, float) and math.isfinite(c) for c in cells if c != "-inf")


@pytest.mark.parametrize("grad", [False, True])
def test_npz_is_read_back(tfstep, trace, tmp_path: Path, grad):
    file = tmp_path / "out.npz"
    done = tfstep("dump", "padding", "-o", str(file), *(["--grad"] if grad else []))
    assert (done.status, done.out) == (0, "")
    with np.load(file) as arrays:
        names = {node.path for node in trace.plan.nodes if node.phase in ("", "forward")}
        gradients = {name for name in arrays.files if name.endswith(".grad")}
        assert set(arrays.files) - gradients == names
        assert gradients == ({f"{n}.grad" for n in names if trace[n].grad is not None} if grad else set())
        for name in arrays.files:
            assert arrays[name].dtype == trace[name].value.dtype
            assert arrays[name].shape == trace[name].value.shape
            assert arrays[name].tobytes() == trace[name].value.tobytes()


def test_a_file_has_the_format_of_its_suffix(tfstep, tmp_path):
    file = tmp_path / "out.json"
    assert tfstep("dump", "padding", "loss", "-o", str(file)).out == ""
    assert json.loads(file.read_text("utf-8"))["tensors"][0]["path"] == "loss"
    assert tfstep("dump", "padding", "loss", "-o", str(file), "--format", "table").status == 0
    assert file.read_text("utf-8").startswith("loss")


def test_a_file_that_cannot_be_written_is_an_error(tfstep, tmp_path):
    done = tfstep("dump", "padding", "loss", "-o", str(tmp_path / "no" / "out.json"))
    assert (done.status, done.out) == (2, "")
    assert "out.json" in done.err


def test_precision_counts_significant_digits(tfstep):
    (said,) = tfstep("dump", "padding", "loss", "--format", "json", "--precision", "3").json["tensors"]
    full = tfstep("dump", "padding", "loss", "--format", "json").json["loss"]
    assert said["value"] == float(f"{full:.3g}") != full
    table = tfstep("dump", "padding", "loss", "--precision", "3").out
    assert f"{full:.3g}" in table.split()


def test_the_table_aligns_words_and_shows_the_gradient_beside(tfstep, trace):
    done = tfstep("dump", "wo-ai-ni", "enc0.attn.weights", "--grad")
    head, what, captions, words, *rows, rounded = done.out.rstrip("\n").split("\n")
    assert rounded == "  shown as 0: 1 (0 but for rounding)"
    assert "weights = softmax" in head
    assert "step 12" in what
    assert captions.split() == ["value", "gradient"]
    assert words.split() == ["query\\key", "我", "爱", "你"] * 2
    assert [row.split()[0] for row in rows] == ["我", "爱", "你"]
    ends = {sum(2 if c in "我爱你" else 1 for c in row) for row in (words, *rows)}
    assert len(ends) == 1, "Chinese takes two columns, and every row ends in the same one"


def test_the_table_in_chinese(tfstep):
    done = tfstep("dump", "wo-ai-ni", "enc0.attn.weights", "--lang", "zh", "--grad")
    assert "第 12 步 · 前向" in done.out
    assert "梯度" in done.out


def test_an_ending_that_is_no_format_is_refused_and_nothing_written(tfstep, tmp_path):
    for name in ("out.pdf", "out.xml"):
        done = tfstep("dump", "padding", "loss", "-o", str(tmp_path / name))
        assert (done.status, done.out) == (2, "")
        assert f"{name}: {name[3:]} is none of the formats; endings: .txt (a table), .json, .npz" in done.err
    assert not [*tmp_path.iterdir()]
    assert tfstep("dump", "padding", "loss", "-o", str(tmp_path / "out.pdf"), "--format", "table").status == 0
    assert tfstep("dump", "padding", "loss", "-o", str(tmp_path / "out")).status == 0


def test_a_page_is_not_written_on_a_terminal(tfstep, monkeypatch):
    monkeypatch.setattr("tfstep.faces.cli.commands.files.page.is_terminal", lambda stream: True)
    done = tfstep("page", "wo-ai-ni")
    assert (done.status, done.out) == (2, "")
    assert "-o FILE.html" in done.err
