"""Mistakes that only gradients or the update show; what is no recording; names, files, and one's own tests."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfstep
from tfstep.testing import assert_same_steps

Rows = dict[str, Any]
LR, B1, B2, EPS = 0.01, 0.9, 0.999, 1e-8


def own(name: str = "encoder", *, adamic: bool = False) -> tuple[tfstep.Scenario, Rows]:
    """A run of somebody's own that is right: its tensors, gradients and new weights under names of its own."""
    scenario = tfstep.load(name)
    scenario = scenario.with_changes({"train": {"optimizer": "adam", "lr": LR}}) if adamic else scenario
    trace = tfstep.trace(scenario)
    rows: Rows = {}
    for node in trace.plan.nodes:
        if node.phase in ("", "forward") and node.dtype.kind == "f" and node.kind != "view":
            rows[node.path.replace(".", "_")] = trace.value(node.slot)
    for node in trace.plan.nodes:
        if node.phase == "backward" and node.path.endswith(".grad"):
            rows[node.path.removesuffix(".grad").replace(".", "_") + ".grad"] = trace.value(node.slot)
    for node in trace.plan.nodes:
        if node.path.endswith(".new"):
            rows[node.path.removesuffix(".new").replace(".", "_") + ".new"] = trace.value(node.slot)
    return scenario, rows


def parameters(scenario: tfstep.Scenario) -> list[str]:
    return [n.path.replace(".", "_") for n in scenario.program.plan.nodes if n.kind == "parameter"]


def accumulated(rows: Rows, names: list[str]) -> None:
    for name in names:
        rows[name + ".grad"] = 2 * rows[name + ".grad"]


def clipped(rows: Rows, names: list[str]) -> None:
    norm = np.sqrt(sum((rows[name + ".grad"] ** 2).sum() for name in names))
    for name in names:
        rows[name + ".grad"] = rows[name + ".grad"] * (0.1 / norm)


def without_update(rows: Rows) -> Rows:
    return {name: value for name, value in rows.items() if not name.endswith(".new")}


@pytest.mark.parametrize(("change", "kind"), [(accumulated, "grad-accumulated"), (clipped, "grad-clipped")])
def test_gradients_times_a_number(change: Callable[[Rows, list[str]], None], kind: str) -> None:
    scenario, rows = own()
    rows = without_update(rows)
    change(rows, parameters(scenario))
    found = tfstep.diagnose(scenario, rows)
    assert [cause.kind for cause in found.causes] == [kind]


def test_a_branch_that_is_detached() -> None:
    scenario, rows = own()
    trace = tfstep.trace(scenario)
    share = trace["src.x.grad/enc0.attn.k_proj"].value
    rows = without_update(rows)
    rows["src_x.grad"] = rows["src_x.grad"] - share
    for later in ("src_embed.grad", "src_E.grad"):
        del rows[later]
    found = tfstep.diagnose(scenario, rows)
    assert [(cause.kind, cause.path) for cause in found.causes] == [("grad-missing", "src.x.grad")]
    assert "enc0.attn.k_proj" in str(found.causes[0].detail)


def test_the_row_of_padding_idx() -> None:
    scenario, rows = own()
    rows = without_update(rows)
    rows["src_E.grad"] = rows["src_E.grad"].copy()
    rows["src_E.grad"][2] = 0
    found = tfstep.diagnose(scenario, rows)
    assert [(cause.kind, cause.path) for cause in found.causes] == [("grad-missing", "src.E.grad")]


def adam(rows: Rows, names: list[str], step: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    for name in names:
        rows[name + ".new"] = step(rows[name], rows[name + ".grad"])


UPDATES: list[tuple[str, Callable[[np.ndarray, np.ndarray], np.ndarray]]] = [
    ("weight-decay", lambda p, g: p - LR * g / (np.abs(g) + EPS) - LR * 0.037 * p),
    ("weight-decay", lambda p, g: p - LR * (g + 0.01 * p) / (np.abs(g + 0.01 * p) + EPS)),
    ("optimizer-eps", lambda p, g: p - LR * g / np.sqrt(g**2 + EPS)),
    ("optimizer-eps", lambda p, g: p - LR * g / (np.abs(g) + 1e-4)),
    ("optimizer-bias", lambda p, g: p - LR * (1 - B1) * g / (np.sqrt((1 - B2) * g**2) + EPS)),
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "step"), UPDATES)
def test_an_update_made_otherwise(kind: str, step: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    scenario, rows = own(adamic=True)
    adam(rows, [n for n in parameters(scenario) if n + ".grad" in rows], step)
    found = tfstep.diagnose(scenario, rows)
    assert [cause.kind for cause in found.causes] == [kind]


@pytest.mark.parametrize(("kind", "size"), [("weight-decay", None), ("momentum", 0.1)])
def test_sgd_made_otherwise(kind: str, size: float | None) -> None:
    scenario, rows = own()
    lr = scenario.train.lr
    for name in parameters(scenario):
        p, g = rows[name], rows[name + ".grad"]
        rows[name + ".new"] = p - lr * (g + 0.02 * p) if size is None else p - lr * size * g
    found = tfstep.diagnose(scenario, rows)
    assert [cause.kind for cause in found.causes] == [kind]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["encoder", "gpt", "padding", "attention", "wo-ai-ni", "multi-head", "rope"])
