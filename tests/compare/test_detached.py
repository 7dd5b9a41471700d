"""Gradients that do not come back: the step at which they stop is named; what is only not recorded accuses nobody."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plants import Start

import tfstep
from tfstep.compare.recorded.note import Note
from tfstep.compare.recorded.recording import Recording

FILE = Path(__file__).with_name("detached.npz")


@cache
def runs() -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    with np.load(FILE) as file:
        arrays = dict(file)
    return arrays, json.loads(arrays["index"].tobytes())["runs"]


@cache
def start() -> Start:
    return Start("pre-norm")


def recording(run: dict[str, Any]) -> Recording:
    found = Recording()
    for name, key, kind, op, *grad in run["rows"]:
        found.add(name, runs()[0][key], Note(kind=kind, op=op, grad="".join(grad)))
    return found


def run_of(done: str) -> Recording:
    return next(recording(run) for run in runs()[1] if run["done"] == done)


@pytest.mark.parametrize("k", range(len(runs()[1])))
def test_where_a_gradient_stops_is_named_and_nothing_where_it_does_not(k: int) -> None:
    run = runs()[1][k]
    found = tfstep.diagnose(start().trace, recording(run))
    assert [(c.kind, c.path) for c in found.causes] == ([("grad-missing", run["path"])] if run["path"] else []), run[
        "done"
    ]
    assert found.agrees == (not run["path"])
    if found.causes:
        (cause,) = found.causes
        assert cause.explains == cause.of
        assert found.first is not None
        assert found.first.path == run["path"]
        assert {fault.path for fault in found.faults} == {cause.path, *cause.also}


def test_both_kinds_of_runs_are_there() -> None:
    assert sum(bool(run["path"]) for run in runs()[1]) >= 20
    assert sum(not run["path"] for run in runs()[1]) >= 15


@pytest.mark.parametrize(
    ("done", "said"),
    [
        ("weights.detach()", "detach()"),
        ("no_grad() at the softmax", "no_grad()"),
        ("frozen W_Q", "frozen"),
        ("pos as buffer", "frozen"),
    ],
)
def test_how_it_is_stopped_is_said(done: str, said: str) -> None:
    assert said in tfstep.diagnose(start().trace, run_of(done)).causes[0].detail.in_("en")


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_why_there_is_no_gradient_is_kept_in_a_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"mine{suffix}"
    run_of("weights.detach()").save(path)
    assert [c.path for c in tfstep.diagnose(start().trace, path).causes] == ["enc0.attn.weights.grad"]


def test_arrays_alone_do_not_say_whether_a_gradient_was_none() -> None:
    behind = ("out_", "enc_norm", "enc0_norm2", "enc0_ffn", "enc0_attn_W_O", "enc0_attn_W_V")
    kept = run_of("weights.detach()").arrays
    rows = {name: array for name, array in kept.items() if ".grad" not in name or name.startswith(behind)}
    found = tfstep.diagnose(start().trace, rows)
    assert not found.causes
    assert any("enc0_attn_W_Q" in str(remark) and "None" in str(remark) for remark in found.remarks)


def by_hand(*none: str) -> dict[str, Any]:
    """A run as one records it by hand, the gradients of the weights among it, with None for these."""
    rows: dict[str, Any] = {path: start().w[path] for path in start().parameters}
    rows |= {n.path: start().trace.value(n.slot) for n in start().trace.plan.steps if n.phase == "forward"}
    rows |= {path + ".grad": start().trace[path + ".grad"].value for path in start().parameters}
    return rows | {path + ".grad": None for path in none}


def test_none_that_was_recorded_by_hand_is_a_gradient_that_is_missing() -> None:
    assert tfstep.diagnose(start().trace, by_hand()).agrees
    found = tfstep.diagnose(start().trace, by_hand("enc0.attn.W_Q", "enc0.attn.b_Q"))
    assert [(c.kind, c.path, c.explains, c.of) for c in found.causes] == [("grad-missing", "enc0.attn.W_Q.grad", 2, 2)]
    assert found.causes[0].also == ("enc0.attn.b_Q.grad",)


def test_a_gradient_that_was_not_recorded_by_choice_accuses_nobody() -> None:
    rows = by_hand()
    for path in ("enc0.attn.W_Q", "enc0.ffn.W_1"):
        del rows[path + ".grad"]
    found = tfstep.diagnose(start().trace, rows)
    assert found.agrees
    assert any("enc0.attn.W_Q, enc0.ffn.W_1" in str(remark) for remark in found.remarks)


def test_what_is_frozen_in_both_is_no_mistake() -> None:
    s = start()
    train = {"optimizer": "sgd", "lr": 0.1, "freeze": ["enc0.ffn.W_1"]}
    trace = tfstep.trace(s.scenario.with_changes({"train": train})).edit({p: s.w[p] for p in s.parameters})
    assert tfstep.diagnose(trace, run_of("frozen W_1")).agrees
    assert not tfstep.diagnose(trace, run_of("frozen W_Q")).agrees
