"""Widgets that show lines of spans, exactly as they come out of the Frame."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.events import Click, Leave, MouseMove
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tfstep.faces.tui.style.palette import DARK, THEMES, Palette, role
from tfstep.view.text.spans import Line
from tfstep.view.text.symbols import plain
from tfstep.view.text.width import width


def palette_of(widget: Widget) -> Palette:
    """The colours of the theme that is chosen."""
    return THEMES.get(widget.app.theme, DARK)


def strip(line: Line, palette: Palette, cells: int, paper: str = "") -> Strip:
    """One line of spans as a strip of exactly so many cells."""
    segments = [Segment(plain(span.text), role(palette, span.role, span.chosen, paper)) for span in line]
    ground = role(palette, "", paper=paper)
    return Strip(segments).adjust_cell_length(cells, ground)


Badges = dict[int, list[tuple[int, str]]]  # by line: the column and the text of each label


def badged(strip: Strip, badges: list[tuple[int, str]] | None, palette: Palette) -> Strip:
    """A line with labels upon it: what one types to go there."""
    if not badges:
        return strip
    style = Style(color=palette.on_accent, bgcolor=palette.accent, bold=True)
    for x, text in badges:
        if 0 <= x <= strip.cell_length - len(text):
            label = Strip([Segment(text, style)], len(text))
            strip = Strip.join([strip.crop(0, x), label, strip.crop(x + len(text), strip.cell_length)])
    return strip


class Follow(Message):
    """A cell or path was clicked that can be gone to."""

    def __init__(self, link: str) -> None:
        super().__init__()
        self.link = link


class Hover(Message):
    """The mouse is over something on ``place`` that ``link`` names: a cell, a path, ``key:n``; None where it is over
    nothing there."""

    def __init__(self, place: Widget, link: str | None) -> None:
        super().__init__()
        self.place, self.link = place, link


class Drawn(Widget):
    """Lines of spans. ``ground`` names the colour of the palette that is behind them."""

    ALLOW_SELECT = False
    ground = "paper"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._lines: list[Line] = []
        self._lit: int | None = None
        self._over: str | None = None
        self.badges: Badges = {}
        self.indent = 1

    @property
    def lit(self) -> int | None:
        """The line that stands out, if one does."""
        return self._lit

    @lit.setter
    def lit(self, y: int | None) -> None:
        if y != self._lit:
            self._lit = y
            self.refresh()

    def show(self, lines: list[Line]) -> None:
        """Draw these lines from now on."""
        if lines != self._lines:
            self._lines = lines
            self.refresh()

    @property
    def texts(self) -> list[str]:
        """The words of the lines."""
        return ["".join(span.text for span in each) for each in self._lines]

    @property
    def cells(self) -> int:
        """The room for a line."""
        return max(1, self.size.width - 2 * self.indent)

    def render_line(self, y: int) -> Strip:
        """One line."""
        palette = palette_of(self)
        paper = palette.chosen if y == self._lit else getattr(palette, self.ground)
        ground = role(palette, "", paper=paper)
        if y >= len(self._lines):
            return Strip.blank(self.size.width, ground)
        inner = strip(self._lines[y], palette, self.cells, paper)
        pad = Segment(" " * self.indent, ground)
        return badged(Strip([pad, *inner, pad], self.size.width), self.badges.get(y), palette)

    def links(self) -> list[tuple[int, int, str]]:
        """What can be followed: column, line, link."""
        found = []
        for y, spans in enumerate(self._lines):
            x = self.indent
            for span in spans:
                if span.link:
                    found.append((x, y, span.link))
                x += width(span.text)
        return found

    def _link(self, x: int, y: int) -> str | None:
        """What a place links to."""
        at = self.indent
        for span in self._lines[y] if 0 <= y < len(self._lines) else ():
            if at <= x < at + width(span.text):
                return span.link
            at += width(span.text)
        return None

    def on_click(self, event: Click) -> None:
        """Follow what was clicked."""
        link = self._link(event.x, event.y)
        if link:
            self.post_message(Follow(link))

    def on_mouse_move(self, event: MouseMove) -> None:
        """Say what the mouse is over, once."""
        self._hover(self._link(event.x, event.y))

    def on_leave(self, event: Leave) -> None:
        """The mouse is gone."""
        self._hover(None)

    def _hover(self, link: str | None) -> None:
        if link != self._over:
            self._over = link
            self.post_message(Hover(self, link))


def panel(name: str, ground: str) -> Drawn:
    """Lines of spans under this name, on this colour of the palette."""
    drawn = Drawn(id=name)
    drawn.ground = ground
    return drawn


def give(widget: Widget, side: str, cells: int) -> None:
    """Give a widget a width or height, where it has another one."""
    if widget.styles.get_rule(side) is None or getattr(widget.styles, side).value != cells:
        setattr(widget.styles, side, cells)
