"""The rates that a diagnosis is held to: mistakes planted by other hands, in NumPy now and in PyTorch as recorded.

    python -m pytest tests/compare/rates.py

tries every model, which takes many minutes; `test_rates.py` tries some of them every day. At least 98 of 100 times the
right step, 95 times the right mistake; nothing right is accused. What is missed is printed.
"""

from __future__ import annotations

import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import LAYOUTS
from plants import MISTAKES, TEXTS, Start, differs
from updates import IN_NUMPY, MODELS, planted, rounded

import tfstep
from tfstep.compare.recorded.note import Note
from tfstep.compare.recorded.recording import Recording
from tfstep.scenario.scenario import load_text

FILE = Path(__file__).with_name("torch_plants.npz")
OURS = (
    "attention", "crossing", "small encoder", "pre-norm", "llama", "small decoder", "translator", "turning encoder",
    "turning decoder",
)  # fmt: skip
IN_PYTORCH = ("small encoder", "pre-norm", "small decoder", "translator", "turning encoder", "turning decoder")
UNMASKED = ("mask hides self", "mask sees next")  # with "unasked causal" two mistakes where nothing is masked
PAIRS = (
    ("unscaled", "no b_O"), ("swap kv", "not halved"), ("turned W_Q", "view merge"), ("softmax q", "twice b_V"),
    ("over d", "act relu"), ("no b_O", "n - 1"), ("positions late", "no skip 1"), ("embed scaled", "loss summed"),
    ("mask times", "act quick"), ("heads inside out", "other norm"), ("mask plus", "no b_2"), ("swap qk", "eps"),
)  # fmt: skip


def told(kind: str, library: str, model: str, **numbers: int) -> None:
    """Keep what was counted, where ``RATES`` names a folder; `docs/making/rates.py` makes a page of it."""
    folder = os.environ.get("RATES")
    if folder:
        row = {"kind": kind, "library": library, "model": model, **numbers}
        (Path(folder) / f"{kind} {library} {model}.json".replace(" ", "-")).write_text(json.dumps(row))


class Count:
    """How often the step and the mistake were named."""

    def __init__(self) -> None:
        self.of = self.step = self.cause = 0
        self.missed: list[str] = []

    def judge(self, what: str, found: tfstep.Diagnosis, kinds: set[str], paths: set[str]) -> None:
        step = found.first is not None and found.first.path in paths
        cause = bool(found.causes) and found.causes[0].kind in kinds
        self.of, self.step, self.cause = self.of + 1, self.step + step, self.cause + cause
        if not (step and cause):
            where = found.first.path if found.first else "nothing"
            self.missed.append(f"{what}: {where}, {[cause.kind for cause in found.causes]}, not {kinds} at {paths}")

    def held(self, kind: str, library: str, model: str) -> None:
        told(kind, library, model, of=self.of, step=self.step, cause=self.cause)
        print(f"{self.step} steps and {self.cause} causes of {self.of}", *self.missed, sep="\n")
        assert self.step >= 0.98 * self.of, "\n".join(self.missed)
        assert self.cause >= 0.95 * self.of, "\n".join(self.missed)


def mistakes(start: Start, few: str = "all") -> list[tuple[str, str, set[str], dict[str, np.ndarray]]]:
    """What can be planted in a model, each in another layout and type, and what is written down."""
    found = []
    for k, (wrong, kind, said) in enumerate(MISTAKES):
        if wrong in UNMASKED and start.scenario.model.kind == "encoder":
            continue
        options: dict[str, Any] = {"layout": LAYOUTS[k % len(LAYOUTS)], "dtype": "float32" if k % 3 == 2 else "float64"}
        try:
            rows = start.rows(wrong, few=few, **options)
        except (ValueError, IndexError):  # shapes that this model has not
            continue
        if differs(start.rows(few=few, **options), rows):
            found.append((wrong, kind, start.paths(said), rows))
    return found


