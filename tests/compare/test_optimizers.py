"""The update of a run: known by what it did to the weights, else not judged; what it left as it was is named."""

import json
from typing import Any

import numpy as np
import pytest
from test_own_loss import backwards, remarks
from updates import adam

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
