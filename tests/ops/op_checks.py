"""What holds for every op, on every case: one function a law, each raising AssertionError where it does not hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial

import numpy as np
from op_case import Case, arguments
from op_loops_model import LOOPS
from op_plans import below, own_steps, result, timeline, weight

from tfstep.address.grammar import cell_name
from tfstep.engine.accel.blocks import in_blocks
from tfstep.engine.cases.together import Moved, in_cases
from tfstep.engine.node import Node
from tfstep.engine.trace import Trace
from tfstep.engine.why import Explanation


def close(found: np.ndarray, wanted: np.ndarray, tolerance: float, what: str) -> None:
    """Equal up to a share of the largest number; infinities and NaNs in the same places."""
    assert found.shape == wanted.shape, f"{what}: shape {found.shape}, not {wanted.shape}"
    sound = np.isfinite(wanted)
    np.testing.assert_array_equal(found[~sound], wanted[~sound], err_msg=what)
    size = np.max(np.abs(wanted[sound]), initial=0.0)
    worst = np.max(np.abs(found[sound] - wanted[sound]), initial=0.0)
    assert worst <= tolerance * size + 1e-14, f"{what}: off by {worst:.3e} of {size:.3e}"


def check_forward(case: Case) -> None:
    """The op computes what plain loops compute."""
    wanted = np.asarray(LOOPS[case.name](*case.inputs, **case.attrs), float)
    close(result(case).astype(float), wanted, 1e-12, case.id)


@cache
def differences(case: Case, index: int) -> np.ndarray:
    """∂(Σ weight · y)/∂input by central differences, of fourth order: (8 (f₊₁ − f₋₁) − (f₊₂ − f₋₂)) / 12 h."""
    x, g, h = case.inputs[index], weight(case), 1e-3
    assert isinstance(x, np.ndarray)

    def moved(cell: tuple[int, ...], by: float) -> np.ndarray:
        changed = x.copy()
        changed[cell] += by
        return result(case, (*case.inputs[:index], changed, *case.inputs[index + 1 :]))

    def rise(cell: tuple[int, ...], by: float) -> np.ndarray:
        up, down = moved(cell, by), moved(cell, -by)
        return np.where(np.isinf(up) & (up == down), 0.0, up - np.where(np.isinf(up), 0.0, down))

    slopes = np.zeros(x.shape)
    for cell in np.ndindex(*x.shape):
        one, two = rise(cell, h), rise(cell, 2 * h)
        slopes[cell] = np.sum(g * (8 * one - two)) / (12 * h)
    return slopes


def gradient(case: Case, index: int) -> np.ndarray:
    """The VJP of one input, on arrays."""
    vjp = case.op.vjp(index)
    assert vjp is not None, f"{case.id}: no VJP for input {index}"
    with np.errstate(all="ignore"):
        y = result(case)
        return np.asarray(vjp(weight(case, str(y.dtype)), y, *case.inputs, **case.attrs))


def check_vjp(case: Case) -> None:
    """Each VJP is what finite differences give."""
    for index in arguments(case):
        close(gradient(case, index), differences(case, index), 1e-7, f"{case.id}: VJP of input {index}")


def check_timeline(case: Case) -> None:
    """Recorded, the op and its VJPs give the same bits as on arrays, of the shape and dtype that were foretold."""
    trace = timeline(case)
    same_bits(trace.value(trace.plan.result), result(case), case.id)
    for index in arguments(case):
        if np.ndim(case.inputs[index]) and len(trace.plan.paths[f"x{index}"].path):
            grad = trace[f"x{index}"].grad
            assert grad is not None
            same_bits(grad, gradient(case, index), f"{case.id}: x{index}.grad")
    for node in own_steps(trace):
        for where, inner in below(trace, node):
            value = where.value(inner.slot)
            foretold = (inner.spec.shape, inner.spec.dtype)
            assert (value.shape, value.dtype) == foretold, f"{where.prefix}{inner.path}: {value.dtype}{value.shape}"
            assert len(inner.spec.axes) == value.ndim, f"{where.prefix}{inner.path}: {inner.spec.axes}"


def same_bits(found: np.ndarray, wanted: np.ndarray, what: str) -> None:
    assert found.shape == wanted.shape, f"{what}: {found.shape} {wanted.shape}"
    assert found.tobytes() == wanted.astype(found.dtype, copy=False).tobytes(), f"{what}: other bits"


def check_unfolding(case: Case) -> None:
    """Stepped into, forward or backward, to any depth, a step ends with the bits it has from outside."""
    trace = timeline(case)
    for own in own_steps(trace):
        for where, node in below(trace, own):
            inside = where.substeps(node.slot)
            if inside is not None:
                same_bits(
                    inside.value(inside.plan.result), where.value(node.slot), f"{case.id}: {where.prefix}{node.path}"
                )


def check_kernels(case: Case) -> None:
    """A kernel fills an array with the bits that its body gives, whatever the array held before."""
    trace = timeline(case)
    for node in own_steps(trace):
        assert node.op is not None
        if node.op.kernel is None or len(node.slots) != len(node.inputs):
            continue
        inputs = [trace.value(slot) for slot in node.slots]
        with np.errstate(all="ignore"):
            wanted = np.asarray(node.op.forward(*inputs, **node.attrs))
            for run in (partial(in_blocks, node.op.kernel.run) if node.op.kernel.blocks else None, node.op.kernel.run):
                if run is not None:
                    out = np.full(node.shape, 0 if node.op.kernel.zeros else np.nan, node.dtype)
                    run(out, *inputs, **node.attrs)
                    same_bits(out, wanted, f"{case.id}: kernel of {node.path}")


def check_derived(case: Case) -> None:
    """The VJP that is written for a composite equals the one that its body gives, step by step."""
    if case.op.primitive or not arguments(case):
        return
    trace = timeline(case, call=case.op.forward)
    for index in arguments(case):
        grad = trace[f"x{index}"].grad
        assert grad is not None
        close(gradient(case, index), grad, 1e-11, f"{case.id}: VJP of input {index} against its body's")


def check_float32(case: Case) -> None:
    """float32 stays float32, forward and back, and agrees with float64."""
    if not arguments(case):
        return
    narrow = tuple(
        x.astype(np.float32) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in case.inputs
    )
    trace = timeline(case, inputs=narrow)
    for own in own_steps(trace):
        for where, node in below(trace, own):
            value = where.value(node.slot)
            assert value.dtype == node.spec.dtype, f"{where.prefix}{node.path}: {value.dtype}"
            assert value.dtype != np.float64, f"{where.prefix}{node.path}: float64"
    close(trace.value(trace.plan.result).astype(float), result(case), 2e-5, case.id)
    for index in arguments(case):
        grad = trace[f"x{index}"].grad
        assert grad is not None
        close(grad.astype(float), gradient(case, index), 2e-5, f"{case.id}: x{index}.grad")


FN: dict[str | None, Callable[[float], float]] = {
    None: lambda x: x,
    "exp": lambda x: float(np.exp(x)),
    "log": lambda x: float(np.log(x)),
    "sqrt": lambda x: float(np.sqrt(x)),
    "tanh": lambda x: float(np.tanh(x)),
    "sin": lambda x: float(np.sin(x)),
    "cos": lambda x: float(np.cos(x)),
    "erf": math.erf,
    "abs": lambda x: float(np.abs(x)),
    "relu": lambda x: float(np.maximum(x, 0)),
    "sigmoid": lambda x: float(1 / (1 + np.exp(-np.float64(x)))),
}


def recomputed(e: Explanation) -> tuple[float, float]:
    """An explanation's total, and Σ|terms|, from its printed factors alone."""
    values = []
    with np.errstate(all="ignore"):
        for term in e.terms:
            product = np.float64(1)
            for factor in term.factors:
                product = product * np.float64(factor.value) ** factor.power
            values.append(FN[term.fn](product))
        return float(np.sum(values)), float(np.sum(np.abs(values)))


