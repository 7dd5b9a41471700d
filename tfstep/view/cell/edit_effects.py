"""Since the edit: what was set, how much of the timeline it moved, and a row of probabilities before and after."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from tfstep.address.grammar import parse_cell
from tfstep.engine.naming import short
from tfstep.engine.node import Node
from tfstep.engine.trace import Tensor, Trace
from tfstep.session.change.marks import ChangeTracker
from tfstep.session.state import State
from tfstep.text import Bilingual
from tfstep.view.board.board import At
from tfstep.view.cell.since import moved_by
from tfstep.view.matrix.labels import cell_words, labels
from tfstep.view.text.number import COMING, became, loss_moved, plain
from tfstep.view.text.spans import Line, Span, clipped, ends, line, line_width, with_plain_symbols
from tfstep.view.text.width import left, right, width
from tfstep.work import at_once

WAITING = 4000  # tensors up to which all of them are compared


class Bar(Struct, frozen=True):
    """One share before and after."""

    label: str
    before: float
    after: float


class EditEffects(Struct, frozen=True, eq=False):
    """What changed since ``before``: the edits in words, the number of tensors that moved, the cell that moved
    ``farthest`` with how far, a row as bars: those of its shares that moved."""

    edits: tuple[tuple[str, str], ...]  # what, and old → new
    moved: int | None
    loss: tuple[float, float | None] | None  # before and now; None now: it is still to be computed
    title: str
    bars: tuple[Bar, ...]
    farthest: str = ""

    def head(self, cells: int) -> list[Line]:
        """The lines above the bars."""
        what, change = self.edits[0] if self.edits else ("", "")
        more = f"  +{len(self.edits) - 1}" if len(self.edits) > 1 else ""
        edit = Span(f"{what} {change}{more}")
        since = (
            Bilingual("~ since  ", "~ 自此以来  ")
            if moved_by(what)
            else Bilingual("~ since the edit  ", "~ 改动以来  ")
        )
        long = line(Span(str(since), "changed"), edit)
        short = line(Span("~ ", "changed"), edit)
        moved, loss = self._notes()
        most = str(Bilingual("most: {cell}", "变动最大：{cell}", cell=self.farthest)) if self.farthest else ""
        for first, notes in (
            (long, (moved, most, loss)),
            (long, (moved, loss)),
            (short, (moved, loss)),
            (short, (loss,)),
        ):
            right = line(Span(" · ".join(each for each in notes if each), "dim"))
            if line_width(with_plain_symbols((*first, *right))) + 2 <= cells:
                return [ends(first, right, cells)]
        return [clipped(short, cells)]

    def _notes(self) -> tuple[str, str]:
        """How many tensors moved, and how far the loss."""
        moved = loss = ""
        if self.moved is not None:
            one = Bilingual("1 tensor moved", "1 个张量随之变动")
            several = Bilingual("{n} tensors moved", "{n} 个张量随之变动", n=self.moved)
            moved = str(one if self.moved == 1 else several)
        if self.loss is not None:
            was, now = self.loss
            loss = str(_not_yet(was) if now is None else loss_moved(was, now))
            loss += f"  Δ {plain(now - was)}" if now is not None and "→" in loss else ""
        return moved, loss

    def drawn(self, cells: int, lines: int, ascii_only: bool = False) -> list[Line]:
        """The panel in so many cells and lines."""
        found = self.head(cells)
        if not self.bars or lines < 3:
            return found[:lines]
        label = max(4, min(12, max(width(bar.label) for bar in self.bars) + 1))
        room = max(4, min(24, (cells - label - 32) // 2))
        found.append(line(Span(self.title, "dim")))
        shown = self._largest(lines - len(found))
        places = next((n for n in range(3, 6) if all(_apart(bar, n) for bar in shown)), 6)
        texts = [
            (f"{bar.before:.{places}f}", f"{bar.after:.{places}f}", plain(bar.after - bar.before)) for bar in shown
        ]
        cells_of = max((width(each) for a, b, _ in texts for each in (a, b)), default=0)
        for bar, (a, b, by) in zip(shown, texts, strict=True):
            grown = bar.after > bar.before
            found.append(
                line(
                    Span(left(bar.label, label)),
                    Span(left(_bar(bar.before, room, ascii_only), room), "was"),
                    Span(f" {right(a, cells_of)} → ", "dim"),
                    Span(left(_bar(bar.after, room, ascii_only), room), "changed"),
                    Span(f" {right(b, cells_of)}", "strong"),
                    Span(f" {'▲' if grown else '▼'} Δ {by}", "dim"),
                )
            )
        return found

    def _largest(self, most: int) -> list[Bar]:
        """The bars that moved farthest, in their own order."""
        far = sorted(self.bars, key=lambda bar: -abs(bar.after - bar.before))[:most]
        return [bar for bar in self.bars if bar in far]


def _apart(bar: Bar, places: int) -> bool:
    """Whether so many places show that a share moved."""
    return f"{bar.before:.{places}f}" != f"{bar.after:.{places}f}"


def _bar(share: float, cells: int, ascii_only: bool) -> str:
    if not share >= 0:
        return ""
    share = min(share, 1.0)  # a share that was pinned may be larger
    if ascii_only:
        return "=" * round(share * cells)
    eighths = round(share * cells * 8)
    return "█" * (eighths // 8) + ("▏▎▍▌▋▊▉"[eighths % 8 - 1] if eighths % 8 else "")


def anchor(state: State) -> Trace:
    """The trace before the last change: what undo goes back to."""
    journal = state.journal
    return journal.entries[max(journal.at - 1, 0)].trace


def _target(entry: str) -> str:
    return entry.partition("=")[0].strip()


def edit_effects(state: State, before: Trace, tracker: ChangeTracker, subject: Tensor, at: At) -> EditEffects | None:
    """The panel, or None where nothing was edited."""
    now = state.trace
    if before is now or before.plan is not now.plan:
        return None
    line = state.journal.now.line
    target = _target(line).partition(" ")[2] if "=" in line else ""
    change = at_once(lambda: _change(before, now, target), COMING)
    edits = ((_named(now, target), change),) if target else ((line, ""),)
    loss = None
    if node := now.plan.paths.get("loss"):
        slot = node.slot
        loss = at_once(lambda: (float(before.value(slot)), at_once(lambda: float(now.value(slot)), None)), None)
    title, bars = _bars(now, before, tracker, subject, at)
    moved = _moved(tracker)
    return EditEffects(edits, moved, loss, title, bars, "" if moved is None else _farthest(tracker))


def _not_yet(was: float) -> Bilingual:
    was_, to = plain(was, sign=False), COMING
    return Bilingual("loss {was} → {to}", "损失 {was} → {to}", was=was_, to=to)


def _farthest(tracker: ChangeTracker) -> str:
    """The cell that moved farthest, and how far."""
    found = tracker.farthest()
    if found is None:
        return ""
    node, cell, was, now = found
    return f"{short(node.path)}{cell_words(node.spec.axes, node.shape, cell)} Δ {plain(now - was)}"


def _moved(tracker: ChangeTracker) -> int | None:
    """How many tensors moved; None while some of them wait to be computed."""
    nodes, count = tracker.now.plan.nodes, 0
    if len(nodes) > WAITING:
        return None
    for node in reversed(nodes):  # what waits is at the end
        changed = tracker.changed(node.path)
        if changed is None:
            return None
        count += changed
    return count


def _named(now: Trace, target: str) -> str:
    path, index = parse_cell(target, slices=True)
    node = now.plan.paths.get(path)
    if node is None or index is None or len(index) != len(node.shape) or not all(isinstance(i, int) for i in index):
        return target
    return short(path) + cell_words(node.spec.axes, node.shape, [i % n for i, n in zip(index, node.shape, strict=True)])


def _change(before: Trace, now: Trace, target: str) -> str:
    path, index = parse_cell(target, slices=True)
    node = now.plan.paths.get(path)
    if node is None or (index is None and node.shape):
        return ""
    old, new = before.value(node.slot)[index or ()], now.value(node.slot)[index or ()]
    if old.ndim:
        return ""
    return became(float(old), float(new), sign=not node.shares)


def _bars(now: Trace, before: Trace, tracker: ChangeTracker, subject: Tensor, at: At) -> tuple[str, tuple[Bar, ...]]:
    """Of the nearest softmax that moved, the subject itself or else one behind it, the row under the cursor, or where
    that stays (as the first does under a causal mask) the one that moved farthest; what of it moved."""
    number = subject.node.number if subject.trace is now else 0
    shares = [node for node in now.plan.steps if node.op is not None and node.op.probabilities]
    ordered = sorted(shares, key=lambda node: (node.number < number, abs(node.number - number)))
    node = next((node for node in ordered if tracker.changed(node.path)), None)
    if node is None or node.shape[-1] > 64:
        return "", ()
    was, is_ = before.value(node.slot), now.value(node.slot)
    if was.shape != is_.shape:
        return "", ()
    with np.errstate(all="ignore"):
        moved = np.nan_to_num(np.abs(is_ - was))
    cell = at(Tensor(now, node, node.number))[:-1]
    if not moved[cell].any():
        cell = tuple(map(int, np.unravel_index(int(moved.argmax()), moved.shape)))[:-1]
    words = _words(node, cell)
    title = short(node.path) + cell_words(node.spec.axes, node.shape, [*cell, None])
    pairs = zip(words, np.atleast_1d(was[cell]).tolist(), np.atleast_1d(is_[cell]).tolist(), strict=True)
    return title, tuple(Bar(word, a, b) for word, a, b in pairs if a != b)


def _words(node: Node, cell: tuple[int, ...]) -> list[str]:
    found = labels(node.spec.axes[-1], node.shape[-1], cell[0] if cell else 0)
    return [found[i] for i in range(node.shape[-1])]
