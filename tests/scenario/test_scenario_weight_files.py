"""Weights in files: read back as written, and every damaged or malicious file refused."""

import contextlib
import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from tfstep.errors import TfstepError
from tfstep.scenario.weights.files import open_weights, write_weights
from tfstep.scenario.weights.weight_file import BadWeightsError

ARRAYS = {
    "src.E": np.arange(6.0).reshape(2, 3) / 7,
    "single": np.array([1.5, -2.0], dtype=np.float32),
    "scalar": np.array(3.0),
    "file": np.zeros((0, 4)),
}


def read_all(path: Path) -> dict[str, np.ndarray]:
    with open_weights(path) as file:
        return {name: file.read(name) for name in file.shapes}


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_what_is_written_is_read_back_to_the_bit(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"w{suffix}"
    write_weights(path, ARRAYS)
    back = read_all(path)
    assert list(back) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert back[name].shape == array.shape
        assert back[name].dtype == array.dtype
        assert back[name].tobytes() == array.tobytes()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    first = path.read_bytes()
    write_weights(path, ARRAYS)
    assert path.read_bytes() == first


def test_other_programs_files_are_read_and_ours_by_them(tmp_path: Path) -> None:
    write_weights(tmp_path / "ours.npz", ARRAYS)
    write_weights(tmp_path / "ours.safetensors", ARRAYS)
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as theirs:
        assert all((theirs[name] == array).all() for name, array in ARRAYS.items())
    assert all((load_file(tmp_path / "ours.safetensors")[name] == array).all() for name, array in ARRAYS.items())
    np.savez_compressed(tmp_path / "t.npz", a=np.asfortranarray(ARRAYS["src.E"]), b=np.arange(3))
    back = read_all(tmp_path / "t.npz")
    assert (back["a"] == ARRAYS["src.E"]).all()
    assert back["b"].tolist() == [0.0, 1.0, 2.0]
    save_file({"a": ARRAYS["src.E"], "h": np.array([1.5], np.float16)}, tmp_path / "t.safetensors", {"format": "pt"})
    assert read_all(tmp_path / "t.safetensors")["h"].tolist() == [1.5]


def test_bfloat16_is_the_upper_half_of_a_float32(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(
        safetensors({"a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}, struct.pack("<HH", 0x3FC0, 0xC000))
    )
    assert read_all(tmp_path / "w.safetensors")["a"].tolist() == [1.5, -2.0]


def safetensors(header: object, data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def npz(content: bytes, name: str = "a.npy") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def npy(header: str, data: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("run",)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("w.npz", b""),
        ("w.npz", b"PK\x03\x04 no zip"),
        ("w.npz", npz(b"no npy")),
        ("w.npz", npz(b"")),
        ("w.npz", npz(pickle.dumps(Evil()))),
        ("w.npz", npz(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", pickle.dumps([Evil()])))),
        ("w.npz", npz(npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }\n"))),
        ("w.npz", npz(npy("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }\n", b"\0" * 8))),
        ("w.npz", npz(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n", b"\0" * 8))),
        ("w.npz", npz(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,), }\n", b"\0" * 8))),
        ("w.npz", npz(npy("__import__('os').system('id')\n"))),
        ("w.safetensors", b""),
        ("w.safetensors", b"\xff" * 8),
        ("w.safetensors", b"\xff" * 7 + b"\x00" + b"{}"),
        ("w.safetensors", struct.pack("<Q", 5) + b"{"),
        ("w.safetensors", safetensors([1])),
        ("w.safetensors", struct.pack("<Q", 2000) + b"[" * 2000),
        ("w.safetensors", safetensors({"a": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}}, b"\0" * 8)),
        ("w.safetensors", safetensors({"a": {"dtype": "F64", "shape": [3], "data_offsets": [0, 16]}}, b"\0" * 16)),
        ("w.safetensors", safetensors({"a": {"dtype": "F64", "shape": [-2], "data_offsets": [0, 16]}}, b"\0" * 16)),
        ("w.safetensors", safetensors({"a": {"dtype": "F64", "shape": [True], "data_offsets": [0, 8]}}, b"\0" * 8)),
        ("w.safetensors", safetensors({"a": {"dtype": "F64", "shape": [2], "data_offsets": [-8, 8]}}, b"\0" * 16)),
        ("w.safetensors", safetensors({"a": {"dtype": "Q4", "shape": [2], "data_offsets": [0, 1]}}, b"\0")),
        ("w.safetensors", safetensors({"a": 1})),
        ("w.bin", b""),
    ],
)
def test_a_damaged_or_malicious_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadWeightsError) as caught:
        read_all(tmp_path / name)
    assert caught.value.why.in_("en") != caught.value.why.in_("zh")
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_a_zip_bomb_is_known_by_its_header_before_it_is_unpacked(tmp_path: Path) -> None:
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (12500000,), }\n"
    (tmp_path / "w.npz").write_bytes(npz(npy(header, b"\0" * 100_000_000)))
    with open_weights(tmp_path / "w.npz") as file:
        assert file.shapes == {"a": (12_500_000,)}


@pytest.mark.slow
@given(st.sampled_from([".npz", ".safetensors"]), st.data())
def test_no_byte_of_a_file_can_break_the_reader(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / f"fuzz{suffix}"
    write_weights(path, ARRAYS)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with contextlib.suppress(BadWeightsError):
        read_all(path)


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TfstepError, match=r"allowed: \.npz, \.safetensors"):
        write_weights(tmp_path / "w.pickle", ARRAYS)
    with pytest.raises(TfstepError, match="cannot be written"):
        write_weights(tmp_path / "no" / "w.npz", ARRAYS)
    assert list(tmp_path.iterdir()) == []
