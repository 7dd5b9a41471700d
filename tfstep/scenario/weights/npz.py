"""Weights in a zip of ``.npy`` files, whose headers are read here and not by NumPy, which evaluates them."""

from __future__ import annotations

import math
import re
import struct
import zipfile
from pathlib import Path

import numpy as np

from tfstep.scenario.weights.weight_file import HEADER, MOST_ARRAYS, BadWeightsError, WeightFile, corrupt
from tfstep.text import Bilingual

_NPY = re.compile(r"\{'descr': '([<|>=][fiu][1248])', 'fortran_order': (True|False), 'shape': \(([\d, ]*)\),? *\}\s*")


class Npz(WeightFile):
    """A zip of ``.npy`` files."""

    def __init__(self, path: Path) -> None:
        self.zip = zipfile.ZipFile(path)
        self.shapes, self.types = {}, dict[str, tuple[str, str]]()
        members = self.zip.infolist()
        if len(members) > MOST_ARRAYS:
            raise BadWeightsError(corrupt())
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
    header = bytes(read(min(length, HEADER))).decode("latin1")
    found = _NPY.fullmatch(header)
    if not found:
        raise BadWeightsError(Bilingual("an array that does not hold plain numbers", "其中有不是纯数字的数组"))
    shape = tuple(int(size) for size in found.group(3).split(",") if size.strip())
    return found.group(1), "F" if found.group(2) == "True" else "C", shape


def _numbers(data: bytes, dtype: str, shape: tuple[int, ...], order: str) -> np.ndarray:
    if len(data) != math.prod(shape) * np.dtype(dtype).itemsize:
        raise BadWeightsError(corrupt())
    array = np.frombuffer(data, dtype).reshape(shape, order="F" if order == "F" else "C")
    return array.astype(np.float32 if array.dtype == np.float32 else np.float64)
