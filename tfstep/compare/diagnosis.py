"""What a diagnosis says: what of theirs is what of ours, the first step that differs, and why."""

from __future__ import annotations

from msgspec import Struct

from tfstep.text import Bilingual


class Match(Struct, frozen=True):
    """A recorded array that is one of our tensors; ``relation`` says how it is laid out."""

    name: str
    path: str
    relation: str
    max_abs: float


class First(Struct, frozen=True):
    """The first step whose inputs are found in theirs and whose result is not: ``name`` is what they have there."""

    path: str
    name: str
    inputs: tuple[str, ...]
    max_abs: float
    line: str = ""


class Cause(Struct, frozen=True):
    """Why: ``path`` is the step that theirs computes otherwise; with it mended, ``explains`` of the ``of`` arrays
    that did not agree before do."""

    kind: str
    path: str
    detail: Bilingual
    explains: int
    of: int
    name: str = ""
    line: str = ""
    also: tuple[str, ...] = ()


class Diagnosis(Struct, frozen=True):
    """Somebody's own run beside ours. ``shown`` is what their numbers show where no cause is known."""

    scenario: str
    variant: str
    agrees: bool
    matched: tuple[Match, ...]
    unmatched: tuple[str, ...]
    first: First | None = None
    causes: tuple[Cause, ...] = ()
    shown: tuple[Bilingual, ...] = ()
    remarks: tuple[Bilingual, ...] = ()
    faults: tuple[First, ...] = ()
    known: int = 0

    def __repr__(self) -> str:
        from tfstep.compare.words import text

        return text(self)

    def _repr_html_(self) -> str:
        from tfstep.compare.words import html

        return html(self)
