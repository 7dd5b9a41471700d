"""Recordings in files: ``.npz``, ``.safetensors``, a folder of ``.npy``, the JSON and tensors of transformers' debugger."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tfstep.compare.recorded.note import NOTES, Note, bad
from tfstep.compare.recorded.recording import MOST_CELLS, Recording
from tfstep.errors import refusal
from tfstep.scenario.weights.safetensors import Safetensors
from tfstep.scenario.weights.weight_file import BadWeightsError
from tfstep.text import Bilingual

MOST_FILE = 1 << 33


def read(path: Path) -> Recording:
    """The recording at a path. Raises RecordingError for whatever is wrong with it."""
    try:
        if path.is_dir():
            return _folder(path)
        if path.stat().st_size > MOST_FILE:
            raise bad(path, Bilingual("larger than {n} GB", "大于 {n} GB", n=MOST_FILE >> 30))
        if path.suffix == ".npz":
            return _named(path, dict(_npz(path)))
        if path.suffix == ".safetensors":
            return _safetensors(path)
        if path.suffix == ".npy":
            return _named(path, {path.stem: _npy(path)})
        if path.suffix == ".json":
            return _debugged(path)
    except OSError as error:
        raise bad(path, refusal(error)) from None
    except (ValueError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, SyntaxError) as error:
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
    notes = arrays.pop(NOTES, None)
    found = Recording()
    for name, array in arrays.items():
        found.add(name, array)
    if notes is not None and notes.dtype == np.uint8:
        _noted(found, notes.tobytes())
    if not found.arrays:
        raise bad(path, Bilingual("there is no array in it", "里面没有数组"))
    return found


def _noted(found: Recording, text: bytes | str) -> None:
    try:
        kept = msgspec.json.decode(text, type=dict[str, Note])
    except msgspec.MsgspecError:
        return  # notes of another program
    found.notes.update({name: note for name, note in kept.items() if name in found.arrays})


def _npz(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.file_size > MOST_CELLS * 8:
                raise bad(path, Bilingual("{name} is too large", "{name} 太大", name=member.filename[:80]))
            with archive.open(member) as stream:
                yield member.filename.removesuffix(".npy"), _numbers(stream, member.file_size)


def _npy(path: Path) -> np.ndarray:
    with path.open("rb") as stream:
        return _numbers(stream, path.stat().st_size)


def _numbers(stream: Any, size: int) -> np.ndarray:
    """One ``.npy``; its header is held against the bytes that are there before anything is allocated."""
    version = np.lib.format.read_magic(stream)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = header(stream, max_header_size=1 << 16)
    if dtype.hasobject:
        raise ValueError("pickle")
    count = int(np.prod(shape, dtype=object)) if shape else 1
    data = stream.read(count * dtype.itemsize) if count * dtype.itemsize <= size else b""
    if len(data) != count * dtype.itemsize:
        raise ValueError("cut short")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def _folder(path: Path) -> Recording:
    """A folder of ``.npy``, in the order of the numbers in their names, else of their dates."""
    debugger = sorted(path.glob("*debug_tree_FULL_with_tensors.json")) or sorted(path.glob("*.json"))
    files = sorted(path.rglob("*.npy"))
    if not files and debugger:
        return _debugged(debugger[0])
    counted = [re.match(r"(\d+)", file.stem) for file in files]
    if all(counted):
        files.sort(key=lambda file: (int(re.match(r"(\d+)", file.stem)[1]), file.stem))  # type: ignore[index]  # matched
    else:
        files.sort(key=lambda file: (file.stat().st_mtime_ns, file.stem))
    return _named(path, {str(file.relative_to(path).with_suffix("")): _npy(file) for file in files})


def _safetensors(path: Path) -> Recording:
    try:
        file, found = Safetensors(path), Recording()
    except BadWeightsError as error:
        raise bad(path, error.why) from None
    for name in sorted(file.entries, key=lambda name: file.entries[name][-1]):
        found.add(name, file.plain(name))
    if isinstance(file.notes, dict) and isinstance(file.notes.get(NOTES), str):
        _noted(found, file.notes[NOTES])
    if not found.arrays:
        raise bad(path, Bilingual("there is no array in it", "里面没有数组"))
    return found


def _debugged(path: Path) -> Recording:
    """The tree that ``transformers.model_addition_debugger_context`` writes: modules with inputs and outputs.

    Tensors stand in ``.safetensors`` files beside it, or in the tree as nested lists. Raises RecordingError.
    """
    tree = json.loads(path.read_text("utf-8"))
    found = Recording()
    for name, value in _leaves(tree, path.parent):
        found.add(name, value, Note(op=name))
    if not found.arrays:
        why = Bilingual("there are no tensors in this tree; let the debugger write them (do_prune_layers=False)",
                        "这棵树里没有张量；请让调试器写出张量（do_prune_layers=False）")  # fmt: skip
        raise bad(path, why)
    return found


def _leaves(tree: object, folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """The outputs of the innermost modules first, then those around them: the order of the run."""
    if not isinstance(tree, dict):
        return
    name = str(tree.get("module_path", ""))
    for child in tree.get("children") or ():
        yield from _leaves(child, folder)
    yield from _tensors(name, tree.get("outputs"), folder)


def _tensors(name: str, value: object, folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(value, list):
        for k, each in enumerate(value):
            yield from _tensors(f"{name}.{k}" if k else name, each, folder)
    if not isinstance(value, dict):
        return
    kept = value.get("value")
    if isinstance(kept, str) and kept.endswith(".safetensors") and "shape" in value:
        file = folder / Path(kept).name
        yield name, next(iter(_safetensors(file).arrays.values()))
    elif "shape" not in value:
        for key, each in value.items():
            yield from _tensors(f"{name}.{key}", each, folder)
