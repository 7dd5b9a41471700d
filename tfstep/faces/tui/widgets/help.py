"""The help: every key and every command, made from their declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from tfstep.commands.language.registry import GROUPS, in_groups
from tfstep.faces.tui.keys.key import Key
from tfstep.faces.tui.keys.table import KEYS
from tfstep.faces.tui.widgets.drawn import Drawn, panel
from tfstep.faces.tui.widgets.footer import legend
from tfstep.text import Bilingual
from tfstep.view.text import width
from tfstep.view.text.spans import Line, Span, folded, line, line_width
from tfstep.view.text.width import left

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger


def help_lines(cells: int, keys: tuple[Key, ...] = KEYS, app: Debugger | None = None) -> list[Line]:
    """The help in lines of so many cells: what is looked at first, then all keys, then all commands."""
    lines = [*_here(app, cells), line(Span(str(Bilingual("All keys", "全部按键")), "accent")), ()]
    seen: dict[str, list[str]] = {}
    for key in keys:
        seen.setdefault(str(key.said), []).append(key.shown)
    for text, shown in seen.items():
        lines += _entry("  ".join(shown), text, 14, cells)
    lines += [(), *(line(Span(part, "dim")) for part in width.wrap(_own(), cells))]
    for group, commands in in_groups():
        if commands:
            lines += [(), line(Span(str(GROUPS[group]), "accent")), ()]
        for command in commands:
            short = f"  ({', '.join(command.aliases)})" if command.aliases else ""
            lines += _entry(command.usage + short, str(command.about), 32, cells)
    return lines


def _own() -> str:
    from tfstep.faces.tui.keys.own import keys_file

    text = Bilingual(
        'Keys of your own: in {file} a line each, what another key does (x = "n"), a command ("ctrl+g" = "goto loss"), '
        'or nothing (q = "").',
        '自定义按键：在 {file} 中每行写一个，可以是另一个键的作用（x = "n"）、一条命令（"ctrl+g" = "goto loss"），'
        '或留空取消（q = ""）。',
        file=keys_file(),
    )
    return str(text)


def _here(app: Debugger | None, cells: int) -> list[Line]:
    if app is None:
        return []
    from tfstep.faces.tui.keys.context_help import context_help, keys_here

    lines = [*context_help(app, cells), ()]
    for shown, text in keys_here(app):
        lines += _entry(shown, text, 8, cells)
    return [*lines, ()]


def _entry(name: str, text: str, column: int, cells: int) -> list[Line]:
    column = min(column, cells // 2)
    parts = width.wrap(text, cells - column - 2)
    if width.width(name) > column:
        return [line(Span(name, "key")), *(line(" " * (column + 2), Span(part)) for part in parts)]
    first = line(Span(left(name, column + 2), "key"), Span(parts[0]))
    return [first, *(line(" " * (column + 2), Span(part)) for part in parts[1:])]


def room(columns: int) -> int:
    """The cells that a line of the panel has, on a screen of so many columns, before the panel is there."""
    return max(
        20, min(columns * 9 // 10, 104) - 6
    )  # as app.tcss has it: padding, a scroll bar; and the indent of Drawn


class Pages(ModalScreen[None]):
    """Lines in a panel over everything, to be scrolled; any of q, Escape, ? and Enter closes it."""

    BINDINGS = [
        Binding("escape,q,question_mark,enter", "leave", show=False),
        Binding("down,j", "scroll_by(1)", show=False),
        Binding("up,k", "scroll_by(-1)", show=False),
        Binding("pagedown,space", "scroll_by(15)", show=False),
        Binding("pageup", "scroll_by(-15)", show=False),
    ]

    def __init__(
        self, lines_at: list[Line] | None = None, keys: tuple[Key, ...] = KEYS, app: Debugger | None = None
    ) -> None:
        """The lines that are given; without any, the help, of what ``app`` looks at first."""
        super().__init__()
        self._given, self._keys, self._of = lines_at, keys, app

    def compose(self) -> ComposeResult:
        """The panel."""
        with VerticalScroll(id="pages"):
            page = Drawn(id="page")
            page.ground = "panel"
            yield page
        keys = panel("page-keys", "bar")
        keys.indent = 3
        yield keys

    def on_mount(self) -> None:
        """Fill it, once it is known how wide it is."""
        self._fill()
        self.call_after_refresh(self._fill)

    def on_resize(self) -> None:
        """Fill it anew."""
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        if not self.query("#page"):  # closed before it was seen
            return
        page = self.query_one("#page", Drawn)
        cells = page.cells if page.size.width else 70
        if self._given is None:
            lines = help_lines(cells, self._keys, self._of)
        else:
            short = ([each] if line_width(each) <= cells else folded(each, cells, 4) for each in self._given)
            lines = [part for parts in short for part in parts]
        page.styles.height = len(lines)
        page.show(lines)
        most = max(3, self.size.height * 9 // 10)
        tall = len(lines) + 2 > most - 1
        self.query_one("#pages", VerticalScroll).styles.max_height = most - 1
        scroll = [("↑ ↓", Bilingual("scroll", "滚动")), ("Space", Bilingual("on", "翻页"))] if tall else []
        self.query_one("#page-keys", Drawn).show([legend((*scroll, ("Esc", Bilingual("close", "关闭"))))])

    def action_leave(self) -> None:
        """Close it."""
        self.dismiss()

    def action_scroll_by(self, lines: int) -> None:
        """Scroll."""
        self.query_one("#pages", VerticalScroll).scroll_relative(y=lines, animate=False)
