"""Mistakes planted in somebody else's NumPy: the step is named, and the mistake; what is right is not accused."""

import subprocess
import sys
from typing import Any

import numpy as np
import own_numpy
import pytest

import tfstep
from tfstep.compare.recorded.note import Note
from tfstep.compare.recorded.recording import Recording

PLANTED = [  # the mistake, its kind, the step
    ("attention", None, "batched", "no scale", "scale", "attn.scaled"),
    ("attention", None, "short", "scale d_k", "scale", "attn.scaled"),
    ("attention", None, "einsum", "softmax query", "softmax-axis", "attn.weights"),
    ("attention", None, "short", "swap qk", "swapped", "attn.q_proj"),
    ("attention", None, "batched", "loss mean", "loss-reduction", "loss"),
    ("encoder", None, "batched", "softmax twice", "softmax-twice", "enc0.attn.weights"),
    ("encoder", None, "einsum", "reshape QKV", "heads-reshaped", "enc0.attn.Q"),
    ("encoder", None, "short", "merge", "heads-merged", "enc0.attn.concat"),
    ("encoder", None, "batched", "transposed W_Q", "transposed", "enc0.attn.q_proj"),
    ("encoder", None, "short", "no bias b_1", "bias-missing", "enc0.ffn.hidden"),
    ("encoder", None, "batched", "bias twice b_2", "bias-twice", "enc0.ffn.out"),
    ("encoder", None, "einsum", "no residual 1", "residual-missing", "enc0.add1"),
    ("encoder", None, "batched", "norm place", "norm-place", "enc0.attn.q_proj"),
    ("encoder", None, "short", "norm axis", "norm-axis", "enc0.norm1"),
    ("encoder", None, "batched", "unbiased", "norm-variance", "enc0.norm1"),
    ("encoder", None, "batched", "no gamma", "norm-affine", "enc0.norm1"),
    ("encoder", None, "short", "norm kind", "norm-kind", "enc0.norm1"),
    ("encoder", None, "batched", "embed scale", "embed-scale", "src.embed"),
    ("encoder", None, "short", "no pos", "position-missing", "src.x"),
    ("encoder", None, "batched", "pos halves", "position-layout", "src.x"),
    ("encoder", None, "einsum", "pos shifted", "position-shifted", "src.x"),
    ("encoder", None, "batched", "dropout", "dropout", "enc0.attn.weights"),
    ("encoder", "llama", "batched", "gate", "gate-swapped", "enc0.ffn.act"),
    ("encoder", "llama", "einsum", "rope pairs", "rope-pairs", "enc0.attn.Q_rot"),
    ("encoder", "llama", "batched", "rope base", "rope-base", "enc0.attn.Q_rot"),
    ("encoder", "llama", "short", "rope on v", "rope-place", "enc0.attn.heads"),
    ("encoder", "pre-norm", "batched", "residual after norm", "residual-place", "enc0.add1"),
    ("encoder", "pre-norm", "short", "eps", "norm-eps", "enc0.norm1"),
    ("encoder", None, "batched", "loss sum", "loss-reduction", "loss"),
    ("encoder", None, "batched", "loss of probs", "loss-input", "loss"),
    ("padding", None, "batched", "no mask", "mask-missing", "enc0.attn.masked"),
    ("padding", None, "einsum", "mask inverted", "mask-inverted", "enc0.attn.masked"),
    ("padding", None, "short", "mask added", "mask-added", "enc0.attn.masked"),
    ("padding", None, "batched", "mask times", "mask-multiplied", "enc0.attn.masked"),
    ("padding", None, "batched", "mask after", "mask-after-softmax", "enc0.attn.masked"),
    ("padding", None, "short", "mask queries", "mask-axis", "enc0.attn.masked"),
    ("padding", None, "batched", "pads", "pads-counted", "loss"),
    ("gpt", None, "batched", "mask shifted", "mask-shifted", "dec0.attn.masked"),
    ("gpt", None, "short", "act", "activation", "dec0.ffn.act"),
    ("gpt", None, "batched", "labels twice", "labels-shifted-twice", "loss"),
    ("gpt", None, "einsum", "labels unshifted", "labels-unshifted", "loss"),
    ("wo-ai-ni", None, "batched", "pos twice", "position-twice", "src.x"),
]


