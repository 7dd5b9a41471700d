"""Record what PyTorch's losses give: ``python tests/reference/record_losses.py`` writes ``losses.npz`` beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from loss_cases import CHANCES, LABELS, LOGITS, OF_LABELS, OF_NUMBERS, SHARES, WEIGHTS, WORDS, X
from torch import Tensor


def of_labels(told: dict[str, Any], x: Tensor) -> Tensor:
    """F.cross_entropy over rows; by sentence where the mean is taken so."""
    silent = {"<pad>", "-100", *told.get("ignore", [])}
    labels = told.get("labels", LABELS)
    ids = torch.tensor([[-100 if word in silent else WORDS.index(word) for word in row] for row in labels])
    weight = None
    if "class_weights" in told:
        weight = torch.tensor([WEIGHTS.get(word, 1.0) for word in WORDS], dtype=x.dtype)

    def loss(x: Tensor, ids: Tensor, reduction: str) -> Tensor:
        return F.cross_entropy(x, ids, weight, reduction=reduction, label_smoothing=told.get("smoothing", 0.0))

    if told.get("reduction") == "sentences":
        return torch.stack([loss(row, own, "mean") for row, own in zip(x, ids, strict=True)]).mean()
    found = loss(x.flatten(0, 1), ids.flatten(), told.get("reduction", "mean"))
    if "z_loss" in told:
        found = found + told["z_loss"] * (torch.logsumexp(x[ids >= 0], -1) ** 2).mean()
    return found


def of_numbers(told: dict[str, Any], x: Tensor) -> Tensor:
    """PyTorch's losses of logits against numbers."""
    if told["kind"] == "bce":
        return F.binary_cross_entropy_with_logits(x, torch.tensor(CHANCES), reduction=told.get("reduction", "mean"))
    reduction = told.get("reduction", "batchmean")
    return F.kl_div(torch.log_softmax(x, -1), torch.tensor(SHARES), reduction=reduction)


def main() -> None:
    """Every case: the loss and the gradient of the logits."""
    found: dict[str, np.ndarray] = {}
    for cases, make, start in ((OF_LABELS, of_labels, LOGITS), (OF_NUMBERS, of_numbers, X)):
        for name, told in cases.items():
            x = torch.tensor(start, requires_grad=True)
            loss = make(told, x)
            loss.backward()
            assert x.grad is not None
            found[f"{name}.loss"], found[f"{name}.grad"] = loss.detach().numpy(), x.grad.numpy()
    np.savez_compressed(Path(__file__).parent / "losses.npz", allow_pickle=False, **found)


if __name__ == "__main__":
    main()
