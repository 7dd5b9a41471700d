"""The program of a plan: for every step one call that computes it from the numbers before it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from tfstep.engine.accel.blocks import in_blocks
from tfstep.engine.accel.kernel import Kernel
from tfstep.engine.accel.memory import LARGE, Memory
from tfstep.engine.arrays.half import rounded
from tfstep.engine.axis import Shape
from tfstep.engine.node import Node

Values = list[Any] | dict[int, Any]  # by slot
Run = Callable[[Values], np.ndarray]


def compiled(node: Node, memory: Memory, kernels: bool) -> Run:
    """One step as a function of the numbers of its trace, with nothing left to look up; with ``kernels``, by them."""
    exact, to = _exactly(node, memory, kernels), node.rounds
    return (lambda values: rounded(exact(values), to)) if to else exact


def _exactly(node: Node, memory: Memory, kernels: bool) -> Run:
    """The step in the precision in which its numbers are kept."""
    assert node.op is not None
    kernel = kernel_of(node) if kernels else None
    if kernel is None:
        return _body(node)
    return _large(node, kernel, memory) if node.nbytes >= LARGE else small(node, kernel)(node.shape)


def kernel_of(node: Node) -> Kernel | None:
    """The kernel that computes a step, None where there is none for its inputs."""
    assert node.op is not None
    return node.op.kernel if node.inputs and len(node.slots) == len(node.inputs) else None


def _body(node: Node) -> Run:
    """The step as its op's body computes it."""
    assert node.op is not None
    run: Callable[..., np.ndarray] = partial(node.op.forward, **node.attrs) if node.attrs else node.op.forward
    if len(node.slots) != len(node.inputs):
        slots = [s if isinstance(s, int) else None for s in node.inputs]
        fixed = [0.0 if isinstance(s, int) else s.value for s in node.inputs]
        return lambda values: run(*[f if s is None else values[s] for s, f in zip(slots, fixed, strict=True)])
    if len(node.slots) == 1:
        (a,) = node.slots
        return lambda values: run(values[a])
    if not node.slots:
        return lambda values: run()
    get = itemgetter(*node.slots)
    return lambda values: run(*get(values))


def small(node: Node, kernel: Kernel) -> Callable[[Shape], Run]:
    """The step as its kernel computes it into a result of a shape, written out for the usual numbers of inputs."""
    run: Callable[..., object] = partial(kernel.run, **node.attrs) if node.attrs else kernel.run
    new, dtype = np.zeros if kernel.zeros else np.empty, node.dtype
    if len(node.slots) == 1:
        (a,) = node.slots

        def one(shape: Shape) -> Run:
            def into(values: Values) -> np.ndarray:
                out = new(shape, dtype)
                run(out, values[a])
                return out

            return into

        return one
    if len(node.slots) == 2:
        a, b = node.slots

        def two(shape: Shape) -> Run:
            def into(values: Values) -> np.ndarray:
                out = new(shape, dtype)
                run(out, values[a], values[b])
                return out

            return into

        return two
    get = itemgetter(*node.slots)

    def several(shape: Shape) -> Run:
        def into(values: Values) -> np.ndarray:
            out = new(shape, dtype)
            run(out, *get(values))
            return out

        return into

    return several


def _large(node: Node, kernel: Kernel, memory: Memory) -> Run:
    """The step into memory that is used again, in blocks if the kernel can."""
    slots, shape, dtype, slot = node.slots, node.shape, node.dtype, node.slot
    run: Callable[..., object] = partial(kernel.run, **node.attrs) if node.attrs else kernel.run

    def large(values: Values) -> np.ndarray:
        out = np.zeros(shape, dtype) if kernel.zeros else memory.take(slot, shape, dtype)
        inputs = [np.asarray(values[s]) for s in slots]
        if kernel.blocks:
            in_blocks(run, out, *inputs)
        else:
            run(out, *inputs)
        return out

    return large
