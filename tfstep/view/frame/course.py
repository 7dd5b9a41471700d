"""The course of a training as a strip: the losses of its updates, where something was edited or it stopped, where one
stands."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from tfstep.session.change.undo_history import Journal
from tfstep.session.change.updates import Moment
from tfstep.text import Bilingual
from tfstep.view.text.chart import chart, spark
from tfstep.view.text.number import plain
from tfstep.view.text.spans import Line, Span

HERE, EDIT, END = "▶", "~", "│"
WIDEST = 24  # cells of a strip


class Course(Struct, frozen=True):
    """``made`` are the updates that were made, ``at`` the number of them that hold now; ``edits`` and ``ends`` say
    before which update something was changed, and where a training ended."""

    made: tuple[Moment, ...]
    at: int
    edits: frozenset[int]
    ends: frozenset[int]

    def numbered(self) -> str:
        """Which update, of how many that were made."""
        return str(Bilingual("update {at}/{of}", "更新 {at}/{of}", at=self.at, of=len(self.made)))

    def curve(self, cells: int, lines: int) -> list[Line]:
        """The losses as a curve with the same marks, in so many lines; nothing for fewer than three updates."""
        losses = np.array([moment.loss for moment in self.made])
        if losses.size < 3 or not np.isfinite(losses).any():
            return []
        here = min(max(self.at - 1, 0), losses.size - 1)
        marks = [(float(k), float(losses[k]), EDIT, "changed") for k in sorted(self.edits) if k < losses.size]
        marks.append((float(here), float(losses[here]), HERE, "accent"))
        title = Bilingual(
            "loss before each of {n} updates: {a} → {b}",
            "{n} 次更新各自之前的损失：{a} → {b}",
            n=losses.size,
            a=plain(float(losses[0]), sign=False),
            b=plain(float(losses[-1]), sign=False),
        )
        drawn = chart(np.arange(losses.size), [losses], cells, lines - 3, ("curve0",), marks)
        return [(Span(str(title), "key"),), *drawn]

    def strip(self, cells: int = WIDEST) -> Line:
        """The strip in so many cells at most; nothing for fewer than three updates."""
        picked = np.linspace(0, len(self.made) - 1, min(cells, len(self.made))).round().astype(int).tolist()
        bars = spark(np.array([self.made[k].loss for k in picked]), cells)
        if not bars:
            return ()
        signs = [Span(bar, "dim") for bar in bars]
        last = len(bars) - 1
        for where, sign, role in ((self.ends, END, "dim"), (self.edits, EDIT, "changed"), ({self.at}, HERE, "accent")):
            for update in where:
                signs[round(last * min(update, len(self.made)) / len(self.made))] = Span(sign, role)
        return tuple(signs)


def course(journal: Journal) -> Course | None:
    """The course of the updates of a journal; None where none was made."""
    longest = max(journal.entries, key=lambda entry: len(entry.past)).past
    if not longest:
        return None
    edits, ends = set(), set()
    for entry in journal.entries[1:]:
        word = entry.line.split()[0] if entry.line else ""
        if word == "train":
            ends.add(len(entry.past))
        elif word not in ("goto", "rewind", "restore", "reset"):
            edits.add(len(entry.past))
    return Course(longest, len(journal.now.past), frozenset(edits), frozenset(ends - {len(longest)}))
