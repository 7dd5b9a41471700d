"""Which parameters of a checkpoint are one: what its config ties is two where its file has two that differ.

So does the library: of tied tensors that are both on disk it keeps both, unless their numbers are the same. Every
T5 v1.1 is saved so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from tfstep.families.binding import prefixes
from tfstep.families.config import FamilyError
from tfstep.families.family import Family, table, theirs
from tfstep.families.relation import Shape
from tfstep.text import Bilingual

Read = Callable[[str], np.ndarray]
_ROWS = 4096  # compared at a time


def untied(family: Family, groups: Sequence[Sequence[str]], shapes: Mapping[str, Shape], read: Read) -> list[list[str]]:
    """The ties of a config as far as its file keeps to them.

    Raises FamilyError where the file has one parameter under two names, with different numbers.
    """
    before = prefixes(family, shapes)
    for path in table(family):
        if "{" not in path:
            first, *others = [*_names(family, path, shapes, before)] or [""]
            for other in others:
                if not same(read(first), read(other)):
                    raise FamilyError(
                        Bilingual(
                            "{one} and {other} are both {path}, and their numbers differ",
                            "{one} 和 {other} 都是 {path}，数值却不同",
                            one=first,
                            other=other,
                            path=path,
                        )
                    )
    found = []
    for owner, *others in groups:
        own = next((name for path in (owner, *others) for name in _names(family, path, shapes, before)), None)
        kept = [owner, *(path for path in others if _one(own, next(_names(family, path, shapes, before), None), read))]
        if len(kept) > 1:
            found.append(kept)
    return found


def _one(own: str | None, other: str | None, read: Read) -> bool:
    return own is None or other is None or own == other or same(read(own), read(other))


def _names(family: Family, path: str, shapes: Mapping[str, Shape], before: Sequence[str]) -> Iterator[str]:
    """The tensors of a file that may be a parameter."""
    for how in theirs(family, path):
        yield from (prefix + how.name for prefix in before if prefix + how.name in shapes)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays have the same numbers, looked at no further than to the first rows that differ."""
    if one.shape != other.shape:
        return False
    if one.ndim == 0:
        return bool(one == other)
    return all(np.array_equal(one[i : i + _ROWS], other[i : i + _ROWS]) for i in range(0, len(one), _ROWS))
