"""Dropout where the scenario has it: the mask a step, and the product another (Srivastava et al. 2014)."""

from __future__ import annotations

import numpy as np

from tfstep.engine.tape import Scope, Traced
from tfstep.models.config import ModelConfig
from tfstep.ops.dropout import dropout, keep_mask

PASSES = "dropout.passes"
"""The number of passes done so far, from which every mask is drawn."""


def dropped(at: Scope, name: str, x: Traced, rate: float, c: ModelConfig) -> Traced:
    """x with some of its cells dropped, under ``name``, and its mask under ``name.keep``; x itself in evaluation.

    Shapes: x (…) → the same.
    """
    if not rate or c.mode == "eval":
        return x
    root = Scope(at.tape)
    done = root.constant(PASSES, np.zeros((), np.int64), ()) if PASSES not in at.tape.paths else at.tape.find(PASSES)
    own = at.scope(name)
    own.keep = keep_mask(
        done, seed=c.drop.stream, of=own.path("keep"), rate=rate, shape=x.shape, dtype=str(x.dtype)
    ).with_axes(*x.axes)
    setattr(at, name, dropout(x, own.keep))
    return at.tape.find(at.path(name)).with_axes(*x.axes)
