"""What a recorded loss held the rows of the logits against, and so what a scenario should: the next word of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct

from tfstep.compare.proposed.asked import Read, settings
from tfstep.compare.recorded.note import LABELLED
from tfstep.compare.recorded.recording import Recording
from tfstep.text import Bilingual

OUT = -100  # a label that does not count


class Labels(Struct, frozen=True, eq=False):
    """Labels for a scenario (batch, position), -100 where none counts; the word that fills up rows, where that is told;
    and how both came about."""

    ids: np.ndarray
    pad: int | None
    said: tuple[Bilingual, ...]


def labels(kept: Recording, asked: Read) -> Labels | None:
    """The labels of a decoder that reads words; None where none were recorded that could be held against its rows."""
    words = np.atleast_2d(asked.array)
    pad, told = _pad(kept, asked)
    found = _given(kept) or _by_hand(kept, words.shape)
    if found is None or words.shape[1] < 2:
        return None
    name, flat = found
    batch, n = words.shape
    if flat.size % batch or not n - 2 <= flat.size // batch <= n or flat.size < batch:
        return None
    made = _right(words, flat.reshape(batch, -1), pad, name)
    if made is None:
        return None
    ids, said = made
    ids = np.where((ids < 0) | (ids == pad), OUT, ids) if pad is not None else np.where(ids < 0, OUT, ids)
    return Labels(ids, pad, (said, *told)) if (ids != OUT).any() else None


def _given(kept: Recording) -> tuple[str, np.ndarray] | None:
    """What PyTorch's own loss was given; of several calls, one behind the other."""
    names = [
        source
        for name in kept
        if kept.note(name).op in LABELLED
        for source in kept.note(name).inputs
        if source in kept and kept[source].dtype.kind in "iu"
    ]
    return (names[0], np.concatenate([kept[name].ravel() for name in names])) if names else None


def _by_hand(kept: Recording, shape: tuple[int, ...]) -> tuple[str, np.ndarray] | None:
    """The last whole numbers, one a row, by which cells were picked."""
    sources = [
        source
        for name in kept
        if kept.note(name).op in ("gather", "take_along_dim")
        for source in kept.note(name).inputs
    ]
    sizes = {shape[0] * (shape[1] - k) for k in range(3)}
    fit = [name for name in sources if name in kept and kept[name].dtype.kind in "iu" and kept[name].size in sizes]
    return (fit[-1], kept[fit[-1]].ravel()) if fit else None


def _right(words: np.ndarray, theirs: np.ndarray, pad: int | None, name: str) -> tuple[np.ndarray, Bilingual] | None:
    """Labels that are the next word of each row, by what theirs are of the words that are read."""
    n, m = words.shape[1], theirs.shape[1]
    none = np.full((len(words), 1), OUT)

    def same(a: np.ndarray, b: np.ndarray) -> bool:
        counts = (a >= 0) & (a != pad)
        return bool(counts.any() and (a == b)[counts].all())

    guessed = Bilingual(
        "labels: the next word of each row, guessed; theirs ({name}) are others",
        "标签：取每行的下一个词，是推断；对方的（{name}）不是这样",
        name=name,
    )
    if m >= n - 1 and same(theirs[:, : n - 1], words[:, 1:]):
        right = Bilingual("labels {name}: the next word of each row", "标签 {name}：每行的下一个词", name=name)
        return np.concatenate([theirs[:, : n - 1], theirs[:, n - 1 :] if m == n else none], 1), right
    if m >= n - 1 and same(theirs, words[:, :m]):
        return np.concatenate([theirs[:, 1:], *[words[:, -1:]] * (m < n), none], 1), guessed
    if n > 2 and same(theirs[:, : n - 2], words[:, 2:]):
        return np.concatenate([words[:, 1:2], theirs[:, : n - 1], *[none] * (m < n - 1)], 1), guessed
    if m < n:
        return None
    other = Bilingual("labels {name}, which are not the words that are read", "标签 {name}，与所读的词无关", name=name)
    return theirs, other


def _pad(kept: Recording, asked: Read) -> tuple[int | None, tuple[Bilingual, ...]]:
    """The word that fills up rows: what the loss ignores, or the table of the words has as its `padding_idx`."""
    table = asked.weights.tables[0][0].rpartition(".")[0]
    told: dict[str, Any] = {
        key: value for key, value in settings(kept, "ignore_index").items() if type(value) is int and value >= 0
    }
    told |= {key: value for key, value in settings(kept, "padding_idx").items() if key == f"{table}.padding_idx"}
    for key, value in told.items():
        if type(value) is int:
            return value, (Bilingual("pads {pad} ({key})", "填充 {pad}（{key}）", pad=value, key=key),)
    return None, ()
