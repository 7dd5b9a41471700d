"""How the screen is divided: which columns the timeline gets, which lines each panel gets."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from tfstep.view.board.arrange import arrange
from tfstep.view.frame.frame import Frame
from tfstep.view.frame.panels import TOLD, heading_lines, shares
from tfstep.view.text.chart import WIDEST
from tfstep.view.text.spans import Line

AROUND = 3  # the bar on top, the status line, the footer
ROOMY = 30  # lines from which panels are set apart by empty ones
SPACIOUS = 40  # the same where an edit has a panel too
LEAST = 2  # lines of an explanation
MOST = 100  # and at most
MOST_TOLD = 14  # lines of what an edit moved
BELOW = 2  # lines above the counterpart of a step: an empty one, and what it is
STORY = 6  # lines that are worth it to say where a number comes from in the end
CURVE = 11  # and the losses of the training
WIDE = 150, 45  # columns and lines from which a step has its counterpart below it


class Layout(Struct, frozen=True):
    """The size of every panel in cells and lines, and the lines of those that are text."""

    tree: int
    heading: tuple[Line, ...]
    board: int
    below: int  # the counterpart of the step, with the lines above it; 0 where it has no room
    why: tuple[Line, ...]
    tall: int  # the height of ``why`` with the empty lines around it
    since: tuple[Line, ...]  # and, where there is room, where the number comes from in the end
    apart: int  # the empty lines above the heading
    gap: int  # those around ``why``, and above ``since``
    lent: int = 0  # of the empty lines below ``why`` those that the edit has now

    @property
    def edge(self) -> int:
        """The line at which the explanation begins."""
        return len(self.heading) + self.board + self.below + self.gap


def timeline_width(width: int, timeline_from: int) -> int:
    """The columns that the timeline gets."""
    return 0 if width < timeline_from else 20 if width < 100 else 28 if width < 150 else 34


class Held(Struct, frozen=True):
    """The division that stands on the screen: of which ``place`` it is (the step, the view, the size), and the cell."""

    place: tuple[object, ...]
    cell: tuple[object, ...]
    layout: Layout


def layout(
    frame: Frame,
    width: int,
    height: int,
    status: int = 1,
    timeline_from: int = 64,
    said: Sequence[Line] = (),
    edge: int = 0,
) -> Layout:
    """Divide a screen of this size for this frame, with so many lines for the status. The explanation begins at
    ``edge`` as it did before where everything fits so, that the screen stays calm from step to step.
    ``said`` stands under the heading. Below ``timeline_from`` columns there is no timeline."""
    room = _room(frame, width, height, status, timeline_from, said)
    cells, apart, body = room.cells, room.apart, room.body
    need = arrange(frame.pieces, cells, 10_000, frame.drawing).height
    asked = frame.account.lines(cells, MOST)
    edit = frame.since.drawn(cells, MOST_TOLD, frame.ascii) if frame.since else []
    gap = apart if height >= SPACIOUS or not edit else 0
    held = edge - len(room.heading) - gap
    board, why = shares(body, need + gap, len(asked) + 2 * gap, sum(map(bool, asked)), len(edit), held)
    if why < len(asked) + 2 * gap:  # what is said goes before what sets it apart
        gap = 0
    below = _below(frame, cells, board - need - gap)
    return _told(frame, room, (board - below, below, why, gap))


def kept(
    frame: Frame,
    held: Layout,
    width: int,
    height: int,
    status: int = 1,
    timeline_from: int = 64,
    said: Sequence[Line] = (),
    *,
    still: bool = False,
) -> Layout | None:
    """The division that stands, with what the frame says now: nothing moves while one edits (``still``), and little
    while one walks from cell to cell. None where what is said of another cell has no room so."""
    room = _room(frame, width, height, status, timeline_from, said)
    if len(room.heading) != len(held.heading):
        return None
    left = room.body - held.board - held.below
    asked = sum(map(bool, frame.account.lines(room.cells, MOST)))
    tall = held.tall if still else max(held.tall, asked + 2 * held.gap)
    if tall > left:
        if not still or left < LEAST:
            return None
        tall = left
    return _told(frame, room, (held.board, held.below, tall, held.gap))


class _Room(Struct, frozen=True):
    """What of a screen is there for matrices, explanation and edit: ``body`` lines of so many ``cells``."""

    tree: int
    heading: tuple[Line, ...]
    cells: int
    apart: int
    body: int


def _room(frame: Frame, width: int, height: int, status: int, timeline_from: int, said: Sequence[Line]) -> _Room:
    tree = timeline_width(width, timeline_from)
    cells = max(10, width - tree - 2)
    apart = 1 if height >= ROOMY else 0
    heading = (*heading_lines(frame.heading, cells), *said)
    return _Room(tree, heading, cells, apart, max(4, height - AROUND - status - len(heading) - 2 * apart))


def _told(frame: Frame, room: _Room, divided: tuple[int, int, int, int]) -> Layout:
    """The texts of a division into ``board``, ``below``, ``tall`` and ``gap``: what is left below the explanation is
    for where the number comes from in the end, and for the edit."""
    board, below, tall, gap = divided
    shown = frame.account.lines(room.cells, max(1, tall - 2 * gap))
    lent = max(0, tall - gap - len(shown)) if frame.since is not None else 0
    rest = room.body - board - below - tall + lent
    edit: list[Line] = []
    if frame.since is not None and rest > 0:
        edit = frame.since.drawn(room.cells, min(MOST_TOLD, rest - gap if rest > TOLD else rest), frame.ascii)
    since: list[Line] = [()] * min(gap, rest - len(edit)) if edit else []
    since += edit
    curve = _curve(frame, room, rest - len(since) - 1)
    left = rest - len(since) - len(curve) - 1
    if frame.story is not None and left >= STORY:
        since = [(), *frame.story.down(room.cells, left), *since]
    since += curve
    return Layout(room.tree, room.heading, board, below, tuple(shown), tall, tuple(since), room.apart, gap, lent)


def _curve(frame: Frame, room: _Room, left: int) -> list[Line]:
    """The losses of the training so far, where so many lines are left for them."""
    course = frame.header.course
    if course is None or left < CURVE + 1:
        return []
    found = course.curve(min(room.cells, WIDEST), CURVE)
    return [(), *found] if found else []


def _below(frame: Frame, cells: int, left: int) -> int:
    """The lines of the counterpart, of those that the step leaves empty; none where it does not fit whole."""
    if frame.counterpart is None:
        return 0
    need = arrange(frame.counterpart.pieces, cells, 10_000, frame.drawing).height + BELOW
    return left if need <= left else 0
