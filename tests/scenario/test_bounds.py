"""What files ask for is bounded: very many mistakes, very many lines, very many updates; the limit is named."""

import re
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep import errors
from tfstep.commands.language import script
from tfstep.engine.arrays.block import Block
from tfstep.errors import nearest
from tfstep.scenario.file.mistakes import MOST, Mistakes
from tfstep.scenario.weights.files import write_weights
from tfstep.session.change import updates

MODEL = "model: {kind: encoder, layers: 1, d_model: 4, heads: 2, d_ff: 4}\nvocab: [<pad>, a]\ninput: {source: a}\n"


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many names each search for the nearest one compares."""
    counts: list[int] = []
    real = errors.get_close_matches

    def counting(name, names, **more):
        counts.append(len(names))
        return real(name, names, **more)

    monkeypatch.setattr(errors, "get_close_matches", counting)
    return counts


def held(kept: list[updates.Carried]) -> int:
    """The bytes that these numbers keep: of the memory that arrays are seen through, whole and once, and around each.

    What an update leaves is one array, however many tensors are made of it when they are read.
    """
    arrays = [x for each in kept for x in ([each._memory] if isinstance(each, Block) else each.values())]
    memory = {}
    for array in arrays:
        while isinstance(array.base, np.ndarray):
            array = array.base
        memory[id(array)] = array.nbytes
    return sum(memory.values()) + updates.AROUND * len(arrays)


def mistakes(path: Path) -> int:
    with pytest.raises(Mistakes) as found:
        _ = tfstep.trace(tfstep.load(path))
    return len(found.value.mistakes)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["weights:\n  set:\n", "pins:\n"])
def test_very_many_unknown_names_in_a_file(tmp_path: Path, compared: list[int], part: str) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(MODEL + part + "".join(f"    enc0.attn.W_Qx{k}: 1\n" for k in range(9000)))
    assert mistakes(file) <= MOST
    assert len(compared) <= 3 * MOST


def test_very_many_unknown_arrays(tmp_path: Path, compared: list[int]) -> None:
    arrays = {f"enc0.attn.W_Qx{k}": np.zeros(1) for k in range(9000)}
    write_weights(tmp_path / "w.safetensors", {"enc0.attn.W_Q": np.zeros((4, 4)), **arrays})
    (tmp_path / "s.yaml").write_text(MODEL + "weights: {file: w.safetensors}\n")
    assert mistakes(tmp_path / "s.yaml") <= MOST
    assert len(compared) <= 3 * MOST


def test_of_very_many_names_few_are_compared_letter_by_letter(compared: list[int]) -> None:
    known = [f"enc{k}.attn.{name}" for k in range(1000) for name in ("W_Q", "W_K", "W_V", "W_O", "b_Q")]
    assert nearest("enc500.attn.W_Qx", known) == "enc500.attn.W_Q"
    assert nearest("enc999.attn.WK", known) == "enc999.attn.W_K"
    assert nearest("ecn7.attn.W_V", known) == "enc7.attn.W_V"
    assert nearest("ENC7.attn.w_v", known) == "enc7.attn.W_V"
    assert nearest("something.else", known) is None
    assert max(compared) <= errors.CLOSE


def test_one_array_that_is_listed_very_often(tmp_path: Path) -> None:
    """A zip whose directory names one large header fifty times is refused at the first."""
    header = b"\x93NUMPY\x02\x00" + struct.pack("<I", 16_000_000) + b" " * 16_000_000
    with zipfile.ZipFile(tmp_path / "w.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", header)
    data = (tmp_path / "w.npz").read_bytes()
    entry, end = data.find(b"PK\x01\x02"), data.find(b"PK\x05\x06")
    many = data[entry:end] * 50
    tail = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 50, 50, len(many), entry, 0)
    (tmp_path / "w.npz").write_bytes(data[:entry] + many + tail)
    (tmp_path / "s.yaml").write_text(MODEL + "weights: {file: w.npz}\n")
    with pytest.raises(Mistakes, match="at most 10000"):
        _ = tfstep.load(tmp_path / "s.yaml").program


def test_scripts_that_run_scripts_tenfold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "MOST_LINES", 300)
    for k in range(8):
        (tmp_path / f"{k}.txt").write_text(f"source {tmp_path}/{k + 1}.txt\n" * 10)
    (tmp_path / "8.txt").write_text("where\n" * 10)
    session = tfstep.Session(tfstep.load("hill"))
    with pytest.raises(tfstep.TfstepError, match="300 lines, and no more"):
        session.run(f"source {tmp_path}/0.txt")
    session.run(f"source {tmp_path}/7.txt")  # each is counted for itself


def test_very_many_updates_keep_no_more_than_their_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "KEPT_BYTES", 20_000)
    session = tfstep.Session(tfstep.load("neuron"))
    session.run("train 400")
    kept = [moment.carried for moment in session.journal.now.past if moment.carried is not None]
    assert held(kept) <= 2 * 20_000
    weights = session.trace["layer0.W"].value.copy()
    session.run("rewind 123")
    session.run("train 123")
    assert np.array_equal(session.trace["layer0.W"].value, weights), "what was not kept is run again, to the bit"


def test_training_again_and_again_keeps_no_more_than_its_room(monkeypatch: pytest.MonkeyPatch) -> None:
    from tfstep.session.change import undo_history

    monkeypatch.setattr(updates, "KEPT_BYTES", 20_000)
    monkeypatch.setattr(undo_history, "KEPT_BYTES", 100)
    session = tfstep.Session(tfstep.load("neuron"))
    was = []
    for _ in range(12):
        was.append(session.trace["layer0.W"].value.copy())
        session.run("train 60")
    kept = [moment.carried for moment in session.journal.now.past if moment.carried is not None]
    assert held(kept) <= 20_000
    for entry in session.journal.entries[1:-2]:
        steps = [v for node, v in zip(entry.trace.plan.nodes, entry.trace.values, strict=True) if node.op is not None]
        assert all(value is None for value in steps), (
            "of changes long ago the numbers that their leaves give again are gone"
        )
    weights = session.trace["layer0.W"].value.copy()
    session.run("rewind 333")
    session.run("train 333")
    assert np.array_equal(session.trace["layer0.W"].value, weights)
    session.run("undo 2")
    for wanted in was[::-1]:
        session.run("undo")
        assert np.array_equal(session.trace["layer0.W"].value, wanted)


def test_updates_that_read_their_own_words_keep_nothing_else_of_their_passes(tmp_path: Path) -> None:
    words = " ".join("ab" * 4)
    (tmp_path / "s.yaml").write_text(
        "model: {kind: decoder, layers: 1, d_model: 16, heads: 2, d_ff: 64}\nvocab: [<pad>, a, b]\n"
        f"input: {{target: {words}, labels: {words}}}\ntrain: {{teacher_forcing: false, optimizer: adam}}\n"
    )
    session = tfstep.Session(tfstep.load(tmp_path / "s.yaml"))
    session.run("train 20")
    kept = [moment.carried for moment in session.journal.now.past if moment.carried is not None]
    assert len(kept) == 20
    assert held(kept) <= sum(updates._bytes(each) for each in kept), "as many bytes as are counted"


@pytest.mark.slow
def test_99_999_unknown_tensors_in_a_file_of_weights(tmp_path: Path, compared: list[int]) -> None:
    arrays = {f"enc0.attn.W_Q{k}": np.zeros(0) for k in range(99_998)}
    write_weights(tmp_path / "w.safetensors", {"enc0.attn.W_Q": np.zeros((4, 4)), **arrays})
    (tmp_path / "s.yaml").write_text(MODEL + "weights: {file: w.safetensors}\n")
    assert mistakes(tmp_path / "s.yaml") <= MOST
    assert len(compared) <= 3 * MOST


def test_of_very_many_mistakes_fifty_are_shown(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(MODEL + "".join(f"nope{k}: 1\n" for k in range(900)))
    with pytest.raises(Mistakes) as found:
        tfstep.load(file)
    assert 50 <= len(str(found.value).splitlines()) <= 52


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "told"), [(zipfile.ZIP_BZIP2, "compressed in a way that is not read"), (zipfile.ZIP_STORED, "100000")]
)
def test_an_npz_that_is_packed_otherwise_or_has_too_many_arrays(tmp_path: Path, kind: int, told: str) -> None:
    head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }".ljust(117) + b"\n"
    one = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + head
    with zipfile.ZipFile(tmp_path / "w.npz", "w", kind) as archive:
        for k in range(100_001 if kind == zipfile.ZIP_STORED else 1):
            archive.writestr(f"a{k}.npy", one)
    (tmp_path / "s.yaml").write_text(MODEL + "weights: {file: w.npz}\n")
    with pytest.raises(Mistakes) as found:
        _ = tfstep.load(tmp_path / "s.yaml").program
    assert told in str(found.value).replace(",", "")


def test_a_script_that_is_too_long_or_runs_itself(tmp_path: Path) -> None:
    session = tfstep.Session(tfstep.load("hill"))
    (tmp_path / "long.tfs").write_text("where\n" * 400_000)
    with pytest.raises(tfstep.TfstepError, match="2"):
        session.run(f"source {tmp_path}/long.tfs")
    (tmp_path / "itself.tfs").write_text(f"source {tmp_path}/itself.tfs\n")
    with pytest.raises(tfstep.TfstepError, match="10 deep"):
        session.run(f"source {tmp_path}/itself.tfs")


def test_a_line_that_is_too_long() -> None:
    with pytest.raises(tfstep.TfstepError, match=r"20.?000"):
        tfstep.Session(tfstep.load("hill")).run("print " + "1" * 20_001)


@pytest.mark.parametrize("language", ["", ".zh"])
def test_every_bound_that_is_promised_has_a_test(language: str) -> None:
    root = Path(__file__).parents[2]
    text = (root / f"docs/promises{language}.md").read_text("utf-8")
    section = next(part for part in text.split("\n## ") if part.startswith(("Bounds", "上限")))
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    assert len(rows) >= 9
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
        assert named, row
        for file, name in named:
            assert f"def {name}(" in (root / file).read_text("utf-8"), name
