"""Pairing the cells of two runs by the words along their axes: each word with its like, pads left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct

from tfstep.engine.axis import Axis
from tfstep.engine.trace import Trace
from tfstep.scenario.vocabulary import PAD

Sentences = tuple[tuple[int, int], ...]
"""Which sentence of one batch belongs to which of the other."""


class Pair(Struct, frozen=True, eq=False):
    """The cells of two tensors that belong together, in the same order, and how many cells without pads the one has
    that has more."""

    one: np.ndarray
    other: np.ndarray
    most: int


def pairs(one: Trace, other: Trace) -> Sentences:
    """The sentences that belong together: in batches of one size those of the same number, else those that say the same
    words, each once."""
    first, second = _said(one), _said(other)
    if len(first) == len(second):
        return tuple((k, k) for k in range(max(1, len(first))))
    left = dict(enumerate(second))
    found = []
    for k, words in enumerate(first):
        at = next((n for n, said in left.items() if said == words), None)
        if at is not None:
            del left[at]
            found.append((k, at))
    return tuple(found)


def padding(trace: Trace) -> int:
    """How many places of a run hold padding."""
    return sum(words.count(PAD) for side in _sides(trace) for words in side)


def _sides(trace: Trace) -> Iterator[tuple[tuple[str, ...], ...]]:
    """The words of the source and of the target, a tuple a sentence, where there are words."""
    for path in ("src.tokens", "tgt.tokens"):
        node = trace.plan.paths.get(path)
        if node is not None and node.spec.axes[-1].labels is not None:
            yield tuple(tuple(node.spec.axes[-1].words(k) or ()) for k in range(node.shape[0]))


def _said(trace: Trace) -> list[tuple[tuple[str, ...], ...]]:
    """What each sentence of the batch says, its pads left out."""
    sides = list(_sides(trace))
    return [tuple(tuple(w for w in words if w != PAD) for words in each) for each in zip(*sides, strict=True)]


def by_word(
    x: np.ndarray, x_axes: Sequence[Axis], y: np.ndarray, y_axes: Sequence[Axis], sentences: Sentences
) -> Pair | None:
    """The cells of both whose words are the same, sentence by sentence; None where other axes do not fit."""
    if x.ndim != y.ndim:
        return None
    if not x.ndim:
        return Pair(x, y, 1)
    if x_axes[0].name != "batch" or y_axes[0].name != "batch":
        return _paired(x, x_axes, y, y_axes, (0, 0))
    if x.shape[0] == y.shape[0] == 1:  # one sentence, or what all of them share
        sentences = sentences[:1]
    parts = []
    for s, t in sentences:
        one, other = (array[k : k + 1] if array.shape[0] > 1 else array for array, k in ((x, s), (y, t)))
        part = _paired(one, x_axes, other, y_axes, (s, t))
        if part is None:
            return None
        parts.append(part)
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Pair(x[:0], y[:0], 0)
    one, other = (
        np.concatenate([array.ravel() for array in each])
        for each in zip(*((p.one, p.other) for p in parts), strict=True)
    )
    return Pair(one, other, sum(part.most for part in parts))


def _paired(
    x: np.ndarray, x_axes: Sequence[Axis], y: np.ndarray, y_axes: Sequence[Axis], sentences: tuple[int, int]
) -> Pair | None:
    rows, columns, sizes = list[list[int]](), list[list[int]](), (1, 1)
    for k, (p, q) in enumerate(zip(x_axes, y_axes, strict=True)):
        first, second = p.words(sentences[0]), q.words(sentences[1])
        if first is None or second is None:
            if x.shape[k] != y.shape[k]:
                return None
            rows.append(list(range(x.shape[k])))
            columns.append(rows[-1])
            sizes = (sizes[0] * x.shape[k], sizes[1] * x.shape[k])
            continue
        pads = p.name != "vocab"  # a vocabulary has a word for padding, a sentence has places of it
        where = {word: i for i, word in _counted(second, pads)}
        named = list(_counted(first, pads))
        common = [(i, where[word]) for i, word in named if word in where]
        rows.append([i for i, _ in common])
        columns.append([j for _, j in common])
        sizes = (sizes[0] * len(named), sizes[1] * len(where))
    return Pair(x[np.ix_(*rows)], y[np.ix_(*columns)], max(sizes))


def _counted(words: Sequence[str], pads: bool) -> Iterator[tuple[int, tuple[str, int]]]:
    """Each place with its word and how often that has occurred before; with ``pads`` those are left out."""
    seen: Counter[str] = Counter()
    for place, word in enumerate(words):
        if not (pads and word == PAD):
            yield place, (word, seen[word])
            seen[word] += 1
