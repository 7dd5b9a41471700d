"""Finding what was meant by a few letters of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def score(wanted: str, name: str, about: str = "") -> int | None:
    """How well a few words fit a name and what is said of it, 0 being best; None where one of them does not.

    A word fits where the name begins with it, where a part of the name does, where it stands in the name, where the
    name has its letters in this order, or where it stands in ``about``.
    """
    name, about = name.lower(), about.lower()
    total = 0
    for word in wanted.lower().split():
        found = _one(word, name)
        if found is None:
            if word not in about:
                return None
            found = 50
        total += found
    return total * 1000 + min(len(name), 999) if wanted.strip() else 0


def _one(word: str, name: str) -> int | None:
    at = name.find(word)
    if at == 0:
        return 0 if word == name else 1
    if at > 0:
        return 2 if not name[at - 1].isalnum() else 10
    return _scattered(word, name)


def _scattered(word: str, name: str) -> int | None:
    """20 and more, by how far the letters stand apart."""
    at, gaps = -1, 0
    for letter in word:
        found = name.find(letter, at + 1)
        if found < 0:
            return None
        if at >= 0 and found > at + 1 and name[found - 1].isalnum():
            gaps += 1
        at = found
    return 20 + gaps if gaps <= len(word) else None


def best(wanted: str, items: Iterable[tuple[T, str, str]]) -> list[T]:
    """The items that fit, the best first, equals in their order; an item is itself, its name, what is said of it."""
    scored = [(found, item) for item, name, about in items if (found := score(wanted, name, about)) is not None]
    return [item for _, item in sorted(scored, key=lambda pair: pair[0])]
