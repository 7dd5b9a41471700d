"""Weights in ``.gguf``: metadata and tensors in one file, the numbers plain or in blocks of few bits.

Our own bounded reader of the header; blocks become numbers through the `gguf` package's dequantisers. The tensors
are given under the names, and with the rows, that the same model has in a folder (`families.gguf`).
"""

from __future__ import annotations

import math
import mmap
import os
import struct
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from tfstep.families import gguf as names
from tfstep.scenario.weights.weight_file import MOST_ARRAYS, BadWeightsError, WeightFile, corrupt, ends_early
from tfstep.text import Bilingual

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_PLAIN = {0: "<f4", 1: "<f2", 28: "<f8"}  # GGML types that NumPy has
_BF16 = 30
_KNOWN = {
    2: "Q4_0",
    3: "Q4_1",
    6: "Q5_0",
    7: "Q5_1",
    8: "Q8_0",
    10: "Q2_K",
    11: "Q3_K",
    12: "Q4_K",
    13: "Q5_K",
    14: "Q6_K",
}
_MOST = 5_000_000  # entries of an array, bytes of a text


class Info(Struct, frozen=True):
    """Where a tensor is: its shape as NumPy has it, its type, where its bytes begin."""

    shape: tuple[int, ...]
    kind: int
    begin: int


class _Cursor:
    """The bytes of the header, one value after the other."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.at = data, 0

    def take(self, code: str) -> Any:
        size = struct.calcsize("<" + code)
        if self.at + size > len(self.data):
            raise BadWeightsError(corrupt())
        (value,) = struct.unpack_from("<" + code, self.data, self.at)
        self.at += size
        return value

    def text(self) -> str:
        size = self.take("Q")
        if size > _MOST or self.at + size > len(self.data):
            raise BadWeightsError(corrupt())
        raw = self.data[self.at : self.at + size]
        self.at += size
        return raw.decode("utf-8", "replace")

    def value(self, kind: int, depth: int = 0) -> Any:
        if kind in _NUMBERS:
            return self.take(_NUMBERS[kind])
        if kind == _STRING:
            return self.text()
        if kind != _ARRAY or depth:
            raise BadWeightsError(corrupt())
        inner, size = self.take("I"), self.take("Q")
        if size > _MOST:
            raise BadWeightsError(corrupt())
        if inner in _NUMBERS:
            code = f"<{size}{_NUMBERS[inner]}"
            if self.at + struct.calcsize(code) > len(self.data):
                raise BadWeightsError(corrupt())
            found = list(struct.unpack_from(code, self.data, self.at))
            self.at += struct.calcsize(code)
            return found
        return [self.value(inner, depth + 1) for _ in range(size)]


class Read(Struct, frozen=True, eq=False):
    """The header of a file: its metadata, its tensors, its bytes."""

    meta: dict[str, Any]
    tensors: dict[str, Info]
    data: mmap.mmap


def read_header(path: Path) -> Read:
    """The header of a ``.gguf`` file. Raises `BadWeightsError`, or OSError where it cannot be opened."""
    stat = path.stat()
    return _read(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4)
def _read(path: Path, changed: int, size: int) -> Read:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size < 24:
            raise BadWeightsError(corrupt())
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    at = _Cursor(data)
    if data[:4] != b"GGUF":
        raise BadWeightsError(Bilingual("no GGUF", "不是 GGUF 文件"))
    at.at = 4
    version = at.take("I")
    if version not in (2, 3):
        raise BadWeightsError(Bilingual("GGUF version {n}; 2 and 3 are read", "GGUF 版本 {n}；可读 2 与 3", n=version))
    tensors, keys = at.take("Q"), at.take("Q")
    if tensors > MOST_ARRAYS or keys > MOST_ARRAYS:
        raise BadWeightsError(corrupt())
    meta: dict[str, Any] = {}
    for _ in range(keys):
        key = at.text()
        meta[key] = at.value(at.take("I"))
    infos: dict[str, tuple[tuple[int, ...], int, int]] = {}
    for _ in range(tensors):
        name, axes = at.text(), at.take("I")
        if axes > 8:
            raise BadWeightsError(corrupt())
        shape = tuple(at.take("Q") for _ in range(axes))[::-1]
        infos[name] = shape, at.take("I"), at.take("Q")
    aligned = meta.get("general.alignment", 32)
    if type(aligned) is not int or not 0 < aligned <= 1 << 20:
        raise BadWeightsError(corrupt())
    base = at.at + -at.at % aligned
    return Read(meta, {name: Info(shape, kind, base + begin) for name, (shape, kind, begin) in infos.items()}, data)


def header(path: Path) -> dict[str, Any]:
    """The metadata of a file. Raises `BadWeightsError`."""
    return read_header(path).meta


class Gguf(WeightFile):
    """A file's tensors under the names of a folder."""

    def __init__(self, path: Path) -> None:
        self.file = read_header(path)
        self.arch = str(self.file.meta.get("general.architecture"))
        self.theirs = {names.in_folder(self.arch, name): name for name in self.file.tensors}
        self.shapes = {ours: self.file.tensors[name].shape for ours, name in self.theirs.items()}
        for name, info in self.file.tensors.items():
            if any(n >= 2**40 for n in info.shape) or info.begin + _bytes(info) > len(self.file.data):
                raise BadWeightsError(ends_early(name))

    def check(self, name: str) -> None:
        kind = self.file.tensors[self.theirs[name]].kind
        if kind not in _PLAIN and kind != _BF16 and kind not in _KNOWN:
            raise BadWeightsError(
                Bilingual(
                    "{name} has GGML type {kind}; allowed: F32, F16, BF16, {known}",
                    "{name} 的 GGML 类型是 {kind}；可用：F32、F16、BF16、{known}",
                    name=name[:80],
                    kind=kind,
                    known=", ".join(_KNOWN.values()),
                )
            )

    def read(self, name: str) -> np.ndarray:
        self.check(name)
        info = self.file.tensors[self.theirs[name]]
        raw = np.frombuffer(self.file.data, np.uint8, _bytes(info), info.begin)
        if info.kind in _PLAIN:
            array = raw.view(_PLAIN[info.kind]).reshape(info.shape)
        elif info.kind == _BF16:
            array = (raw.view("<u2").astype(np.uint32) << 16).view(np.float32).reshape(info.shape)
        else:
            array = _dequantised(raw, info)
        return names.as_in_folder(self.arch, name, array, self.file.meta)


def _bytes(info: Info) -> int:
    """How many bytes a tensor takes."""
    count = math.prod(info.shape)
    if info.kind in _PLAIN:
        return count * np.dtype(_PLAIN[info.kind]).itemsize
    if info.kind == _BF16:
        return 2 * count
    block, size = _BLOCKS.get(info.kind, (1, 0))
    return count // block * size


_BLOCKS = {
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
}
"""Numbers in a block, and its bytes, by GGML type."""


def _dequantised(raw: np.ndarray, info: Info) -> np.ndarray:
    """Blocks of few bits as float32."""
    try:
        from gguf.constants import GGMLQuantizationType
        from gguf.quants import dequantize
    except ImportError:
        raise BadWeightsError(
            Bilingual(
                "its blocks are read through the gguf package, which is not there; pip install 'tfstep[models]'",
                "读取其中的量化块需要 gguf 包，但未安装；请执行 pip install 'tfstep[models]'",
            )
        ) from None
    rows = raw.reshape(-1, raw.size // max(1, math.prod(info.shape[:-1])))
    found = dequantize(rows, GGMLQuantizationType(info.kind))
    return np.asarray(found, np.float32).reshape(info.shape)
