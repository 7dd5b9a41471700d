"""A term of the field: its names, what it means, where it can be seen."""

from __future__ import annotations

from msgspec import Struct

from tfstep.text import Bilingual


class Term(Struct, frozen=True):
    """``name`` in both languages, ``meaning`` in two sentences; ``seen`` are patterns of paths, the best first, in
    which ``*`` stands for any characters, or ``op NAME``; ``also`` are other names by which it is found."""

    name: Bilingual
    meaning: Bilingual
    seen: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
