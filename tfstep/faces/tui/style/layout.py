"""How the screen is divided: which columns the timeline gets, which lines each panel gets."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from tfstep.view.board.arrange import arrange
from tfstep.view.frame.frame import Frame
from tfstep.view.frame.panels import heading_lines, shares
from tfstep.view.text.spans import Line

AROUND = 3  # the bar on top, the status line, the footer
ROOMY = 30  # lines from which panels are set apart by empty ones
SPACIOUS = 40  # the same where an edit has a panel too
BELOW = 2  # lines above the counterpart of a step: an empty one, and what it is
STORY = 6  # lines that are worth it to say where a number comes from in the end
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

    @property
    def edge(self) -> int:
        """The line at which the explanation begins."""
        return len(self.heading) + self.board + self.below + self.gap


def timeline_width(width: int, timeline_from: int) -> int:
    """The columns that the timeline gets."""
    return 0 if width < timeline_from else 20 if width < 100 else 28 if width < 150 else 34


def layout(
    frame: Frame,
    width: int,
    height: int,
    status: int = 1,
    least: int = 0,
    edge: int = 0,
    timeline_from: int = 64,
    said: Sequence[Line] = (),
) -> Layout:
    """Divide a screen of this size for this frame, with so many lines for the status, and at least ``least`` for the
    explanation where there is room: it keeps its height from cell to cell, and begins at ``edge`` as it did before
    where everything fits so, that the screen stays calm.
    ``said`` stands under the heading. Below ``timeline_from`` columns there is no timeline."""
    tree = timeline_width(width, timeline_from)
    cells = max(10, width - tree - 2)
    apart = 1 if height >= ROOMY else 0
    heading = [*heading_lines(frame.heading, cells), *said]
    body = max(4, height - AROUND - (status - 1) - len(heading) - 1 - apart - (1 if height >= ROOMY else 0))
    need = arrange(frame.pieces, cells, 10_000, frame.drawing).height
    asked = frame.account.lines(cells, 100)
    edit = frame.since.drawn(cells, 14, frame.ascii) if frame.since else []
    gap = apart if height >= SPACIOUS or not edit else 0
    wish = max(len(asked) + 2 * gap, least)
    tight = sum(map(bool, asked)) + 2 * gap
    held = edge - len(heading) - gap
    board, why, since = shares(body, need + gap, wish, len(edit) + (gap if edit else 0), held, tight)
    if why < len(asked) + 2 * gap:  # what is said goes before what sets it apart
        gap = 0
    shown = frame.account.lines(cells, max(1, why - 2 * gap))
    if frame.since:
        edit = frame.since.drawn(cells, max(1, since - (gap if since > 2 else 0)), frame.ascii)
    left = body - board - why - since - (BELOW if edit else 1)
    if frame.story is not None and left >= STORY:
        edit = [*edit, *([()] if edit else []), *frame.story.down(cells, left)]
    below = _below(frame, cells, board - need - gap)
    return Layout(tree, tuple(heading), board - below, below, tuple(shown), min(wish, why), tuple(edit), apart, gap)


def _below(frame: Frame, cells: int, left: int) -> int:
    """The lines of the counterpart, of those that the step leaves empty; none where it does not fit whole."""
    if frame.counterpart is None:
        return 0
    need = arrange(frame.counterpart.pieces, cells, 10_000, frame.drawing).height + BELOW
    return left if need <= left else 0
