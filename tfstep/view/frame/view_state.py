"""How one looks at the session: what the screen remembers beyond it, and what never changes a number."""

from __future__ import annotations

from msgspec import Struct, field

DRAWN = ("auto", "numbers", "heat")
MOST_DIGITS = 8


class Drawing(Struct, frozen=True):
    """How matrices are drawn: ``auto`` writes numbers on a shaded ground and leaves only shades where there is no room
    for them, ``numbers`` writes all of them plainly, ``heat`` draws shades only. ``digits`` 0: as many as fit."""

    drawn: str = "auto"
    digits: int = 0


AUTO = Drawing()


class ViewState(Struct, frozen=True):
    """``subject`` is the tensor looked at, where it is not the one that the current step makes.

    ``focus`` is the path of the matrix that the cursor is in, where it is not the subject. ``mode`` is what of it is
    shown: value, gradient, overlaid, difference, variant, word or theirs.
    ``factor`` is the number of the factor, among those of the explanation, that Enter follows.
    ``shared`` gives all matrices of the board one colour range; ``heads`` puts all heads of
    the tensor side by side; ``earlier`` shows the numbers as they were before the last edit.
    ``spoken`` are the cells that a lesson speaks of.
    ``wide`` has the counterpart of the step beside it, where there is room for both.
    ``folds`` are scopes of the timeline that were opened (True) or closed (False) by hand.
    """

    subject: str | None = None
    focus: str | None = None
    mode: str = "value"
    drawing: Drawing = AUTO
    shared: bool = False
    heads: bool = False
    earlier: bool = False
    factor: int = 0
    folds: tuple[tuple[str, bool], ...] = ()
    search: str = ""
    spoken: tuple[str, ...] = ()
    ascii: bool = False
    wide: bool = False
    breaks: frozenset[str] = field(default_factory=frozenset)
