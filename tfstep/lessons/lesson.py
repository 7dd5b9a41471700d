"""A lesson as it was read: steps, and in each the blocks that its text is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tfstep.scenario.mistakes import Place


@dataclass(frozen=True)
class Number:
    """A place in the text that a value of the live session fills: ``{{ EXPR | .3f }}``.

    ``spec`` says how it is written: a format of Python's such as ``.3f``, ``word PATH``, or nothing.
    """

    expr: str
    spec: str
    place: Place


Pieces = tuple[str | Number, ...]


@dataclass(frozen=True)
class Prose:
    """Paragraphs and lists, numbers to be filled in; ``verbatim`` text keeps its lines as they are."""

    pieces: Pieces
    place: Place
    verbatim: bool = False


@dataclass(frozen=True)
class Line:
    """One line of a block: a command, an expression or a cell."""

    text: str
    place: Place


@dataclass(frozen=True)
class Commands:
    """Lines of the debugger's language that the lesson runs, their results shown."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Claims:
    """Expressions that must hold here, behind what the text says in words. The reader does not see them."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Look:
    """Cells, slices and tensors that the text speaks of here."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Try:
    """Commands that the reader is invited to run."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Choice:
    """One of several answers, right where ``when`` holds."""

    text: Pieces
    when: Line


@dataclass(frozen=True)
class Question:
    """Something to predict. Which of the fields it has depends on ``kind``.

    ``number``: ``answer``, right within ``tolerance``. ``word``: ``answer`` is an index, and the words stand along
    the last axis of ``words``. ``cell``: a cell of ``of``, right where ``answer`` holds. ``choice``: one of
    ``choices``. ``order``: whether ``first`` is larger than ``second``, smaller, or the same within ``tolerance``.
    ``then`` are commands that run once it is answered; answers are worked out behind them.
    """

    kind: str
    ask: Pieces
    place: Place
    answer: Line | None = None
    first: Line | None = None
    second: Line | None = None
    tolerance: float | None = None
    choices: tuple[Choice, ...] = ()
    words: Line | None = None
    of: Line | None = None
    then: tuple[Line, ...] = ()
    show: tuple[Line, ...] = ()
    hints: tuple[Pieces, ...] = ()
    reveal: tuple[Line, ...] = ()
    because: Pieces = ()


Block = Prose | Commands | Claims | Look | Try | Question


@dataclass(frozen=True)
class Step:
    """One step: a heading and what stands under it."""

    title: str
    place: Place
    blocks: tuple[Block, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """Its questions, in order."""
        return tuple(block for block in self.blocks if isinstance(block, Question))


@dataclass(frozen=True)
class Lesson:
    """One lesson in one language."""

    name: str
    language: str
    path: Path
    title: str
    about: str
    scenario: str
    variant: str
    minutes: int
    order: int
    steps: tuple[Step, ...] = field(default=())
    heads: dict[str, Place] = field(default_factory=dict)

    def pieces(self) -> Iterator[Pieces]:
        """Every text in which numbers are filled in, questions left out."""
        for step in self.steps:
            for block in step.blocks:
                if isinstance(block, Prose):
                    yield block.pieces
