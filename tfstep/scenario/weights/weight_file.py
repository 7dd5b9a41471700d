"""What every weights file can do, and what is said of one that does not hold together."""

from __future__ import annotations

import mmap
import struct
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from tfstep.engine.arrays.npy import DAMAGED
from tfstep.text import Bilingual

MOST_ARRAYS = 100_000
UNREADABLE = (*DAMAGED, struct.error)
"""What the readers below us raise at a file that does not hold together."""
HEADER = 1 << 26  # bytes of a header, at most
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
FOREIGN = {".onnx": "ONNX", ".h5": "Keras", ".keras": "Keras", ".msgpack": "Flax", ".tflite": "TensorFlow Lite"}
CONFIG = "config.json"
NO_SCENARIO = (*PICKLES, *FOREIGN, ".safetensors", ".npz")  # weights alone, or a model of another format


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

    def release(self, name: str) -> None:  # noqa: B027 - what is not mapped has nothing to give back
        """Give back what an array takes of memory, where the file is mapped: it is read again if somebody asks."""


def let_go(data: mmap.mmap, begin: int, size: int) -> None:
    """Give back the whole pages of a part of a mapped file; systems without such a call keep them."""
    first = -(-begin // mmap.PAGESIZE) * mmap.PAGESIZE
    whole = (begin + size) // mmap.PAGESIZE * mmap.PAGESIZE - first
    if whole > 0 and hasattr(mmap, "MADV_DONTNEED"):
        data.madvise(mmap.MADV_DONTNEED, first, whole)


def corrupt() -> Bilingual:
    """What is said of a file that does not hold together."""
    return Bilingual("damaged or cut short", "文件损坏或不完整")


def ends_early(name: str) -> Bilingual:
    """What is said of a file that ends before its last number."""
    return Bilingual("cut short: it ends within {name}", "文件不完整：在 {name} 处中断", name=name[:80])


def pickled(path: Path) -> Bilingual:
    """What is said of a pickle, with the way to convert it."""
    return Bilingual(
        "a pickle, which can run any code and is not read; convert it where you trust it: "
        "model.save_pretrained(FOLDER), or safetensors.torch.save_file(torch.load({name!r}, weights_only=True), "
        "'model.safetensors')",
        "这是 pickle，可能执行任意代码，因此不读取；请在可信的环境里转换：model.save_pretrained(文件夹)，"
        "或 safetensors.torch.save_file(torch.load({name!r}, weights_only=True), 'model.safetensors')",
        name=path.name,
    )


def no_scenario(path: Path) -> bool:
    """Whether a file is weights alone, a model of another format, or a part of a model's folder."""
    return path.suffix.lower() in NO_SCENARIO or (path.suffix == ".json" and (path.parent / CONFIG).is_file())


def _foreign(path: Path) -> Bilingual:
    """What is said of a model in a format that is not read."""
    return Bilingual(
        "a file of {whose}, which is not read; where `transformers` has the model, "
        "model.save_pretrained(FOLDER) writes a folder that opens; weights "
        "alone: safetensors.numpy.save_file(ARRAYS, 'mine.safetensors')",
        "这是 {whose} 的文件，不读取；若 `transformers` 里有这个模型，model.save_pretrained(文件夹) 写出的文件夹可以打开；"
        "单独的权重：safetensors.numpy.save_file(数组字典, 'mine.safetensors')",
        whose=FOREIGN[path.suffix.lower()],
    )


def alone(path: Path) -> Bilingual:
    """What is said of a weights file in place of a scenario."""
    if path.suffix in PICKLES:
        return pickled(path)
    if path.suffix.lower() in FOREIGN:
        return _foreign(path)
    if (path.parent / CONFIG).is_file():
        return Bilingual(
            "a part of a model; its folder opens: {folder}",
            "这是模型的一部分；打开它所在的文件夹：{folder}",
            folder=path.parent,
        )
    return Bilingual(
        "weights alone; a model's folder has config.json beside them, and a scenario names them: weights: {{file: {name}}}; "
        "if these are arrays of your own run: `tfstep diagnose {path}`",
        "只有权重；模型文件夹中旁边应有 config.json，场景则写 weights: {{file: {name}}}；"
        "如果是你自己运行得到的数组：`tfstep diagnose {path}`",
        name=path.name,
        path=path,
    )


def in_type(array: np.ndarray, dtype: DTypeLike) -> np.ndarray:
    """The numbers in this type, as a view where they have it: what is too large for it is an infinity, and a
    signalling NaN a quiet one."""
    with np.errstate(over="ignore", invalid="ignore"):
        return array.astype(dtype, copy=False)
