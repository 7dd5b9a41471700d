"""The breakpoints and watchpoints that a session has; whether one stops a move is found in `breakpoints`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct, field

from tfstep.errors import CommandError
from tfstep.session.speaker import PERSON, Speaker
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.engine.trace import Trace
    from tfstep.expr import Expression
    from tfstep.session.place import Position


class Stop(Struct, frozen=True, eq=False):
    """Why a move stopped: a breakpoint (at ``cell``, where one cell made its condition true), or a watched value
    (``old`` to ``new``) that changed."""

    reason: Bilingual
    number: int = 0
    old: np.ndarray | None = None
    new: np.ndarray | None = None
    cell: tuple[int, ...] | None = None


class Pattern(Struct, frozen=True):
    """Which steps are meant. ``deep`` says that steps inside steps may be."""

    text: str
    matches: Callable[[Trace, Position], bool]
    deep: bool = False


class Point(Struct, eq=False):
    """One breakpoint (``pattern``) or watchpoint (``watched``), with a ``condition`` perhaps."""

    number: int
    pattern: Pattern | None = None
    condition: Expression | None = None
    watched: Expression | None = None
    temporary: bool = False
    enabled: bool = True
    ignore: int = 0
    hits: int = 0
    commands: list[str] = field(default_factory=list)
    speaker: Speaker = PERSON  # who gave the commands
    last: np.ndarray | None = None  # of a watchpoint: the value that was told last

    @property
    def written(self) -> str:
        """The command that makes it."""
        condition = f" if {self.condition.text}" if self.condition is not None else ""
        if self.watched is not None:
            return f"watch {self.watched.text}{condition}"
        assert self.pattern is not None
        return f"{'tbreak' if self.temporary else 'break'} {self.pattern.text}{condition}"


class Points:
    """The breakpoints and watchpoints of a session, by number."""

    def __init__(self) -> None:
        self.all: dict[int, Point] = {}
        self._count = 0

    def add(self, point: Point) -> Point:
        """Enter a point under the next number."""
        self._count += 1
        point.number = self._count
        self.all[point.number] = point
        return point

    def number(self) -> int:
        """The number that the next one gets."""
        return self._count + 1

    def get(self, number: int) -> Point:
        """The point of this number. Raises CommandError."""
        if number not in self.all:
            raise CommandError(
                Bilingual(
                    "no breakpoint {number}; there are {known}",
                    "没有断点 {number}；现有：{known}",
                    number=number,
                    known=", ".join(map(str, self.all)) or "-",
                )
            )
        return self.all[number]

    @property
    def enabled(self) -> list[Point]:
        """Those that stop a move."""
        return [point for point in self.all.values() if point.enabled]

    @property
    def deep(self) -> bool:
        """Whether one of them may stop inside a step."""
        return any(point.pattern is not None and point.pattern.deep for point in self.enabled)

    def passed(self, point: Point) -> bool:
        """Count one hit of a point; says whether it is to be ignored."""
        point.hits += 1
        if point.ignore:
            point.ignore -= 1
            return True
        return False

    def commands(self, stops: Sequence[Stop]) -> list[tuple[Point, str]]:
        """The commands to run at these stops, by point; temporary ones have done their work and are gone."""
        points = [self.all[stop.number] for stop in stops if stop.number in self.all]
        for point in points:
            if point.temporary:
                self.all.pop(point.number, None)
        return [(point, line) for point in points for line in point.commands]
