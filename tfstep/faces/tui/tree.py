"""The timeline: a tree of phases, scopes and steps that keeps the present step in sight."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tfstep.faces.tui.drawn import palette_of
from tfstep.faces.tui.palette import Palette, role
from tfstep.view.symbols import plain
from tfstep.view.timeline import AHEAD, DONE, NOW, Row


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
        return Strip(_segments(row, palette, paper)).adjust_cell_length(self.size.width, role(palette, "", paper=paper))

    def on_click(self, event: Click) -> None:
        """Say which row was clicked."""
        k = self._first + event.y
        if k < len(self._rows):
            self.post_message(self.Chosen(self._rows[k]))

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
