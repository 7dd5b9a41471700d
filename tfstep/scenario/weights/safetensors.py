"""Weights in ``.safetensors``: eight bytes with the header's length, the header in JSON, the numbers.

The numbers are mapped into memory and read as they are on disk; a folder's shards are one file, by its index.
"""

from __future__ import annotations

import json
import math
import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tfstep.files import leads_out
from tfstep.scenario.weights.weight_file import (
    HEADER,
    MOST_ARRAYS,
    BadWeightsError,
    WeightFile,
    corrupt,
    ends_early,
    let_go,
)
from tfstep.text import Bilingual

_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "F8_E4M3": "u1", "F8_E5M2": "u1",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "?",
}  # fmt: skip
READ = ("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "I64", "I32")


class Safetensors(WeightFile):
    """One file. What it holds is found to be consistent when it is opened; a type only when it is read."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._open(file)

    def _open(self, file: BinaryIO) -> None:
        size = os.fstat(file.fileno()).st_size
        start = file.read(8)
        length = int.from_bytes(start, "little") if len(start) == 8 else size
        if length > min(size - 8, HEADER):
            raise BadWeightsError(corrupt())
        self.begin, self.size = 8 + length, size - 8 - length
        try:
            header = json.loads(file.read(length))
        except (ValueError, RecursionError):
            raise BadWeightsError(corrupt()) from None
        if not isinstance(header, dict) or len(header) > MOST_ARRAYS:
            raise BadWeightsError(corrupt())
        self.notes = header.pop("__metadata__", None)
        self.entries = {name: self._entry(name, entry) for name, entry in header.items()}
        self.shapes = {name: shape for name, (_, shape, _) in self.entries.items()}
        self.map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def _entry(self, name: str, entry: object) -> tuple[str, tuple[int, ...], int]:
        """Type, shape and begin of an array, found to lie within the file."""
        match entry:
            case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [int(begin), int(end)]}:
                sizes = tuple(shape)
                right = all(type(n) is int and 0 <= n < 2**40 for n in sizes) and len(sizes) <= 8
                if right and 0 <= begin <= end and end > self.size:
                    raise BadWeightsError(ends_early(name))
                if right and 0 <= begin <= end <= self.size:
                    known = _TYPES.get(dtype)
                    if known is None or end - begin == math.prod(sizes) * np.dtype(known).itemsize:
                        return dtype, sizes, begin
        raise BadWeightsError(corrupt())

    def check(self, name: str) -> None:
        if (dtype := self.entries[name][0]) not in READ:
            raise BadWeightsError(_type(name, dtype))

    def read(self, name: str) -> np.ndarray:
        self.check(name)
        array = self.plain(name)
        if self.entries[name][0] in DECODED:
            self.release(name)
        return array

    def release(self, name: str) -> None:
        dtype, shape, begin = self.entries[name]
        let_go(self.map, self.begin + begin, math.prod(shape) * np.dtype(_TYPES[dtype]).itemsize)

    def plain(self, name: str) -> np.ndarray:
        """The same also of a type that no weights have: small integers and flags."""
        dtype, shape, begin = self.entries[name]
        raw = np.frombuffer(self.map, _TYPES[dtype], math.prod(shape), self.begin + begin).reshape(shape)
        return DECODED[dtype](raw) if dtype in DECODED else raw


def _bfloat16(raw: np.ndarray) -> np.ndarray:
    """The upper half of a float32."""
    return (raw.astype(np.uint32) << 16).view(np.float32)


def _float8(exponent: int, mantissa: int, infinities: bool) -> Callable[[np.ndarray], np.ndarray]:
    """A float of 8 bits by its table (Micikevicius et al. 2022): sign, exponent, mantissa."""
    code = np.arange(256)
    e, m = (code & 127) >> mantissa, code & ((1 << mantissa) - 1)
    bias = (1 << (exponent - 1)) - 1
    size = np.where(e == 0, np.ldexp(m, 1 - bias - mantissa), np.ldexp(m + (1 << mantissa), e - bias - mantissa))
    if infinities:
        size = np.where(e == (1 << exponent) - 1, np.where(m == 0, np.inf, np.nan), size)
    else:
        size = np.where((code & 127) == 127, np.nan, size)
    table = np.where(code & 128, -size, size).astype(np.float32)
    return lambda raw: table[raw]


DECODED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "BF16": _bfloat16,
    "F8_E4M3": _float8(4, 3, infinities=False),
    "F8_E5M2": _float8(5, 2, infinities=True),
}


class Shards(WeightFile):
    """Several files by their index, ``{"weight_map": {NAME: FILE}}``; every FILE stands beside it."""

    def __init__(self, path: Path, opened: Callable[[Path], WeightFile]) -> None:
        with path.open("rb") as file:
            data = file.read(HEADER + 1)
        try:
            index = json.loads(data) if len(data) <= HEADER else None
        except (ValueError, RecursionError):
            index = None
        where = index.get("weight_map") if isinstance(index, dict) else None
        if not isinstance(where, dict) or len(where) > MOST_ARRAYS:
            raise BadWeightsError(
                Bilingual("no index of shards: it has no weight_map", "不是分片索引：其中没有 weight_map")
            )
        names = {name: shard for name, shard in where.items() if isinstance(shard, str)}
        if len(names) < len(where):
            name = next(name for name in where if name not in names)
            raise BadWeightsError(
                Bilingual(
                    "the index says {found} of {name}; the name of a file is needed",
                    "索引对 {name} 写的是 {found}；须为文件名",
                    found=repr(where[name])[:40],
                    name=name[:80],
                )
            )
        files = {}
        for shard in sorted(set(names.values())):
            with of_shard(shard):
                files[shard] = opened(beside(path, shard))
        self.homes: dict[str, WeightFile] = {}
        for name, shard in names.items():
            if name not in files[shard].shapes:
                raise BadWeightsError(
                    Bilingual(
                        "{shard} has no {name}, which the index says is there",
                        "{shard} 中没有 {name}，而索引说它在其中",
                        shard=shard,
                        name=name[:80],
                    )
                )
            self.homes[name] = files[shard]
        self.where = names
        self.shapes = {name: home.shapes[name] for name, home in self.homes.items()}

    def check(self, name: str) -> None:
        with of_shard(self.where[name]):
            self.homes[name].check(name)

    def read(self, name: str) -> np.ndarray:
        return self.homes[name].read(name)

    def release(self, name: str) -> None:
        self.homes[name].release(name)


@contextmanager
def of_shard(shard: str) -> Iterator[None]:
    """What goes wrong within, told with the name of the file."""
    try:
        yield
    except BadWeightsError as error:
        raise BadWeightsError(Bilingual("{shard}: {why}", "{shard}：{why}", shard=shard[:80], why=error.why)) from None


def beside(path: Path, name: str) -> Path:
    """A file of a folder by its bare name. Raises BadWeightsError for a name, or a link, that leads out of it."""
    if name != Path(name).name or "\\" in name or name in ("", ".", ".."):
        raise BadWeightsError(
            Bilingual(
                "the index names {name!r}; a shard stands beside it, in the same folder",
                "索引中出现 {name!r}；分片须与索引在同一个文件夹里",
                name=name[:80],
            )
        )
    if leads_out(path.parent, path.parent / name):
        raise BadWeightsError(
            Bilingual(
                "{name} is a link that leads out of the folder",
                "{name} 是指向文件夹之外的链接",
                name=name[:80],
            )
        )
    return path.parent / name


def _type(name: str, dtype: str) -> Bilingual:
    return Bilingual(
        "{name} holds {dtype}; allowed: {types}",
        "{name} 的类型是 {dtype}；可用：{types}",
        name=name[:80],
        dtype=dtype[:20],
        types=", ".join(READ),
    )
