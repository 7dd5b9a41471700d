"""Patterns of paths, in which ``*`` stands for any characters, dots included."""

from __future__ import annotations

from collections.abc import Callable


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
