"""Words to vectors: the embedding, and what is added to it: types of words, positions."""

from __future__ import annotations

import numpy as np

from tfstep.engine.axis import Axis, Spec
from tfstep.engine.tape import Scope, Traced
from tfstep.models.build_error import ModelBuildError
from tfstep.models.config import UNSAID, Inputs, ModelConfig, Sentences
from tfstep.models.parts.blocks import dense, norm
from tfstep.models.parts.dropped import dropped
from tfstep.models.parts.positions import sinusoidal
from tfstep.ops.embed import add_rows, embed_scaled, embed_times
from tfstep.ops.primitive.elementwise import identity
from tfstep.ops.primitive.index import gather
from tfstep.text import Bilingual


def embed(at: Scope, side: Sentences, inputs: Inputs, c: ModelConfig, decoding: bool = False) -> Traced:
    """E[tokens] + types + positions. Shapes: tokens (batch, position) → (batch, position, model).

    ``decoding``: the rows are those of a decoder, and what they have to say are the labels.
    """
    width, model = c.d_embed or c.d_model, Axis("model")
    follows = _counting(inputs.labels) if decoding and inputs.labels is not None else None
    position = Axis("position", side.words, follows)
    tokens = at.constant("tokens", side.ids, (Axis("batch"), position), kind="input")
    E = at.parameter("E", _table(c, Axis("vocab", (side.vocab,)), len(side.vocab), width), "embedding")
    if isinstance(c.embed_scale, bool):
        e = at.embed = embed_scaled(E, tokens) if c.embed_scale else gather(E, tokens)
    else:
        e = at.embed = embed_times(E, tokens, times=c.embed_scale)
    if c.token_types and not decoding:
        given = np.zeros(side.ids.shape, np.int64) if inputs.types is None else inputs.types
        types = at.constant("types", given, (Axis("batch"), position), kind="input")
        at.type_embed = gather(
            at.parameter("E_types", _table(c, Axis("type"), c.token_types, width), "embedding"), types
        )
        e = at.typed = e + at.type_embed
    if width != c.d_model and c.widen == "first":
        e = at.wide = dense(at, e, "W_E", "b_E", c.d_model, c, model, "head")
    x = at.x = _positioned(at, e, side, inputs, c, inputs.rows[decoding])
    if c.embed_norm:
        x = norm(at, "norm", x, c)
    x = dropped(at, "drop", x, c.drop.embed, c)
    if width != c.d_model and c.widen == "last":
        x = at.wide = dense(at, x, "W_E", "b_E", c.d_model, c, model)
    return x


def _table(c: ModelConfig, rows: Axis, n: int, width: int) -> Spec:
    return Spec((n, width), np.dtype(c.stored), (rows, Axis("model")))


def _positioned(at: Scope, e: Traced, side: Sentences, inputs: Inputs, c: ModelConfig, rows: int) -> Traced:
    """The embedding with its positions; a learned table has ``rows`` rows, or as many as the scenario says."""
    if c.positional not in ("sinusoidal", "learned"):
        plain: Traced = identity(e)
        return plain
    length, start, own = e.shape[1], inputs.offset + c.position_offset, inputs.positions
    if c.positional == "sinusoidal":
        table = sinusoids(c, length, inputs.offset, own)
        names = (Axis("position"), Axis("model")) if own is None else (*e.axes[:2], Axis("model"))
        return e + at.constant("pos", table, names)
    last = start + length if own is None else int(own.max()) + 1 + c.position_offset
    needed = max(rows + c.position_offset, last)
    if c.positions is not None and c.positions < needed:
        raise ModelBuildError(
            ("model", "positions"),
            Bilingual(
                "{n} positions; {needed} are needed for these words",
                "只有 {n} 个位置；这些词需要 {needed} 个",
                n=c.positions,
                needed=needed,
            ),
        )
    pos = at.parameter("pos", _table(c, Axis("position"), c.positions or needed, e.shape[2]), "embedding")
    if own is not None:
        at.placed = gather(pos, at.constant("places", own + c.position_offset, e.axes[:2], kind="input"))
        return e + at.placed
    if not c.count_pads and (uncounted := side.uncounted) is not None:
        words = ~uncounted
        places = at.constant("places", np.where(words, words.cumsum(1) - 1 + start, start - 1), e.axes[:2])
        at.placed = gather(pos, places)
        return e + at.placed
    x: Traced = e + pos if pos.shape[0] == length else add_rows(e, pos, start=start)
    return x


def sinusoids(c: ModelConfig, length: int, offset: int, own: np.ndarray | None = None) -> np.ndarray:
    """The sinusoids of so many words from the first, (position, model), or of the positions that are given."""
    start = offset + c.position_offset
    places = np.arange(start, start + length) if own is None else own + c.position_offset
    return sinusoidal(places, c.d_embed or c.d_model, c.sinusoids == "halved").astype(c.stored)


def _counting(labels: Sentences) -> tuple[tuple[str, ...], ...]:
    """The words of the labels, empty where a label does not count."""
    silent = (UNSAID, labels.pad)
    return tuple(
        tuple("" if number in silent else word for word, number in zip(words, ids, strict=True))
        for words, ids in zip(labels.words, labels.ids.tolist(), strict=True)
    )
