"""The state of a lesson's screen: that of the debugger, and what is read beside it; what a lesson may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from tfstep.engine.trace import Trace
from tfstep.faces.tui.lesson.page import Page
from tfstep.faces.tui.state.action import Action
from tfstep.faces.tui.state.screen import Question, Screen
from tfstep.faces.tui.state.screen_state import ScreenState
from tfstep.lessons.player.events import Event
from tfstep.lessons.player.player import Player

Found = list[tuple[Event, Trace]]


class LessonState(ScreenState):
    """``page`` is what is read, ``stands`` the tensor that the lesson looked at last, ``fresh`` whether the page has
    something that was not drawn yet."""

    def __init__(self, player: Player, actions: Sequence[Action], *, ascii_only: bool = False) -> None:
        super().__init__(player.session, actions, ascii_only=ascii_only)
        self.player = player
        self.page = Page()
        self.stands: str | None = None
        self.fresh = False


class LessonScreen(Screen, Protocol):
    """What the actions of a lesson may ask of the screen beyond those of the debugger."""

    def take(self, go: Callable[[], Iterator[Event]], long: bool = False) -> None:
        """Let the player go on, which may take ``long``, and show what comes."""

    def shown(self, came: Found) -> None:
        """Put what came on the page and on the board."""

    def ask_answer(self, question: Question) -> None:
        """Let an answer be typed under the text."""

    def turn(self, pages: int) -> bool:
        """Scroll the text by most of its height; whether there was more in that direction."""

    def next_lesson(self) -> None:
        """End this one: its reader wants the next."""