@pytest.mark.parametrize("name", OURS)
def test_mistakes_in_numpy_are_named(name: str) -> None:
    start, count = Start(name), Count()
    for wrong, kind, paths, rows in mistakes(start):
        count.judge(f"{name}, {wrong}", tfstep.diagnose(start.trace, rows), set(kind.split()), paths)
    assert count.of >= 30
    count.held("one mistake", "NumPy", name)


@pytest.mark.parametrize("name", ["attention", "pre-norm"])
def test_mistakes_are_named_where_little_is_written_down(name: str) -> None:
    start, count = Start(name), Count()
    for wrong, kind, paths, rows in mistakes(start, "some"):
        count.judge(f"{name}, {wrong}", tfstep.diagnose(start.trace, rows), set(kind.split()), paths)
    count.held("one mistake, little written down", "NumPy", name)


@pytest.mark.parametrize("name", ["attention", "small encoder", "small decoder"])
def test_two_mistakes_are_named(name: str) -> None:
    start, missed, of = Start(name), [], 0
    kinds = {wrong: set(kind.split()) for wrong, kind, _ in MISTAKES}
    for k, pair in enumerate(PAIRS):
        layout = LAYOUTS[k % len(LAYOUTS)]
        rows = start.rows(*pair, layout=layout)
        if not all(differs(start.rows(*(w for w in pair if w != gone), layout=layout), rows) for gone in pair):
            continue
        found = {cause.kind for cause in tfstep.diagnose(start.trace, rows).causes}
        of += 1
        if not all(kinds[wrong] & found for wrong in pair):
            missed.append(f"{pair}: {found}")
    assert of >= 4
    told("two mistakes", "NumPy", name, of=of, cause=of - len(missed))
    assert len(missed) <= 0.1 * of, "\n".join(missed)


@pytest.mark.parametrize("name", ["attention", "llama", "small encoder", "small decoder"])
def test_nothing_right_is_accused(name: str) -> None:
    start, of = Start(name), 0
    for layout in LAYOUTS:
        for dtype in ("float64", "float32"):
            for few in ("all", "some", "ends"):
                found = tfstep.diagnose(start.trace, start.rows(layout=layout, dtype=dtype, few=few))
                assert found.agrees, (layout, dtype, few, found)
                assert not found.causes
                of += 1
    told("right", "NumPy", name, of=of, accused=0)


@cache
def recorded() -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """The arrays of all runs by their key, and what each run is of them."""
    with np.load(FILE) as file:
        arrays = dict(file)
    return arrays, json.loads(arrays["index"].tobytes())["runs"]


def run_of(run: dict[str, Any], arrays: dict[str, np.ndarray] | None = None) -> Recording:
    found = Recording()
    for name, key, kind, op, *grad in run["rows"]:
        found.add(name, (recorded()[0] if arrays is None else arrays)[key], Note(kind=kind, op=op, grad="".join(grad)))
    return found


@pytest.mark.parametrize("name", IN_PYTORCH)
def test_mistakes_in_pytorch_are_named(name: str) -> None:
    scenario, count, missed, pairs, right = load_text(TEXTS[name]), Count(), [], 0, 0
    block = "dec0." if scenario.model.kind == "decoder" else "enc0."
    side = "tgt." if scenario.model.kind == "decoder" else "src."
    for run in recorded()[1]:
        if run["model"] != name:
            continue
        found = tfstep.diagnose(scenario, run_of(run))
        paths = {
            p if p == "loss" else side + p if p in ("x", "embed", "x.grad") else block + p for p in run["path"].split()
        }
        if "attn.masked" in run["path"]:
            paths.add("dec0.attn.masked")
        if name == "translator" and (run["kind"], *run["wrong"]) == ("sdpa", "times"):
            paths = {"dec0.cross.masked"}  # the others ask PyTorch's own function, which does not multiply
        if any(wrong.startswith("detached") for wrong in run["wrong"]):
            paths.add(block + "norm2.grad")  # cross-attention's keys are made of it
        if not run["wrong"]:
            assert found.agrees, (run["kind"], run["dtype"], found)
            right += 1
        elif len(run["wrong"]) == 1:
            assert len(found.causes) <= 1 or "detached" not in run["wrong"][0], found  # in every attention alike
            count.judge(f"{run['kind']}, {run['wrong'][0]}", found, {run["cause"]}, paths)
        else:
            pairs += 1
            if {cause.kind for cause in found.causes} < set(run["cause"].split()):
                missed.append(f"{run['wrong']}: {[cause.kind for cause in found.causes]}")
    assert count.of >= 24
    told("right", "PyTorch", name, of=right, accused=0)
    if pairs:
        told("two mistakes", "PyTorch", name, of=pairs, cause=pairs - len(missed))
    assert len(missed) <= 0.1 * pairs, "\n".join(missed)
    count.held("one mistake", "PyTorch", name)


