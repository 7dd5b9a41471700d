"""Several examples as one batch: what `train.data` trains on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tfstep.models.config import Inputs, Sentences


def batch(examples: Sequence[Inputs]) -> Inputs:
    """The examples in one batch, shorter sentences filled up with ``<pad>``."""
    return replace(
        examples[0],
        source=_stacked([each.source for each in examples]),
        target=_stacked([each.target for each in examples]),
        labels=_stacked([each.labels for each in examples]),
    )


def _stacked(parts: Sequence[Sentences | None]) -> Sentences | None:
    """Shapes: n times (batch, position) → (sum of batches, longest)."""
    present = [part for part in parts if part is not None]
    if not present:
        return None
    first, longest = present[0], max(part.ids.shape[1] for part in present)
    ids: list[np.ndarray] = []
    words: list[tuple[str, ...]] = []
    for part in present:
        missing = longest - part.ids.shape[1]
        fill = first.pad if first.pad is not None else 0
        ids.append(np.pad(part.ids, ((0, 0), (0, missing)), constant_values=fill))
        words.extend((*sentence, *(first.vocab[fill],) * missing) for sentence in part.words)
    return replace(first, ids=np.concatenate(ids), words=tuple(words))
