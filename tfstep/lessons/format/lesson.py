"""A lesson as it was read: steps, and in each the blocks that its text is made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct, field

from tfstep.scenario.file.mistakes import Place


class Number(Struct, frozen=True):
    """A place in the text that a value of the live session fills: ``{{ EXPR | .3f }}``.

    ``spec`` says how it is written: a format of Python's such as ``.3f``, ``word PATH``, or nothing.
    """

    expr: str
    spec: str
    place: Place


Pieces = tuple[str | Number, ...]


class Prose(Struct, frozen=True):
    """Paragraphs and lists, numbers to be filled in; ``verbatim`` text keeps its lines as they are."""

    pieces: Pieces
    place: Place
    verbatim: bool = False


class Line(Struct, frozen=True):
    """One line of a block: a command, an expression or a cell."""

    text: str
    place: Place


class Commands(Struct, frozen=True):
    """Lines of the debugger's language that the lesson runs, their results shown."""

    lines: tuple[Line, ...]


class Claims(Struct, frozen=True):
    """Expressions that must hold here, behind what the text says in words. The reader does not see them."""

    lines: tuple[Line, ...]


class Look(Struct, frozen=True):
    """Cells, slices and tensors that the text speaks of here."""

    lines: tuple[Line, ...]


class Try(Struct, frozen=True):
    """Commands that the reader is invited to run."""

    lines: tuple[Line, ...]


class Choice(Struct, frozen=True):
    """One of several answers, right where ``when`` holds; ``why`` answers the mistake that leads to it, ``fits`` is the
    name of the misconception that it is."""

    text: Pieces
    when: Line
    why: Pieces = ()
    fits: str = ""


class Mistaken(Struct, frozen=True):
    """A wrong answer that a certain mistake leads to, as the ``answer`` of its question is given, and what is said of
    the mistake; ``fits`` is the name of the misconception that it is. Of an ``order`` it is larger, smaller or same; of a
    ``recording`` it is what the tensor ``of`` becomes."""

    answer: Line
    why: Pieces
    fits: str = ""
    of: Line | None = None


class Question(Struct, frozen=True):
    """Something to predict. Which of the fields it has depends on ``kind``.

    ``number``: ``answer``, right within ``tolerance``. ``word``: ``answer`` is an index, and the words stand along
    the last axis of ``words``. ``cell``: a cell of ``of``, right where ``answer`` holds. ``choice``: one of
    ``choices``. ``order``: whether ``first`` is larger than ``second``, smaller, or the same within ``tolerance``.
    ``recording``: arrays of a program of the reader's own, in a file (``file`` unless another is named), right where each
    tensor of ``needs`` is among them and no step differs.
    ``then`` are commands that run once it is answered. All that belongs to the answer is worked out behind them: what
    is right, the choices, the words that may be answered, the hints; only ``ask`` is of the moment of asking.
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
    mistaken: tuple[Mistaken, ...] = ()
    file: str = ""
    needs: tuple[Line, ...] = ()


Block = Prose | Commands | Claims | Look | Try | Question


class Step(Struct, frozen=True):
    """One step: a heading and what stands under it."""

    title: str
    place: Place
    blocks: tuple[Block, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """Its questions, in order."""
        return tuple(block for block in self.blocks if isinstance(block, Question))


class Lesson(Struct, frozen=True):
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