def explained(trace: Trace, node: Node) -> None:
    """Every cell of a step is the sum of the terms that its explanation prints."""
    value = trace.value(node.slot)
    bound = 1e-12 if value.dtype == np.float64 else 1e-5
    for cell in np.ndindex(*value.shape):
        name = cell_name(trace.prefix + node.path, cell)
        e = trace.explain(cell_name(node.path, cell))
        assert e.cell == name
        assert e.value == value[cell] or e.value != e.value
        total, size = recomputed(e)
        assert e.holds, f"{name} = {e.value}: {e.rule} gives {e.total}"
        if np.isfinite(e.value):
            assert abs(total - e.value) <= bound * size + 1e-300, f"{name} = {e.value}: the factors give {total}"
            assert abs(total - e.total) <= bound * size + 1e-300, f"{name}: the factors give {total}, not {e.total}"
        else:
            np.testing.assert_equal(total, e.value, err_msg=name)
            assert e.residual == 0, name


def check_cases(case: Case) -> None:
    """In many cases at once the op and its inside give what they give in one after the other, each input moved alone."""
    trace = timeline(case)
    path = "loss" if arguments(case) else "y"
    target = trace.plan.result if path == "y" else trace.plan.paths["loss"].slot
    for index, x in enumerate(case.inputs):
        if not isinstance(x, np.ndarray) or x.dtype.kind != "f" or f"x{index}" not in trace.plan.paths:
            continue
        moved = np.stack([x * (1 + 0.01 * k) for k in range(3)])
        own = trace.plan.paths[f"x{index}"].slot
        found = in_cases(trace, 4, {own: Moved(np.arange(1, 4), moved)}, target)
        if found is None:
            continue
        for k, value in enumerate([x, *moved]):
            wanted = trace.edit({f"x{index}": value}).value(target)
            close(found[k].astype(float), wanted.astype(float), 1e-12, f"{case.id}: case {k} of input {index}")


def check_explanations(case: Case) -> None:
    """Every cell of the op, of its VJPs and of everything inside them explains itself."""
    trace = timeline(case)
    for own in own_steps(trace):
        for where, node in below(trace, own):
            explained(where, node)


CHECKS = (
    check_forward,
    check_vjp,
    check_timeline,
    check_kernels,
    check_unfolding,
    check_derived,
    check_float32,
    check_cases,
    check_explanations,
)
