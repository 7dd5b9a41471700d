"""Plants faults in every VJP of every op, one at a time, and asks whether that op's own tests notice.

    python tests/faults/plant.py            all of them, with a table
    python tests/faults/plant.py softmax    those of one op

Exits 1 if a fault stays unnoticed that `equivalent` gives no reason for.
"""

from __future__ import annotations

import itertools
import sys
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "ops")]

from equivalent import EQUIVALENT  # noqa: E402  # beside this file
from mutations import Fault, faults  # noqa: E402  # beside this file
from op_case import Case, arguments  # noqa: E402  # the ops' own cases
from op_cases import CASES  # noqa: E402  # the ops' own cases
from op_cases_large import in_float32, large_cases  # noqa: E402  # the same
from op_checks import (  # noqa: E402  # the ops' own tests
    check_derived,
    check_explanations,
    check_float32,
    check_forward,
    check_kernels,
    check_timeline,
    check_unfolding,
    check_vjp,
    differences,
)

from tfstep.engine.accel import blocks  # noqa: E402  # after the path
from tfstep.engine.accel.kernel import Kernel  # noqa: E402  # after the path
from tfstep.engine.node import Operation  # noqa: E402  # after the path
from tfstep.engine.op import CATALOGUE, Op  # noqa: E402  # after the path

TESTS = (check_vjp, check_derived, check_timeline, check_float32, check_forward, check_unfolding, check_explanations)


@dataclass(frozen=True, eq=False)
class Target:
    """A function to plant faults in, and the ops whose tests must notice.

    ``places`` are what holds the function, each with the name under which it does: a class, or modules.
    """

    name: str
    function: Callable[..., Any]
    places: tuple[tuple[Any, str], ...]
    ops: tuple[str, ...]

    @property
    def in_kernel(self) -> bool:
        """Whether it computes with raw arrays beside a body."""
        return ".accel." in self.function.__module__


def targets() -> list[Target]:
    """Every VJP of every op, the kernels beside them, and every function that these call for help."""
    found: dict[str, Target] = {}
    helpers: dict[Callable[..., Any], set[str]] = {}
    for op in CATALOGUE.ops.values():
        for owner, name, function in vjps(op):
            key = f"{owner.__name__}.{name}"
            found.setdefault(key, Target(key, function, ((owner, name),), (op.name,)))
            for helper in set() if found[key].in_kernel else helpers_of(function, set()):
                helpers.setdefault(helper, set()).add(op.name)
    for helper, ops in helpers.items():
        name = f"{helper.__module__.rpartition('.')[2]}.{helper.__name__}"
        modules = [m for key, m in sys.modules.items() if key.startswith("tfstep.")]
        places = tuple((m, helper.__name__) for m in modules if vars(m).get(helper.__name__) is helper)
        found[name] = Target(name, helper, places, tuple(sorted(ops)))
    return list(found.values())


def vjps(op: Op) -> Iterator[tuple[type, str, Callable[..., Any]]]:
    """The VJPs that an op's class writes, and their kernels."""
    for owner in type(op).__mro__:
        if owner not in (Op, Operation):
            for name, function in vars(owner).items():
                if name.startswith("kernel_") and function is not None:
                    yield owner, name, function.run
                elif isinstance(function, types.FunctionType) and name.startswith("vjp") and name != "vjp_notation":
                    yield owner, name, function


def helpers_of(function: Callable[..., Any], seen: set[Any]) -> set[Any]:
    """The functions of the ops' modules that a function calls, and those they call."""
    codes = [function.__code__, *(c for c in function.__code__.co_consts if isinstance(c, types.CodeType))]
    for name in {n for code in codes for n in code.co_names}:
        helper = function.__globals__.get(name) or getattr(sys.modules["tfstep.ops.primitive.reduce"], name, None)
        if isinstance(helper, types.FunctionType) and helper.__module__.startswith("tfstep.ops") and helper not in seen:
            seen.add(helper)
            helpers_of(helper, seen)
    return seen


@contextmanager
def planted(target: Target, fault: Fault) -> Iterator[None]:
    """The program with the fault in it, wherever the function stands."""
    true, threads = [getattr(place, name) for place, name in target.places], blocks.threads
    blocks.threads = lambda: 1  # pieces that a fault lets overlap are written in one order
    for (place, name), before in zip(target.places, true, strict=True):
        wrong = fault.function
        setattr(place, name, replace(before, run=wrong) if isinstance(before, Kernel) else wrong)
    try:
        yield
    finally:
        blocks.threads = threads
        for (place, name), before in zip(target.places, true, strict=True):
            setattr(place, name, before)


Cases = dict[str, list[Case]]


def noticed(target: Target, fault: Fault, cases: Cases, large: Cases) -> bool:
    """Whether a test of the ops that use the function fails, in whatever way."""
    with planted(target, fault), np.errstate(all="ignore"):
        for test in (check_kernels,) if target.in_kernel else TESTS:
            for name in target.ops:
                for case in cases[name] + (large.get(name, []) if target.in_kernel else []):
                    try:
                        test(case)
                    except Exception:  # noqa: BLE001  # however the fault shows itself, it shows
                        return True
    return False


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of one fault."""

    target: Target
    fault: Fault
    noticed: bool

    @property
    def reason(self) -> str | None:
        """Why it makes no difference, where it makes none."""
        return EQUIVALENT.get((self.target.name, self.fault.was, self.fault.became))


def plant(only: tuple[str, ...] = (), every: int = 1) -> Iterator[Outcome]:
    """Plant the faults of all targets, or of some ops, or of each only every n-th, and see."""
    cases, large = (
        by_op([case for case in CASES if arguments(case)]),
        by_op([*large_cases(), *map(in_float32, large_cases())]),
    )
    for case in itertools.chain(*cases.values()):
        for index in arguments(case):
            differences(case, index)
    n = 0
    for target in targets():
        if only and not set(only) & {*target.ops, target.name}:
            continue
        for fault in faults_of(target):
            n += 1
            if n % every == 0:
                yield Outcome(target, fault, noticed(target, fault, cases, large))


def faults_of(target: Target) -> Iterator[Fault]:
    """The faults of a target. The numbers and conditions of kernels say where work is cut, and change no result."""
    for fault in faults(target.function):
        if not (target.in_kernel and fault.kind in ("number", "condition")):
            yield fault


def by_op(cases: list[Case]) -> Cases:
    """The cases of each op."""
    return {name: [case for case in cases if case.name == name] for name in {case.name for case in cases}}


def main(only: tuple[str, ...]) -> int:
    """The table, and whether every fault was noticed or makes no difference."""
    start = time.monotonic()
    rows: dict[str, list[int]] = {}
    lost: list[Outcome] = []
    for outcome in plant(only):
        row = rows.setdefault(outcome.target.name, [0, 0, 0])
        row[0] += 1
        row[1] += outcome.noticed
        if not outcome.noticed:
            row[2] += outcome.reason is not None
            if outcome.reason is None:
                lost.append(outcome)
    print(f"{'function':36} faults noticed equivalent")
    for name, (planted_, seen, same) in sorted(rows.items()):
        print(f"{name:36} {planted_:6} {seen:7} {same or '':>10}")
    total = [sum(row[k] for row in rows.values()) for k in range(3)]
    print(f"{'all':36} {total[0]:6} {total[1]:7} {total[2]:10}   {time.monotonic() - start:.0f} s")
    for outcome in lost:
        print(f"unnoticed: {outcome.target.name}: {outcome.fault}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:])))
