"""The timeline: a tree of phases, scopes and steps that keeps the present step in sight."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.events import Click, Leave, MouseMove, MouseScrollDown, MouseScrollUp
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tfstep.faces.tui.style.palette import Palette, role
from tfstep.faces.tui.widgets.drawn import Badges, Hover, badged, palette_of
from tfstep.view.frame.timeline import AHEAD, DONE, NOW, Row
from tfstep.view.text.symbols import plain


class Timeline(Widget):
    """Draws the rows that it is given. A click on a step goes there, on a branch folds it."""

    ALLOW_SELECT = False

    class Chosen(Message):
        """A row was clicked."""

        def __init__(self, row: Row) -> None:
            super().__init__()
            self.row = row

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._rows: tuple[Row, ...] = ()
        self._first = 0
        self._now = -1
        self._sought = True  # whether the present step is to be brought into sight
        self._over: Row | None = None
        self.badges: Badges = {}

    def show(self, rows: tuple[Row, ...]) -> None:
        """Draw these rows from now on."""
        if rows == self._rows:
            return
        self._rows = rows
        self._now = next((k for k, row in enumerate(rows) if row.state == NOW), -1)
        self._sought = True
        self.refresh()

    def on_resize(self) -> None:
        """Keep the present step in sight."""
        self._sought = True

    def _keep_in_sight(self) -> None:
        """A third of the height stays free below the present step, so that one sees what comes."""
        room = max(1, self.size.height)
        self._sought = False
        ahead = min(room // 3, 8)
        if self._now >= 0:
            if self._now < self._first + 2:
                self._first = self._now - 2
            elif self._now > self._first + room - 1 - ahead:
                self._first = self._now - room + 1 + ahead
        self._first = max(0, min(self._first, len(self._rows) - room))

    def render_line(self, y: int) -> Strip:
        """One row."""
        palette = palette_of(self)
        if self._sought:
            self._keep_in_sight()
        k = self._first + y
        if k >= len(self._rows):
            return Strip.blank(self.size.width, role(palette, "", paper=palette.panel))
        row = self._rows[k]
        paper = palette.chosen if row.state == NOW else palette.panel
        found = Strip(_segments(row, palette, paper)).adjust_cell_length(
            self.size.width, role(palette, "", paper=paper)
        )
        return badged(found, self.badges.get(y), palette)

    def spots(self) -> list[tuple[int, int, Row]]:
        """Where the rows stand that are seen: column, line, row."""
        rows = self._rows[self._first : self._first + self.size.height]
        return [(1 + 2 * row.depth, y, row) for y, row in enumerate(rows)]

    def _row(self, y: int) -> Row | None:
        k = self._first + y
        return self._rows[k] if 0 <= k < len(self._rows) else None

    def on_click(self, event: Click) -> None:
        """Say which row was clicked."""
        row = self._row(event.y)
        if row is not None:
            self.post_message(self.Chosen(row))

    def on_mouse_move(self, event: MouseMove) -> None:
        """Say which row the mouse is over, once."""
        self._hover(self._row(event.y))

    def on_leave(self, event: Leave) -> None:
        """The mouse is gone."""
        self._hover(None)

    def _hover(self, row: Row | None) -> None:
        if row != self._over:
            self._over = row
            self.post_message(Hover(self, f"step:{row.goto}" if row is not None else None))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Look further on."""
        self._scrolled(3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Look further back."""
        self._scrolled(-3)

    def _scrolled(self, by: int) -> None:
        self._first = max(0, min(self._first + by, len(self._rows) - self.size.height))
        self.refresh()


def _segments(row: Row, palette: Palette, paper: str) -> list[Segment]:
    """Breakpoint, state, name, marks."""

    def look(name: str) -> Style:
        return role(palette, name, paper=paper)

    stop = Segment(plain("●") if row.stop else " ", look("bad"))
    indent = "  " * row.depth
    if row.open is not None:
        sign = plain("▾" if row.open else "▸")
        name = "accent" if row.state == NOW else "dim" if row.state == DONE else "strong" if row.open else ""
        segments = [stop, Segment(f"{indent}{sign} ", look("dim")), Segment(row.text, look(name))]
    else:
        sign = {NOW: "▶", DONE: "✓", AHEAD: " "}[row.state]
        name = {NOW: "accent", DONE: "dim", AHEAD: ""}[row.state]
        if row.changed and row.state != NOW:
            name = "changed"
        segments = [stop, Segment(f"{indent}{plain(sign)} ", look(name)), Segment(plain(row.text), look(name))]
    if row.pinned:
        segments.append(Segment(" =", look("changed")))
    elif row.edited:
        segments.append(Segment(" ~", look("changed")))
    elif row.changed:
        segments.append(Segment(plain(" ·"), look("changed")))
    return segments
