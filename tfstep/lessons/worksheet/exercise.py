"""An exercise: the tables that are given, one with blanks, and how each blank is worked out."""

from __future__ import annotations

import numpy as np
from msgspec import Struct, field

from tfstep.text import Bilingual
from tfstep.view.text.number import brief

PLACES = 14  # behind these there is rounding alone


class Grid(Struct, frozen=True, eq=False):
    """A matrix as it is printed, with the names of its rows and columns; ``blank`` marks the cells left out.

    ``numbers`` has two axes; a vector is one row, a scalar one cell.
    """

    name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    numbers: np.ndarray
    blank: np.ndarray

    @property
    def single(self) -> bool:
        """Whether it is one number."""
        return self.numbers.size == 1


class Answer(Struct, frozen=True):
    """One blank: its cell, its number, and the working as lines."""

    cell: str
    value: float
    working: tuple[str, ...]


class Exercise(Struct, frozen=True, eq=False):
    """One step of the timeline with blanks in its result. The operands are rounded, so what is printed is exact.

    ``places`` are the decimals that an answer is given to; None where none is worked out.
    """

    level: str
    path: str
    op: str
    attrs: dict[str, object]
    formula: str
    task: Bilingual
    given: tuple[Grid, ...]
    result: Grid
    answers: tuple[Answer, ...]
    label: Bilingual  # what sort of exercise it is
    places: int | None = None

    def asked(self, value: float) -> str:
        """An answer as it is asked for: to so many decimals, all of them written."""
        if self.places is None:
            return brief(round(value, PLACES), 6)
        return f"{round(value, self.places) + 0.0:.{self.places}f}"

    def accepts(self, answer: Answer, given: float) -> bool:
        """Whether a learner's own rounding has led to it: off by one in the last decimal is right."""
        if self.places is None:
            return given == answer.value
        return abs(given - round(answer.value, self.places)) <= 1.001 * 10.0**-self.places


class Sheet(Struct, frozen=True):
    """A worksheet: its heading and its exercises."""

    title: Bilingual
    scenario: str
    variant: str
    seed: int
    exercises: tuple[Exercise, ...] = field(default=())
