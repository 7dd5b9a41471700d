"""The App of a lesson: the debugger, with the lesson's text beside the matrices that it speaks of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.faces.tui.app import Debugger
from tfstep.faces.tui.keys.bindings import bindings
from tfstep.faces.tui.lesson import answering, bars, pointer
from tfstep.faces.tui.lesson.drawing import page_lines
from tfstep.faces.tui.lesson.going import hint, reveal
from tfstep.faces.tui.lesson.keys import LESSON_ACTIONS
from tfstep.faces.tui.lesson.page import Broken
from tfstep.faces.tui.lesson.pane import Pane
from tfstep.faces.tui.lesson.room import Room
from tfstep.faces.tui.lesson.state import Found, LessonState
from tfstep.faces.tui.state.action import Action
from tfstep.faces.tui.state.screen import Question
from tfstep.faces.tui.work import busy
from tfstep.lessons.format.lesson import Commands
from tfstep.lessons.format.lesson import Question as Exercise
from tfstep.lessons.player.events import Event
from tfstep.lessons.player.player import Player
from tfstep.lessons.player.progress import Progress
from tfstep.scenario.file.mistakes import Mistakes
from tfstep.text import Bilingual, language
from tfstep.view.text.spans import Line

NEXT = 3  # what the App returns where the reader wants the next lesson


class LessonApp(Debugger, inherit_bindings=False):
    """The screen of one lesson."""

    CSS_PATH = ["../app.tcss", "lesson.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LESSON_ACTIONS), Debugger.INTERRUPT]
    shipped: ClassVar[tuple[Action, ...]] = LESSON_ACTIONS
    timeline_from: ClassVar[int] = 110
    state: LessonState

    def __init__(
        self,
        player: Player,
        progress: Progress,
        *,
        colour: bool = True,
        ascii_only: bool = False,
        actions: Sequence[Action] | None = None,
    ) -> None:
        """``actions`` are those of the class with the keys that the user wants."""
        self.player, self.progress = player, progress
        self.onward: Callable[[], None] = lambda: None  # done first where the reader wants the next lesson
        player.calm = True
        super().__init__(player.session, colour=colour, ascii_only=ascii_only, actions=actions)
        self._lines_of: tuple[tuple[object, ...], list[Line], int] = ((), [], 0)

    def first_state(self, session: Session, actions: Sequence[Action], ascii_only: bool) -> LessonState:
        """What the screen remembers, at the beginning."""
        return LessonState(self.player, actions, ascii_only=ascii_only)

    def at_side(self) -> Iterable[Widget]:
        """The pane of the lesson."""
        yield Pane(id="lesson")

    @property
    def pane(self) -> Pane:
        """The pane of the lesson."""
        return self.query_one(Pane)

    def room(self) -> tuple[int, int]:
        """What the pane leaves."""
        width, height = self.size
        room = Room.of(width, height)
        return (width - room.width, height) if room.beside else (width, height - room.height)

    def on_mount(self) -> None:
        """Begin, or go on where the reader left."""
        self.take(self.player.advance)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the lesson computes, keys wait."""
        if self.state.running == _computing():
            return False
        return super().check_action(action, parameters)

    # -- what the actions of a lesson may ask of the screen ----------------------------------------

    def take(self, go: Callable[[], Iterator[Event]], long: bool = False) -> None:
        """Let the player go on, beside the screen where that may take a while, and show what comes."""

        def work() -> Found:
            found: Found = []
            try:
                for event in go():
                    found.append((event, self.session.trace))
                for event in self.player.advance() if self.player.ending else ():
                    found.append((event, self.session.trace))
            except Mistakes as mistakes:  # its author is told on the page, below what came before
                self.player.question = None
                found.append((Broken(str(mistakes)), self.session.trace))
            return found

        if long or self._is_long():
            self.busy.do(_computing(), work, self.shown)
            return
        try:
            self.shown(work())
        except TfstepError as error:
            self.shown(error)

    def _is_long(self) -> bool:
        """Whether the present step of the lesson has commands that take a while."""
        steps, here = self.player.lesson.steps, self.player.step
        blocks = [block for step in steps[max(0, here - 1) : here + 1] for block in step.blocks]
        return any(
            busy.long(each.text)
            for block in blocks
            if isinstance(block, Exercise | Commands)
            for each in (block.then if isinstance(block, Exercise) else block.lines)
        )

    def shown(self, came: Found | TfstepError) -> None:
        """Put what came on the page and on the board."""
        if isinstance(came, TfstepError):
            self.conclude(came)
            return
        state = self.state
        state.page.add(came)
        state.fresh = True
        if self.player.question is None:
            state.page.asked = None
        state.renew()
        pointer.point(state)
        state.status = ()
        reached = 0 if self.player.done else self.player.step
        self.progress.reach(self.player.lesson.name, reached, len(self.player.lesson.steps), self.player.done)
        self.redraw()

    def ask_answer(self, question: Question) -> None:
        """Let an answer be typed under the text."""
        self.pane.prompt.ask(question, begun=True)
        self.redraw()

    def turn(self, pages: int) -> bool:
        """Scroll the text by most of its height; whether there was more in that direction."""
        text = self.pane.text
        more = not text.at_end if pages > 0 else text.first > 0
        if more:
            text.turn(pages * max(1, text.size.height - 2))
            self.redraw()
        return more

    def next_lesson(self) -> None:
        """End this one: its reader wants the next."""
        self.onward()
        self.exit(NEXT)

    # -- drawing and answers -----------------------------------------------------------------------

    def draw(self) -> None:
        """The debugger, and the pane beside it."""
        if self.is_running and self.query(Pane):
            pane, page, room = self.pane, self.state.page, Room.of(*self.size)
            pane.styles.dock = "left" if room.beside else "bottom"
            pane.styles.width = room.width if room.beside else "100%"
            pane.styles.height = "100%" if room.beside else room.height
            kept = (page.turns, page.tried, page.asked is None, room.cells, language())
            if self._lines_of[0] != kept:  # the text is folded anew only where it is another, not at every key
                self._lines_of = (kept, *page_lines(page, room.cells))
            _, lines, new = self._lines_of
            pane.put("title", bars.title(self.player, page, room))
            pane.text.indent = room.indent
            pane.text.tell([()] * room.above + lines, new + room.above if self.state.fresh else None)
            pane.put("keys", bars.keys(self.state, pane.prompt.display, pane.text.at_end, room.width - 2))
            self.state.fresh = False
        super().draw()

    def answered(self, kind: str, text: str) -> None:
        """An answer was typed, or what the debugger asked for; the keys of hint and answer are what they are."""
        super().answered(kind, text)
        typed = text.strip() if kind == "answer" else ""
        if typed in ("?", "？"):
            hint(self.state, self)
        elif typed in ("!", "！"):
            reveal(self.state, self)
        elif typed:
            answering.typed(self.state, self, typed)


def _computing() -> str:
    return str(Bilingual("computing …", "计算中…"))
