"""Weights in files: ``.npz``, ``.safetensors`` and its shards, ``.gguf``; never a pickle.

A file says first what it holds (`WeightFile.shapes`), and an array is read only when it is asked for,
so that sizes are checked before anything is allocated.
"""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tfstep import work
from tfstep.errors import TfstepError, refusal
from tfstep.files import unwritable, write_whole
from tfstep.scenario.weights.weight_file import PICKLES, UNREADABLE, BadWeightsError, WeightFile, corrupt, pickled
from tfstep.text import Bilingual

SUFFIXES = (".npz", ".safetensors")  # that are written
A_BYTE = 2e-9  # seconds to write one, about
WRITTEN = {
    "float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8",
    "uint8": "U8", "bool": "BOOL",
}  # fmt: skip


def open_weight_file(path: Path) -> WeightFile:
    """The weights file at a path; what is mapped into memory stays so for as long as it is used.

    Raises `BadWeightsError` for whatever is wrong with it.
    """
    if path.suffix in PICKLES:
        raise BadWeightsError(pickled(path))
    reader = _reader(path)
    if not path.is_file():
        raise BadWeightsError(Bilingual("there is no such file", "没有这个文件"))
    try:
        return reader(path)
    except UNREADABLE:
        raise BadWeightsError(corrupt()) from None
    except OSError as error:
        why = Bilingual("cannot be read: {why}", "无法读取：{why}", why=refusal(error))
        raise BadWeightsError(why) from None


@contextmanager
def open_weights(path: Path) -> Iterator[WeightFile]:
    """The same, with what goes wrong while it is read told alike."""
    try:
        yield open_weight_file(path)
    except UNREADABLE:
        raise BadWeightsError(corrupt()) from None
    except OSError as error:
        why = Bilingual("cannot be read: {why}", "无法读取：{why}", why=refusal(error))
        raise BadWeightsError(why) from None


def _reader(path: Path) -> Callable[[Path], WeightFile]:
    """What reads a file of this name. Raises `BadWeightsError` for one that nothing reads."""
    if path.suffix == ".npz":
        from tfstep.scenario.weights.npz import Npz

        return Npz
    if path.suffix == ".safetensors":
        from tfstep.scenario.weights.safetensors import Safetensors

        return Safetensors
    if path.name.endswith(".safetensors.index.json"):
        from tfstep.scenario.weights.safetensors import Shards

        return partial(Shards, opened=open_weight_file)
    if path.suffix == ".gguf":
        from tfstep.scenario.weights.gguf import Gguf

        return Gguf
    raise BadWeightsError(_suffix(path))


def _suffix(path: Path) -> Bilingual:
    return Bilingual(
        "'{suffix}' is no weights file; allowed: .npz, .safetensors, .gguf",
        "“{suffix}”不是权重文件；可用：.npz、.safetensors、.gguf",
        suffix=path.suffix,
    )


def write_weights(
    path: Path, arrays: Mapping[str, np.ndarray], notes: Mapping[str, str] | None = None, *, private: bool = True
) -> None:
    """Write arrays by name, and texts beside them, as ``.npz`` or ``.safetensors``: the whole file, or nothing.

    In a zip a text is an array of bytes. A new file is the owner's alone if ``private``.
    Raises `TfstepError` for another suffix, or where it cannot be written.
    """
    if path.suffix not in SUFFIXES:
        raise TfstepError(_not_written(path))
    put = write_npz if path.suffix == ".npz" else _write_safetensors
    try:
        write_whole(path, lambda file: put(file, arrays, notes or {}), private=private)
    except OSError as error:
        raise unwritable(path, error) from None


def expect_weights(sizes: Iterable[int]) -> None:
    """Arrays of so many bytes are about to be written. Raises CommandError where whoever watches does not agree."""
    size = sum(sizes)
    work.expect(size * A_BYTE, size)


def _not_written(path: Path) -> Bilingual:
    return Bilingual(
        "'{suffix}' is no weights file; allowed: .npz, .safetensors",
        "“{suffix}”不是权重文件；可用：.npz、.safetensors",
        suffix=path.suffix,
    )


def write_npz(file: BinaryIO, arrays: Mapping[str, np.ndarray], notes: Mapping[str, str] | None = None) -> None:
    """Write arrays by name, and texts as arrays of bytes. It holds no time: the same arrays give the same bytes."""
    texts = {name: np.frombuffer(text.encode(), np.uint8) for name, text in (notes or {}).items()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in work.each(list({**arrays, **texts}.items()), work.TENSORS):
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.asarray(array, order="C"), allow_pickle=False)


def _write_safetensors(file: BinaryIO, arrays: Mapping[str, np.ndarray], notes: Mapping[str, str]) -> None:
    header: dict[str, object] = {"__metadata__": notes} if notes else {}
    begin = 0
    for name, array in arrays.items():
        end = begin + array.nbytes
        header[name] = {"dtype": WRITTEN[array.dtype.name], "shape": list(array.shape), "data_offsets": [begin, end]}
        begin = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file.write(struct.pack("<Q", len(text)) + text)
    for array in work.each(list(arrays.values()), work.TENSORS):
        file.write(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
