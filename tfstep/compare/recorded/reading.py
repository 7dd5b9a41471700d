"""Recordings in files: ``.npz``, ``.safetensors``, a folder of ``.npy``, the JSON and tensors of transformers' debugger."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfstep.compare.recorded.debugged import debugged
from tfstep.compare.recorded.note import NOTES, REMARKS, SETTINGS, bad
from tfstep.compare.recorded.recording import MOST_CELLS, Recording
from tfstep.compare.recorded.tensors import noted, of_safetensors
from tfstep.engine.arrays.npy import DAMAGED, read_npy
from tfstep.errors import refusal
from tfstep.text import Bilingual

MOST_FILE = 1 << 33
FILES = (".npz", ".safetensors")  # of arrays by name
TREES = "*debug_tree_FULL*.json"


def is_recording(path: Path) -> bool:
    """Whether arrays of somebody's run are meant: a file of them, or a folder of ``.npy`` or of transformers' debugger."""
    if path.suffix in FILES:
        return True
    try:
        folder = path.is_dir() and not (path / "config.json").exists()
        return folder and (any(path.rglob("*.npy")) or any(path.glob(TREES)))
    except OSError:  # a name that is too long is that of none
        return False


def read(path: Path) -> Recording:
    """The recording at a path. Raises RecordingError for whatever is wrong with it."""
    try:
        if path.is_dir():
            return _folder(path)
        if path.exists() and not path.is_file():
            raise bad(path, Bilingual("not a plain file", "不是普通文件"))
        if path.stat().st_size > MOST_FILE:
            raise bad(path, Bilingual("larger than {n} GB", "大于 {n} GB", n=MOST_FILE >> 30))
        if path.suffix == ".npz":
            return _named(path, dict(_npz(path)))
        if path.suffix == ".safetensors":
            return of_safetensors(path)
        if path.suffix == ".npy":
            return _named(path, {path.stem: _npy(path)})
        if path.suffix == ".json":
            return debugged(path)
    except OSError as error:
        raise bad(path, refusal(error)) from None
    except DAMAGED as error:
        raise bad(path, _why(error)) from None
    raise bad(
        path,
        Bilingual(
            "'{suffix}' is no recording; allowed: .npz, .safetensors, a folder of .npy",
            "“{suffix}”不是记录；可用：.npz、.safetensors、.npy 文件夹",
            suffix=path.suffix,
        ),
    )


def _why(error: Exception) -> Bilingual:
    if "allow_pickle" in str(error) or "pickle" in str(error):
        return Bilingual(
            "it holds Python objects in place of plain numbers; save arrays of numbers",
            "其中是 Python 对象而不是纯数字；请保存数值数组",
        )
    return Bilingual("damaged or cut short", "文件损坏或不完整")


def _named(path: Path, arrays: dict[str, np.ndarray]) -> Recording:
    texts = {name: arrays.pop(name) for name in (NOTES, SETTINGS, REMARKS) if name in arrays}
    found = Recording()
    for name, array in arrays.items():
        found.add(name, array)
    noted(found, {name: text.tobytes() for name, text in texts.items() if text.dtype == np.uint8})
    if not found.arrays:
        raise bad(path, Bilingual("there is no array in it", "里面没有数组"))
    return found


def _npz(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.file_size > MOST_CELLS * 8:
                raise bad(path, Bilingual("{name} is too large", "{name} 太大", name=member.filename[:80]))
            with archive.open(member) as stream:
                yield member.filename.removesuffix(".npy"), read_npy(stream, member.file_size)


def _npy(path: Path) -> np.ndarray:
    with path.open("rb") as stream:
        return read_npy(stream, path.stat().st_size)


def _folder(path: Path) -> Recording:
    """A folder of ``.npy``, in the order of the numbers in their names, else of their dates."""
    files = sorted(file for file in path.rglob("*.npy") if file.is_file())
    trees = sorted(path.glob(TREES)) or sorted(path.glob("*.json"))
    if not files and trees and trees[0].is_file():
        return debugged(trees[0])
    counted = [re.match(r"(\d+)", file.stem) for file in files]
    if all(counted):
        files.sort(key=lambda file: (int(re.match(r"(\d+)", file.stem)[1]), file.stem))  # type: ignore[index]  # matched
    else:
        files.sort(key=lambda file: (file.stat().st_mtime_ns, file.stem))
    return _named(path, {str(file.relative_to(path).with_suffix("")): _npy(file) for file in files})
