"""Weights in files: ``.npz`` and ``.safetensors``, one array a parameter path, never a pickle.

A file says first what it holds (`WeightFile.shapes`), and an array is read only when it is asked for,
so that sizes are checked before anything is allocated.
"""

from __future__ import annotations

import json
import math
import os
import re
import struct
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tfstep.errors import TfstepError, refusal
from tfstep.files import unwritable, write_whole
from tfstep.text import Bilingual

SUFFIXES = (".npz", ".safetensors")
MOST_ARRAYS = 100_000
_HEADER = 1 << 24  # bytes of a header, at most
_NPY = re.compile(r"\{'descr': '([<|>=][fiu][1248])', 'fortran_order': (True|False), 'shape': \(([\d, ]*)\),? *\}\s*")
_SAFE = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4"}
_NAMES = {"float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32"}


class BadWeightsError(Exception):
    """A weights file that cannot be read; ``why`` says what was found."""

    def __init__(self, why: Bilingual) -> None:
        super().__init__(why)
        self.why = why


class WeightFile(ABC):
    """An open weights file: the shapes of its arrays by name, and the arrays when asked for."""

    shapes: dict[str, tuple[int, ...]]

    @abstractmethod
    def read(self, name: str) -> np.ndarray:
        """One array, as floats. Raises `BadWeightsError`."""


@contextmanager
def open_weights(path: Path) -> Iterator[WeightFile]:
    """The weights file at a path, open. Raises `BadWeightsError` for whatever is wrong with it."""
    if path.suffix not in SUFFIXES:
        raise BadWeightsError(_suffix(path))
    if not path.is_file():
        raise BadWeightsError(Bilingual("there is no such file", "没有这个文件"))
    try:
        with path.open("rb") as file:
            yield (_Npz if path.suffix == ".npz" else _Safetensors)(file)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise BadWeightsError(_corrupt()) from None
    except OSError as error:
        why = Bilingual("cannot be read: {why}", "无法读取：{why}", why=refusal(error))
        raise BadWeightsError(why) from None


def _suffix(path: Path) -> Bilingual:
    return Bilingual(
        "'{suffix}' is no weights file; allowed: .npz, .safetensors",
        "“{suffix}”不是权重文件；可用：.npz、.safetensors",
        suffix=path.suffix,
    )


def _corrupt() -> Bilingual:
    return Bilingual("damaged or cut short", "文件损坏或不完整")


def _numbers(data: bytes, dtype: str, shape: tuple[int, ...], order: str = "C") -> np.ndarray:
    if len(data) != math.prod(shape) * np.dtype(dtype).itemsize:
        raise BadWeightsError(_corrupt())
    array = np.frombuffer(data, dtype).reshape(shape, order="F" if order == "F" else "C")
    return array.astype(np.float32 if array.dtype == np.float32 else np.float64)


class _Npz(WeightFile):
    """A zip of ``.npy`` files; their headers are read here and not by NumPy, which evaluates them."""

    def __init__(self, file: BinaryIO) -> None:
        self.zip = zipfile.ZipFile(file)
        self.shapes, self.types = {}, dict[str, tuple[str, str]]()
        members = self.zip.infolist()
        if len(members) > MOST_ARRAYS:
            raise BadWeightsError(_corrupt())
        for member in members:
            with self.zip.open(member) as stream:
                name = member.filename.removesuffix(".npy")
                dtype, order, self.shapes[name] = _npy_header(stream.read(10), stream.read)
                self.types[name] = dtype, order

    def read(self, name: str) -> np.ndarray:
        dtype, order = self.types[name]
        shape = self.shapes[name]
        member = next(m for m in self.zip.infolist() if m.filename.removesuffix(".npy") == name)
        with self.zip.open(member) as stream:
            _npy_header(stream.read(10), stream.read)
            data = stream.read(math.prod(shape) * np.dtype(dtype).itemsize)
        return _numbers(data, dtype, shape, order)