def test_a_right_run_with_all_its_gradients(name: str) -> None:
    scenario, rows = own(name)
    found = tfstep.diagnose(scenario, rows)
    assert found.agrees
    assert not found.causes


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({}, "nothing to compare"),
        ({"a": np.array(["x", "y"])}, "no array of real numbers"),
        ({"a": np.array([None, 3])}, "no array of real numbers"),
        ({"a": np.zeros((0, 3))}, "nothing to compare"),
        ({"a": np.full((4, 3), np.nan), "b": np.full((4, 2), np.nan)}, "every number is NaN"),
        ({"ids": np.arange(5)}, "no array of real numbers among"),
        (3, "no recording"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(rows: object, said: str) -> None:
    with pytest.raises(tfstep.TfstepError, match=said):
        tfstep.diagnose(tfstep.load("attention"), rows)


def test_one_array_alone_is_enough() -> None:
    trace = tfstep.trace(tfstep.load("attention"))
    assert tfstep.diagnose(tfstep.load("attention"), {"mine": trace["attn.scores"].value}).agrees


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_recording_comes_back_from_its_file(tmp_path: Path, suffix: str) -> None:
    trace = tfstep.trace(tfstep.load("attention"))
    path = tmp_path / f"mine{suffix}"
    with tfstep.recording(path) as r:
        r.x = trace["x"].value.tolist()
        r["attn.s"] = trace["attn.scores"].value.astype(np.float32)
        r.s = 3
    found = tfstep.diagnose("attention", path)
    assert [match.path for match in found.matched[:2]] == ["x", "attn.scores"]


def test_nothing_is_written_where_the_block_fails(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    with pytest.raises(ZeroDivisionError), tfstep.recording(path) as r:
        r.x = 1 / 0
    assert not path.exists()


@pytest.mark.parametrize("text", [b"", b"PK", b"\x93NUMPY", b"\x10\0\0\0\0\0\0\0{}"])
@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".npy", ".json", ".txt"])
def test_a_damaged_file_is_one_line(tmp_path: Path, text: bytes, suffix: str) -> None:
    path = tmp_path / f"mine{suffix}"
    path.write_bytes(text)
    with pytest.raises(tfstep.TfstepError) as raised:
        tfstep.diagnose("attention", path)
    assert len(str(raised.value).splitlines()) == 1


def test_a_folder_of_npy_is_a_recording(tmp_path: Path) -> None:
    trace = tfstep.trace(tfstep.load("attention"))
    for k, path in enumerate(["x", "attn.q_proj", "attn.scores"]):
        np.save(tmp_path / f"{k}_{path.rpartition('.')[2]}.npy", trace[path].value)
    assert [m.path for m in tfstep.diagnose("attention", tmp_path).matched] == ["x", "attn.q_proj", "attn.scores"]


def test_half_precision_is_no_mistake() -> None:
    scenario = tfstep.load("encoder")
    trace = tfstep.trace(scenario)
    rows = {n.path: trace.value(n.slot) for n in trace.plan.nodes if n.phase == "forward"}
    for kind in (np.float32, np.float16):
        found = tfstep.diagnose(scenario, {name: value.astype(kind) for name, value in rows.items()})
        assert found.agrees


def test_ones_own_test_fails_with_the_verdict() -> None:
    trace = tfstep.trace(tfstep.load("attention"))
    rows = {"x": trace["x"].value, "s": trace["attn.scores"].value, "scaled": trace["attn.scores"].value / 2}
    with pytest.raises(AssertionError, match=r"attn\.scaled  scale"):
        assert_same_steps(rows, "attention")
    rows["scaled"] = trace["attn.scaled"].value
    assert assert_same_steps(rows, "attention").agrees


