"""What the screen says a step is for, inside gradients too."""

from __future__ import annotations

import pytest

import tfstep
from tfstep.view.cell.equation import name_of
from tfstep.view.cell.purpose import purpose
from tfstep.view.text.width import width

ROOM = 58  # what a terminal of 80 columns leaves beside the timeline


@pytest.fixture(scope="module")
def trace() -> tfstep.Trace:
    return tfstep.trace(tfstep.load("wo-ai-ni"))


def test_a_helper_inside_a_gradient_is_no_gradient(trace: tfstep.Trace) -> None:
    mean = trace["enc0.add2.grad/mean"]
    assert "loss" not in purpose(mean).en
    assert mean.name == "mean"
    assert mean.formula == "mean = mean add2"
    assert name_of(trace, "enc0.add2.grad/mean[0,0,0]").startswith("mean[")


def test_a_use_of_a_tensor_is_a_gradient(trace: tfstep.Trace) -> None:
    use = trace["enc0.norm1.grad/enc0.add2"]
    assert use.name == "∂norm1/add2"
    assert "through enc0.add2 alone" in str(purpose(use))


def test_every_named_step_inside_a_gradient_has_words_of_its_own(trace: tfstep.Trace) -> None:
    for node in trace.plan.steps:
        inside = trace.substeps(node.slot) if node.phase == "backward" else None
        for inner in inside.plan.steps if inside is not None else ():
            tensor = trace[f"{node.path}/{inner.path}"]
            assert "How much the loss moves" not in purpose(tensor).en
            assert purpose(tensor).en or inner.path.partition("#")[0] == tensor.op, tensor.path


def test_a_sum_over_rows_is_not_what_softmax_divides_by(trace: tfstep.Trace) -> None:
    assert purpose(trace["out.b.grad/sum"]).en == ""
    assert "divided" in purpose(trace["enc0.attn.weights/sum"]).en


@pytest.mark.parametrize("name", ["wo-ai-ni", "gpt", "rope", "steve-builds-a-house", "layernorm-batchnorm"])
def test_the_words_of_a_step_fit_a_small_terminal(name: str) -> None:
    trace = tfstep.trace(tfstep.load(name))
    for node in trace.plan.steps:
        inside = trace.substeps(node.slot)
        inner = inside.plan.steps if inside is not None else ()
        for path in (node.path, *(f"{node.path}/{each.path}" for each in inner)):
            said = purpose(trace[path])
            assert max(width(said.en), width(said.zh)) <= ROOM, (path, said.en, said.zh)


def test_what_a_sum_folded_into_one_has_the_word_of_none(trace: tfstep.Trace) -> None:
    assert name_of(trace, "enc0.attn.weights/sum[0,0,1,0]") == "sum[爱,0]"
