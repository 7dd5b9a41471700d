"""Matrix products: large ones in pieces that depend on the shapes alone, each on one thread of the library.

A library that cuts a product for so many threads as it has computes the cells along its cuts by other kernels, and
their last bits differ from machine to machine. Cut here, the bits are the same whoever computes the pieces, and how
many at once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from contextlib import ContextDecorator
from functools import cache, lru_cache
from threading import Lock, local
from typing import Any

import numpy as np

Array = np.ndarray
Shape = tuple[int, ...]
Piece = tuple[tuple[slice, ...], slice]

SMALL, MATRICES = 1 << 13, 1 << 18
"""So many multiplications OpenBLAS leaves to one thread itself: in all, whatever the shapes, and of two matrices."""
WORTH = 1 << 22
"""From so many on a piece is worth a thread; smaller ones are also computed by other kernels, with other bits."""
LARGE = 1 << 25
"""So large is a piece where two would be larger: each packs its operands anew."""
MANY = 8
"""From so many small matrices on that are multiplied by the same one, they are one matrix."""
PIECES, COLUMNS = 8, 64
"""Into at most so many pieces are the columns of one product cut, after a multiple of so many."""


def in_turn(work: Callable[[Any], object], items: Iterable[Any]) -> None:
    """Do the work for one item after the other."""
    for item in items:
        work(item)


def product(
    a: Array,
    b: Array,
    out: Array | None = None,
    each: Callable[[Callable[[Piece], None], list[Piece]], object] = in_turn,
    then: Callable[[Array, slice], object] | None = None,
) -> Array:
    """a b over the last two axes, the others broadcast; (…, n, k), (…, k, m) → (…, n, m), into ``out`` if given.

    ``each`` does the pieces; ``then`` is called with every finished piece of the result and which columns it is.
    """
    m = b.shape[-1]
    if a.shape[-2] == 1 and SMALL < a.size * m <= WORTH and _each_its_own(a, b):  # rows that are one piece
        with on_one_thread():
            row: Array = np.matmul(a, b, out)
        if then is not None:
            then(row, slice(None))
        return row
    at_once = flat(a, b)
    if at_once or whole(a, b):
        result: Array = _at_once(a, b, out) if at_once else np.matmul(a, b, out)
        if then is not None:
            then(result, slice(None))
        return result
    lead, n, k = _lead(a, b), a.shape[-2], a.shape[-1]
    result = np.empty((*lead, n, m), np.result_type(a, b)) if out is None else out
    cut = pieces(lead, n, k, m) if result.size else []
    if len(cut) <= 1:
        with on_one_thread():
            np.matmul(a, b, result)
        if then is not None:
            then(result, slice(None))
        return result
    if lead:
        a = np.broadcast_to(a, (*lead, *a.shape[-2:]))
        b = np.broadcast_to(b, (*lead, *b.shape[-2:]))

    def one(piece: Piece) -> None:
        where, columns = piece
        part = result[where][..., columns]
        np.matmul(a[where], b[where][..., columns], part)
        if then is not None:
            then(part, columns)

    with on_one_thread():
        each(one, cut)
    return result


def _each_its_own(a: Array, b: Array) -> bool:
    """Whether every matrix of a is multiplied by one that no other is multiplied by."""
    return a.size == a.shape[-1] if b.ndim == 2 else a.shape[:-2] == b.shape[:-2]


def flat(a: Array, b: Array) -> bool:
    """Whether many small matrices are multiplied by one, and the library does their rows at once on one thread."""
    m = b.shape[-1]
    return b.ndim == 2 < a.ndim and math.prod(a.shape[:-2]) >= MANY and m > 1 and a.size * m <= MATRICES


def _at_once(a: Array, b: Array, out: Array | None) -> Array:
    """Their product, row under row; a transposed matrix is laid row by row first: then it takes half the time."""
    if b.strides[0] == b.itemsize < b.strides[1]:
        turned, b = b, np.empty_like(b, order="C")
        np.copyto(b, turned)
    shape, rows = (*a.shape[:-1], b.shape[1]), a.reshape(-1, a.shape[-1])
    if out is None or not out.flags.c_contiguous:
        made: Array = np.matmul(rows, b).reshape(shape)
        if out is None:
            return made
        np.copyto(out, made)
    else:
        np.matmul(rows, b, out.reshape(-1, b.shape[1]))
    return out


def whole(a: Array, b: Array) -> bool:
    """Whether a product is so small that the library computes it on one thread, and as one piece."""
    return a.ndim >= b.ndim and (a.size * b.shape[-1] <= SMALL or _one_piece(a, b))


def _one_piece(a: Array, b: Array) -> bool:
    """Whether products of small matrices, which the library does not cut, are too few for two threads."""
    (n, k), m = a.shape[-2:], b.shape[-1]
    return min(n, m) > 1 and n * k * m <= MATRICES and a.size * m <= WORTH and not np.may_share_memory(a, b)


def _lead(a: Array, b: Array) -> Shape:
    return (
        a.shape[:-2] if b.ndim == 2 or a.shape[:-2] == b.shape[:-2] else np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    )


@lru_cache(maxsize=512)
def pieces(lead: Shape, n: int, k: int, m: int) -> list[Piece]:
    """Where the pieces of a product (…, n, k) (k, m) are: along its leading axes, and which of its columns."""
    size = n * k * m
    many = 1 if size < 2 * WORTH else min(PIECES, max(2, size // LARGE))
    step = -(-m // many // COLUMNS) * COLUMNS
    starts = list(range(0, m, step))
    if len(starts) > 1 and m - starts[-1] < step:
        starts.pop()
    columns = [slice(start, stop) for start, stop in zip(starts, [*starts[1:], m], strict=True)]
    together = max(1, WORTH // max(1, size))  # small products of one leading axis, as many as make a piece
    cuts = [[slice(i, i + 1) for i in range(length)] for length in lead]
    for axis in reversed(range(len(lead))):
        several = min(together, lead[axis])
        cuts[axis] = [slice(i, i + several) for i in range(0, lead[axis], several)]
        together //= several
    return [(where, some) for where in itertools.product(*cuts) for some in columns]


_lock = Lock()
_inside = 0  # how many products are being computed
_told: list[tuple[Any, int]] = []  # the libraries, and how many threads they had before
_own = local()  # how many of them this thread is in


class _OneThread(ContextDecorator):
    """Nothing of its own: the count is the process's, as the library's threads are."""

    def __enter__(self) -> None:
        global _inside, _told
        _own.depth = depth = getattr(_own, "depth", 0) + 1
        if depth > 1:
            return
        with _lock:
            if not _inside:
                _told = [(library, n) for library in _libraries() if (n := library.num_threads) != 1]
                for library, _ in _told:
                    library.set_num_threads(1)
            _inside += 1

    def __exit__(self, *_: object) -> None:
        global _inside
        _own.depth -= 1
        if _own.depth:
            return
        with _lock:
            _inside -= 1
            if not _inside:
                for library, threads in _told:
                    library.set_num_threads(threads)


_ONE_THREAD = _OneThread()


def on_one_thread() -> _OneThread:
    """While this lasts NumPy's linear algebra uses one thread a call."""
    return _ONE_THREAD


@cache
def _libraries() -> list[Any]:
    """The libraries of linear algebra that are loaded."""
    from threadpoolctl import ThreadpoolController

    return [library for library in ThreadpoolController().lib_controllers if library.user_api == "blas"]
