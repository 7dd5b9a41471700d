"""Which tensor of a checkpoint holds which parameter of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from tfstep.families.family import Family, Theirs, layer_pattern, theirs
from tfstep.families.registry import families
from tfstep.families.relation import Heads, Shape


class Source(Struct, frozen=True):
    """Where a parameter is: the tensor's full name, and what ours is of it."""

    name: str
    how: Theirs


class Binding(Struct, frozen=True):
    """All that a family finds in a file. ``misfits`` are (path, name, shape in the file) whose shape does not fit."""

    family: Family
    sources: Mapping[str, Source]
    missing: tuple[str, ...]
    misfits: tuple[tuple[str, str, Shape], ...]
    spare: tuple[str, ...]  # names in the file that hold nothing of this model, or nothing at all

    @property
    def used(self) -> set[str]:
        """The tensors of the file that are read."""
        return {source.name for source in self.sources.values()}


def bind(family: Family, shapes: Mapping[str, Shape], wanted: Mapping[str, Shape], model: Heads) -> Binding:
    """Look for every parameter of ``wanted`` among the tensors of a file, whatever prefix they have there."""
    before = prefixes(family, shapes)
    sources: dict[str, Source] = {}
    missing: list[str] = []
    misfits: list[tuple[str, str, Shape]] = []
    for path, shape in wanted.items():
        found = _find(family, path, shape, shapes, before, model) or _tied(family, path, shape, shapes, before, model)
        if isinstance(found, Source):
            sources[path] = found
        elif found is not None:
            misfits.append((path, found, shapes[found]))
        elif layer_pattern(path)[0] not in family.fixed:
            missing.append(path)
    used = {source.name for source in sources.values()} | {name for _, name, _ in misfits}
    return Binding(family, sources, tuple(missing), tuple(misfits), tuple(name for name in shapes if name not in used))


def detect(shapes: Mapping[str, Shape], wanted: Mapping[str, Shape], model: Heads, kind: str) -> Binding | None:
    """The family that finds most of the parameters, or None where none finds any."""
    tried = [bind(family, shapes, wanted, model) for family in families() if family.kind in (kind, "")]
    found = max(tried, key=lambda each: (len(each.sources), -len(each.misfits)), default=None)
    return found if found is not None and found.sources else None


def is_spare(family: Family, name: str) -> bool:
    """Whether a tensor holds nothing that a model computes with: an old buffer, say."""
    return any(pattern.search(name) for pattern in _patterns(family.spare))


@cache
def _patterns(spare: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(rf"(^|\.){each}$") for each in spare)


def prefixes(family: Family, shapes: Mapping[str, Shape]) -> tuple[str, ...]:
    """What stands before the names of the table in this file: the longest first, then shorter ones, then nothing."""
    found: dict[str, None] = {}
    for anchor in family.anchors:
        for name in shapes:
            if name == anchor or name.endswith(f".{anchor}"):
                found[name[: -len(anchor)]] = None
                break
    for prefix in list(found):
        while "." in prefix[:-1]:
            prefix = prefix[: prefix[:-1].rindex(".") + 1]
            found[prefix] = None
    if not found and family.prefix:
        found[family.prefix] = None
    return (*found, "") if "" not in found else tuple(found)


def _find(
    family: Family,
    path: str,
    shape: Shape,
    shapes: Mapping[str, Shape],
    before: Iterable[str],
    model: Heads,
) -> Source | str | None:
    """Where a parameter is; the name of a tensor that does not fit; or None."""
    misfit = None
    for how in theirs(family, path):
        for prefix in before:
            name = prefix + how.name
            if name in shapes:
                if fits(how, shapes[name], shape, model):
                    return Source(name, how)
                misfit = misfit or name
    return misfit


def _tied(
    family: Family, path: str, shape: Shape, shapes: Mapping[str, Shape], before: Iterable[str], model: Heads
) -> Source | str | None:
    """Where the numbers of a parameter are that only another one of its tie has in the file: a head without its table.

    An embedding is (words, width), an output layer (width, words).
    """
    for other in (each for group in getattr(model, "tie", ()) if path in group for each in group if each != path):
        for turned in (False, True):
            found = _find(family, other, shape[::-1] if turned else shape, shapes, before, model)
            if isinstance(found, Source):
                how = found.how
                relation = replace(how.relation, transposed=how.relation.transposed != turned)
                return Source(found.name, Theirs(how.name, relation))
    return None


def fits(how: Theirs, theirs: Shape, ours: Shape, model: Heads) -> bool:
    """Whether ours of this shape is in theirs; a table may be longer."""
    found = how.relation.shape(theirs, model)
    if found is None:
        return False
    longer = how.relation.is_table and len(found) == len(ours) == 2 and found[1] == ours[1] and found[0] >= ours[0]
    return found == ours or (longer and how.name.endswith(("weight", "E", "pos")))
