"""The update of a run: known by what it did to the weights, else not judged; what it left as it was is named."""

import json
from typing import Any

import numpy as np
import pytest
from plants import Start
from test_own_loss import backwards, remarks
from updates import TRAINS, UPDATES, adam

import tfstep
from tfstep.compare.backwards.optimizer import stepped
from tfstep.compare.recorded.recorder import of
from tfstep.scenario.scenario import Scenario, load_text

UNKNOWN = "no optimizer is known (neither SGD nor a first step of Adam): updates are not judged"
WEIGHTS = ("Wq", "Wk", "Wv")
RULES = {
    "sgd": lambda p, g: p - 0.03 * g,
    "adam": adam,
    "decayed": lambda p, g: p - 0.1 * (g + 0.01 * p),
    "upwards": lambda p, g: p + 0.1 * g,
    "no root": lambda p, g: p - 0.01 * g / (g * g + 1e-8),
    "still": lambda p, g: p,
}


def run(rule: str, dtype: type = np.float64, only: tuple[str, ...] = WEIGHTS) -> dict[str, Any]:
    """A right pass backward, and what this rule makes of the weights; of ``only`` some of them."""
    rows = {name: np.asarray(array, dtype) for name, array in backwards().items()}
    made = {f"{n}.new": np.asarray(RULES[rule](rows[n], rows[f"{n}.grad"]), dtype) for n in only}
    return rows | {f"{n}.new": rows[n].copy() for n in WEIGHTS} | made


def ours(**train: object) -> Scenario:
    """The scenario of this run."""
    rows = backwards()
    text = {
        "model": {"kind": "attention", "d_model": 6, "heads": 1, "bias": False, "output": False},
        "input": {"x": [rows["x"].tolist()]},
        "loss": {"kind": "mse", "target": [rows["target"].tolist()]},
        "train": train,
    }
    return load_text(json.dumps(text), "ours")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rule", RULES)
def test_without_a_scenario_an_update_is_never_accused(rule: str, dtype: type) -> None:
    found = tfstep.diagnose(run(rule, dtype))
    assert found.agrees, str(found)
    news = {match.path for match in found.matched if match.path.endswith(".new")}
    assert news == ({f"attn.W_{k}.new" for k in "QKV"} if rule in ("sgd", "adam") else set())
    assert (UNKNOWN in remarks(found)) == (rule not in ("sgd", "adam", "still"))
    assert any(said.startswith("no weight is changed by the update") for said in remarks(found)) == (rule == "still")


def test_the_rate_of_an_update_is_told() -> None:
    assert stepped(of(run("sgd", np.float32))).train == {"optimizer": "sgd", "lr": 0.03}
    assert stepped(of(run("adam", np.float32))).train == {"optimizer": "adam", "lr": 0.01}
    assert stepped(of(run("upwards"))).train == {}


@pytest.mark.parametrize("train", [{"optimizer": "sgd", "lr": 0.03}, {"optimizer": "adam", "lr": 0.01}])
def test_a_step_that_was_forgotten_is_named(train: dict[str, Any]) -> None:
    assert tfstep.diagnose(ours(**train), run(train["optimizer"])).agrees
    found = tfstep.diagnose(ours(**train), run("still"))
    assert [(c.kind, c.path, c.also) for c in found.causes] == [
        ("grad-missing", "attn.W_Q.new", ("attn.W_K.new", "attn.W_V.new"))
    ]
    (cause,) = tfstep.diagnose(ours(**train), run(train["optimizer"], only=("Wq", "Wv"))).causes
    assert (cause.kind, cause.path, cause.also) == ("grad-missing", "attn.W_K.new", ())


def test_a_cause_of_an_update_explains_all_that_were_updated() -> None:
    """A weight without a slope to speak of is given by many rules; the others speak against them."""
    train = {"optimizer": "adam", "lr": 0.01}
    rows = run("no root") | {"Wk.new": adam(backwards()["Wk"], backwards()["Wk.grad"], fixed=False)}
    found = tfstep.diagnose(ours(**train), rows)
    assert found.first is not None
    assert found.first.path.endswith(".new")
    assert found.causes == (), str(found)
    every = {f"{n}.new": adam(backwards()[n], backwards()[f"{n}.grad"], fixed=False) for n in WEIGHTS}
    (cause,) = tfstep.diagnose(ours(**train), run("adam") | every).causes
    assert (cause.kind, cause.explains, cause.of) == ("optimizer-bias", 3, 3)


