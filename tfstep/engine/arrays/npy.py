"""One array in NumPy's format, from a file that may be anything: its head is held against what is there first."""

from __future__ import annotations

import math
import tokenize
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

MOST = 1 << 31  # bytes of one array
DAMAGED = (ValueError, OverflowError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)
"""What NumPy and zipfile raise at a file that does not hold together; the system's refusals are OSErrors. zipfile has the
last two for a member that is packed in a way it does not know, and for one that is encrypted."""
_HEAD = (*DAMAGED, SyntaxError, TypeError, KeyError, AttributeError, MemoryError, tokenize.TokenError)
"""And what the tokenizer and the parser raise with which NumPy reads a head; a RecursionError is a RuntimeError."""


def read_npy(stream: IO[bytes], size: int) -> np.ndarray:
    """The array of a stream with ``size`` bytes. Raises ValueError for whatever is wrong with it, "pickle" for objects."""
    try:
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        with warnings.catch_warnings(action="ignore"):  # a head as Python 2 wrote it is no matter
            shape, fortran, dtype = header(stream, max_header_size=1 << 16)
        if dtype.hasobject:
            raise ValueError("pickle")
        wanted = math.prod(shape) * dtype.itemsize
        if min(shape, default=1) < 0 or wanted > min(size, MOST):
            raise ValueError("more than is there")
        data = stream.read(wanted)
        if len(data) != wanted:
            raise ValueError("cut short")
        return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
    except _HEAD as error:
        raise ValueError("pickle" if "pickle" in str(error) else "damaged") from None


def read_one(path: Path, name: str) -> np.ndarray:
    """The one array of an .npy or .npz file; of several that which is called ``name``.

    Raises ValueError or OSError where there is none, or the file does not hold together.
    """
    try:
        if not path.is_file():
            raise ValueError("no plain file")
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                file.seek(0)
                return read_npy(file, path.stat().st_size)
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
                if len(members) != 1:
                    members = [each for each in members if each.filename == f"{name}.npy"]
                if not members:
                    raise ValueError(f"no array {name}")
                with archive.open(members[0]) as stream:
                    return read_npy(stream, members[0].file_size)
    except DAMAGED as error:
        raise ValueError(str(error)) from None
