"""What files ask for is bounded: very many mistakes, very many lines, very many updates; the limit is named."""

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep import errors
from tfstep.commands.language import script
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


def mistakes(path: Path) -> int:
    with pytest.raises(Mistakes) as found:
        _ = tfstep.trace(tfstep.load(path))
    return len(found.value.mistakes)


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
    assert sum(array.nbytes + updates.AROUND for each in kept for array in each.values()) <= 2 * 20_000
    weights = session.trace["layer0.W"].value.copy()
    session.run("rewind 123")
    session.run("train 123")
    assert np.array_equal(session.trace["layer0.W"].value, weights), "what was not kept is run again, to the bit"
