"""Recordings with which something is odd: two runs in one, content that fits several tensors, a great many arrays."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep import work
from tfstep.compare.book import Book, Sizes
from tfstep.compare.recorded.recording import Recording, as_array
from tfstep.compare.search import Search
from tfstep.text import Bilingual

MASKED = (
    "tfstep: 1\nmodel: {{kind: encoder, layers: 1, d_model: 4, heads: 2, mask: {{custom: {name}}}}}\n"
    "vocab: [<pad>, a, b, c]\ninput: {{source: a b c}}\n"
)


def steps(trace: tfstep.Trace) -> dict[str, np.ndarray]:
    return {n.path: trace.value(n.slot) for n in trace.plan.nodes if n.phase == "forward" and n.dtype.kind == "f"}


@pytest.fixture(scope="module")
def runs() -> tuple[tfstep.Trace, tfstep.Trace]:
    trace = tfstep.trace(tfstep.load("encoder"))
    return trace, trace.edit({"enc0.attn.W_Q": 1.3 * trace["enc0.attn.W_Q"].value})


@pytest.mark.parametrize("turned", [False, True])
def test_two_runs_in_one_file_are_refused(runs: tuple[tfstep.Trace, tfstep.Trace], turned: bool) -> None:
    trace, other = runs
    rows = [{f"{name}.{path}": v for path, v in steps(run).items()} for name, run in (("a", trace), ("b", other))]
    both = {**rows[1], **rows[0]} if turned else {**rows[0], **rows[1]}
    with pytest.raises(tfstep.TfstepError, match="two runs in one file"):
        tfstep.diagnose(trace, both)
    twice = Recording()
    for run in runs:
        for path, value in steps(run).items():
            twice.add(path, value)
    with pytest.raises(tfstep.TfstepError, match="#2 of another"):
        tfstep.diagnose(trace, twice)


def test_a_run_recorded_twice_with_the_same_numbers_agrees(runs: tuple[tfstep.Trace, tfstep.Trace]) -> None:
    rows = steps(runs[0])
    found = tfstep.diagnose(runs[0], {f"{name}.{path}": v for name in "ab" for path, v in rows.items()})
    assert found.agrees
    assert len(found.matched) == 2 * len(rows)


def test_what_fits_two_tensors_is_ambiguous_unless_its_name_tells() -> None:
    same = {"weights": {"set": {"enc0.attn.W_V": "identity", "enc0.attn.b_V": "zeros"}}}
    trace = tfstep.trace(tfstep.load("encoder").with_changes(same))
    value, scores = trace["enc0.attn.v_proj"].value, trace["enc0.attn.scores"].value
    nameless = {m.name: m.relation for m in tfstep.diagnose(trace, {"first": value, "s": scores}).matched}
    named = {m.name: m for m in tfstep.diagnose(trace, {"v": value, "s": scores}).matched}
    assert nameless["first"].endswith("ambiguous")
    assert "ambiguous" not in nameless["s"]
    assert named["v"].path in ("enc0.attn.v_proj", "enc0.attn.V")
    assert "ambiguous" not in named["v"].relation


@contextmanager
def watching(most: int) -> Iterator[list[tuple[int, int]]]:
    seen: list[tuple[int, int]] = []

    class Watcher(work.Watcher):
        def tell(self, done: int, of: int, note: object) -> None:
            seen.append((done, of))
            if len(seen) >= most:
                self.up = True

    with work.watched(Watcher()):
        yield seen


@pytest.mark.slow
def test_thousands_of_arrays_are_told_and_can_be_ended(runs: tuple[tfstep.Trace, tfstep.Trace]) -> None:
    rng, rows = np.random.default_rng(0), steps(runs[0])
    shapes = [value.shape for value in rows.values()]
    many = {**rows, **{f"other {k}": rng.normal(size=shapes[k % len(shapes)]) for k in range(5000)}}
    with watching(10**9) as seen:
        found = tfstep.diagnose(runs[0], many)
    assert found.agrees
    assert len(found.matched) == len(rows)
    assert seen
    with watching(5) as seen, pytest.raises(work.Cancelled):
        tfstep.diagnose(runs[0], many)
    assert len(seen) == 5


def by_hand(dtype: type, **change: object) -> dict[str, np.ndarray]:
    """Attention as one writes it, with the round weights of the scenario `attention`; ``change`` leaves things out."""
    trace = tfstep.trace(tfstep.load("attention"))
    x = np.asarray(trace["x"])[0].astype(dtype)
    w = {name: np.asarray(trace[f"attn.W_{name.upper()}"]).astype(dtype) for name in "qkv"}
    b = {name: np.asarray(trace[f"attn.b_{name.upper()}"]).astype(dtype) for name in "qkv"}
    q, k, v = (x @ w[name] + b[name] * (name not in change.get("without", "")) for name in "qkv")  # type: ignore[operator]  # letters
    s = q @ k.T / dtype(change.get("by", np.sqrt(k.shape[1])))
    p = np.exp(s) / np.exp(s).sum(-1, keepdims=True)
    return {"x": x, "Wq": w["q"], "Wk": w["k"], "Wv": w["v"], "q": q, "k": k, "v": v, "s": s, "p": p, "out": p @ v}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_round_numbers_are_no_rounded_ones(dtype: type) -> None:
    assert tfstep.diagnose("attention", by_hand(dtype)).agrees
    found = tfstep.diagnose("attention", by_hand(dtype, without="qkv", by=1))
    assert [cause.kind for cause in found.causes] == ["bias-missing", "scale"]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_keys_without_their_bias_are_found_though_the_result_agrees(dtype: type) -> None:
    rows = by_hand(dtype, without="k")
    assert np.allclose(rows["out"], by_hand(dtype)["out"])
    found = tfstep.diagnose("attention", rows)
    assert [(cause.kind, cause.path) for cause in found.causes] == [("bias-missing", "attn.k_proj")]


def test_nan_agrees_with_nothing() -> None:
    rows = by_hand(np.float64)
    gone = tfstep.diagnose("attention", {**rows, "out": rows["out"] * np.nan})
    assert not gone.agrees
    assert gone.first is not None
    assert gone.first.name == "out"
    rows["p"] = rows["p"].copy()
    rows["p"][0, 0] = np.nan
    cell = tfstep.diagnose("attention", rows).first
    assert cell is not None
    assert (cell.path, cell.name) == ("attn.weights", "p")


def test_zeros_tell_nothing() -> None:
    with pytest.raises(tfstep.TfstepError, match="nothing to compare: x, q, s, o tell of no tensor"):
        tfstep.diagnose(
            "attention",
            {"x": np.zeros((3, 4)), "q": np.zeros((3, 2)), "s": np.zeros((3, 3)), "o": np.zeros((3, 2))},
        )


DAMAGED = {
    "a head that never ends": b"\x93NUMPY\x01\x00v\x00{'descr': '<f8'" + b" " * 105 + b"\0" * 80,
    "a head with half a word": b"\x93NUMPY\x01\x00v\x00{f8', 'e': (3, 4), }" + b" " * 98 + b"\0" * 80,
    "no shape": b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }".ljust(128)
    + b"\0" * 80,
    "brackets": b"\x93NUMPY\x01\x00\x00\x7d" + b"(" * 32000 + b"\0" * 80,
    "more than there is": b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999,), }".ljust(
        128
    ),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_array_is_refused_in_words(tmp_path: Path, data: bytes) -> None:
    """Whatever NumPy raises at its head: as a recording, in a folder, in a zip, and as a mask of one's own."""
    (tmp_path / "d").mkdir()
    for file in ("r.npy", "d/1.npy"):
        (tmp_path / file).write_bytes(data)
    with zipfile.ZipFile(tmp_path / "r.npz", "w") as archive:
        archive.writestr("a.npy", data)
    for name in ("r.npy", "d", "r.npz"):
        with pytest.raises(tfstep.TfstepError, match="damaged or cut short"):
            tfstep.diagnose("wo-ai-ni", tmp_path / name)
    for name in ("r.npy", "r.npz"):
        (tmp_path / "s.yaml").write_text(MASKED.format(name=name))
        with pytest.raises(tfstep.TfstepError, match=r"cannot be read as an \.npz or \.npy file of one array"):
            tfstep.trace(tfstep.load(tmp_path / "s.yaml"))


