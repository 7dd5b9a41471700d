"""The help: every key and every command, made from their declarations."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from tfstep.commands.registry import GROUPS, in_groups
from tfstep.faces.tui.drawn import Drawn
from tfstep.faces.tui.key import Key
from tfstep.faces.tui.keys import KEYS
from tfstep.text import Text
from tfstep.view import width
from tfstep.view.fit import left
from tfstep.view.spans import Line, Span, line


def help_lines(cells: int, keys: tuple[Key, ...] = KEYS) -> list[Line]:
    """The help in lines of so many cells."""
    lines = [line(Span(str(Text("Keys", "按键")), "accent")), ()]
    seen: dict[str, list[str]] = {}
    for key in keys:
        seen.setdefault(str(key.said), []).append(key.shown)
    for text, shown in seen.items():
        lines += _entry("  ".join(shown), text, 14, cells)
    for group, commands in in_groups():
        if commands:
            lines += [(), line(Span(str(GROUPS[group]), "accent")), ()]
        for command in commands:
            short = f"  ({', '.join(command.aliases)})" if command.aliases else ""
            lines += _entry(command.usage + short, str(command.about), 32, cells)
    return lines


def _entry(name: str, text: str, column: int, cells: int) -> list[Line]:
    column = min(column, cells // 2)
    parts = width.wrap(text, cells - column - 2)
    if width.width(name) > column:
        return [line(Span(name, "key")), *(line(" " * (column + 2), Span(part)) for part in parts)]
    first = line(Span(left(name, column + 2), "key"), Span(parts[0]))
    return [first, *(line(" " * (column + 2), Span(part)) for part in parts[1:])]


class Pages(ModalScreen[None]):
    """Lines in a panel over everything, to be scrolled; any of q, Escape, ? and Enter closes it."""

    BINDINGS = [
        Binding("escape,q,question_mark,enter", "leave", show=False),
        Binding("down,j", "scroll_by(1)", show=False),
        Binding("up,k", "scroll_by(-1)", show=False),
        Binding("pagedown,space", "scroll_by(15)", show=False),
        Binding("pageup", "scroll_by(-15)", show=False),
    ]

    def __init__(self, lines_at: list[Line] | None = None, keys: tuple[Key, ...] = KEYS) -> None:
        super().__init__()
        self._given, self._keys = lines_at, keys

    def compose(self) -> ComposeResult:
        """The panel."""
        with VerticalScroll(id="pages"):
            page = Drawn(id="page")
            page.ground = "panel"
            yield page

    def on_mount(self) -> None:
        """Fill it."""
        self._fill()

    def on_resize(self) -> None:
        """Fill it anew."""
        self._fill()

    def _fill(self) -> None:
        cells = max(20, min(self.app.size.width - 8, 100))
        lines = self._given if self._given is not None else help_lines(cells - 4, self._keys)
        page = self.query_one("#page", Drawn)
        page.styles.height = len(lines)
        page.show(lines)

    def action_leave(self) -> None:
        """Close it."""
        self.dismiss()

    def action_scroll_by(self, lines: int) -> None:
        """Scroll."""
        self.query_one("#pages", VerticalScroll).scroll_relative(y=lines, animate=False)
