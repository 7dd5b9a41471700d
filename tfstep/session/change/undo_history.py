"""The journal: every change of the numbers as an entry that can be undone, done again and listed.

An entry keeps the command line that made it and the trace that came of it, so that undo is the previous
trace, to the bit. Every variant has a journal of its own: an edit stays with the variant it was made in.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from tfstep.engine.trace import Trace
from tfstep.errors import CommandError
from tfstep.scenario.scenario import Scenario
from tfstep.session.change.updates import KEPT_BYTES, Moment, with_carried
from tfstep.text import Bilingual


class Nudge(Struct, frozen=True):
    """How far the number at a place was moved from where it started, all nudges together."""

    place: str
    start: float
    by: Decimal

    @property
    def value(self) -> float:
        """Where it is now: rounded once, however often it was moved."""
        return float(Decimal(repr(self.start)) + self.by)


class Entry(Struct, frozen=True, eq=False):
    """The state of the numbers after one change. ``line`` is the command that made it, empty for the start; ``nudge``
    says of nudges what they come to."""

    line: str
    scenario: Scenario
    trace: Trace
    edited: frozenset[str] = frozenset()  # the paths that were set, and not released since
    past: tuple[Moment, ...] = ()  # the updates that led here
    nudge: Nudge | None = None

    def changed(self, line: str, **more: Any) -> Entry:
        """The entry that a command makes of this one."""
        return replace(self, line=line, **{"nudge": None, **more})


class Journal(Struct, eq=False):
    """The changes of one variant, in order; ``at`` is the one that holds now, ``saved`` the one last saved."""

    entries: list[Entry] = field(default_factory=list)
    at: int = 0
    saved: Entry | None = None

    @property
    def now(self) -> Entry:
        """The entry that holds now."""
        return self.entries[self.at]

    @property
    def start(self) -> Entry:
        """The entry before the first change."""
        return self.entries[0]

    def add(self, entry: Entry, instead: bool = False) -> None:
        """A new change, or one ``instead`` of that which holds now. What had been undone is gone."""
        del self.entries[self.at + (not instead) :]
        self.entries.append(entry)
        self.at = len(self.entries) - 1
        numbers = entry.trace.plan.cells * 8
        if numbers * len(self.entries) > KEPT_BYTES:  # the two latest are whole; of the others what nothing gives again
            for k in range(1, self.at - 1):
                self._thin(k)

    def take_back(self) -> None:
        """The change that holds now has come to nothing."""
        del self.entries[self.at :]
        self.at -= 1

    def _thin(self, k: int) -> None:
        """Let go of what the leaves of an entry give again, to the bit, when it is gone back to."""
        entry = self.entries[k]
        if all(
            value is None for node, value in zip(entry.trace.plan.nodes, entry.trace.values, strict=True) if node.op
        ):
            return
        thin = replace(entry, trace=with_carried(entry.trace, {}))
        self.entries[k] = thin
        self.saved = thin if self.saved is entry else self.saved

    def undo(self, n: int = 1) -> list[Entry]:
        """Take the last ``n`` changes back; returns them, last first. Raises CommandError where there is none."""
        if self.at == 0:
            raise CommandError(Bilingual("there is nothing to undo", "没有可以撤销的改动"))
        n = min(n, self.at)
        undone = self.entries[self.at - n + 1 : self.at + 1]
        self.at -= n
        return undone[::-1]

    def redo(self, n: int = 1) -> list[Entry]:
        """Do the last ``n`` undone changes again; returns them in order. Raises CommandError where there is none."""
        if self.at == len(self.entries) - 1:
            raise CommandError(Bilingual("there is nothing to redo", "没有可以重做的改动"))
        n = min(n, len(self.entries) - 1 - self.at)
        self.at += n
        return self.entries[self.at - n + 1 : self.at + 1]

    @property
    def held(self) -> tuple[Entry, ...]:
        """The changes that hold now."""
        return tuple(self.entries[1 : self.at + 1])

    @property
    def changes(self) -> tuple[str, ...]:
        """The command lines of the changes that hold now."""
        return tuple(entry.line for entry in self.held)

    @property
    def unsaved(self) -> bool:
        """Whether what holds now is neither the start nor what was last saved."""
        return self.now is not self.start and self.now is not self.saved

    @property
    def undone(self) -> tuple[str, ...]:
        """The command lines that redo would run, in order."""
        return tuple(entry.line for entry in self.entries[self.at + 1 :])
