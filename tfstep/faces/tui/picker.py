"""The first screen: which lesson or scenario to open. What is typed narrows the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.filter import LineFilter, NoColor
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tfstep.faces.tui.palette import DARK, theme_of
from tfstep.text import Text
from tfstep.view.symbols import plain
from tfstep.view.width import left, width


@dataclass(frozen=True)
class Offer:
    """One thing to open: what it is (``lesson`` or ``scenario``), its name, its title, and a word more."""

    kind: str
    name: str
    title: str
    note: str = ""

    @property
    def words(self) -> str:
        """Everything that a search finds it by."""
        return f"{self.name} {self.title} {self.note}".lower()


class Picker(App[Offer]):
    """A list to choose from; returns what was chosen, or None."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { background: $background; }
    #title { height: 1; padding: 0 1; background: $tf-bar; text-style: bold; }
    #search { height: 1; border: none; padding: 0 1; background: $surface; }
    #search:focus { border: none; }
    #offers { height: 1fr; border: none; background: $background; padding: 0 1; }
    #offers:focus { border: none; }
    #footer { height: 1; padding: 0 1; color: $text-muted; }
    """
    BINDINGS: ClassVar = [
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
        Binding("escape,ctrl+c,ctrl+q", "leave", show=False, priority=True),
    ]

    def __init__(self, offers: Sequence[Offer], colour: bool = True) -> None:
        super().__init__()
        self.offers, self.colour = offers, colour
        self.found: list[Offer] = []
        self.register_theme(theme_of(DARK))
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        """Title, search, list, footer."""
        yield Static(
            f" tfstep  {Text('choose a lesson or a scenario', '选择一门课程或一个场景')}", id="title", markup=False
        )
        yield Input(placeholder=str(Text("type to search", "输入文字以查找")), id="search", compact=True)
        yield OptionList(id="offers")
        keys = Text("Enter open   ↑ ↓ move   Esc quit", "回车 打开   ↑ ↓ 移动   Esc 退出")
        yield Static(plain(str(keys)), id="footer", markup=False)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without colour, none at all."""
        return super().get_line_filters() if self.colour else [NoColor()]

    def on_mount(self) -> None:
        """Show all of them."""
        self._show("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show those that have all the words."""
        self._show(event.value)

    def on_input_submitted(self) -> None:
        """Enter opens what is highlighted."""
        at = self.query_one("#offers", OptionList).highlighted
        if at is not None:
            self._open(at)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click opens too."""
        self._open(event.option_index)

    def action_move(self, by: int) -> None:
        """Up or down the list, over headings."""
        offers = self.query_one("#offers", OptionList)
        for _ in range(abs(by)):
            (offers.action_cursor_down if by > 0 else offers.action_cursor_up)()

    def action_leave(self) -> None:
        """Nothing is chosen."""
        self.exit(None)

    def _open(self, at: int) -> None:
        option = self.query_one("#offers", OptionList).get_option_at_index(at)
        self.exit(next(each for each in self.found if _id(each) == option.id))

    def _show(self, search: str) -> None:
        words = search.lower().split()
        self.found = [each for each in self.offers if all(word in each.words for word in words)]
        offers = self.query_one("#offers", OptionList)
        offers.clear_options()
        wide = max((width(each.name) for each in self.found), default=0)
        titled = max((width(each.title) for each in self.found), default=0)
        titles = {"lesson": Text("lessons", "课程"), "scenario": Text("scenarios", "场景")}
        for kind, title in titles.items():
            group = [each for each in self.found if each.kind == kind]
            if group:
                offers.add_option(Option(Content.styled(str(title), "bold"), disabled=True))
            for each in group:
                text = plain(f"  {left(each.name, wide)}  {left(each.title, titled)}  ")
                offers.add_option(Option(Content.assemble(text, (plain(each.note), "dim")), id=_id(each)))
        if self.found:
            offers.highlighted = 1


def _id(offer: Offer) -> str:
    return f"{offer.kind}-{offer.name}"


def pick(offers: Sequence[Offer], colour: bool = True) -> Offer | None:
    """Let the user choose one; None if they leave."""
    return Picker(offers, colour).run()
