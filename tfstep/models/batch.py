"""Several examples as one batch, padded to the longest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfstep.models.build_error import ModelBuildError
from tfstep.models.config import Inputs, Sentences
from tfstep.text import Bilingual

PAD = "<pad>"


def one_batch(examples: Sequence[Inputs]) -> Inputs:
    """All the sentences of the examples, one under the other. Raises ModelBuildError where <pad> would be needed
    and the vocabulary has none."""
    first = examples[0]
    return Inputs(
        source=_together([e.source for e in examples]),
        target=_together([e.target for e in examples]),
        labels=_together([e.labels for e in examples], unsaid=-1),
        offset=first.offset,
        x=None if first.x is None else np.concatenate([e.x for e in examples if e.x is not None]),
        memory=None if first.memory is None else np.concatenate([e.memory for e in examples if e.memory is not None]),
    )


def _together(sides: list[Sentences | None], unsaid: int = 0) -> Sentences | None:
    """All rows, filled up with the pad word, or where places say what is padding with ``unsaid``."""
    present = [side for side in sides if side is not None]
    if not present:
        return None
    vocab, pad = present[0].vocab, present[0].pad
    width = max(side.ids.shape[1] for side in present)
    rows: list[np.ndarray] = []
    words: list[tuple[str, ...]] = []
    for side in present:
        missing = width - side.ids.shape[1]
        if missing and pad is None and side.lengths is None:
            raise ModelBuildError(
                ("train", "data"),
                Bilingual(
                    "the sentences differ in length, and the vocabulary has no {pad} to fill them up",
                    "句子长短不一，而词表里没有用来补齐的 {pad}",
                    pad=PAD,
                ),
            )
        rows.append(np.pad(side.ids, ((0, 0), (0, missing)), constant_values=unsaid if pad is None else pad))
        words += [(*sentence, *(PAD,) * missing) for sentence in side.words]
    lengths = tuple(n for side in present for n in side.lengths or ())
    return Sentences(
        tuple(words), np.concatenate(rows), vocab, pad, lengths or None, next((side.filler for side in present), None)
    )
