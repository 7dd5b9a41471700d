"""Widgets that show lines of spans, exactly as they come out of the Frame."""

from __future__ import annotations

from rich.segment import Segment
from textual.events import Click
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tfstep.faces.tui.palette import DARK, THEMES, Palette, role
from tfstep.view.spans import Line
from tfstep.view.symbols import plain
from tfstep.view.width import width


def palette_of(widget: Widget) -> Palette:
    """The colours of the theme that is chosen."""
    return THEMES.get(widget.app.theme, DARK)


def strip(line: Line, palette: Palette, cells: int, paper: str = "") -> Strip:
    """One line of spans as a strip of exactly so many cells."""
    segments = [Segment(plain(span.text), role(palette, span.role, span.chosen, paper)) for span in line]
    ground = role(palette, "", paper=paper)
    return Strip(segments).adjust_cell_length(cells, ground)


class Follow(Message):
    """A cell or path was clicked that can be gone to."""

    def __init__(self, link: str) -> None:
        super().__init__()
        self.link = link


class Drawn(Widget):
    """Lines of spans. ``ground`` names the colour of the palette that is behind them."""

    ALLOW_SELECT = False
    ground = "paper"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._lines: list[Line] = []
        self.indent = 1

    def show(self, lines: list[Line]) -> None:
        """Draw these lines from now on."""
        if lines != self._lines:
            self._lines = lines
            self.refresh()

    @property
    def cells(self) -> int:
        """The room for a line."""
        return max(1, self.size.width - 2 * self.indent)

    def render_line(self, y: int) -> Strip:
        """One line."""
        palette = palette_of(self)
        paper = getattr(palette, self.ground)
        ground = role(palette, "", paper=paper)
        if y >= len(self._lines):
            return Strip.blank(self.size.width, ground)
        inner = strip(self._lines[y], palette, self.cells, paper)
        pad = Segment(" " * self.indent, ground)
        return Strip([pad, *inner, pad], self.size.width)

    def on_click(self, event: Click) -> None:
        """Follow what was clicked."""
        if event.y >= len(self._lines):
            return
        x = self.indent
        for span in self._lines[event.y]:
            x += width(span.text)
            if event.x < x:
                if span.link:
                    self.post_message(Follow(span.link))
                return
