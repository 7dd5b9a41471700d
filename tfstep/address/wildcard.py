"""Patterns of paths, in which ``*`` stands for any characters, dots included."""

from __future__ import annotations

from collections.abc import Callable, Collection

from tfstep.errors import nearest


def matcher(pattern: str) -> Callable[[str], bool]:
    """Says whether a path matches a pattern, in a time that grows no faster than both, however many stars there are.

    >>> [matcher("*.attn.*s")(path) for path in ("enc0.attn.weights", "enc0.attn.Q")]
    [True, False]
    """
    first, *rest = pattern.split("*")
    if not rest:
        return pattern.__eq__
    *middle, last = rest

    def matches(path: str) -> bool:
        if not path.startswith(first):
            return False
        at = len(first)
        for piece in middle:
            found = path.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return path.endswith(last) and len(path) - len(last) >= at

    return matches


def nearest_pattern(pattern: str, paths: Collection[str]) -> str | None:
    """The pattern that was probably meant: each part that no path has is replaced by the one most like it, if then
    there is a path that matches.

    >>> nearest_pattern("enc0.*.wieghts", ["enc0.attn.weights", "enc0.norm1"])
    'enc0.*.weights'
    """
    known = {part for path in paths for part in path.split(".") if "/" not in part}
    parts = [_nearest_part(part, known) for part in pattern.split(".")]
    if None in parts:
        return None
    meant = ".".join(map(str, parts))
    return meant if meant != pattern and any(map(matcher(meant), paths)) else None


def _nearest_part(part: str, known: Collection[str]) -> str | None:
    """One part as it was probably meant; stars at its ends stay there."""
    bare = part.strip("*")
    if not bare or "*" in bare or any(map(matcher(part), known)):
        return part
    near = nearest(bare, known)
    return None if near is None else part.replace(bare, near)
