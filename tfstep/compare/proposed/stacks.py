"""Scores and probabilities in a recording, words × words: their shapes tell of heads, whatever their numbers are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct

from tfstep.compare.names import affinity
from tfstep.compare.proposed.weights import is_weight
from tfstep.compare.recorded.recording import Recording

NAMED = ("attn.scores", "attn.scaled", "attn.masked")


class Stack(Struct, frozen=True, eq=False):
    """An array (…, query, key): how many heads stand before them, and whether positions come before the batch."""

    name: str
    array: np.ndarray
    heads: int
    across: bool
    shares: bool

    @property
    def shows_all(self) -> bool:
        """Whether these are probabilities, and none of those for later words is 0."""
        n = self.array.shape[-1]
        square = n > 1 and self.array.shape[-2] == n
        return self.shares and square and bool((self.array[..., np.triu(np.ones((n, n), bool), 1)] != 0).all())


def stacks(kept: Recording, read: tuple[int, ...], memory: tuple[int, ...], width: int) -> list[Stack]:
    """The arrays that are scores or probabilities by their shape; ``read`` and ``memory`` are (position,) or (batch,
    position) of what is read, or the other way round."""
    found = []
    for name, array in kept.arrays.items():
        if array.dtype.kind != "f" or array.ndim not in (2, 3, 4) or not array.size or name.endswith((".grad", ".new")):
            continue
        if kept.note(name).kind in ("weight", "input", "mask") or is_weight(kept, name) or _two_valued(array):
            continue
        shares = _shares(array)
        for across, batch, n, m in _layouts(read, memory):
            heads = _before(array.shape[:-2], batch, across)
            if heads and n > 1 and array.shape[-2:] == (n, m) and (shares or width not in (n, m)):
                found.append(Stack(name, array, heads, across, shares))
                break
    return found


def heads(found: Sequence[Stack], width: int) -> tuple[str, int] | None:
    """The array that shows several heads and how many, where all that do so agree."""
    several = [each for each in found if each.heads > 1 and width % each.heads == 0]
    return (several[0].name, several[0].heads) if len({each.heads for each in several}) == 1 else None


def single(kept: Recording, found: Sequence[Stack], read: tuple[int, ...]) -> str:
    """The name of scores without an axis of heads, and with what came out behind them; "" if there are none.

    Probabilities do not count, since they may be the mean over heads, nor do arrays that differ in a number of
    their names, since each may be of one head.
    """
    names, shown = list(kept), {each.name for each in found}
    bare = Counter(re.sub(r"[#\d]", "", name) for name in shown)
    for each in found:
        scores = not each.shares and max(affinity(each.name, path) for path in NAMED) >= 1
        if each.heads > 1 or not scores or bare[re.sub(r"[#\d]", "", each.name)] > 1:
            continue
        later = [name for name in names[names.index(each.name) + 1 :] if name not in shown]
        if any(kept[name].ndim > 1 and kept[name].shape[:-1] == read for name in later):
            return each.name
    return ""


def _layouts(read: tuple[int, ...], memory: tuple[int, ...]) -> Iterator[tuple[bool, int, int, int]]:
    """Whether positions come first, the batch, and the numbers of queries and of keys."""
    yield False, read[0] if len(read) > 1 else 1, read[-1], (memory or read)[-1]
    if len(read) > 1 and read[0] != read[1]:
        yield True, read[1], read[0], (memory or read)[0]


def _before(lead: tuple[int, ...], batch: int, across: bool) -> int:
    """How many heads the axes before (query, key) are, 0 where they do not tell."""
    if len(lead) < 2:
        rows = lead[0] if lead else 1
        return rows // batch if rows % batch == 0 else 0
    if lead[0] in (1, batch):
        return lead[1]
    return lead[0] if lead[1] == batch and not across else 0


def _two_valued(array: np.ndarray) -> bool:
    """Whether there are no more than two numbers in it, as in a mask."""
    return bool(((array == array.min()) | (array == array.max())).all())


def _shares(array: np.ndarray) -> bool:
    """Whether these are probabilities: none below 0 or above 1, and most sums along one axis, be it the wrong one, 1."""
    finite = array[np.isfinite(array)]
    if not finite.size or finite.min() < 0 or finite.max() > 1 + 1e-6:
        return False
    with np.errstate(all="ignore"):
        return any(np.isclose(array.sum(axis), 1, atol=1e-3).mean() > 0.5 for axis in range(-min(array.ndim, 3), 0))
