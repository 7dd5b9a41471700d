"""What a player gives a face to show, in order. None of them draws anything."""

from __future__ import annotations

from msgspec import Struct

from tfstep.engine.trace import Trace
from tfstep.engine.why import Explanation
from tfstep.session.results import Result
from tfstep.text import Bilingual


class Event(Struct, frozen=True):
    """What every event is one of."""


class Began(Event, frozen=True):
    """A step begins; ``number`` counts from 1."""

    number: int
    of: int
    title: str


class Said(Event, frozen=True):
    """Text of the lesson, its numbers filled in; ``cells`` are those it speaks of."""

    text: str
    verbatim: bool = False
    cells: tuple[str, ...] = ()


class Ran(Event, frozen=True):
    """A command that the lesson ran, and what it gave."""

    line: str
    result: Result


class Looked(Event, frozen=True):
    """The lesson wants these cells or tensors to be looked at."""

    cells: tuple[str, ...]


class Asked(Event, frozen=True):
    """A question of a ``kind`` waits for an answer. ``how`` says what an answer looks like, ``words`` are those that
    may be answered, ``of`` is the tensor of which a cell is asked for, ``file`` the usual name of a recording."""

    text: str
    choices: tuple[str, ...]
    how: Bilingual
    cells: tuple[str, ...] = ()
    kind: str = ""
    words: tuple[str, ...] = ()
    of: str = ""
    file: str = ""


class Judged(Event, frozen=True):
    """An answer was right or wrong."""

    right: bool
    message: Bilingual


class Hinted(Event, frozen=True):
    """A hint; ``left`` more are there."""

    text: str
    left: int


class Revealed(Event, frozen=True):
    """The right answer; or, where it is the reader's own program, that this stays ``open``."""

    answer: Bilingual
    open: bool = False


class Worked(Event, frozen=True, eq=False):
    """The working of the cells that an answer comes from; ``trace`` are the numbers that it speaks of."""

    explanations: tuple[Explanation, ...]
    trace: Trace


class Invited(Event, frozen=True):
    """Commands that the reader may try."""

    lines: tuple[str, ...]


class Returned(Event, frozen=True):
    """The reader's own changes were put away before the lesson went on."""

    message: Bilingual


class Ended(Event, frozen=True):
    """The step is over (``last``: the lesson is)."""

    last: bool