def test_a_verdict_is_readable_in_both_languages() -> None:
    from tfstep.text import set_language

    trace = tfstep.trace(tfstep.load("attention"))
    rows = {"x": trace["x"].value, "s": trace["attn.scores"].value, "scaled": trace["attn.scores"].value / 2}
    found = tfstep.diagnose("attention", rows)
    assert repr(found) == f"<Diagnosis {str(found).splitlines()[0]}>"
    again = pickle.loads(pickle.dumps(found))
    assert str(again) == str(found)
    assert (again.first, again.beside) == (found.first, None)
    assert str(copy.deepcopy(found)) == str(found)
    assert "differs from attention, first at attn.scaled" in repr(found)
    assert "<pre" in found._repr_html_()
    set_language("zh")
    assert "与 attention 不同，最先在 attn.scaled" in repr(found)


def test_a_backward_pass_that_ran_twice_is_seen_at_the_loss() -> None:
    scenario, rows = own()
    rows = {name: 2 * value if name.endswith(".grad") else value for name, value in without_update(rows).items()}
    found = tfstep.diagnose(scenario, rows)
    assert [(cause.kind, cause.path) for cause in found.causes] == [("grad-accumulated", "loss.grad")]


DECAY = 0.1


def adam_step(p: np.ndarray, g: np.ndarray, *, coupled: float = 0.0, beside: float = 0.0, e: float = EPS) -> np.ndarray:
    """The first step of Adam, where both running means are those of this gradient."""
    g = g + coupled * p
    return np.asarray(p - LR * g / (np.abs(g) + e) - LR * beside * p)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("optimizer", "changed", "kind"),
    [
        ("adamw", {"coupled": DECAY}, "weight-decay"),
        ("adamw", {}, "weight-decay"),
        ("adamw", {"beside": 0.037}, "weight-decay"),
        ("adamw", {"beside": DECAY, "e": 1e-3}, "optimizer-eps"),
        ("adam", {"beside": DECAY}, "weight-decay"),
        ("adam", {}, "weight-decay"),
        ("adam", {"coupled": DECAY, "e": 1e-3}, "optimizer-eps"),
        ("adamw", {"beside": DECAY}, None),
        ("adam", {"coupled": DECAY}, None),
    ],
)
def test_an_update_beside_a_scenario_with_weight_decay(
    optimizer: str, changed: dict[str, float], kind: str | None
) -> None:
    scenario = tfstep.load("encoder").with_changes({"train": {"optimizer": optimizer, "lr": LR, "weight_decay": DECAY}})
    trace = tfstep.trace(scenario)
    rows: Rows = {}
    for node in trace.plan.nodes:
        if node.kind == "parameter" and np.abs(trace[node.path + ".grad"].value).max() > 1e-12:
            p, g = trace[node.path].value, trace[node.path + ".grad"].value
            rows |= {node.path: p, node.path + ".grad": g, node.path + ".new": adam_step(p, g, **changed)}
    found = tfstep.diagnose(scenario, rows)
    assert [cause.kind for cause in found.causes] == ([kind] if kind else [])
    assert found.agrees == (kind is None)


@pytest.mark.parametrize(("name", "path"), [("Wq.grad", "attn.W_Q.grad"), ("bq.grad", "attn.b_Q.grad")])
def test_a_gradient_is_judged_by_its_name_where_the_parameter_was_not_recorded(name: str, path: str) -> None:
    trace = tfstep.trace(tfstep.load("attention"))
    own = {"q": "attn.q_proj", "k": "attn.k_proj", "v": "attn.v_proj", "s": "attn.scaled", "p": "attn.weights"}
    rows = {n: trace[p].value for n, p in own.items()} | {f"{n}.grad": trace[f"{p}.grad"].value for n, p in own.items()}
    right = trace[path].value
    assert tfstep.diagnose("attention", {**rows, name: right}).agrees
    found = tfstep.diagnose("attention", {**rows, name: right * np.linspace(0.5, 2.0, right.size).reshape(right.shape)})
    assert found.first is not None
    assert (found.first.path, found.first.name) == (path, name)


@pytest.mark.parametrize("path", ["enc0.norm2.gamma", "enc0.attn.W_V", "enc0.attn.W_Q"])
def test_a_gradient_of_zeros_is_no_bias_that_starts_at_zero(path: str) -> None:
    scenario = tfstep.load("wo-ai-ni")
    trace = tfstep.trace(scenario).run()
    run = {node.path: np.array(trace.value(node.slot)) for node in trace.plan.nodes if node.dtype.kind == "f"}
    assert tfstep.diagnose(scenario, run).agrees
    found = tfstep.diagnose(scenario, run | {f"{path}.grad": run[f"{path}.grad"] * 0})
    assert not found.agrees
    assert found.first is not None
    assert found.first.path == f"{path}.grad"
