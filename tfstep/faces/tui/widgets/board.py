"""The matrices: one widget that draws every matrix of the step, each scrolled by itself to where the cursor is."""

from __future__ import annotations

from collections.abc import Iterator

from rich.segment import Segment
from rich.style import Style
from textual.events import Click, Leave, MouseMove, MouseScrollDown, MouseScrollUp
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tfstep.faces.tui.style.palette import role
from tfstep.faces.tui.widgets.drawn import Badges, Hover, badged, palette_of
from tfstep.faces.tui.widgets.matrix import Window, heading_line, number_line, rest_line
from tfstep.view.board.arrange import again, arrange
from tfstep.view.board.places import Arrangement, Piece, Placed
from tfstep.view.frame.view_state import AUTO, Drawing
from tfstep.view.matrix.grid import Grid
from tfstep.view.text.symbols import plain
from tfstep.view.text.width import width


class Board(Widget):
    """Draws the pieces that it is given; moving the cursor is the App's business."""

    ALLOW_SELECT = False

    class Pointed(Message):
        """A cell was clicked: which matrix, which row and column."""

        def __init__(self, key: str, row: int, column: int) -> None:
            super().__init__()
            self.key, self.row, self.column = key, row, column

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._over: tuple[str, int, int] | None = None
        self.badges: Badges = {}
        self._pieces: tuple[Piece, ...] = ()
        self._drawing = AUTO
        self._ascii = False
        self.typed: str | None = None  # what is being typed for the cell under the cursor
        self._arranged = Arrangement((), (), 0)
        self._room: tuple[int, int, Drawing] = (0, 0, AUTO)  # for which they were arranged
        self._grids: list[Grid] = []
        self._windows: dict[str, Window] = {}

    def show(self, pieces: tuple[Piece, ...], drawing: Drawing, ascii_only: bool) -> None:
        """Draw these matrices from now on."""
        self._pieces, self._drawing, self._ascii = pieces, drawing, ascii_only
        self._lay_out()
        self.refresh()

    def show_typed(self, text: str | None) -> None:
        """Draw this in the cell under the cursor, as it is typed."""
        if text != self.typed:
            self.typed = text
            self.refresh()

    def on_resize(self) -> None:
        """Arrange them anew, if that was not done for a first look at them."""
        if self._room != self._size_now():
            self._lay_out()
            self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines that are seen. A widget is drawn in its size before it hears that it has it."""
        if self._room != self._size_now():
            self._lay_out()
        return super().render_lines(crop)

    def _size_now(self) -> tuple[int, int, Drawing]:
        return max(8, self.size.width - 2), max(3, self.size.height), self._drawing

    def _lay_out(self) -> None:
        grids = [grid for piece in self._pieces for grid in piece.grids]
        room = self._size_now()
        held = again(self._arranged, self._grids, grids, self._drawing) if self._room == room else None
        self._arranged = held or arrange(self._pieces, *room)
        self._room, self._grids = room, grids
        for placed in self._arranged.placed:
            window = self._windows.setdefault(placed.grid.key, Window())
            window.follow(placed)

    @property
    def placed(self) -> tuple[Placed, ...]:
        """The matrices that are seen, at their places."""
        return self._arranged.placed

    def window(self, key: str) -> Window:
        """Where a matrix is scrolled to."""
        return self._windows.setdefault(key, Window())

    def render_line(self, y: int) -> Strip:
        """One line of all matrices that cross it."""
        palette = palette_of(self)
        ground = role(palette, "", paper=palette.paper)
        parts: list[tuple[int, int, list[Segment]]] = []
        for placed in self._arranged.placed:
            if placed.y <= y < placed.y + placed.height:
                parts.append((placed.x, placed.width, self._line(placed, y - placed.y)))
        sign = role(palette, "strong", paper=palette.paper)
        parts += [(x, width(text), [Segment(_spelled(text), sign)]) for x, sy, text in self._arranged.signs if sy == y]
        found = _joined(sorted(parts, key=lambda part: part[0]), self.size.width, ground)
        return badged(found, self.badges.get(y), palette)

    def spots(self, most: int) -> Iterator[tuple[int, int, str, int, int]]:
        """Where the cells stand that are seen, at most so many: column, line, key of the matrix, row and column."""
        for placed in self._arranged.placed:
            window = self.window(placed.grid.key)
            for row in range(window.row, min(window.row + placed.rows, placed.grid.height)):
                for column in range(window.column, min(window.column + placed.columns, placed.grid.breadth)):
                    if most == 0:
                        return
                    most -= 1
                    x = 1 + placed.x + placed.label + (column - window.column) * placed.cell
                    yield x, placed.y + placed.top + row - window.row, placed.grid.key, row, column

    def _line(self, placed: Placed, y: int) -> list[Segment]:
        palette, window = palette_of(self), self.window(placed.grid.key)
        if y < placed.top:
            return heading_line(placed, y, window, palette)
        row = y - placed.top
        if row < min(placed.rows, placed.grid.height - window.row):
            return number_line(placed, window.row + row, window, palette, self._ascii, self.typed)
        return rest_line(placed, palette)

    def _found(self, x: int, y: int) -> Placed | None:
        for placed in self._arranged.placed:
            if placed.x <= x < placed.x + placed.width and placed.y <= y < placed.y + placed.height:
                return placed
        return None

    def on_click(self, event: Click) -> None:
        """Say which cell was clicked."""
        cell = self._cell(event.x - 1, event.y)
        if cell is not None:
            self.post_message(self.Pointed(*cell))

    def on_mouse_move(self, event: MouseMove) -> None:
        """Say which cell the mouse is over, once."""
        self._hover(self._cell(event.x - 1, event.y))

    def on_leave(self, event: Leave) -> None:
        """The mouse is gone."""
        self._hover(None)

    def _hover(self, cell: tuple[str, int, int] | None) -> None:
        if cell != self._over:
            self._over = cell
            self.post_message(Hover(self, None if cell is None else f"at:{cell[1]}:{cell[2]}:{cell[0]}"))

    def _cell(self, x: int, y: int) -> tuple[str, int, int] | None:
        """The key of the matrix, the row and the column at a place."""
        placed = self._found(x, y)
        if placed is None:
            return None
        window = self.window(placed.grid.key)
        row = window.row + y - placed.y - placed.top
        column = window.column + (x - placed.x - placed.label) // placed.cell
        if 0 <= row < placed.grid.height and 0 <= column < placed.grid.breadth and x >= placed.x + placed.label:
            return placed.grid.key, row, column
        return None

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Scroll the matrix under the mouse."""
        self.wheel(event.x, event.y, 3, sideways=event.shift or event.ctrl)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Scroll the matrix under the mouse."""
        self.wheel(event.x, event.y, -3, sideways=event.shift or event.ctrl)

    def wheel(self, x: int, y: int, by: int, sideways: bool = False) -> None:
        """Scroll the matrix at this place by so many rows or columns, and with it those that are compared with it."""
        found = self._found(x - 1, y)
        if found is None:
            return
        for placed in self.placed:
            if placed is found or (found.grid.group and placed.grid.group == found.grid.group):
                self.window(placed.grid.key).scroll(placed, 0 if sideways else by, by if sideways else 0)
        self.refresh()


def _spelled(sign: str) -> str:
    """A sign in its own width, where symbols are spelled out as well: ``>`` is what is left of an arrow."""
    return plain(sign)[-width(sign) :]


def _joined(parts: list[tuple[int, int, list[Segment]]], cells: int, ground: Style) -> Strip:
    """Parts at their columns as one line, one cell in from the left."""
    segments = [Segment(" ", ground)]
    at = 1
    for x, wide, found in parts:
        if x + 1 > at:
            segments.append(Segment(" " * (x + 1 - at), ground))
            at = x + 1
        segments.extend(Strip(found).adjust_cell_length(wide, ground))
        at += wide
    return Strip(segments, at).adjust_cell_length(cells, ground)
