"""Weights in files: ``.npz``, ``.safetensors`` and its shards, ``.gguf``; never a pickle.

A file says first what it holds (`WeightFile.shapes`), and an array is read only when it is asked for,
so that sizes are checked before anything is allocated.
"""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tfstep.errors import TfstepError, refusal
from tfstep.files import unwritable, write_whole
from tfstep.text import Bilingual

SUFFIXES = (".npz", ".safetensors")  # that are written
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
MOST_ARRAYS = 100_000
HEADER = 1 << 26  # bytes of a header, at most
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
        """One array in the type that it has on disk (what NumPy has no type for: float32), as a view where it can be.

        Raises `BadWeightsError`.
        """

    def check(self, name: str) -> None:
        """See that an array can be read, without reading it. Raises `BadWeightsError` where it cannot."""
        if name not in self.shapes:
            raise BadWeightsError(corrupt())


def opened(path: Path) -> WeightFile:
    """The weights file at a path; what is mapped into memory stays so for as long as it is used.

    Raises `BadWeightsError` for whatever is wrong with it.
    """
    if path.suffix in PICKLES:
        raise BadWeightsError(_pickle(path))
    reader = _reader(path)
    if not path.is_file():
        raise BadWeightsError(Bilingual("there is no such file", "没有这个文件"))
    try:
        return reader(path)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise BadWeightsError(corrupt()) from None
    except OSError as error:
        why = Bilingual("cannot be read: {why}", "无法读取：{why}", why=refusal(error))
        raise BadWeightsError(why) from None


@contextmanager
def open_weights(path: Path) -> Iterator[WeightFile]:
    """The same, with what goes wrong while it is read told alike."""
    try:
        yield opened(path)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
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

        return Shards
    if path.suffix == ".gguf":
        from tfstep.scenario.weights.gguf import Gguf

        return Gguf
    raise BadWeightsError(_suffix(path))


def _pickle(path: Path) -> Bilingual:
    return Bilingual(
        "a pickle, which can run any code and is not read; convert it where you trust it: "
        "model.save_pretrained(FOLDER), or safetensors.torch.save_file(torch.load({name!r}, weights_only=True), "
        "'model.safetensors')",
        "这是 pickle，可能执行任意代码，因此不读取；请在可信的环境里转换：model.save_pretrained(文件夹)，"
        "或 safetensors.torch.save_file(torch.load({name!r}, weights_only=True), 'model.safetensors')",
        name=path.name,
    )


def _suffix(path: Path) -> Bilingual:
    return Bilingual(
        "'{suffix}' is no weights file; allowed: .npz, .safetensors, .gguf",
        "“{suffix}”不是权重文件；可用：.npz、.safetensors、.gguf",
        suffix=path.suffix,
    )


def corrupt() -> Bilingual:
    """What is said of a file that does not hold together."""
    return Bilingual("damaged or cut short", "文件损坏或不完整")


def ends_early(name: str) -> Bilingual:
    """What is said of a file that ends before its last number."""
    return Bilingual("cut short: it ends within {name}", "文件不完整：在 {name} 处中断", name=name[:80])


def write_weights(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays by name as ``.npz`` or ``.safetensors``: the whole file, or nothing.

    Raises `TfstepError` for another suffix, or where it cannot be written.
    """
    if path.suffix not in SUFFIXES:
        raise TfstepError(_not_written(path))
    put = _write_npz if path.suffix == ".npz" else _write_safetensors
    try:
        write_whole(path, lambda file: put(file, arrays), private=True)
    except OSError as error:
        raise unwritable(path, error) from None


def _not_written(path: Path) -> Bilingual:
    return Bilingual(
        "'{suffix}' is no weights file; allowed: .npz, .safetensors",
        "“{suffix}”不是权重文件；可用：.npz、.safetensors",
        suffix=path.suffix,
    )


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
