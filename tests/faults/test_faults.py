"""The ops' own tests notice the faults that are planted in their VJPs; `plant.py` plants every one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from equivalent import EQUIVALENT
from mutations import faults
from plant import Outcome, faults_of, plant, targets

from tfstep.engine.op import CATALOGUE

EVERY = 7


def unnoticed(outcomes: list[Outcome]) -> list[str]:
    return [f"{o.target.name}: {o.fault}" for o in outcomes if not o.noticed and o.reason is None]


def test_every_seventh_fault_is_noticed() -> None:
    outcomes = list(plant(every=EVERY))
    assert len(outcomes) > 200
    assert unnoticed(outcomes) == []


def test_every_vjp_is_a_target() -> None:
    written = {
        f"{type(op).__name__}.vjp_{a}" for op in CATALOGUE.ops.values() for k, a in enumerate(op.arguments) if op.vjp(k)
    }
    assert written <= {target.name for target in targets()}


def test_a_fault_that_changes_nothing_is_not_noticed() -> None:
    outcomes = [o for o in plant(only=("relu",)) if o.fault.became == "positive(y)"]
    assert [o.noticed for o in outcomes] == [False]
    assert outcomes[0].reason


def test_every_reason_is_of_a_fault_that_can_be_planted() -> None:
    planted = {(t.name, f.was, f.became) for t in targets() for f in faults_of(t)}
    assert set(EQUIVALENT) <= planted


def swapped(a: float, b: float, *, flag: bool = False) -> float:
    return -a * b + 2 if flag else a - b


@pytest.mark.parametrize("kind", ["sign", "inverse", "missing term", "wrong argument", "number", "condition"])
def test_faults_of_every_kind_are_made(kind: str) -> None:
    made = [f.function for f in faults(swapped) if f.kind == kind]
    assert made
    assert all(differs(f) for f in made)


def differs(f: Callable[..., float]) -> bool:
    calls = [((3.0, 5.0), {"flag": flag}) for flag in (False, True)]
    return any(f(*args, **attrs) != swapped(*args, **attrs) for args, attrs in calls)
