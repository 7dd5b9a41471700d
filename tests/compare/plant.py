"""The test set in PyTorch: mistakes planted in modules of several styles, and right ones; needs PyTorch, so not in CI.

    PYTHONPATH=. python tests/compare/plant.py [encoder] [gpt] …

prints a line for each module that is judged wrongly, and how many of how many are judged rightly.
"""

from __future__ import annotations

import sys

import numpy as np
import own_torch
import torch

import tfstep
import tfstep.torch

KINDS = {
    "no scale": "scale",
    "scale d_model": "scale",
    "softmax query": "softmax-axis",
    "softmax twice": "softmax-twice",
    "no mask": "mask-missing",
    "mask ahead": "mask-shifted",
    "mask times": "mask-multiplied",
    "mask added": "mask-added",
    "mask inverted": "mask-inverted",
    "reshape": "heads-reshaped",
    "merge": "heads-merged",
    "swap kv": "swapped",
    "dropout": "dropout",
    "norm axis": "norm-axis",
    "norm kind": "norm-kind",
    "unbiased": "norm-variance",
    "eps": "norm-eps",
    "no beta": "norm-affine",
    "act": "activation",
    "no residual": "residual-missing",
    "norm place": "norm-place",
    "embed scale": "embed-scale",
    "no pos": "position-missing",
    "pos shifted": "position-shifted",
    "pos halves": "position-layout",
    "labels twice": "labels-shifted-twice",
    "loss of probs": "loss-input",
    "loss sum": "loss-reduction",
    "pads": "pads-counted",
}
MODELS = (("encoder", None), ("encoder", "pre-norm"), ("gpt", None), ("causal-mask", None))
TYPES = (torch.float64, torch.float32)


def scenario_of(name: str, variant: str | None) -> tfstep.Scenario:
    """A scenario whose output layer is its own."""
    scenario = tfstep.load(name, variant)
    return scenario.with_changes({"model": {"tie": []}}) if scenario.model.tie else scenario


def recorded(
    scenario: tfstep.Scenario, style: str, bugs: tuple[str, ...], dtype: torch.dtype, seed: int = 0
) -> tfstep.Recording:
    """One run of a module with these mistakes."""
    c, inputs = scenario.model, scenario.inputs
    causal = c.kind == "decoder"
    side = inputs.target if causal else inputs.source
    assert side is not None
    assert inputs.labels is not None
    torch.manual_seed(seed)
    module = own_torch.Model(c, len(side.vocab), len(inputs.labels.vocab), 32, style, bugs, causal).to(dtype)
    for parameter in module.parameters():
        parameter.data += 0.3 * torch.randn(parameter.shape, dtype=dtype)
    loss = own_torch.loss(bugs, torch.tensor(inputs.labels.ids), inputs.labels.pad)
    return tfstep.torch.record(module, torch.tensor(side.ids), loss=loss)


def same(one: tfstep.Recording, other: tfstep.Recording) -> bool:
    """Whether a mistake changes nothing here."""
    last = "emb.weight.grad"  # which comes of everything
    return np.array_equal(one[last], other[last])


def main(wanted: list[str]) -> None:
    """Judge every module, and count."""
    right, clean, planted, found = 0, 0, 0, 0
    for name, variant in MODELS:
        if wanted and name not in wanted:
            continue
        scenario = scenario_of(name, variant)
        for style in own_torch.STYLES:
            for dtype in TYPES:
                verdict = tfstep.diagnose(scenario, recorded(scenario, style, (), dtype))
                right, clean = right + verdict.agrees, clean + 1
                if not verdict.agrees:
                    print("falsely accused:", name, variant, style, dtype, verdict, sep="\n")
        for k, (bug, kind) in enumerate(KINDS.items()):
            style, dtype = own_torch.STYLES[k % 4], TYPES[k % 2]
            theirs = recorded(scenario, style, (bug,), dtype)
            if same(theirs, recorded(scenario, style, (), dtype)):
                continue
            verdict = tfstep.diagnose(scenario, theirs)
            named = [cause.kind for cause in verdict.causes] == [kind]
            planted, found = planted + 1, found + named
            if not named:
                print("not named:", name, variant, style, dtype, bug, verdict, sep="\n")
    print(f"{right} of {clean} right ones pass, {found} of {planted} mistakes are named")


if __name__ == "__main__":
    main(sys.argv[1:])
