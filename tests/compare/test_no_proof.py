"""What is no proof of a cause, and how far the first step is off: of theirs beside ours, never of another step."""

from collections.abc import Callable

import numpy as np
import pytest

import tfstep
from tfstep.engine.trace import Trace
from tfstep.scenario.scenario import load_text

TEXT = """
tfstep: 1
model: {kind: decoder, layers: 2, d_model: 8, heads: 2, d_ff: 12, norm_position: pre}
vocab: 9
input: {target: ['1', '2', '3', '4'], labels: ['2', '3', '4', '5']}
weights: {seed: 2, init: {normal: 0.5}, set: {dec0.norm1.gamma: {normal: 1}, dec1.norm1.gamma: {normal: 1}}}
"""
SCENARIO = load_text(TEXT, "small.yaml")


def recorded(trace: Trace) -> dict[str, np.ndarray]:
    """The steps of the forward pass under names that tell nothing, in their order."""
    steps = [n for n in trace.plan.nodes if n.phase == "forward" and n.dtype.kind == "f" and n.op is not None]
    return {f"t{k}": np.array(trace.value(n.slot)) for k, n in enumerate(steps)}


def normed(trace: Trace, layer: int) -> np.ndarray:
    x = np.array(trace[f"dec{layer}.add1"].value)
    u = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    gamma, beta = (trace[f"dec{layer}.norm1.{name}"].value for name in ("gamma", "beta"))
    return np.asarray(u * gamma + beta)


def otherwise(made: Callable[[Trace, int], np.ndarray]) -> Trace:
    """The run in which the first sum of both layers is another."""
    trace, edits = SCENARIO.program.trace(), dict[str, np.ndarray]()
    for layer in (0, 1):
        edits[f"dec{layer}.add1"] = made(trace, layer)
        trace = SCENARIO.program.trace().edit(edits)
    return trace


@pytest.mark.parametrize("twice", [True, False])  # under two names, as one hands it on
def test_a_norm_before_the_sublayer_and_behind_the_sum_is_a_place_of_the_norm(twice: bool) -> None:
    trace = otherwise(normed)
    rows = recorded(trace)
    if twice:
        rows = {n: a for name, a in rows.items() for n in (name, f"{name}_copy")}
    found = tfstep.diagnose(SCENARIO, rows)
    assert [(cause.kind, cause.path) for cause in found.causes] == [("norm-place", "dec0.add1")], str(found)
    assert found.first is not None
    assert found.first.path == "dec0.add1"
    assert found.causes[0].explains == found.causes[0].of


def test_a_copy_of_what_nothing_explains_is_no_proof_of_a_mistake_further_on() -> None:
    trace = otherwise(lambda trace, layer: 3 * np.tanh(trace[f"dec{layer}.add1"].value))
    rows = recorded(trace)
    name = next(n for n, a in rows.items() if np.array_equal(a, trace["dec0.add1"].value))
    ordered = {
        n: a for own, array in rows.items() for n, a in ([("zz", array)] if own == name else []) + [(own, array)]
    }
    found = tfstep.diagnose(SCENARIO, ordered)
    assert (found.first.path if found.first else "", found.causes) == ("dec0.add1", ()), str(found)


def test_the_first_step_is_off_by_their_array_of_it() -> None:
    right = SCENARIO.program.trace()
    scores = np.array(right["dec1.attn.scores"].value)
    wrong = right.edit({"dec1.attn.scaled": scores})
    first = tfstep.diagnose(SCENARIO, paths(wrong)).first
    assert first is not None
    assert (first.path, first.name) == ("dec1.attn.scaled", "s")
    assert first.max_abs == pytest.approx(np.abs(scores - right["dec1.attn.scaled"].value).max())
    first = tfstep.diagnose(SCENARIO, {n: a for n, a in paths(wrong).items() if n != "s"}).first
    assert first is not None
    assert first.path == "dec1.attn.scaled"
    assert first.max_abs == pytest.approx(np.abs(scores - right["dec1.attn.scaled"].value).max())


def paths(trace: Trace) -> dict[str, np.ndarray]:
    """The attention of the second layer as somebody calls it, and what is around it."""
    names = {"dec1.norm1": "n1", "dec1.attn.Q": "q", "dec1.attn.K": "k", "dec1.attn.V": "v", "dec1.attn.scores": "qk",
             "dec1.attn.scaled": "s", "dec1.attn.masked": "sm", "dec1.attn.weights": "a", "dec1.attn.heads": "o",
             "dec1.attn.out": "p", "dec1.add1": "x1", "out.logits": "logits"}  # fmt: skip
    return {name: np.array(trace[path].value) for path, name in names.items()}


def test_one_number_beside_another_has_no_cosine() -> None:
    trace = SCENARIO.program.trace()
    rows = {n.path: np.array(trace.value(n.slot)) for n in trace.plan.nodes if n.dtype.kind == "f"}
    steps = {n.path for n in trace.plan.nodes if n.phase == "forward"}
    kept = {n: a for n, a in rows.items() if n in steps} | {
        n: a / 4 for n, a in rows.items() if n.endswith(".grad") and n.removesuffix(".grad") in steps
    }
    said = str(found := tfstep.diagnose(SCENARIO, kept))
    assert found.first is not None
    assert found.first.path == "loss.grad"
    assert [cause.kind for cause in found.causes] == ["loss-reduction"]
    assert "divided by 4" in said
    assert "cosine" not in said
    assert "of 0 known" not in said
