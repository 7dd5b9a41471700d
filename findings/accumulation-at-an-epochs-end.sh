#!/usr/bin/env bash
# Guess: five micro-batches accumulated by four make two updates an epoch: the mean of the first four, and the fifth by itself, a whole gradient.
# True:  accelerate and lightning do make the second update, but its loss is divided by 4 as well: the fifth micro-batch counts a quarter of a gradient. optax.MultiSteps and keras's
#        gradient_accumulation_steps know no epoch: they keep the fifth and update in the middle of the next one. So the same data make four updates in two epochs with the former, two with
#        the latter, and a schedule that counts updates ends elsewhere.
# Seen:  accelerate 1.15.0, lightning 2.6.6, torch 2.13.0; optax 0.2.8, keras 3.15.1, jax 0.10.2: gradient 1, SGD with lr 1, two epochs: 1, .25, 1, .25 at the batches 4, 5, 9, 10; 1, 1 at 4 and 8.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet accelerate==1.15.0 lightning==2.6.6 torch==2.13.0 keras==3.15.1 optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import logging

import jax.numpy as jnp
import keras
import lightning
import numpy as np
import optax
import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader

logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)


def linear() -> torch.nn.Linear:
    layer = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.zeros_(layer.weight)
    return layer


def batches() -> DataLoader:
    return DataLoader(torch.ones(5, 1), batch_size=1)


def of_accelerate() -> list[float]:
    accelerator, layer, at = Accelerator(cpu=True, gradient_accumulation_steps=4), linear(), []
    model, optimizer, loader = accelerator.prepare(layer, torch.optim.SGD(layer.parameters(), lr=1.0), batches())
    for _ in range(2):
        for x in loader:
            with accelerator.accumulate(model):
                accelerator.backward(model(x).mean())
                optimizer.step()
                optimizer.zero_grad()
            at.append(layer.weight.item())
    return at


class Module(lightning.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.layer, self.at = linear(), []

    def training_step(self, x, _):
        return self.layer(x).mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1.0)

    def on_train_batch_end(self, *_):
        self.at.append(self.layer.weight.item())


def of_lightning() -> list[float]:
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    module = Module()
    lightning.Trainer(max_epochs=2, accumulate_grad_batches=4, accelerator="cpu", **quiet).fit(module, batches())
    return module.at


def of_optax() -> list[float]:
    optimizer, weight, at = optax.MultiSteps(optax.sgd(1.0), 4), jnp.zeros(1), []
    state = optimizer.init(weight)
    for _ in range(10):
        update, state = optimizer.update(jnp.ones(1), state, weight)
        weight = weight + update
        at.append(float(weight[0]))
    return at


def of_keras() -> list[float]:
    optimizer, weight, at = keras.optimizers.SGD(1.0, gradient_accumulation_steps=4), keras.Variable(np.zeros(1, np.float32)), []
    optimizer.build([weight])
    for _ in range(10):
        optimizer.apply([np.ones(1, np.float32)], [weight])
        at.append(float(np.asarray(weight)[0]))
    return at


quarter = {4: 1.0, 5: 0.25, 9: 1.0, 10: 0.25}
carried = {4: 1.0, 8: 1.0}
for name, at, wanted in (("accelerate", of_accelerate(), quarter), ("lightning", of_lightning(), quarter), ("optax", of_optax(), carried), ("keras", of_keras(), carried)):
    moved = {batch: round(before - after, 4) for batch, (before, after) in enumerate(zip([0.0, *at], at), 1) if before != after}
    print(f"{name:11}steps taken at the batches {moved}")
    assert moved == wanted
PYTHON
