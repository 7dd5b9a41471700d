"""Words to vectors: the embedding, and the positions added to it."""

from __future__ import annotations

import numpy as np

from tfstep.engine.axis import Axis, Spec
from tfstep.engine.tape import Scope, Traced
from tfstep.models.config import ModelConfig, Sentences
from tfstep.ops.embed import add_rows, embed_scaled
from tfstep.ops.primitive.elementwise import identity
from tfstep.ops.primitive.index import gather


def embed(
    at: Scope, side: Sentences, offset: int, c: ModelConfig, positions: int = 0, labels: Sentences | None = None
) -> Traced:
    """E[tokens] + positions. Shapes: tokens (batch, position) → (batch, position, model).

    A learned table has ``positions`` rows, at least as many as the sentence needs. ``labels`` are what the rows
    of a decoder have to say.
    """
    dtype, model = np.dtype(c.dtype), Axis("model")
    position = Axis("position", side.words, None if labels is None else _counting(labels))
    tokens = at.constant("tokens", side.ids, (Axis("batch"), position), kind="input")
    E = at.parameter("E", Spec((len(side.vocab), c.d_model), dtype, (Axis("vocab", (side.vocab,)), model)), "embedding")
    e = at.embed = embed_scaled(E, tokens) if c.embed_scale else gather(E, tokens)
    if c.positional in ("none", "rope"):
        at.x = identity(e)
        return at.x
    length = side.ids.shape[1]
    place = (Axis("position"), model)
    if c.positional == "learned":
        spec = Spec((max(positions, offset + length), c.d_model), dtype, place)
        pos = at.parameter("pos", spec, "embedding")
        if spec.shape[0] != length:
            at.x = add_rows(e, pos, start=offset)
            return at.x
    else:
        pos = at.constant("pos", sinusoidal(length, c.d_model, offset).astype(dtype), place)
    at.x = e + pos
    return at.x


def _counting(labels: Sentences) -> tuple[tuple[str, ...], ...]:
    """The words of the labels, empty where a label does not count."""
    pad = None if labels.pad is None else labels.vocab[labels.pad]
    return tuple(tuple("" if word == pad else word for word in words) for words in labels.words)


def sinusoidal(length: int, d: int, offset: int = 0) -> np.ndarray:
    """PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i+1) = cos of the same: (length, d).

    Source: Vaswani et al. 2017, section 3.5.
    """
    pos = np.arange(offset, offset + length)[:, None]
    angle = pos / 10000.0 ** (np.arange(0, d, 2) / d)
    table = np.empty((length, d))
    table[:, 0::2] = np.sin(angle)
    table[:, 1::2] = np.cos(angle[:, : d // 2])
    return table