def shaken(name: str, variant: str | None) -> tuple[tfstep.Trace, tfstep.Scenario, dict[str, np.ndarray]]:
    """A scenario with weights of which none is an identity or zero."""
    scenario = tfstep.load(name, variant)
    rng, start = np.random.default_rng(9), tfstep.trace(scenario)
    moved = {
        node.path: start.value(node.slot) + rng.normal(0, 0.3, node.shape)
        for node in start.plan.nodes
        if node.kind == "parameter"
    }
    trace = start.edit(moved)
    numbers = {n.path: trace.value(n.slot) for n in trace.plan.nodes if n.op is None or n.kind == "view"}
    return trace, scenario, numbers


def diagnosed(name: str, variant: str | None, style: str, *bugs: str, **options: Any) -> tfstep.Diagnosis:
    trace, scenario, numbers = shaken(name, variant)
    return tfstep.diagnose(trace, own_numpy.run(numbers, scenario.model, scenario.inputs, bugs, style, **options))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "variant", "style", "bug", "kind", "path"), PLANTED)
def test_a_planted_mistake_is_named(name: str, variant: str | None, style: str, bug: str, kind: str, path: str) -> None:
    found = diagnosed(name, variant, style, bug)
    assert [(cause.kind, cause.path) for cause in found.causes] == [(kind, path)]
    assert found.causes[0].explains == found.causes[0].of
    assert not found.agrees


@pytest.mark.parametrize("style", own_numpy.STYLES)
@pytest.mark.parametrize(
    ("name", "variant"),
    [("attention", None), ("encoder", None), ("encoder", "llama"), ("encoder", "pre-norm"), ("gpt", None),
     ("gpt", "llama"), ("padding", None), ("wo-ai-ni", None), ("causal-mask", None), ("multi-head", None)],
)  # fmt: skip
def test_what_is_right_is_not_accused(name: str, variant: str | None, style: str) -> None:
    found = diagnosed(name, variant, style)
    assert found.agrees
    assert not found.causes
    assert len(found.matched) >= 6


def test_two_mistakes_are_named_in_order() -> None:
    found = diagnosed("encoder", None, "batched", "no scale", "act")
    assert [cause.kind for cause in found.causes] == ["scale", "activation"]


def test_a_mistake_of_one_layer_alone() -> None:
    found = diagnosed("gpt", None, "batched", "scale d_model", only="dec1")
    assert [(cause.kind, cause.path, cause.also) for cause in found.causes] == [("scale", "dec1.attn.scaled", ())]


def test_nothing_in_common_is_said() -> None:
    with pytest.raises(tfstep.TfstepError, match="nothing to compare"):
        tfstep.diagnose(tfstep.load("attention"), {"a": np.random.default_rng(0).normal(size=(5, 7))})


@pytest.mark.slow
@pytest.mark.parametrize(("bug", "kind"), [("embed scale", "embed-scale"), ("pos shifted", "position-shifted")])
def test_a_mistake_long_before_the_first_recorded_array(bug: str, kind: str) -> None:
    trace, scenario, numbers = shaken("gpt", "base")
    run = own_numpy.run(numbers, scenario.model, scenario.inputs, (bug,), "batched")
    found = tfstep.diagnose(trace, {name: run[name] for name in list(run)[-2:]})
    assert [cause.kind for cause in found.causes] == [kind]


def test_a_loss_alone_accuses_no_step() -> None:
    rng = np.random.default_rng(0)
    recorded = Recording({"q.weight": rng.normal(size=(8, 8)), "h": rng.normal(size=(5, 8)), "loss": np.array(1.7)})
    recorded.notes["q.weight"] = Note("weight")
    with pytest.raises(tfstep.TfstepError, match=r"other widths, q\.weight 8×8 beside attn\.W_Q"):
        tfstep.diagnose("attention", recorded)


def test_the_recorder_of_modules_is_there_after_one_import() -> None:
    code = "import tfstep; print(tfstep.torch.record.__name__, tfstep.testing.assert_same_steps.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["record", "assert_same_steps"]


def test_zeros_that_fit_several_tensors_are_said_to() -> None:
    trace = tfstep.trace(tfstep.load("encoder"))
    zeros = np.zeros(trace["enc0.norm1.beta"].value.shape)
    found = tfstep.diagnose(trace, {"x": trace["src.x"].value, "mine": zeros})
    assert [match.relation for match in found.matched if match.name == "mine"] == ["same, ambiguous"]
    assert "fits several tensors of ours, and so tells nothing: mine" in str(found)
