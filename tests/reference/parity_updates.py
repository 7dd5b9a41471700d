"""The updates as PyTorch's own optimizers, schedulers and clipping make them."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LinearLR, LRScheduler, SequentialLR


def frozen(scenario: dict[str, Any]) -> set[str]:
    """The parameters that stay as they are."""
    return set(scenario["train"].get("freeze", []))


def optimizer(parameters: list[Tensor], train: dict[str, Any]) -> torch.optim.Optimizer:
    """PyTorch's optimizer with the scenario's settings; an empty list of parameters would be refused."""
    parameters = parameters or [torch.zeros(1, requires_grad=True)]
    decay = {"weight_decay": train["weight_decay"]} if "weight_decay" in train else {}
    if train["optimizer"] in ("adam", "adamw"):
        betas = train.get("betas", [0.9, 0.999])
        kind = torch.optim.AdamW if train["optimizer"] == "adamw" else torch.optim.Adam
        return kind(parameters, train["lr"], (betas[0], betas[1]), train.get("eps", 1e-8), **decay)
    momentum, dampening = train.get("momentum", 0.0), train.get("dampening", 0.0)
    return torch.optim.SGD(parameters, train["lr"], momentum, dampening, nesterov=train.get("nesterov", False), **decay)


def scheduler(update: torch.optim.Optimizer, scenario: dict[str, Any]) -> LRScheduler | None:
    """PyTorch's own schedulers where they have the schedule, which counts from 0; else its formula as a function."""
    told = scenario["train"].get("schedule")
    if told is None:
        return None
    kind, warmup, total = told["kind"], told.get("warmup", 0), told.get("total", 0)
    least, first, lr = told.get("least", 0.0), told.get("first", 1), scenario["train"]["lr"]
    if kind == "cosine" and first == 0 and not warmup:
        return CosineAnnealingLR(update, total, lr * least)
    if kind == "linear" and first == 0 and not warmup:
        return LinearLR(update, 1.0, least, total)
    if kind == "cosine" and first == 0:
        up = LambdaLR(update, lambda k: k / warmup)
        return SequentialLR(update, [up, CosineAnnealingLR(update, total - warmup, lr * least)], [warmup])
    if kind == "noam":
        d = scenario["model"]["d_model"]
        return LambdaLR(update, lambda k: d**-0.5 * min((k + first) ** -0.5, (k + first) * warmup**-1.5))

    def share(k: int) -> float:
        k += first
        if k < warmup:
            return k / warmup
        done = min(1.0, (k - warmup) / max(1, total - warmup))
        left = {"constant": 1.0, "linear": 1 - done, "cosine": 0.5 * (1 + math.cos(math.pi * done))}[kind]
        return left if kind == "constant" else float(least + (1 - least) * left)

    return LambdaLR(update, share)


class Updates:
    """Passes over one model: backward, and with the last micro-batch of each update the optimizer's step."""

    def __init__(self, parameters: list[Tensor], scenario: dict[str, Any]) -> None:
        self.train, self.parameters = scenario["train"], parameters
        self.optimizer = optimizer(parameters, self.train)
        self.scheduler = scheduler(self.optimizer, scenario)
        self.parts = self.train.get("accumulate", 1)
        self.passes = 0

    def backward(self, model: Any) -> None:
        """One pass, and its gradients as they are."""
        model.run().backward()

    def step(self) -> None:
        """What follows a pass: the gradients divided, clipped and followed; the next learning rate."""
        self.passes += 1
        if self.passes == 1 and self.parts > 1:
            for p in self.parameters:
                if p.grad is not None:
                    p.grad /= self.parts
        if self.passes % self.parts:
            return
        if "clip_norm" in self.train:
            clip_grad_norm_(self.parameters, self.train["clip_norm"])
        if "clip_value" in self.train:
            clip_grad_value_(self.parameters, self.train["clip_value"])
        self.optimizer.step()
        if self.scheduler is not None:
            self.scheduler.step()

    def more(self, model: Any, n: int) -> None:
        """``n`` more passes."""
        for _ in range(n):
            if not self.passes % self.parts:
                self.optimizer.zero_grad()
            (model.run() / self.parts).backward()
            self.step()