@pytest.mark.parametrize("name", ["r.npy", "r.npz", "r.json", "r.safetensors", "d"])
def test_a_pipe_is_no_recording_and_nobody_waits_for_it(tmp_path: Path, name: str) -> None:
    (tmp_path / "d").mkdir()
    os.mkfifo(tmp_path / ("d/1.npy" if name == "d" else name))
    with pytest.raises(tfstep.TfstepError, match="there is no array in it" if name == "d" else "not a plain file"):
        tfstep.diagnose("wo-ai-ni", tmp_path / name)
    if name.startswith("r.np"):
        (tmp_path / "s.yaml").write_text(MASKED.format(name=name))
        with pytest.raises(tfstep.TfstepError, match="cannot be read"):
            tfstep.trace(tfstep.load(tmp_path / "s.yaml"))


def test_a_tree_whose_children_are_no_list_is_none(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text('{"children": 9, "outputs": null}')
    with pytest.raises(tfstep.TfstepError, match="no tensors in this tree"):
        tfstep.diagnose("wo-ai-ni", tmp_path / "r.json")


@pytest.mark.parametrize("wrong", [False, True])
def test_rows_of_all_heads_below_each_other_are_those_of_the_heads(
    runs: tuple[tfstep.Trace, tfstep.Trace], wrong: bool
) -> None:
    """(batch·head·position, d), unless the heads were split without a transpose, which gives rows in another order."""
    trace = runs[0]
    rows = {path: v for path, v in steps(trace).items() if "attn" not in path or "W_" in path or "b_" in path}
    for name in ("Q", "K", "V"):
        tensor = trace[f"enc0.attn.{name}"].value
        whole = trace[f"enc0.attn.{name.lower()}_proj"].value
        rows[name] = (whole.reshape(tensor.shape) if wrong else tensor).reshape(-1, tensor.shape[-1])
    scores = trace["enc0.attn.scores"].value
    rows["scores"] = scores.reshape(-1, scores.shape[-1])
    found = tfstep.diagnose(trace, rows)
    paths = {match.name: (match.path, match.relation) for match in found.matched}
    assert paths["scores"] == ("enc0.attn.scores", "flattened")
    assert (paths.get("Q") == ("enc0.attn.Q", "flattened")) is not wrong


def test_of_a_crowd_of_arrays_few_are_looked_at_cell_by_cell(
    runs: tuple[tfstep.Trace, tfstep.Trace], monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = runs[0]
    node, value = trace["enc0.attn.out"].node, trace["enc0.attn.out"].value
    draw = np.random.default_rng(0)
    crowd = {f"r{k}": draw.standard_normal(value.shape) for k in range(300)}
    crowd = {name: array * np.linalg.norm(value) / np.linalg.norm(array) for name, array in crowd.items()}
    book = Book.of(Recording({**crowd, "mine": value, "nearly": value * 1.001}), trace.plan.origin.model)
    looked = []
    equal = Book.equal
    monkeypatch.setattr(Book, "equal", lambda self, *args: looked.append(args[3].name) or equal(self, *args))
    hits = book.find(node, value, [], Sizes(lambda: np.abs(value)))
    assert [hit.entry.name for hit in hits] == ["mine"]
    assert {"mine", "nearly"} <= set(looked)
    assert len(looked) < 100


def test_a_search_that_is_given_up_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing of theirs is found the mistakes are tried for a time only."""
    draw = np.random.default_rng(3)
    monkeypatch.setattr(Search, "late", property(lambda self: self.tried > 5))
    trace = tfstep.trace(tfstep.load("encoder"))
    theirs = {"a": draw.standard_normal(trace["enc0.attn.out"].value.shape)}
    with pytest.raises(tfstep.TfstepError, match="all that were tried in the time there is"):
        tfstep.diagnose(trace, theirs)


def test_whoever_waits_is_told_while_mistakes_are_tried_at_a_step_and_may_end_it_there() -> None:
    class Waits(work.Watcher):
        seen = 0

        def tell(self, done: int, of: int, note: Bilingual) -> None:
            self.seen += 1
            self.up = self.seen == most

    one = {"a": np.random.default_rng(0).normal(size=(4, 6))}
    waits, most = Waits(), 0
    with work.watched(waits):
        found = tfstep.diagnose(tfstep.load("two-heads"), one)
    assert waits.seen > 2 * found.known > 200
    most = waits.seen // 2
    waits = Waits()
    with work.watched(waits), pytest.raises(work.Cancelled):
        tfstep.diagnose(tfstep.load("two-heads"), one)
    assert waits.seen == most


def test_a_tensor_whose_array_protocol_is_of_old_is_asked_for_its_numbers() -> None:
    """As PyTorch's is, of which NumPy warns."""

    class Tensor:
        def numpy(self) -> np.ndarray:
            return np.array([1.0, 2.0])

        def __array__(self, dtype: object = None) -> np.ndarray:
            raise AssertionError("NumPy warns of it")

    assert as_array("x", Tensor()).tolist() == [1.0, 2.0]
