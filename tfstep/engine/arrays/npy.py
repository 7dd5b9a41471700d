"""One array in NumPy's format, from a file that may be anything: its head is held against what is there first."""

from __future__ import annotations

import math
import tokenize
import warnings
import zipfile
import zlib
from typing import IO

import numpy as np

MOST = 1 << 31  # bytes of one array
_RAISED = (
    *(ValueError, SyntaxError, TypeError, KeyError, AttributeError, OverflowError, MemoryError, RecursionError),
    *(tokenize.TokenError, EOFError, NotImplementedError, RuntimeError, zlib.error, zipfile.BadZipFile),
)
"""What NumPy, the tokenizer and the parser that it reads a head with, and a damaged member of a zip raise."""


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
    except _RAISED as error:
        raise ValueError("pickle" if "pickle" in str(error) else "damaged") from None
