"""Masks in a recording: whether what comes later is hidden, and what else is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfstep.compare.proposed.weights import is_weight
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.tolerance import HIDDEN
from tfstep.text import Bilingual

GIVEN = ("mask", "input", "weight")  # kinds of arrays that the model reads, or has: a mask among them is its own


def causal(kept: Recording) -> str | None:
    """The name of an array that shows that words do not see what comes later, if there is one: a triangle of flags,
    of zeros and ones, of numbers far below the others, or weights that are 0 above the diagonal."""
    names = sorted(kept, key=lambda name: kept.note(name).kind not in GIVEN)
    return next((name for name in names if not name.endswith((".grad", ".new")) and _triangle(kept[name])), None)


def shown_by(kept: Recording, name: str) -> str:
    """How an array shows the causal mask: as the mask itself, or by what became of it, from which it is guessed."""
    array = kept[name]
    if kept.note(name).kind in GIVEN or np.isin(array, (0, 1)).all() or array.dtype.kind != "f":
        return name
    zeros = bool((array[..., np.triu(np.ones(array.shape[-2:], bool), 1)] == 0).all())
    if zeros:
        return str(Bilingual("guessed from the zeros of {name}", "由 {name} 中的零推断", name=name))
    return str(Bilingual("guessed from what is hidden in {name}", "由 {name} 中被遮住的格推断", name=name))


def _triangle(array: np.ndarray) -> bool:
    if array.ndim < 2 or array.shape[-1] != array.shape[-2] or array.shape[-1] < 2:
        return False
    n = array.shape[-1]
    later, sure = np.triu(np.ones((n, n), bool), 2 if n > 2 else 1), np.tril(np.ones((n, n), bool), -1)
    flags = [array <= -HIDDEN] if array.dtype.kind == "f" else []
    flags += [array == 0]
    for flag in flags:
        hides, rest = flag[..., later], flag[..., sure]
        if hides.size and bool((hides.all() and not rest.any()) or (rest.all() and not hides.any())):
            return bool(flag.any() and not flag.all())
    return False


def others(kept: Recording, batch: int, queries: int, keys: int) -> Iterator[tuple[str, np.ndarray]]:
    """Every other array that may be a mask: its name, and where it is set, as (batch or 1, head or 1, query, key)."""
    for name, array in kept.arrays.items():
        if name.endswith((".grad", ".new")) or (kept.note(name).kind == "tensor" and "mask" not in name.lower()):
            continue
        if is_weight(kept, name) or _triangle(array) or array.size < 2:
            continue
        flags = np.isin(array, (0, 1)).all()
        if array.dtype.kind == "f" and not flags and not (array <= -HIDDEN).any():
            continue
        marked = array != 0 if flags else array <= -HIDDEN
        if not marked.any() or marked.all():
            continue
        shape = array.shape
        if shape == (batch, keys) and (batch, keys) != (queries, keys):
            yield name, marked[:, None, None, :]
        elif shape == (queries, keys):
            yield name, marked[None, None]
        elif len(shape) == 3 and shape[-1] == keys and shape[-2] in (1, queries) and shape[0] in (1, batch):
            yield name, marked[:, None]
        elif len(shape) == 4 and shape[-1] == keys and shape[-2] in (1, queries) and shape[0] in (1, batch):
            yield name, marked


def added(kept: Recording, queries: int, keys: int) -> Iterator[tuple[str, np.ndarray]]:
    """Every input of numbers for each query and key that are added to the scores, and hide nothing."""
    for name, array in kept.arrays.items():
        if kept.note(name).kind == "input" and array.dtype.kind == "f" and array.shape[-2:] == (queries, keys):
            whole = np.isfinite(array).all() and (array > -HIDDEN).all() and not np.isin(array, (0, 1)).all()
            if whole and ("mask" in name.lower() or "bias" in name.lower()) and array.ndim in (2, 4):
                yield name, array


def alibi(kept: Recording) -> str | None:
    """The name of an array (…, head, query, key) that lowers scores by the distance of the words, each head by a slope
    of its own, if there is one."""
    for name, array in kept.arrays.items():
        n = array.shape[-1] if array.ndim in (3, 4) else 0
        if array.dtype.kind != "f" or n < 3 or array.shape[-2] != n or name.endswith((".grad", ".new")):
            continue
        heads = array.reshape(-1, n, n).astype(np.float64)
        distance = np.arange(n)[:, None] - np.arange(n)
        seen, slopes = distance >= 0, -heads[:, 1, 0]
        differ = (slopes > 0).all() and len(set(slopes)) == len(slopes) > 1
        if differ and np.allclose(heads[:, seen], -slopes[:, None] * distance[seen], rtol=1e-3):
            return name
    return None
