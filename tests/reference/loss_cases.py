"""The losses that are recorded: what `loss:` says, with fixed logits, labels and targets."""

from __future__ import annotations

from typing import Any

import numpy as np

Told = dict[str, Any]
RNG = np.random.default_rng(19)
LOGITS = np.round(RNG.normal(size=(2, 4, 5)) * 2, 3)
LABELS = [["b", "c", "<pad>", "a"], ["d", "<pad>", "<pad>", "<pad>"]]
NONE = [["-100", "-100", "<pad>", "<pad>"], ["-100", "<pad>", "<pad>", "<pad>"]]
WORDS = ["<pad>", "a", "b", "c", "d"]
X = np.round(RNG.normal(size=(3, 4)) * 2, 3)
CHANCES = np.round(RNG.uniform(size=(3, 4)), 3)
SHARES = np.array([[0.25, 0.25, 0.5, 0.0], [1.0, 0.0, 0.0, 0.0], [0.1, 0.2, 0.3, 0.4]])
WEIGHTS = {"a": 2.0, "c": 0.5, "d": 3.0}

OF_LABELS: dict[str, Told] = {
    "mean": {},
    "sum": {"reduction": "sum"},
    "smoothing": {"smoothing": 0.1},
    "smoothing-sum": {"smoothing": 0.3, "reduction": "sum"},
    "weights": {"class_weights": WEIGHTS},
    "weights-sum": {"class_weights": WEIGHTS, "reduction": "sum"},
    "weights-smoothing": {"class_weights": WEIGHTS, "smoothing": 0.2},
    "weights-smoothing-sum": {"class_weights": WEIGHTS, "smoothing": 0.2, "reduction": "sum"},
    "ignore": {"ignore": ["c"]},
    "sentences": {"reduction": "sentences"},
    "sentences-weights": {"reduction": "sentences", "class_weights": WEIGHTS},
    "z-loss": {"z_loss": 0.01},
    "z-loss-smoothing": {"z_loss": 0.01, "smoothing": 0.1},
    "none-counts": {"labels": NONE},
    "none-counts-smoothing": {"labels": NONE, "smoothing": 0.1},
}
OF_NUMBERS: dict[str, Told] = {
    "bce": {"kind": "bce"},
    "bce-sum": {"kind": "bce", "reduction": "sum"},
    "kl": {"kind": "kl"},
    "kl-mean": {"kind": "kl", "reduction": "mean"},
    "kl-sum": {"kind": "kl", "reduction": "sum"},
}
