"""The first screen: which lesson or scenario to open. What is typed narrows the list; beside it stands what each is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.filter import LineFilter, NoColor
from textual.timer import Timer
from textual.widgets import Input

from tfstep.faces.ending import on_screen
from tfstep.faces.tui.style.palette import DARK, THEMES, theme_of
from tfstep.faces.tui.widgets.board import Board
from tfstep.faces.tui.widgets.drawn import Drawn
from tfstep.faces.tui.widgets.footer import legend
from tfstep.faces.tui.widgets.fuzzy import best
from tfstep.faces.tui.widgets.preview import Offer, Sight, pieces, sight, told
from tfstep.text import Bilingual, language, set_language
from tfstep.view.text.spans import Line, Span, clipped, line
from tfstep.view.text.symbols import is_ascii
from tfstep.view.text.width import left, width

BESIDE = 76  # columns from which there is room for the preview
PREVIEW = 44  # columns that the preview keeps
TITLE = 22  # cells that a title needs beside its name
STILL = 0.15  # seconds for which one must stay on a line until its scenario is loaded
GROUPS = {"lesson": Bilingual("lessons", "课程"), "scenario": Bilingual("scenarios", "场景")}
KINDS = {"lesson": Bilingual("lesson", "课程"), "scenario": Bilingual("scenario", "场景")}


class Picker(App[Offer]):
    """A list to choose from; returns what was chosen, or None."""

    CSS_PATH = "picker.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = [
        Binding("down,tab", "move(1)", show=False, priority=True),
        Binding("up,shift+tab", "move(-1)", show=False, priority=True),
        Binding("ctrl+j", "take", show=False, priority=True),  # Enter, typed before the screen was there
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
        Binding("ctrl+l", "language", show=False, priority=True),
        Binding("ctrl+t", "theme", show=False, priority=True),
        Binding("escape", "clear", show=False, priority=True),
        Binding("ctrl+c,ctrl+q", "leave", show=False, priority=True),
    ]

    def __init__(self, offers: Sequence[Offer], colour: bool = True, at: Offer | None = None) -> None:
        """``at`` is the offer to begin on: the one that was opened before."""
        super().__init__()
        self.offers, self.colour = offers, colour
        self.found: list[Offer] = list(offers)
        self.at = next((k for k, each in enumerate(offers) if at and (each.kind, each.name) == (at.kind, at.name)), 0)
        self._first = 0
        self._seen: dict[str, Sight | None] = {}
        self._timer: Timer | None = None
        for palette in THEMES.values():
            self.register_theme(theme_of(palette))
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        """Title, search, the list beside its preview, footer."""
        yield Drawn(id="title")
        yield Input(placeholder=str(Bilingual("type to search", "输入文字以查找")), id="search", compact=True)
        with Horizontal(id="body"):
            yield Drawn(id="offers")
            with Vertical(id="preview"):
                yield Drawn(id="about")
                yield Board(id="matrix")
        yield Drawn(id="footer")

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without colour, none at all."""
        return super().get_line_filters() if self.colour else [NoColor()]

    def on_mount(self) -> None:
        """Show all of them."""
        on_screen(self)
        self.query_one("#title", Drawn).ground = "bar"
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        """Divide the screen anew."""
        self.call_after_refresh(self._draw)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show those that fit, the best first."""
        fitting = best(event.value, ((each, each.name, each.words) for each in self.offers))
        self.found = fitting if event.value.strip() else list(self.offers)
        self.at = self._first = 0
        self._draw()

    def on_input_submitted(self) -> None:
        """Enter opens what is lit."""
        self.action_take()

    def action_take(self) -> None:
        """Open what is lit."""
        if self.found:
            self.exit(self.found[self.at])

    def on_click(self, event: Click) -> None:
        """A click lights a line, another on it opens it."""
        place = self.query_one("#offers", Drawn).region
        rows = self._rows()
        k = self._first + event.screen_y - place.y
        if not place.contains(event.screen_x, event.screen_y) or k >= len(rows):
            return
        chosen = rows[k]
        if isinstance(chosen, int):
            if chosen == self.at:
                self.exit(self.found[chosen])
            self.at = chosen
            self._draw()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Further down."""
        self.action_move(3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Further up."""
        self.action_move(-3)

    def action_move(self, by: int) -> None:
        """Up or down the list."""
        if self.found:
            self.at = max(0, min(self.at + by, len(self.found) - 1))
            self._draw()

    def action_language(self) -> None:
        """English or Chinese."""
        set_language("zh" if language() == "en" else "en")
        self.query_one(Input).placeholder = str(Bilingual("type to search", "输入文字以查找"))
        self._draw()

    def action_theme(self) -> None:
        """The next theme."""
        names = list(THEMES)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        for widget in self.query("*"):
            widget.refresh()

    def action_clear(self) -> None:
        """Escape: what was searched for is dropped; without a search, nothing is chosen."""
        search = self.query_one(Input)
        if search.value:
            search.value = ""
        else:
            self.exit(None)

    def action_leave(self) -> None:
        """Nothing is chosen."""
        self.exit(None)

    # -- drawing -----------------------------------------------------------------------------------

    def _rows(self) -> list[str | int]:
        """The lines of the list: a heading, or the number of an offer; found ones by how well they fit."""
        if self.query_one(Input).value.strip():
            return list(range(len(self.found)))
        rows: list[str | int] = []
        for kind, title in GROUPS.items():
            group: list[str | int] = [k for k, each in enumerate(self.found) if each.kind == kind]
            rows += [str(title), *group] if group else []
        return rows

    def _draw(self) -> None:
        if not self.is_running:
            return
        cells = self.size.width
        choose = Bilingual("choose a lesson or a scenario", "选择一门课程或一个场景")
        self.query_one("#title", Drawn).show([line(Span("tfstep", "accent"), Span(f"  {choose}", "strong"))])
        beside = cells >= BESIDE
        self.query_one("#preview").display = beside
        offers = self.query_one("#offers", Drawn)
        list_cells = self._list_cells()
        offers.styles.width = list_cells
        rows, room = self._rows(), max(1, offers.size.height)
        here = rows.index(self.at) if self.at in rows else 0
        self._first = max(0, min(self._first, len(rows) - room))
        self._first = min(max(0, here - 1), max(self._first, here - room + 1))
        part = rows[self._first : self._first + room]
        room_for = list_cells - 2
        names = max((width(each.name) for each in self.found), default=0)
        names = names if room_for - names > TITLE else 0  # else the title alone: the preview has the name
        nothing = line(Span(str(Bilingual("nothing fits", "没有匹配的项")), "dim"))
        offers.show([clipped(self._line(row, names), room_for) for row in part] or [nothing])
        offers.lit = here - self._first if self.found else None
        self.query_one("#footer", Drawn).show([_keys(bool(self.query_one(Input).value))])
        self._preview()

    def _list_cells(self) -> int:
        """The cells of the list: as many as its titles need, as far as the preview keeps its own."""
        cells = self.size.width
        if cells < BESIDE:
            return cells
        names = max((width(each.name) for each in self.offers), default=0)
        titles = max((width(str(each.title)) for each in self.offers), default=0)
        return max(cells * 9 // 20, min(names + titles + 8, cells - PREVIEW))

    def _line(self, row: str | int, names: int) -> Line:
        if isinstance(row, str):
            return line(Span(row, "key"))
        offer = self.found[row]
        kind = left(str(KINDS[offer.kind]), 10) if self.query_one(Input).value.strip() else ""
        return line(
            Span("✓ " if offer.done else "  ", "good"),
            Span(kind, "dim"),
            *((Span(left(offer.name, names), "strong"), Span("  ")) if names else ()),
            Span(str(offer.title)),
        )

    def _preview(self) -> None:
        """What is lit, at once as far as it is known; its scenario once one stays there."""
        if self._timer is not None:
            self._timer.stop()
        panel, board = self.query_one("#about", Drawn), self.query_one("#matrix", Board)
        if not self.found or not self.query_one("#preview").display:
            panel.show([])
            board.display = False
            return
        offer = self.found[self.at]
        name = offer.scenario or offer.name
        known = self._seen.get(name)
        cells = max(10, self.size.width - self._list_cells() - 2)
        lines = told(offer, known, cells)
        panel.styles.height = len(lines)
        panel.show(lines)
        board.display = known is not None
        if known is not None:
            board.show(pieces(known, cells), known.frame.drawing, is_ascii())
        elif name not in self._seen:
            self._timer = self.set_timer(STILL, lambda: self._load(name))

    def _load(self, name: str) -> None:
        self.run_worker(lambda: self._loaded(name, sight(name)), thread=True, exclusive=True)

    def _loaded(self, name: str, found: Sight | None) -> None:
        """In its own thread: tell the screen."""
        if self.is_running:
            self._seen[name] = found
            self.call_from_thread(self._preview)


def _keys(searching: bool) -> Line:
    keys = (
        ("Enter", Bilingual("open", "打开")),
        ("↑ ↓", Bilingual("move", "移动")),
        ("^L", Bilingual("language", "语言")),
        ("^T", Bilingual("theme", "主题")),
        ("Esc", Bilingual("show all", "显示全部") if searching else Bilingual("quit", "退出")),
    )
    return legend(keys)


def pick(offers: Sequence[Offer], colour: bool = True, at: Offer | None = None) -> Offer | None:
    """Let the user choose one; None if they leave."""
    return Picker(offers, colour, at).run()
