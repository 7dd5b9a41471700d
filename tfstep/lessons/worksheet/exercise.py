"""An exercise: the tables that are given, one with blanks, and how each blank is worked out."""

from __future__ import annotations

import numpy as np
from msgspec import Struct, field

from tfstep.text import Bilingual


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
    """One step of the timeline with blanks in its result. The operands are rounded, so what is printed is exact."""

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


class Sheet(Struct, frozen=True):
    """A worksheet: its heading and its exercises."""

    title: Bilingual
    scenario: str
    variant: str
    seed: int
    exercises: tuple[Exercise, ...] = field(default=())
