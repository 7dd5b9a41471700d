"""What is wrong with a file and where: every mistake is collected, then all are shown at once."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from tfstep.errors import ScenarioError
from tfstep.text import Bilingual, language

SHOWN = 50  # mistakes printed of one file; the rest are counted
MOST = 200  # mistakes after which a file is not read on


class Place(Struct, frozen=True):
    """Where something stands: line and column count from 1; line 0 means the file as a whole, or no file at all."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Mistake(Struct, frozen=True):
    """One mistake. ``str(mistake)`` is ``FILE:LINE:COLUMN: what was found; what is allowed``."""

    place: Place
    message: Bilingual

    def __str__(self) -> str:
        return self.in_(language())

    def in_(self, spoken: str) -> str:
        """The same in one language. A place with its line is written as every tool reads it, ``FILE:LINE:COLUMN: ``."""
        message = self.message.in_(spoken)
        if not str(self.place):
            return message
        colon = ": " if self.place.line or spoken == "en" else "："
        return f"{self.place}{colon}{message}"

    @property
    def key(self) -> tuple[Place, str]:
        """Equal for equal mistakes, however often they are met."""
        return (self.place, str(self.message))


class _Lines(Bilingual):
    """All mistakes, one a line."""

    __slots__ = ("mistakes",)

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("", "")
        self.mistakes = mistakes

    def in_(self, language: str) -> str:
        lines = [each.in_(language) for each in self.mistakes[:SHOWN]]
        more = len(self.mistakes) - SHOWN
        if more > 0:
            lines.append(Bilingual("… and {n} more mistakes", "……另有 {n} 处错误", n=more).in_(language))
        return "\n".join(lines)


class Mistakes(ScenarioError):  # noqa: N818 - the plural says what it holds
    """All mistakes of a file, by position; ``.mistakes`` holds them one by one."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = in_order(mistakes)
        super().__init__(_Lines(self.mistakes))


def in_order(mistakes: Iterable[Mistake]) -> tuple[Mistake, ...]:
    """Sorted by position, each distinct one once."""
    distinct = {mistake.key: mistake for mistake in mistakes}
    return tuple(sorted(distinct.values(), key=lambda each: (each.place.file, each.place.line, each.place.column)))


class Report:
    """Collects mistakes while a file is checked, and ends the check where there are `MOST`."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    def add(self, place: Place, message: Bilingual) -> None:
        """Note one mistake and go on. Raises `Mistakes` when there are too many to go on."""
        self.mistakes.append(Mistake(place, message))
        if len(self.mistakes) >= MOST:
            raise Mistakes(self.mistakes)

    def raise_if_any(self) -> None:
        """End with all mistakes, if there are any."""
        if self.mistakes:
            raise Mistakes(self.mistakes)


def fault(place: Place, message: Bilingual) -> Mistakes:
    """The error for a single mistake after which nothing else can be read."""
    return Mistakes([Mistake(place, message)])
