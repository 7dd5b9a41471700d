"""A weights file that is damaged in any way is refused in one line, with the file and the array; never a traceback."""

import io
import random
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep.errors import TfstepError
from tfstep.scenario.weights.files import open_weights, write_weights
from tfstep.scenario.weights.weight_file import BadWeightsError
from tfstep.text import Bilingual

SCENARIO = "{model: {kind: mlp, sizes: [4, 4], bias: false}, input: {x: [[1, 1, 1, 1]]}, weights: {file: FILE}}"
PLAIN = "{'descr': '<f8', 'fortran_order': False, 'shape': (4, 4), }"


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def headed(header: str, version: int = 1, length: int | None = None, data: bytes = b"\0" * 128) -> bytes:
    text = header.encode("latin1")
    size = struct.pack("<H" if version == 1 else "<I", len(text) if length is None else length)
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + data


GOOD = npy(np.ones((4, 4)))
MEMBERS = {
    "cut in its header": GOOD[:30],
    "cut in its magic": GOOD[:5],
    "cut in its length": GOOD[:9],
    "version 2, cut in its length": b"\x93NUMPY\x02\x00\x10\x00",
    "version 9": headed(PLAIN, 9),
    "a header of 60 MB": headed(PLAIN, 2, 60 << 20),
    "no comma": headed(PLAIN.replace("4, 4", "4 4")),
    "two commas": headed(PLAIN.replace("4, 4", "4,,4")),
    "5,000 digits": headed(PLAIN.replace("4, 4", "9" * 5000 + ",")),
    "negative": headed(PLAIN.replace("4, 4", "-4, -4")),
    "100 axes": headed(PLAIN.replace("4, 4", "1, " * 100)),
    "a type that is none": headed(PLAIN.replace("<f8", "<f1")),
    "a type without order": headed(PLAIN.replace("<f8", "|f8")),
    "objects": headed(PLAIN.replace("<f8", "|O")),
    "a record": headed(PLAIN.replace("'<f8'", "[('a', '<f8')]")),
    "an expression": headed("__import__('os').getcwd()"),
    "more numbers than it says": headed(PLAIN, data=b"\0" * 200),
    "fewer": headed(PLAIN, data=b"\0" * 100),
    "nothing": b"",
    "no array": b"hello, world, this is a text",
}


@pytest.fixture
def opening(tmp_path: Path) -> Callable[[Path], str]:
    """Opens a scenario with these weights; says what it was refused with."""

    def said(file: Path) -> str:
        scenario = tmp_path / "s.yaml"
        scenario.write_text(SCENARIO.replace("FILE", file.name))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                float(tfstep.trace(tfstep.load(scenario))["layer0.y"].value.sum())
            except TfstepError as error:
                return str(error)
        return ""

    return said


def zipped(file: Path, name: str, data: bytes, how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(file, "w", how) as archive:
        archive.writestr(name, data)
    return file


def test_the_one_that_is_whole_opens(opening: Callable[[Path], str], tmp_path: Path) -> None:
    assert opening(zipped(tmp_path / "a.npz", "layer0.W.npy", GOOD)) == ""
    assert opening(zipped(tmp_path / "b.npz", "layer0.W.npy", GOOD, zipfile.ZIP_DEFLATED)) == ""


@pytest.mark.parametrize("what", MEMBERS)
def test_a_member_that_is_no_array(opening: Callable[[Path], str], tmp_path: Path, what: str) -> None:
    said = opening(zipped(tmp_path / "a.npz", "layer0.W.npy", MEMBERS[what]))
    assert "a.npz: layer0.W" in said
    assert "\n" not in said
    assert len(said) < 400


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compressed_member_that_is_damaged(opening: Callable[[Path], str], tmp_path: Path, how: int) -> None:
    file = zipped(tmp_path / "a.npz", "layer0.W.npy", GOOD, how)
    data = bytearray(file.read_bytes())
    for at in range(46, 66):
        data[at] ^= 0xFF
    file.write_bytes(data)
    assert "layer0.W" in opening(file)


def test_a_name_that_is_no_text(opening: Callable[[Path], str], tmp_path: Path) -> None:
    file = zipped(tmp_path / "a.npz", "layer0.W.npy", GOOD)
    data = bytearray(file.read_bytes().replace(b"layer0.W", b"layer\xff.W"))
    data[7] |= 0x08
    data[data.find(b"PK\x01\x02") + 9] |= 0x08
    file.write_bytes(data)
    assert opening(file)


def test_a_name_that_is_there_twice(opening: Callable[[Path], str], tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
            archive.writestr("layer0.W.npy", GOOD)
            archive.writestr("layer0.W.npy", GOOD)
    assert "layer0.W is there twice" in opening(tmp_path / "a.npz")


@pytest.mark.parametrize("bits", [np.uint64(0x7FF0000000000001), np.uint32(0x7FA00001)])
def test_a_signalling_nan_gives_no_warning(opening: Callable[[Path], str], tmp_path: Path, bits: np.generic) -> None:
    array = np.full((4, 4), bits).view(f"f{bits.itemsize}")
    assert opening(zipped(tmp_path / "a.npz", "layer0.W.npy", npy(array))) == ""


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".gguf"])
def test_any_damage_is_refused_or_harmless(tmp_path: Path, suffix: str) -> None:
    """A hundred files with bytes changed, cut and repeated, by a fixed seed; all arrays are read."""
    draw = random.Random(7)
    whole = tmp_path / f"whole{'.npz' if suffix == '.gguf' else suffix}"
    write_weights(whole, {"a": np.arange(12.0).reshape(3, 4), "b": np.ones(5, np.float32)})
    data = whole.read_bytes() if suffix != ".gguf" else b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + bytes(range(64))
    whys: list[Bilingual | None] = []
    for k in range(100):
        hurt = bytearray(data)
        for _ in range(draw.randint(1, 6)):
            at = draw.randrange(len(hurt))
            hurt[at : at + draw.choice((0, 1, 1, 8))] = draw.choice((b"", b"\xff", bytes([draw.randrange(256)]), b"[["))
        file = tmp_path / f"{k}{suffix}"
        file.write_bytes(hurt)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                with open_weights(file) as opened:
                    for name in opened.shapes:
                        opened.read(name)
                whys.append(None)
            except BadWeightsError as error:
                whys.append(error.why)
    assert all(why.in_("en") and why.in_("zh") for why in whys if why is not None)
    assert 0 < sum(why is None for why in whys) < len(whys) or suffix == ".gguf"
