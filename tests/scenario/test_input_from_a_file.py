"""`input: {x: run.npz}`: the arrays of `input:` may be kept in a file, counted from the folder of the scenario."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep import reach
from tfstep.commands.language.session import Session
from tfstep.scenario.file.mistakes import Mistakes

X, STORE = np.random.default_rng(4).normal(size=(1, 3, 4)), np.random.default_rng(5).normal(size=(1, 2, 4))
TEXT = "tfstep: 1\nmodel: {{kind: attention, d_model: 4{more}}}\ninput: {{{given}}}\nloss: {{kind: sum}}\n"


def written(folder: Path, given: str, more: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "mine.yaml"
    file.write_text(TEXT.format(given=given, more=more), "utf-8")
    return file


def test_one_array_or_that_which_is_called_so(tmp_path: Path) -> None:
    np.savez(tmp_path / "both.npz", x=X, memory=STORE)
    np.save(tmp_path / "x.npy", X[0].astype("float32"))
    trace = tfstep.trace(tfstep.load(written(tmp_path, "x: both.npz, memory: both.npz")))
    np.testing.assert_array_equal(trace["x"].value, X)
    np.testing.assert_array_equal(trace["memory"].value, STORE)
    alone = tfstep.trace(tfstep.load(written(tmp_path, "x: x.npy")))
    np.testing.assert_array_equal(alone["x"].value, X.astype("float32").astype("float64"))


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (None, "held.npz cannot be read; numbers are needed"),
        (np.array([["a"]]), "does not hold finite numbers alone"),
        (np.full((2, 4), np.nan), "does not hold finite numbers alone"),
        (np.ones((2, 3)), "rows of 3 numbers; d_model is 4"),
        (np.ones(4), "numbers with 1 axes"),
    ],
)
def test_what_is_wrong_with_it_is_said_at_its_place(tmp_path: Path, array: np.ndarray | None, said: str) -> None:
    if array is not None:
        np.savez(tmp_path / "held.npz", x=array)
    with pytest.raises(Mistakes, match=said) as caught:
        tfstep.load(written(tmp_path, "x: held.npz"))
    assert str(caught.value).startswith(f"{tmp_path / 'mine.yaml'}:3:12: ")


def test_a_file_elsewhere_is_read_where_a_person_lets_it(tmp_path: Path) -> None:
    np.savez(tmp_path / "held.npz", x=X)
    file = written(tmp_path / "mine", "x: ../held.npz")
    reach.hold(True)
    try:
        with pytest.raises(Mistakes, match="outside the folder"):
            tfstep.load(file)
    finally:
        reach.hold(False)
    np.testing.assert_array_equal(tfstep.trace(tfstep.load(file))["x"].value, X)


def test_what_is_saved_elsewhere_finds_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the input, of a mask, of pins and of variants; and may read them, for a person had it written."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    np.savez(tmp_path / "in.npz", x=X, memory=STORE)
    np.save(tmp_path / "mask.npy", np.tril(np.ones((3, 3), bool)))
    np.savez(tmp_path / "pins.npz", **{"attn.q_proj": X})
    file = written(tmp_path, "x: in.npz", ", mask: {custom: mask.npy}")
    file.write_text(
        file.read_text("utf-8")
        + "pins: {file: pins.npz}\nvariants: {store: {input: {memory: in.npz}, model: {mask: {custom: null}}},"
        + " folder: {weights: {file: .}}}\n",
        "utf-8",
    )
    (tmp_path / "other").mkdir()
    session = Session(tfstep.load(file))
    reach.hold(True)
    try:
        session.run(f"save {tmp_path / 'other' / 'saved.yaml'}")
        kept = json.loads((tmp_path / "state" / "tfstep" / "named.json").read_text("utf-8"))
        saved = tfstep.load(tmp_path / "other" / "saved.yaml")
        trace = tfstep.trace(saved)
        assert saved.variants == ("base", "store")
        assert tfstep.trace(saved.with_variant("store"))["memory"].value.shape == (1, 2, 4)
    finally:
        reach.hold(False)
    (named,) = kept.values()
    assert {Path(each).name for each in named} == {"in.npz", "mask.npy", "pins.npz"}  # files alone, and no others
    for path in ("x", "attn.q_proj", "attn.out"):
        np.testing.assert_array_equal(trace[path].value, session.trace[path].value)
