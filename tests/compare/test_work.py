"""How much a diagnosis does: what is counted is the same on every machine, as seconds are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from plants import Start

import tfstep
from tfstep.compare import walk
from tfstep.compare.book import Book
from tfstep.compare.plant import Way
from tfstep.compare.search import Search

Calls = Counter[Any]


def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, key: Callable[..., Any]) -> Calls:
    """How often a function is called, by what of its arguments tells the calls apart."""
    calls, usual = Counter[Any](), getattr(owner, name)

    def counting(*args: Any, **named: Any) -> Any:
        calls[key(*args)] += 1
        return usual(*args, **named)

    monkeypatch.setattr(owner, name, counting)
    return calls


def tried(monkeypatch: pytest.MonkeyPatch) -> Calls:
    def key(search: Search, way: Way, *more: Any) -> Any:
        return way.key, frozenset(way.patches)

    return counted(monkeypatch, Search, "attempt", key)


def test_where_nothing_is_found_each_mistake_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, start = tried(monkeypatch), Start("encoder")
    with pytest.raises(tfstep.TfstepError, match="nothing to compare"):
        tfstep.diagnose(start.trace, {"q": np.random.default_rng(0).normal(size=(2, 5, 8))})
    assert len(calls) > 200
    assert calls.total() < 1.25 * len(calls)


def test_a_mistake_that_gives_nothing_in_its_layer_is_tried_in_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, start = tried(monkeypatch), Start("wide decoder")
    found = tfstep.diagnose(start.trace, start.rows("other norm", only="dec3."))
    assert [cause.kind for cause in found.causes] == ["norm-kind"]
    norms = [patches for key, patches in calls if key.startswith(("norm-eps", "norm-variance"))]
    assert len(norms) > 20
    assert all(len(patches) == 1 for patches in norms)


def test_unrelated_arrays_are_told_apart_by_a_few_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    start, rng = Start("small decoder"), np.random.default_rng(0)
    shapes = [
        n.shape for n in start.trace.plan.steps if n.phase == "forward" and n.dtype.kind == "f" and n.spec.size > 1
    ]
    rows = {f"other {k}": rng.normal(size=shapes[k % len(shapes)]) for k in range(500)}
    calls = counted(monkeypatch, Book, "equal", lambda *args: None)
    sought = counted(monkeypatch, Book, "find", lambda *args: None)
    with pytest.raises(tfstep.TfstepError, match="nothing to compare"):
        tfstep.diagnose(start.trace, rows)
    assert calls.total() < sought.total() / 4


def test_an_update_that_is_not_recorded_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    start = Start("wide decoder")
    plan = start.trace.plan
    kept = [n for n in plan.nodes if n.phase == "forward" and n.dtype.kind == "f"]
    pairs = [(n, g) for n in kept if (g := plan.gradient(n)) is not None]
    rows = {n.path: start.trace.value(n.slot) for n in kept} | {
        f"{n.path}.grad": start.trace.value(g.slot) for n, g in pairs
    }
    calls = counted(monkeypatch, walk, "computed", lambda node, args: node.phase)
    assert tfstep.diagnose(start.trace, rows).agrees
    assert calls["backward"] > 0
    assert calls["update"] <= sum(n.spec.size <= walk.SMALL for n in plan.nodes if n.phase == "update")
