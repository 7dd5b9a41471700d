"""Kernels: raw NumPy beside the body of an op, where the body is slow; a test demands that they agree to the bit.

A kernel is called as ``run(out, *inputs, **attrs)`` and fills ``out``, an array of the shape and dtype of the
result. Beside a VJP it gets those inputs, in order, that the algebra of the VJP reads.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct


class Kernel(Struct, frozen=True):
    """``blocks``: whether a block of rows of the result can be computed from the same rows of what is as large.
    ``zeros``: whether ``out`` must come filled with 0."""

    run: Callable[..., object]
    blocks: bool = False
    zeros: bool = False


def kernel(run: Callable[..., object]) -> Kernel:
    """A kernel that is given the whole of large arrays."""
    return Kernel(run)


def kernel_on_zeros(run: Callable[..., object]) -> Kernel:
    """A kernel that leaves some cells as they are: 0."""
    return Kernel(run, zeros=True)


def blockwise(run: Callable[..., object]) -> Kernel:
    """A kernel that can be given large arrays a block of rows at a time."""
    return Kernel(run, blocks=True)