RIGHT = {
    "sgd": lambda p, g: p - 0.1 * g,
    "momentum": lambda p, g: p - 0.1 * g,
    "nesterov": lambda p, g: p - 0.1 * 1.9 * g,
    "adam": adam,
    "adamw": lambda p, g: adam(p, g, apart=0.1),
    "rising": lambda p, g: p - 0.1 / 4 * g,
    "rising adam": lambda p, g: p + 0.2 * (adam(p, g) - p),
}


def updated(name: str, rule: Any, dtype: str, *, gradients: bool) -> tuple[Any, dict[str, np.ndarray]]:
    """A right run of a small decoder and what this rule makes of its weights; one of its biases has no slope."""
    start = Start("small decoder")
    trace = tfstep.trace(start.scenario.with_changes({"train": TRAINS[name]})).edit(
        {p: start.w[p] for p in start.parameters}
    )
    rows = {n.path: trace.value(n.slot) for n in trace.plan.steps if n.phase == "forward" and n.dtype.kind == "f"}
    grads = {p: np.asarray(trace[f"{p}.grad"].value) for p in start.parameters}
    rows |= {p: start.w[p] for p in grads} | {f"{p}.new": rule(start.w[p], g) for p, g in grads.items()}
    rows |= {f"{p}.grad": g for p, g in grads.items()} if gradients else {}
    return trace, {n: np.asarray(array, dtype) for n, array in rows.items()}


@pytest.mark.parametrize("gradients", [True, False])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", TRAINS)
def test_a_right_update_is_not_accused(name: str, dtype: str, gradients: bool) -> None:
    trace, rows = updated(name, RIGHT[name], dtype, gradients=gradients)
    assert tfstep.diagnose(trace, rows).agrees


@pytest.mark.slow
@pytest.mark.parametrize(("what", "name", "kind", "rule"), UPDATES, ids=[each[0] for each in UPDATES])
def test_an_update_that_is_wrong_is_named_in_either_type(what: str, name: str, kind: str, rule: Any) -> None:
    for dtype in ("float64", "float32"):
        trace, rows = updated(name, rule, dtype, gradients=True)
        found = tfstep.diagnose(trace, rows)
        assert [cause.kind for cause in found.causes] == [kind], (dtype, str(found))
        assert found.first is not None
        assert found.first.path.endswith(".new")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("share", [1.0, 0.5])
@pytest.mark.parametrize("of", ["weights", "everything"])
def test_gradients_of_micro_batches_may_be_divided_already(of: str, share: float, dtype: str) -> None:
    """``(loss / 2).backward()`` leaves half of ours under ``.grad``, where two batches make an update."""
    start = Start("small encoder")
    train = {"optimizer": "sgd", "lr": 0.1, "accumulate": 2}
    trace = tfstep.trace(start.scenario.with_changes({"train": train})).edit({p: start.w[p] for p in start.parameters})
    steps = [n for n in trace.plan.steps if n.phase == "forward" and n.dtype.kind == "f"]
    rows = {p: start.w[p] for p in start.parameters} | {n.path: trace.value(n.slot) for n in steps}
    kept = start.parameters if of == "weights" else [n for n in rows if f"{n}.grad" in trace.plan.paths]
    rows |= {f"{p}.grad": share * np.asarray(trace[f"{p}.grad"].value) for p in kept}
    rows = {n: np.asarray(array, dtype) for n, array in rows.items()}
    assert tfstep.diagnose(trace, rows).agrees
    path = "enc0.ffn.W_2.grad"
    (cause,) = tfstep.diagnose(trace, rows | {path: 2 * rows[path]}).causes
    assert (cause.kind, cause.path) == ("grad-accumulated", path)
