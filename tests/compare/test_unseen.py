"""Mistakes of which nothing later shows, and arrays of somebody's own that are none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from plants import TEXTS

import tfstep
from tfstep.compare.recorded.note import Note
from tfstep.compare.recorded.recording import Recording
from tfstep.scenario.scenario import load_text

Array = np.ndarray
TRACE = tfstep.trace(tfstep.load("two-heads"))


def value(path: str) -> Array:
    return TRACE[path].value


def split(x: Array) -> Array:
    return x.reshape(*x.shape[:2], 2, -1).transpose(0, 2, 1, 3)


def keys_without_bias() -> dict[str, Array]:
    """A softmax is the same whatever is added to a whole row, so that all later arrays are right."""
    K = split(value("x") @ value("attn.W_K"))
    scores = value("attn.Q") @ K.swapaxes(-1, -2)
    return {"kh": K, "scores": scores, "scaled": scores / np.sqrt(K.shape[-1])}


@pytest.mark.parametrize("names", [("scores", "scaled"), ("kh", "scaled"), ("scores",)])
@pytest.mark.parametrize("both", [False, True])
def test_a_bias_that_all_keys_lack(names: tuple[str, ...], both: bool) -> None:
    """Alone, or beside the right keys, which are then read by nothing."""
    wrong = keys_without_bias()
    theirs = {"x": value("x")} | ({"k": value("attn.k_proj")} if both else {})
    theirs |= {name: wrong[name] for name in names}
    theirs |= {"weights": value("attn.weights"), "out": value("attn.out")}
    found = tfstep.diagnose(tfstep.load("two-heads"), theirs)
    assert [(cause.kind, cause.path, cause.explains) for cause in found.causes] == [
        ("bias-missing", "attn.k_proj", len(names))
    ], str(found)


def module(last: Callable[[Array], Array], *also: Array) -> Recording:
    """A run of a module that gives back what ``last`` makes of the result of the attention, and more."""
    kept = Recording()
    for path in ("W_Q", "b_Q", "W_K", "b_K", "W_V", "b_V", "W_O", "b_O"):
        kept.add(path, value("attn." + path), Note("weight", op="linear"))
    kept.add("x", value("x"), Note("input"))
    for path in ("q_proj", "k_proj", "v_proj", "weights", "concat"):
        kept.add(path, value("attn." + path), Note(op="linear"))
    kept.add("o", value("attn.out"), Note(op="module", inputs=("concat",)))
    for k, array in enumerate((last(value("attn.out")), *also)):
        kept.add(f"y.{k}", array, Note(op="add", inputs=("o",), result=True))
    kept.settings[""] = "Attention"
    return kept


def test_a_bias_that_the_module_adds_once_more() -> None:
    found = tfstep.diagnose(tfstep.load("two-heads"), module(lambda y: y + value("attn.b_O")))
    assert [(cause.kind, cause.path, cause.name) for cause in found.causes] == [("bias-twice", "attn.out", "y.0")]


def test_what_a_module_gives_back_is_held_against_ours() -> None:
    found = tfstep.diagnose(tfstep.load("two-heads"), module(lambda y: y + 0.1 * y**3))
    assert not found.agrees
    assert found.first is not None
    assert (found.first.path, found.first.name, found.causes) == ("attn.out", "y.0", ())
    assert "y.0" in str(found.shown[0])


def _log_softmax(y: Array) -> Array:
    e = np.exp(y - y.max(-1, keepdims=True))
    return np.asarray(np.log(e / e.sum(-1, keepdims=True)))


OWN: tuple[tuple[Callable[[Array], Array], tuple[Array, ...]], ...] = (
    (lambda y: y, ()),
    (lambda y: y, (value("attn.weights").mean(1),)),  # averaged over the heads, as nn.MultiheadAttention gives it
    (_log_softmax, ()),
    (lambda y: y[:, -1], ()),
    (lambda y: y.mean(1), ()),
)


@pytest.mark.parametrize(("last", "also"), OWN)
def test_a_right_module_may_give_back_something_of_its_own(
    last: Callable[[Array], Array], also: tuple[Array, ...]
) -> None:
    found = tfstep.diagnose(tfstep.load("two-heads"), module(last, *also))
    assert found.agrees, str(found)


RIGHT: tuple[dict[str, Array], ...] = (
    {"q": value("attn.q_proj") / np.sqrt(3)},  # scaled beforehand
    {"scores": value("attn.scaled") * np.log2(np.e)},  # for a softmax of powers of 2
    {"scores": value("attn.scaled") - value("attn.scaled").max(-1, keepdims=True)},
    {"debug": value("attn.weights") ** 2, "entropy": -(value("attn.weights") * np.log(value("attn.weights")))},
    {"columns": np.exp(value("attn.scaled")) / np.exp(value("attn.scaled")).sum(-2, keepdims=True)},
)


@pytest.mark.parametrize("own", RIGHT)
def test_arrays_of_ones_own_are_no_mistake(own: dict[str, Array]) -> None:
    theirs = {"x": value("x"), **own, "weights": value("attn.weights"), "out": value("attn.out")}
    found = tfstep.diagnose(tfstep.load("two-heads"), theirs)
    assert found.agrees, str(found)


def test_what_is_called_like_a_step_of_ours_and_is_another_is_said() -> None:
    theirs = {"x": value("x"), **RIGHT[0], "weights": value("attn.weights"), "out": value("attn.out")}
    found = tfstep.diagnose(tfstep.load("two-heads"), theirs)
    assert any("called like a step of ours" in str(remark) and ": q;" in str(remark) for remark in found.remarks)


def test_what_bears_a_path_of_ours_is_that_step() -> None:
    theirs = {path: value(path) for path in ("x", "attn.q_proj", "attn.weights", "attn.out")}
    theirs["attn.scores"] = value("attn.scores") ** 2
    found = tfstep.diagnose(tfstep.load("two-heads"), theirs)
    assert found.first is not None
    assert (found.first.path, found.first.name) == ("attn.scores", "attn.scores")


def test_a_decoder_with_rope_and_pads_has_nothing_unseen() -> None:
    """Every second tensor of a right run, and of those that are left out another layout of one's own."""
    for name in ("turning decoder", "translator", "pre-norm"):
        scenario = load_text(TEXTS[name], "own.yaml")
        trace = tfstep.trace(scenario)
        steps = [n for n in trace.plan.steps if n.phase == "forward" and n.dtype.kind == "f" and n.kind == "step"]
        theirs = {f"t{k}": np.array(trace.value(n.slot)) for k, n in enumerate(steps) if k % 2}
        theirs |= {f"own{k}": np.array(trace.value(n.slot))[..., ::-1] * 0.5 for k, n in enumerate(steps) if k % 2 == 0}
        found = tfstep.diagnose(scenario, theirs)
        assert found.agrees, str(found)