@cache
def updates_recorded() -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """The runs of `make_updates.py`."""
    with np.load(FILE.with_name("torch_updates.npz")) as file:
        arrays = dict(file)
    return arrays, json.loads(arrays["index"].tobytes())["runs"]


def ends(start: Start, mark: str) -> set[str]:
    """The gradients, or the new values, of all parameters."""
    return {path + mark for path in start.parameters} if mark[0] == "." else {mark}


@pytest.mark.parametrize("name", IN_NUMPY)
def test_gradients_and_updates_in_numpy_are_named(name: str) -> None:
    start, count, small = Start(name), Count(), Count()
    for what, kind, train, rows in planted(start):
        trace = with_train(start, train)
        mark = ".new" if any(n.endswith(".new") for n in rows) else ".grad"
        count.judge(f"{name}, {what}", tfstep.diagnose(trace, rows), {kind}, ends(start, mark))
    for what, path, rows in rounded(start):
        small.judge(f"{name}, {what}", tfstep.diagnose(start.trace, rows), {"dtype"}, {path})
    count.held("gradients and updates", "NumPy", name)
    small.held("types", "NumPy", name)


def with_train(start: Start, train: dict[str, Any]) -> Any:
    """The trace of a start under another `train:`."""
    trace = tfstep.trace(start.scenario.with_changes({"train": train}))
    return trace.edit({path: start.w[path] for path in start.parameters})


@pytest.mark.parametrize("name", MODELS)
def test_gradients_and_updates_in_pytorch_are_named(name: str) -> None:
    start, count, small, right = Start(name), Count(), Count(), 0
    for run in updates_recorded()[1]:
        if run["model"] != name:
            continue
        kept = run_of(run, updates_recorded()[0])
        found = tfstep.diagnose(start.scenario.with_changes({"train": run["train"]}), kept)
        if not run["cause"]:
            assert found.agrees, (run["train"], found)
            right += 1
        elif run["cause"] == "dtype":
            assert len(found.causes) <= 1, found
            small.judge(f"{name}, {run['wrong']}", found, {"dtype"}, {start.first + run["path"]})
        else:
            assert len(found.causes) <= 1, found
            count.judge(f"{name}, {run['wrong']}", found, {run["cause"]}, ends(start, run["path"]))
    assert count.of >= 9
    assert small.of >= 4
    told("right", "PyTorch, with updates", name, of=right, accused=0)
    count.held("gradients and updates", "PyTorch", name)
    small.held("types", "PyTorch", name)


def test_the_set_is_large_enough() -> None:
    runs = recorded()[1]
    assert sum(not run["wrong"] for run in runs) >= 28
    assert sum(len(run["wrong"]) == 1 for run in runs) >= 100


def main(folder: Path) -> None:
    """Keep what a whole run has counted, as `rates.json` beside this script."""
    order = (
        "one mistake",
        "one mistake, little written down",
        "gradients and updates",
        "types",
        "two mistakes",
        "right",
    )
    rows = [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]
    rows.sort(key=lambda row: (order.index(row["kind"]), row["library"]))
    torch = json.loads(recorded()[0]["index"].tobytes())["torch"]
    kept = {"torch": torch, "numpy": np.__version__, "rows": rows}
    Path(__file__).with_name("rates.json").write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
