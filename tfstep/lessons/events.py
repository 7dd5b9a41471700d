"""What a player gives a face to show, in order. None of them draws anything."""

from __future__ import annotations

from dataclasses import dataclass

from tfstep.engine.trace import Trace
from tfstep.engine.why import Explanation
from tfstep.session.results import Result
from tfstep.text import Text


class Event:
    """What every event is one of."""


@dataclass(frozen=True)
class Began(Event):
    """A step begins; ``number`` counts from 1."""

    number: int
    of: int
    title: str


@dataclass(frozen=True)
class Said(Event):
    """Text of the lesson, its numbers filled in; ``cells`` are those it speaks of."""

    text: str
    verbatim: bool = False
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ran(Event):
    """A command that the lesson ran, and what it gave."""

    line: str
    result: Result


@dataclass(frozen=True)
class Looked(Event):
    """The lesson wants these cells or tensors to be looked at."""

    cells: tuple[str, ...]


@dataclass(frozen=True)
class Asked(Event):
    """A question of a ``kind`` waits for an answer. ``how`` says what an answer looks like, ``words`` are those that
    may be answered, ``of`` is the tensor of which a cell is asked for."""

    text: str
    choices: tuple[str, ...]
    how: Text
    cells: tuple[str, ...] = ()
    kind: str = ""
    words: tuple[str, ...] = ()
    of: str = ""


@dataclass(frozen=True)
class Judged(Event):
    """An answer was right or wrong."""

    right: bool
    message: Text


@dataclass(frozen=True)
class Hinted(Event):
    """A hint; ``left`` more are there."""

    text: str
    left: int


@dataclass(frozen=True)
class Revealed(Event):
    """The right answer."""

    answer: Text


@dataclass(frozen=True, eq=False)
class Worked(Event):
    """The working of the cells that an answer comes from; ``trace`` are the numbers that it speaks of."""

    explanations: tuple[Explanation, ...]
    trace: Trace


@dataclass(frozen=True)
class Invited(Event):
    """Commands that the reader may try."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Returned(Event):
    """The reader's own changes were put away before the lesson went on."""

    message: Text


@dataclass(frozen=True)
class Ended(Event):
    """The step is over (``last``: the lesson is)."""

    last: bool
