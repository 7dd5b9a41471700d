"""The help: every key and every command, made from their declarations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.events import Key
from textual.widgets import Input

from tfstep.commands.language.registry import in_groups
from tfstep.faces.tui.keys.bindings import ENTER
from tfstep.faces.tui.keys.own import keys_file
from tfstep.faces.tui.state.action import Action, every_key
from tfstep.faces.tui.state.screen_state import ScreenState
from tfstep.faces.tui.style.legend import COLOURS, SIGNS, Meaning, sample
from tfstep.faces.tui.widgets.drawn import Drawn, panel
from tfstep.faces.tui.widgets.footer import legend
from tfstep.faces.tui.widgets.over import Over
from tfstep.session.results import GROUPS
from tfstep.text import Bilingual, language
from tfstep.view.cell.purpose import purpose
from tfstep.view.text import width
from tfstep.view.text.spans import Line, Span, folded, line, line_width
from tfstep.view.text.width import left


def help_lines(cells: int, actions: Sequence[Action], state: ScreenState | None = None) -> list[Line]:
    """The help in lines of so many cells: what is looked at first, then all keys, then all commands."""
    lines = [*_here(state, cells), line(Span(str(Bilingual("All keys", "全部按键")), "accent")), ()]
    for shown, text in every_key(actions, language()):
        lines += _entry("  ".join(shown), text, 14, cells)
    lines += [(), *(line(Span(part, "dim")) for part in width.wrap(_own(), cells))]
    lines += [(), line(Span(str(Bilingual("Colours and signs", "颜色与符号")), "accent")), ()]
    for each in (*COLOURS, *SIGNS):
        lines += _entry(sample(each).text, _meaning(each), 14, cells, sample(each).role)
    for group, commands in in_groups():
        if commands:
            lines += [(), line(Span(str(GROUPS[group]), "accent")), ()]
        for command in commands:
            short = f"  ({', '.join(command.aliases)})" if command.aliases else ""
            lines += _entry(command.usage + short, str(command.about), 32, cells)
    return lines


def _meaning(each: Meaning) -> str:
    return str(each.means) if each.colour is None else f"{each.colour}{Bilingual(': ', '：')}{each.means}"


def _own() -> str:
    text = Bilingual(
        'Keys of your own: in {file} a line each, what another key does (x = "n"), a command ("ctrl+g" = "goto loss"), '
        'or nothing (q = "").',
        '自定义按键：在 {file} 中每行写一个，可以是另一个键的作用（x = "n"）、一条命令（"ctrl+g" = "goto loss"），'
        '或留空取消（q = ""）。',
        file=keys_file(),
    )
    return str(text)


def _here(state: ScreenState | None, cells: int) -> list[Line]:
    """What the present step is, and the keys that do something here, with what that is."""
    if state is None:
        return []
    tensor = state.session.trace[state.frame.subject]
    lines = [line(Span(tensor.path, "accent"), Span(f"  {tensor.formula or ''}", "strong"))]
    if text := str(purpose(tensor)):
        lines += [line(Span(part)) for part in width.wrap(text, cells)]
    lines.append(())
    for action in state.actions:
        does = action.here(state) if action.shown else None
        if does is not None:
            lines += _entry(action.shown, str(does), 8, cells)
    return [*lines, ()]


def _entry(name: str, text: str, column: int, cells: int, role: str = "key") -> list[Line]:
    column = min(column, cells // 2)
    parts = width.wrap(text, cells - column - 2)
    if width.width(name) > column:
        return [line(Span(name, role)), *(line(" " * (column + 2), Span(part)) for part in parts)]
    first = line(Span(name, role), Span(left("", column + 2 - width.width(name))), Span(parts[0]))
    return [first, *(line(" " * (column + 2), Span(part)) for part in parts[1:])]


def room(columns: int) -> int:
    """The cells that a line of the panel has, on a screen of so many columns, before the panel is there."""
    return max(
        20, min(columns * 9 // 10, 104) - 6
    )  # as app.tcss has it: padding, a scroll bar; and the indent of Drawn


def fitted(lines: Iterable[Line], cells: int) -> list[Line]:
    """Lines of so many cells: what is longer goes on in the next."""
    short = ([each] if line_width(each) <= cells else folded(each, cells, 4) for each in lines)
    return [part for parts in short for part in parts]


_SCROLLED = {"down", "j", "up", "k", "pagedown", "space", "pageup", "home", "end"}
OWN = _SCROLLED | {"escape", "q", "question_mark", "enter", "ctrl+j", "slash", "n", "N"}  # keys of a page


class Pages(Over):
    """Lines in a panel over everything, to be scrolled and searched. Escape closes it, and so do q, ? and Enter; a key
    that does nothing in it closes it and does what it does."""

    part = "#page-search"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(f"escape,q,question_mark,{ENTER}", "leave", show=False),
        Binding("down,j", "scroll_by(1)", show=False),
        Binding("up,k", "scroll_by(-1)", show=False),
        Binding("pagedown,space", "scroll_by(15)", show=False),
        Binding("pageup", "scroll_by(-15)", show=False),
        Binding("slash", "search", show=False),
        Binding("n", "find(1)", show=False),
        Binding("N", "find(-1)", show=False),
    ]

    def __init__(self, made: Callable[[int], list[Line]]) -> None:
        """``made`` gives the lines, for so many cells."""
        super().__init__()
        self._made = made
        self._sought = ""

    def compose(self) -> ComposeResult:
        """The panel."""
        with VerticalScroll(id="pages"):
            page = Drawn(id="page")
            page.ground = "panel"
            yield page
        sought = Input(placeholder=str(Bilingual("type to find", "输入文字以查找")), id="page-search", compact=True)
        sought.display = False
        yield sought
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
        lines = self._made(cells)
        page.styles.height = len(lines)
        page.show(lines)
        most = max(3, self.size.height * 9 // 10)
        tall = len(lines) + 2 > most - 1
        self.query_one("#pages", VerticalScroll).styles.max_height = most - 1
        scroll = [("↑ ↓", Bilingual("scroll", "滚动")), ("Space", Bilingual("on", "翻页"))] if tall else []
        find = [("/", Bilingual("find", "查找"))] if tall else []
        more = [("n N", Bilingual("next, before", "下一处、上一处"))] if self._sought else []
        keys = [*scroll, *find, *more, ("Esc", Bilingual("close", "关闭"))]
        self.query_one("#page-keys", Drawn).show([legend(keys)])

    def on_key(self, event: Key) -> None:
        """What has nothing to do here is the screen's."""
        searching = self.query_one("#page-search", Input).display
        if searching and event.key == "escape":
            self._end_search()
            event.stop()
            event.prevent_default()
        elif not searching and (event.key not in OWN or (event.key in ("n", "N") and not self._sought)):
            event.stop()
            event.prevent_default()
            self.dismiss(event.key)

    def action_search(self) -> None:
        """Ask what to find."""
        sought = self.query_one("#page-search", Input)
        sought.display = True
        self.set_focus(sought)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Go to the first line with what was typed in it."""
        event.stop()
        self._sought = event.value.strip().lower()
        self.query_one("#page", Drawn).lit = None
        self.action_find(1)

    def on_input_submitted(self) -> None:
        """It is found: the keys are the page's again."""
        self._end_search()

    def _end_search(self) -> None:
        self.query_one("#page-search", Input).display = False
        self.set_focus(None)
        self._fill()

    def action_find(self, by: int) -> None:
        """The next line with what is sought in it, or the one before."""
        page = self.query_one("#page", Drawn)
        found = [y for y, each in enumerate(page.texts) if self._sought and self._sought in each.lower()]
        if not found:
            page.lit = None
            return
        here = -1 if page.lit is None else page.lit
        ahead = [y for y in found if y > here] if by > 0 else [y for y in reversed(found) if y < here]
        page.lit = ahead[0] if ahead else found[0 if by > 0 else -1]
        self.query_one("#pages", VerticalScroll).scroll_to(y=max(0, page.lit - 3), animate=False)

    def action_leave(self) -> None:
        """Close it."""
        self.dismiss()

    def action_scroll_by(self, lines: int) -> None:
        """Scroll."""
        self.query_one("#pages", VerticalScroll).scroll_relative(y=lines, animate=False)
