"""What an action may ask of the screen; the rest it does to the state."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from msgspec import Struct

from tfstep.errors import TfstepError
from tfstep.faces.tui.state.action import Action
from tfstep.faces.tui.state.screen_state import ScreenState, Spot
from tfstep.session.results import Result
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from textual.screen import ModalScreen

T = TypeVar("T")
Candidate = tuple[str, int, str]  # the text, how many characters at the end it replaces, a word on it
Complete = Callable[[str], list[Candidate]]  # of the line so far


def nothing(before: str) -> list[Candidate]:
    """No way to go on."""
    return []


class Question(Struct, frozen=True, eq=False):
    """What the prompt asks: of which kind, with which sign before it and which text in it; earlier answers, and how a
    line may go on."""

    kind: str
    sign: str
    text: str = ""
    history: list[str] | None = None
    complete: Complete = nothing


class Screen(Protocol):
    """What an action may ask of the screen."""

    def perform(self, command: str, refused: Callable[[TfstepError], None] | None = None) -> None:
        """Run one line and show what came of it; an error is a message, or what ``refused`` does with it."""

    def conclude(self, came: Result | TfstepError) -> None:
        """Show what came of a command."""

    def redraw(self) -> None:
        """Show the state as it is now."""

    def press(self, action: Action) -> None:
        """Do what an action does, or say why it can do nothing."""

    def ask(self, question: Question) -> None:
        """Let something be typed; the screen gives it to `asking.answered`."""

    def ask_again(self, text: str) -> None:
        """Ask the same once more, with what was typed."""

    def open(self, popup: ModalScreen[str]) -> None:
        """Show something over the screen; where it closes with a key, that key is pressed."""

    def beside(self, name: str, work: Callable[[], T], then: Callable[[T | TfstepError], None]) -> None:
        """Do some work beside the screen under this name, and tell ``then`` what came of it."""

    def waits(self) -> bool:
        """Whether something runs that has to end first; then that is told."""

    def stop(self) -> None:
        """Stop what runs beside the screen."""

    def spots(self) -> list[Spot]:
        """Everything that one can go to, as it stands on the screen now."""

    def drawn_as_svg(self, title: str) -> str:
        """The screen as a picture."""

    def next_theme(self) -> str:
        """Other colours; returns what they are called."""

    def to_shell(self) -> None:
        """Back to the shell for a while."""


def say(state: ScreenState, screen: Screen, said: Bilingual | str, role: str = "dim") -> None:
    """Put a sentence in the status line, and show it."""
    state.say(said, role)
    screen.redraw()


def look(state: ScreenState, screen: Screen, **changes: object) -> None:
    """Look differently, and show it."""
    state.look_at(**changes)
    screen.redraw()
