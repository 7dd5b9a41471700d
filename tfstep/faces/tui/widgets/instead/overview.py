"""An overview in the place of the step: walked with the arrows, each cell gone to or asked why."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Key
from textual.filter import NoColor

from tfstep.faces.tui.keys.bindings import ENTER
from tfstep.faces.tui.widgets.drawn import Drawn, palette_of
from tfstep.faces.tui.widgets.footer import legend
from tfstep.faces.tui.widgets.over import Over
from tfstep.text import Bilingual
from tfstep.view.overview.draw import Place, drawn
from tfstep.view.overview.tables import Overview
from tfstep.view.text.number import plain
from tfstep.view.text.spans import Line, Span, clipped, line

KEYS = (
    ("Enter", Bilingual("go there", "前往")),
    ("W", Bilingual("why", "为何")),
    ("Tab", Bilingual("next table", "下一张")),
    ("Esc", Bilingual("close", "关闭")),
)


class Seen(Over):
    """Walks an overview; ``take`` goes to a cell, ``ask`` tells its story. Other keys are the screen's."""

    BINDINGS: ClassVar = [
        Binding("down,j", "move(1,0)", show=False, priority=True),
        Binding("up,k", "move(-1,0)", show=False, priority=True),
        Binding("right,l", "move(0,1)", show=False, priority=True),
        Binding("left,h", "move(0,-1)", show=False, priority=True),
        Binding("tab,right_square_bracket", "turn(1)", show=False, priority=True),
        Binding("shift+tab,left_square_bracket", "turn(-1)", show=False, priority=True),
        Binding(ENTER, "take", show=False, priority=True),
        Binding("W", "ask", show=False, priority=True),
        Binding("escape,q", "leave", show=False, priority=True),
    ]

    def __init__(self, found: Overview, take: Callable[[str], None], ask: Callable[[str], None], at: Place) -> None:
        super().__init__()
        self.found, self._take, self._ask, self.at = found, take, ask, at

    def compose(self) -> ComposeResult:
        """The tables."""
        yield Drawn(id="overview")

    def on_mount(self) -> None:
        """Draw them."""
        self._draw()

    def on_resize(self) -> None:
        """Draw them anew, once the screen beneath is laid out."""
        self.call_after_refresh(self._draw)

    @property
    def cell(self) -> str | None:
        """The cell of the run that the cursor stands for."""
        table, row, column = self.at
        return self.found.tables[table].cells[row][column]

    def action_move(self, rows: int, columns: int) -> None:
        """Within the table; at its edge the cursor stays."""
        k, row, column = self.at
        height, breadth = self.found.tables[k].values.shape
        self.at = (k, max(0, min(row + rows, height - 1)), max(0, min(column + columns, breadth - 1)))
        self._draw()

    def action_turn(self, by: int) -> None:
        """To the next table."""
        k = (self.at[0] + by) % len(self.found.tables)
        height, breadth = self.found.tables[k].values.shape
        self.at = (k, min(self.at[1], height - 1), min(self.at[2], breadth - 1))
        self._draw()

    def action_take(self) -> None:
        """Go to the cell."""
        if (cell := self.cell) is not None:
            self.dismiss()
            self._take(cell)

    def action_ask(self) -> None:
        """Why it is what it is."""
        if (cell := self.cell) is not None:
            self.dismiss()
            self._ask(cell)

    def action_leave(self) -> None:
        """Close it."""
        self.dismiss()

    def on_key(self, event: Key) -> None:
        """A key of the screen leaves, and does what it does."""
        event.stop()
        self.dismiss(event.key)

    def _draw(self) -> None:
        if not self.query("#overview"):  # closed before it was seen
            return
        place = self.app.query_one("#step").region
        shown = self.query_one("#overview", Drawn)
        shown.styles.offset = place.offset
        shown.styles.width, shown.styles.height = place.width, place.height
        cells, room = place.width - 2, max(1, place.height - 5)
        bare = palette_of(self).named or any(isinstance(each, NoColor) for each in self.app.get_line_filters())
        lines: list[Line] = drawn(self.found, self.at, cells, room, bare)
        lines += [()] * (room - len(lines))
        title = line(Span(str(self.found.title), "accent"))
        shown.show([(), clipped(title, cells), (), *lines, clipped(self._told(), cells), clipped(legend(KEYS), cells)])

    def _told(self) -> Line:
        """The cell under the cursor, in words and in numbers."""
        k, row, column = self.at
        table = self.found.tables[k]
        value = float(table.values[row, column])
        said = table.said[row][column] if table.said else plain(value, sign=False) if value == value else "-"
        between = " → " if self.found.dense else "  "
        where = f"{table.title}  " if table.title else ""
        where += f"{table.rows[row]}{between}{table.columns[column]}"
        return line(Span(where, "name"), "  ", Span(said, "strong"), Span(f"  {self.cell or ''}", "dim"))
