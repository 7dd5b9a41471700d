"""Numbers as somebody would write them: four zeros are ``np.zeros(4)``, a causal mask ``np.triu``, all else the numbers."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from enum import StrEnum

import numpy as np

from tfstep.code.fold import WIDTH


class Library(StrEnum):
    """What the program is written for."""

    NUMPY = "numpy"
    TORCH = "torch"


def made(value: np.ndarray, library: Library, learned: bool = False, floats: str = "") -> str:
    """A call that makes the array to the bit: zeros, ones, the identity, a causal mask, 0 … n-1; empty where there is none.

    ``floats`` is the type that PyTorch takes without a word.
    """
    lib = "np" if library is Library.NUMPY else "torch"
    more = _more(value, library, learned, floats)
    shape, kind = value.shape, value.dtype.kind
    size = str(shape[0]) if len(shape) == 1 else repr(shape)
    if kind not in "fiub" or (kind == "f" and bool(np.signbit(value).any())):  # -0.0 is none of np.zeros
        return ""
    if not value.size or (shape and not value.any()):
        return f"{lib}.zeros({size}{more})"
    if not shape or value.size == 1:
        return ""
    if bool((value == 1).all()):
        return f"{lib}.ones({size}{more})"
    if kind == "f" and len(shape) == 2 and shape[0] == shape[1] and np.array_equal(value, np.eye(shape[0])):
        return f"{lib}.eye({shape[0]}{more})"
    if (
        kind == "i"
        and len(shape) == 4
        and np.array_equal(value, value.max() * np.triu(np.ones(shape, value.dtype), k=1))
    ):
        above = "k=1" if library is Library.NUMPY else "diagonal=1"  # the keys that come after each query
        times = "" if value.max() == 1 else f"{value.max()} * "
        return f"{times}{lib}.triu({lib}.ones({size}{more}), {above})"
    if kind == "i" and shape[-1] == value.size > 2 and np.array_equal(value.ravel(), np.arange(value.size)):
        count = f"{lib}.arange({value.size}{_more(value, library, learned, 'int64')})"
        return count if len(shape) == 1 else f"{count}.reshape({shape})"
    return ""


def numbers(
    value: np.ndarray,
    library: Library,
    learned: bool = False,
    begun: int | None = None,
    comment: str = "",
    floats: str = "",
) -> str:
    """The array with its numbers written out, in one line where one holds it and the comment behind ``begun`` columns, or
    where none are told; else row by row, the comment in the first line."""
    before = "np.array(" if library is Library.NUMPY else "torch.tensor("
    more = _more(value, library, learned, f"{floats} int64 bool" if floats or library is Library.NUMPY else "")
    whole = f"{before}{_literal(value)}{more})"
    if begun is None or begun + len(whole) + len(comment) <= WIDTH or value.ndim == 0:
        return whole
    return "\n".join([f"{before}[{comment}", *_rows(value, 1), f"]{more})"])


def _rows(value: np.ndarray, depth: int) -> list[str]:
    """What stands between the brackets of an array: its rows, each on a line, or on as many as its numbers take."""
    indent = "    " * depth
    if value.ndim == 1:
        return _folded(indent, value.tolist(), "")
    lines: list[str] = []
    for row in value:
        if row.ndim == 1 or len(_literal(row)) < WIDTH - len(indent):
            lines += _folded(f"{indent}[", list(row), "]")
        else:
            lines += [f"{indent}[", *_rows(row, depth + 1), f"{indent}],"]
    return lines


def _folded(before: str, cells: Iterable[object], after: str) -> list[str]:
    text = ", ".join(_literal(np.asarray(cell)) for cell in cells)
    hang = " " * len(before)
    return textwrap.wrap(
        f"{before}{text}{after},",
        WIDTH,
        subsequent_indent=hang,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )


def _more(value: np.ndarray, library: Library, learned: bool, plain: str) -> str:
    """The dtype, where it is not among those that are meant without a word, and whether a gradient is wanted."""
    name = "bool" if value.dtype.kind == "b" else value.dtype.name
    if library is Library.NUMPY:
        return "" if name in ("float64", *plain.split()) else f", dtype={'bool' if name == 'bool' else f'np.{name}'}"
    dtype = "" if name in plain.split() else f", dtype=torch.{name}"
    return f"{dtype}{', requires_grad=True' if learned and value.dtype.kind == 'f' else ''}"


def _literal(value: np.ndarray) -> str:
    return re.sub(r"-?inf|nan", lambda found: f'float("{found[0]}")', repr(value.tolist()))


__all__ = ["Library", "made", "numbers"]
