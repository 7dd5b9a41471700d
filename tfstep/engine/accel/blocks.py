"""Large arrays, cut into blocks that fit in the cache, each computed on whichever thread is free.

NumPy releases the interpreter's lock inside its loops, so threads share the work. Every cell is computed by
the same operations whatever the blocks and however many the threads: the bits do not depend on them.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from typing import Any, TypeVar

import numpy as np

BLOCK = 1 << 16
"""Cells of one block: a few arrays of that many stay in the cache, and there are few enough to hand out."""

Shape = tuple[int, ...]
Cut = tuple[slice, ...]
Item = TypeVar("Item")


@cache
def threads() -> int:
    """How many threads to use: as many as the linear algebra is told to, else one a core, at most 8."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        wanted = os.environ.get(name, "")
        if wanted.isdigit() and int(wanted) > 0:
            return min(int(wanted), 8)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, 8)


@cache
def _pool() -> ThreadPoolExecutor:
    """The threads beside this one."""
    return ThreadPoolExecutor(threads() - 1, "tfstep-block")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork


def each(work: Callable[[Item], object], items: Iterable[Item]) -> None:
    """Do the work for every item, on all threads, this one among them. Raises what the work raises."""
    todo = items if isinstance(items, list) else list(items)
    if len(todo) == 1:
        work(todo[0])
        return
    rest = iter(todo)  # the threads take from one iterator: its next is atomic

    def some() -> None:
        with np.errstate(all="ignore"):
            for item in rest:
                work(item)

    helpers = [_pool().submit(some) for _ in range(min(threads(), len(todo)) - 1)]
    try:
        some()
    finally:
        for helper in helpers:
            if not helper.cancel():  # one whose thread was busy all the while has nothing left to do
                helper.result()


def row_blocks(rows: int, width: int) -> list[slice]:
    """The rows of a matrix, a block at a time."""
    if 0 < rows * width <= BLOCK:
        return [slice(0, rows)]
    step = max(1, BLOCK // max(1, width))
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


def in_blocks(kernel: Callable[..., object], out: np.ndarray, *inputs: np.ndarray, **attrs: Any) -> None:
    """``kernel(out, *inputs)``, a block of rows of ``out`` at a time, with what of the inputs broadcasts to it.

    The last axis stays whole: what is computed along it, such as a softmax, is computed as ever.
    """
    if out.size <= BLOCK:
        kernel(out, *inputs, **attrs)
        return
    cuts = _cuts(out.shape, tuple(x.shape for x in inputs))

    def one(cut: tuple[Cut, ...]) -> None:
        kernel(out[cut[0]], *(x[c] for x, c in zip(inputs, cut[1:], strict=True)), **attrs)

    each(one, cuts)


@lru_cache(maxsize=512)
def _cuts(shape: Shape, inputs: tuple[Shape, ...]) -> list[tuple[Cut, ...]]:
    """For each block of a result of this shape, its place in the result and in each input."""
    if len(shape) < 2:
        return [((),) * (1 + len(inputs))]
    axis, inner = len(shape) - 2, shape[-1]  # the axis to cut: the outermost whose steps are no larger than a block
    while axis > 0 and inner * shape[axis] <= BLOCK:
        inner *= shape[axis]
        axis -= 1
    singles = [[slice(i, i + 1) for i in range(n)] for n in shape[:axis]]
    blocks = list(itertools.product(*singles, row_blocks(shape[axis], inner)))
    return [tuple(_place(block, len(shape), s) for s in (shape, *inputs)) for block in blocks]


def _place(block: Cut, ndim: int, shape: Shape) -> Cut:
    """Where a block of a result of ``ndim`` axes is in an operand that broadcasts to it."""
    lead = ndim - len(shape)
    return tuple(slice(None) if shape[k - lead] == 1 else cut for k, cut in enumerate(block) if k >= lead)
