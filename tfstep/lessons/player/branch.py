"""A session's state, kept so that it can be come back to: the lesson's own, while the reader plays."""

from __future__ import annotations

from copy import copy

from msgspec import Struct
from msgspec.structs import replace

from tfstep.commands.language.session import Session
from tfstep.engine.trace import Trace
from tfstep.session.change.undo_history import Entry, Journal
from tfstep.session.cursor import Cursor
from tfstep.session.place import Position
from tfstep.session.stop.points import Point
from tfstep.session.values import Values

MINE = "mine"  # the checkpoint under which a reader's own changes are kept


class Branch(Struct, frozen=True, eq=False):
    """The numbers of every variant, the place on the timeline, breakpoints, displays and named values, as they were."""

    journals: dict[str, Journal]
    variant: str
    before: Trace
    baseline: Trace | None
    checkpoints: dict[str, Entry]
    checkpoint_variants: dict[str, str]
    position: Position
    cursor: Cursor
    values: Values
    points: dict[int, Point]
    displays: dict[int, str]

    @classmethod
    def of(cls, session: Session) -> Branch:
        """The state of a session now."""
        return cls(
            {name: _copied(journal) for name, journal in session.journals.items()},
            session.variant,
            session.before,
            session.chosen_baseline,
            dict(session.checkpoints),
            dict(session.checkpoint_variants),
            session.position,
            _cursor(session.cursor),
            _values(session.values),
            dict(session.points.all),
            dict(session.displays),
        )

    def strayed(self, session: Session) -> bool:
        """Whether the session has other numbers than these, or shows another variant."""
        return session.variant != self.variant or session.trace is not self.journals[self.variant].now.trace

    def with_cursor(self, cursor: Cursor) -> Branch:
        """The same state with the cursor elsewhere."""
        return replace(self, cursor=_cursor(cursor))

    def restore(self, session: Session, keep: bool = True) -> None:
        """Bring a session back to this state. With ``keep``, what it had been changed to since is the reader's: it
        stays as the checkpoint ``mine``."""
        mine = session.checkpoints.get(MINE), session.checkpoint_variants.get(MINE)
        if keep and self.strayed(session):
            mine = session.journal.now.changed(f"restore {MINE}"), session.variant
        session.journals = {name: _copied(journal) for name, journal in self.journals.items()}
        session.variant, session.before, session.chosen_baseline = self.variant, self.before, self.baseline
        session.checkpoints, session.checkpoint_variants = dict(self.checkpoints), dict(self.checkpoint_variants)
        if mine[0] is not None and mine[1] is not None:
            session.checkpoints[MINE], session.checkpoint_variants[MINE] = mine[0], mine[1]
        session.position, session.cursor = self.position, _cursor(self.cursor)
        session.values = _values(self.values)
        session.points.all, session.displays = dict(self.points), dict(self.displays)


def _copied(journal: Journal) -> Journal:
    return Journal(list(journal.entries), journal.at)


def _cursor(cursor: Cursor) -> Cursor:
    other = copy(cursor)
    other._at = dict(cursor._at)
    return other


def _values(values: Values) -> Values:
    other = copy(values)
    other.named, other._shown = dict(values.named), dict(values._shown)
    return other
