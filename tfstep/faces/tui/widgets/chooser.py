"""A list to choose from, over the screen: what is typed narrows it, Enter or a click takes the lit one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.widgets import Input, Static

from tfstep.faces.tui.keys.bindings import ENTER
from tfstep.faces.tui.widgets.drawn import Drawn
from tfstep.faces.tui.widgets.footer import legend
from tfstep.faces.tui.widgets.fuzzy import best
from tfstep.faces.tui.widgets.over import Over
from tfstep.faces.tui.widgets.prompt import caught_up
from tfstep.text import Bilingual
from tfstep.view.text.spans import Line, Span, clipped, ends, line
from tfstep.view.text.width import left, width


class Choice(Struct, frozen=True):
    """One thing to choose: its name, a word on it, what choosing it does, and a sign before it (a key, a kind)."""

    name: str
    about: str
    take: Callable[[], None]
    sign: str = ""


class Chooser(Over):
    """Closes with the choice, which is then taken, or with Escape."""

    part = "Input"
    BINDINGS: ClassVar = [
        Binding("down,ctrl+n,tab", "move(1)", show=False, priority=True),
        Binding("up,ctrl+p,shift+tab", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
        Binding(ENTER, "take", show=False, priority=True),
        Binding("escape", "leave", show=False, priority=True),
    ]

    def __init__(self, title: str, choices: Sequence[Choice], aside: Sequence[Choice] = ()) -> None:
        """``aside`` are choices that are offered only once something is typed."""
        super().__init__()
        self._title, self._choices, self._aside = title, choices, aside
        self._found: list[Choice] = []
        self._at = 0
        self._first = 0

    def compose(self) -> ComposeResult:
        """Title, input, list, how many."""
        with Vertical(id="chooser"):
            yield Static(self._title, id="chooser-title", markup=False)
            yield Input(placeholder=str(Bilingual("type to find", "输入文字以查找")), id="chooser-input", compact=True)
            for name in ("chooser-list", "chooser-count"):
                drawn = Drawn(id=name)
                drawn.ground = "panel"
                yield drawn

    def on_mount(self) -> None:
        """All of them."""
        if not self.query(Input):  # closed before it was there
            return
        self.set_focus(self.query_one(Input))  # at once: the next key is its own
        self._narrow("")

    def on_resize(self) -> None:
        """As many as there is room for."""
        self.call_after_refresh(self._draw)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Those that fit what was typed."""
        event.stop()
        self._narrow(event.value)

    async def action_take(self) -> None:
        """Take the lit one, once every key before this one has been dealt with, and before the next is looked at."""
        await caught_up(self.query_one(Input), self)
        if self._found:
            take = self._found[self._at].take
            self.dismiss()
            take()

    def action_move(self, by: int) -> None:
        """Up or down, round the end by single steps."""
        if self._found:
            to = self._at + by
            last = len(self._found) - 1
            self._at = to % len(self._found) if abs(by) == 1 else max(0, min(to, last))
            self._draw()

    def action_leave(self) -> None:
        """Take none."""
        self.dismiss()

    def on_click(self, event: Click) -> None:
        """Take what was clicked; beside the panel, none."""
        where = self.query_one("#chooser-list", Drawn).region
        if where.contains(event.screen_x, event.screen_y):
            at = self._first + event.screen_y - where.y
            if 0 <= at < len(self._found):
                self.dismiss()
                self.app.call_later(self._found[at].take)
        elif not self.query_one("#chooser").region.contains(event.screen_x, event.screen_y):
            self.dismiss()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Further down."""
        self.action_move(3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Further up."""
        self.action_move(-3)

    def _narrow(self, wanted: str) -> None:
        offered = [*self._choices, *(self._aside if wanted.strip() else ())]
        self._found = best(wanted, ((each, each.name, f"{each.sign} {each.about}") for each in offered))
        self._at = self._first = 0
        self._draw()

    def _draw(self) -> None:
        if not self.query("#chooser-list"):  # closed before it was seen
            return
        shown = self.query_one("#chooser-list", Drawn)
        room = max(1, shown.size.height)
        self._first = max(0, min(self._first, len(self._found) - room))
        self._first = min(self._at, max(self._first, self._at - room + 1))
        part = self._found[self._first : self._first + room]
        signs = max((width(each.sign) for each in part), default=0)
        names = min(max((width(each.name) for each in part), default=0), shown.cells // 2)
        shown.show([self._line(each, signs, names, shown.cells) for each in part])
        shown.lit = self._at - self._first
        count = Bilingual("{n} of {of}", "{n} / {of}", n=self._at + 1 if self._found else 0, of=len(self._found))
        nothing = Bilingual("nothing fits", "没有匹配的项")
        counted = line(Span(str(count if self._found else nothing), "dim"))
        ways = legend([("Enter", Bilingual("take it", "选定")), ("Esc", Bilingual("close", "关闭"))])
        self.query_one("#chooser-count", Drawn).show([ends(counted, ways, shown.cells)])

    def _line(self, choice: Choice, signs: int, names: int, cells: int) -> Line:
        sign = [Span(left(choice.sign, signs) + "  ", "accent")] if signs else []
        name = left(choice.name, names)
        return clipped(line(*sign, Span(name, "strong"), Span(f"  {choice.about}", "dim")), cells)
