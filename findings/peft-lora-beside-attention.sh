#!/usr/bin/env bash
# Guess: LoRA on "all-linear" layers trains the output projection of nn.MultiheadAttention like any other linear layer.
# True:  MultiheadAttention never calls its out_proj, it reads the weight (a hook on out_proj is never called either). peft counts the adapter as trainable, but the
#        output does not depend on it and its gradient is None; merge_and_unload() adds it all the same, so an adapter that is not 0 changes the model by being merged.
#        With target_modules naming the attention module itself peft does it right.
# Seen:  peft 0.21.2, torch 2.13.0, transformers 5.24.0; an adapter that is not 0, to show the effect.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.24.0 peft==0.21.2 numpy==2.4.6
cd "$work"
HF_HUB_OFFLINE=1 "$work/venv/bin/python" -W ignore - <<'PYTHON'
import peft
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.last = nn.Linear(8, 8)

    def forward(self, x):
        return self.last(self.attention(x, x, x)[0])


x = torch.randn(1, 3, 8, generator=torch.Generator().manual_seed(1))


def tried(targets) -> tuple[float, bool, float]:
    torch.manual_seed(0)
    block = Block()
    plain = block(x)
    tuned = peft.get_peft_model(block, peft.LoraConfig(target_modules=targets, init_lora_weights=False))
    with_adapter = tuned(x)
    if with_adapter.requires_grad:
        with_adapter.sum().backward()
    learns = all(each.grad is not None for name, each in tuned.named_parameters() if "attention" in name and each.requires_grad)
    return (with_adapter - plain).abs().max().item(), learns, (tuned.merge_and_unload()(x) - plain).abs().max().item()


called = []
block = Block()
block.attention.out_proj.register_forward_hook(lambda *arguments: called.append(arguments))
block(x)
print("calls of a hook on out_proj:", len(called))
for targets in (["out_proj"], "all-linear", ["attention"]):
    effect, learns, merged = tried(targets)
    print(f"{targets}: moves the output by {effect:.3f}, attention's adapters have gradients: {learns}, merged it moves by {merged:.3f}")
assert not called
assert tried(["out_proj"])[0] == 0 and tried(["out_proj"])[2] > 0.01 and not tried(["out_proj"])[1]
assert not tried("all-linear")[1]
assert tried(["attention"])[1]
PYTHON