def _npy_header(start: bytes, read: object) -> tuple[str, str, tuple[int, ...]]:
    """Type, order and shape of an ``.npy`` stream, which is left at its first number."""
    assert callable(read)
    if start[:6] != b"\x93NUMPY" or len(start) < 10:
        raise BadWeightsError(Bilingual("an array that is no .npy", "其中有不是 .npy 的数组"))
    length = struct.unpack("<H", start[8:10])[0]
    if start[6] > 1:
        length += struct.unpack("<H", read(2))[0] << 16
    header = bytes(read(min(length, _HEADER))).decode("latin1")
    found = _NPY.fullmatch(header)
    if not found:
        raise BadWeightsError(Bilingual("an array that does not hold plain numbers", "其中有不是纯数字的数组"))
    shape = tuple(int(size) for size in found.group(3).split(",") if size.strip())
    return found.group(1), "F" if found.group(2) == "True" else "C", shape


class _Safetensors(WeightFile):
    """Eight bytes with the header's length, the header in JSON, the numbers."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        size = os.fstat(file.fileno()).st_size
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if length > min(size - 8, _HEADER):
            raise BadWeightsError(_corrupt())
        self.begin, self.size = 8 + length, size - 8 - length
        try:
            header = json.loads(file.read(length))
        except (ValueError, RecursionError):
            raise BadWeightsError(_corrupt()) from None
        if not isinstance(header, dict) or len(header) > MOST_ARRAYS:
            raise BadWeightsError(_corrupt())
        header.pop("__metadata__", None)
        self.entries = {name: self.entry(name, entry) for name, entry in header.items()}
        self.shapes = {name: shape for name, (_, shape, _, _) in self.entries.items()}

    def entry(self, name: str, entry: object) -> tuple[str, tuple[int, ...], int, int]:
        """Type, shape, begin and length of an array, found to be consistent."""
        match entry:
            case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [int(begin), int(end)]}:
                sizes = tuple(shape)
                if dtype not in _SAFE:
                    why = Bilingual(
                        "{name} holds {dtype}; allowed: {types}",
                        "{name} 的类型是 {dtype}；可用：{types}",
                        name=name[:80],
                        dtype=dtype[:20],
                        types=", ".join(_SAFE),
                    )
                    raise BadWeightsError(why)
                right = all(type(n) is int and 0 <= n < 2**40 for n in sizes) and len(sizes) <= 8
                length = math.prod(sizes) * np.dtype(_SAFE[dtype]).itemsize if right else -1
                if right and 0 <= begin <= end <= self.size and end - begin == length:
                    return dtype, sizes, begin, length
        raise BadWeightsError(_corrupt())

    def read(self, name: str) -> np.ndarray:
        dtype, shape, begin, length = self.entries[name]
        self.file.seek(self.begin + begin)
        data = self.file.read(length)
        if dtype == "BF16":  # the upper half of a float32
            wide = np.frombuffer(data, "<u2").astype(np.uint32) << 16
            return wide.view(np.float32).reshape(shape).astype(np.float32)
        return _numbers(data, _SAFE[dtype], shape)


def write_weights(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays by name as ``.npz`` or ``.safetensors``: the whole file, or nothing.

    Raises `TfstepError` for another suffix, or where it cannot be written.
    """
    if path.suffix not in SUFFIXES:
        raise TfstepError(_suffix(path))
    put = _write_npz if path.suffix == ".npz" else _write_safetensors
    try:
        write_whole(path, lambda file: put(file, arrays), private=True)
    except OSError as error:
        raise unwritable(path, error) from None


def _write_npz(file: BinaryIO, arrays: Mapping[str, np.ndarray]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")  # its fixed date makes equal weights equal files
            with archive.open(member, "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.asarray(array, order="C"), allow_pickle=False)


def _write_safetensors(file: BinaryIO, arrays: Mapping[str, np.ndarray]) -> None:
    header, begin = dict[str, object](), 0
    for name, array in arrays.items():
        end = begin + array.nbytes
        header[name] = {"dtype": _NAMES[array.dtype.name], "shape": list(array.shape), "data_offsets": [begin, end]}
        begin = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file.write(struct.pack("<Q", len(text)) + text)
    for array in arrays.values():
        file.write(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
