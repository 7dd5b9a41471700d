"""The story of a number as a tree in the place of the step: walked with the arrows, unfolded in place, followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Click, Key, MouseScrollDown, MouseScrollUp

from tfstep.faces.tui.keys.bindings import ENTER
from tfstep.faces.tui.widgets.drawn import Drawn
from tfstep.faces.tui.widgets.footer import legend
from tfstep.faces.tui.widgets.over import Over
from tfstep.text import Bilingual
from tfstep.view.cell.story import SHARE, Row, Story
from tfstep.view.text.spans import Line, Span, clipped, ends, line, line_width

KEYS = (
    ("→ ←", Bilingual("unfold, fold", "展开、收起")),
    ("Enter", Bilingual("go there", "前往")),
    ("Esc", Bilingual("close", "关闭")),
    ("*", Bilingual("to the inputs", "展开到输入")),
    ("↑ ↓", Bilingual("move", "移动")),
)


class Told(Over):
    """Walks a story; ``at`` is the row that is lit, ``take`` goes to the cell of a row. Other keys are the screen's."""

    BINDINGS: ClassVar = [
        Binding("down,j", "move(1)", show=False, priority=True),
        Binding("up,k", "move(-1)", show=False, priority=True),
        Binding("pagedown,space", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
        Binding("right,l", "unfold", show=False, priority=True),
        Binding("left,h", "fold", show=False, priority=True),
        Binding("asterisk", "deep", show=False, priority=True),
        Binding(ENTER, "take", show=False, priority=True),
        Binding("escape,q,W", "leave", show=False, priority=True),
    ]

    def __init__(self, story: Story, take: Callable[[str], None], at: int = 0) -> None:
        super().__init__()
        self.story, self._take, self.at = story, take, at
        self._first = 0
        self._rows: list[Row] = []

    def compose(self) -> ComposeResult:
        """The tree."""
        yield Drawn(id="story")

    def on_mount(self) -> None:
        """Draw it."""
        self._draw()

    def on_resize(self) -> None:
        """Draw it anew, once the screen beneath is laid out."""
        self.call_after_refresh(self._draw)

    @property
    def row(self) -> Row:
        """The lit one."""
        return self.story.rows()[self.at]

    def action_move(self, by: int) -> None:
        """Up or down."""
        self.at += by
        self._draw()

    def action_unfold(self) -> None:
        """What the lit row is made from; where that is seen, to the first of it."""
        if self.row.open:
            self.at += 1
        elif self.row.open is False:
            self.story.opened.add(self.row.key)
        self._draw()

    def action_fold(self) -> None:
        """Fold the lit row; where it is, to the one that it stands under."""
        row = self.row
        if row.open:
            self.story.opened.discard(row.key)
        elif row.depth:
            keys = [each.key for each in self.story.rows()]
            self.at = next(
                (keys.index(row.key[:n]) for n in range(len(row.key), 0, -1) if row.key[:n] in keys[: self.at]), 0
            )
        self._draw()

    def action_deep(self) -> None:
        """Down to the inputs along the largest share."""
        self.story.to_inputs(self.row.key)
        self._draw()

    def action_take(self) -> None:
        """Go to the cell of the lit row."""
        cell = self.row.cell
        if cell is not None:
            self.dismiss()
            self._take(cell)

    def action_leave(self) -> None:
        """Close it."""
        self.dismiss()

    def on_key(self, event: Key) -> None:
        """A key of the screen leaves, and does what it does."""
        event.stop()
        self.dismiss(event.key)

    def on_click(self, event: Click) -> None:
        """A click lights a row, another one on it unfolds or folds it; beside the tree it leaves."""
        place = self.query_one("#story", Drawn).region
        at = self._first + event.screen_y - place.y - 1
        if not place.contains(event.screen_x, event.screen_y):
            self.dismiss()
        elif 0 <= at < len(self._rows):
            if at == self.at:
                self.action_fold() if self.row.open else self.action_unfold()
            self.at = at
            self._draw()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Further down."""
        self.action_move(3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Further up."""
        self.action_move(-3)

    def _draw(self) -> None:
        if not self.query("#story"):  # closed before it was seen
            return
        place = self.app.query_one("#step").region
        drawn = self.query_one("#story", Drawn)
        drawn.styles.offset = place.offset
        drawn.styles.width, drawn.styles.height = place.width, place.height
        self._rows = self.story.rows()
        self.at = max(0, min(self.at, len(self._rows) - 1))
        cells, room = place.width - 2, max(1, place.height - 4)
        self._first = max(0, min(self._first, len(self._rows) - room))
        self._first = min(self.at, max(self._first, self.at - room + 1))
        shown: list[Line] = [self.story.drawn(row, cells) for row in self._rows[self._first : self._first + room]]
        shown += [()] * (room - len(shown))
        left = len(self._rows) - self._first - room
        more = line(Span(f"↓ {left}" if left > 0 else "", "dim"))
        drawn.show([(), *shown, clipped(ends(line(Span(str(SHARE), "dim")), more, cells), cells), _keys(cells)])
        drawn.lit = 1 + self.at - self._first


def _keys(cells: int) -> Line:
    """The keys, as many as there is room for."""
    return next((each for n in range(len(KEYS), 0, -1) if line_width(each := legend(KEYS[:n])) - 2 <= cells), ())
