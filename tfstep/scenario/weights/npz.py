"""Weights in a zip of ``.npy`` files, whose headers are read here and not by NumPy, which evaluates them."""

from __future__ import annotations

import math
import re
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from tfstep.scenario.file.nodes import excerpt
from tfstep.scenario.weights.weight_file import MOST_ARRAYS, UNREADABLE, BadWeightsError, WeightFile, corrupt, in_type
from tfstep.text import Bilingual

LONGEST = 10_000  # bytes of one array's header, as in NumPy
_KINDS = "|".join(("f[248]", "[iu][1248]"))
_NPY = re.compile(
    rf"\{{'descr': '([<>|=](?:{_KINDS}))', 'fortran_order': (True|False), "
    r"'shape': \(((?:\d{1,15}, ?)*(?:\d{1,15})?)\),? *\}\s*"
)


class Npz(WeightFile):
    """A zip of ``.npy`` files, stored or deflated."""

    def __init__(self, path: Path) -> None:
        self.zip = zipfile.ZipFile(path)
        self.shapes, self.headers, self.members = {}, dict[str, _Header](), dict[str, zipfile.ZipInfo]()
        members = self.zip.infolist()
        if len(members) > MOST_ARRAYS:
            raise BadWeightsError(
                Bilingual(
                    "{n} arrays; at most {most} are read",
                    "有 {n} 个数组；最多读取 {most} 个",
                    n=len(members),
                    most=MOST_ARRAYS,
                )
            )
        for member in members:
            name = member.filename.removesuffix(".npy")
            if name in self.members:
                raise BadWeightsError(Bilingual("{name} is there twice", "{name} 出现了两次", name=excerpt(name)))
            with _member(name):
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise BadWeightsError(Bilingual("compressed in a way that is not read", "压缩方式无法读取"))
                with self.zip.open(member) as stream:
                    header = _header(stream)
            self.members[name], self.headers[name], self.shapes[name] = member, header, header[2]

    def read(self, name: str) -> np.ndarray:
        dtype, order, shape = self.headers[name]
        size = math.prod(shape) * np.dtype(dtype).itemsize
        with _member(name), self.zip.open(self.members[name]) as stream:
            _header(stream)
            data = stream.read(size)
            if len(data) != size or stream.read(1):
                raise BadWeightsError(corrupt())
        array = np.frombuffer(data, dtype).reshape(shape, order="F" if order == "F" else "C")
        return in_type(array, np.float32 if array.dtype == np.float32 else np.float64)


_Header = tuple[str, str, tuple[int, ...]]


@contextmanager
def _member(name: str) -> Iterator[None]:
    """Within, whatever goes wrong is told of the array of this name."""
    try:
        yield
    except (BadWeightsError, *UNREADABLE) as error:
        why = error.why if isinstance(error, BadWeightsError) else corrupt()
        raise BadWeightsError(Bilingual("{name}: {why}", "{name}：{why}", name=excerpt(name), why=why)) from None


def _header(stream: IO[bytes]) -> _Header:
    """Type, order and shape of an ``.npy`` stream, which is left at its first number."""
    start = stream.read(10)
    if start[:6] != b"\x93NUMPY" or len(start) < 10 or start[6] not in (1, 2, 3):
        raise BadWeightsError(Bilingual("no .npy", "不是 .npy"))
    length: int = struct.unpack("<H", start[8:10])[0]
    if start[6] > 1:
        length += int.from_bytes(stream.read(2), "little") << 16
    if length > LONGEST:
        raise BadWeightsError(
            Bilingual("a header of {n} bytes; at most {most}", "头部有 {n} 字节；最多 {most}", n=length, most=LONGEST)
        )
    data = stream.read(length)
    if len(data) < length:
        raise BadWeightsError(corrupt())
    found = _NPY.fullmatch(data.decode("latin1"))
    shape = tuple(int(size) for size in found[3].split(",") if size.strip()) if found else ()
    if found is None or len(shape) > 32 or not _is_type(found[1]):
        raise BadWeightsError(Bilingual("it does not hold plain numbers", "其中不是纯数字"))
    return found[1], "F" if found[2] == "True" else "C", shape


def _is_type(text: str) -> bool:
    """Whether NumPy has this type: one byte has no order, all others have one."""
    return (text[0] == "|") == (text[-1] == "1")
