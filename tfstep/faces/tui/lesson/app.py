"""The App of a lesson: the debugger, with the lesson's text beside the matrices that it speaks of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from tfstep.engine.trace import Trace
from tfstep.errors import TfstepError
from tfstep.faces.tui.actions import looks
from tfstep.faces.tui.app import Debugger
from tfstep.faces.tui.keys.key import Key, bindings
from tfstep.faces.tui.lesson import answering, bars, pointer
from tfstep.faces.tui.lesson.drawing import page_lines
from tfstep.faces.tui.lesson.keys import LESSON_KEYS
from tfstep.faces.tui.lesson.page import Page
from tfstep.faces.tui.lesson.pane import Pane
from tfstep.faces.tui.lesson.room import Room
from tfstep.faces.tui.work import busy
from tfstep.lessons.format.catalog import load_lesson
from tfstep.lessons.format.lesson import Commands, Question
from tfstep.lessons.player.events import Event, Hinted
from tfstep.lessons.player.player import Player
from tfstep.lessons.player.progress import Progress
from tfstep.text import Bilingual, language
from tfstep.view.text.spans import Line, Span, line

NEXT = 3  # what the App returns where the reader wants the next lesson
Found = list[tuple[Event, Trace]]


class LessonApp(Debugger, inherit_bindings=False):
    """The screen of one lesson."""

    CSS_PATH = ["../app.tcss", "lesson.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LESSON_KEYS)]
    keys: ClassVar[tuple[Key, ...]] = LESSON_KEYS
    timeline_from: ClassVar[int] = 110

    def __init__(self, player: Player, progress: Progress, *, colour: bool = True, ascii_only: bool = False) -> None:
        super().__init__(player.session, colour=colour, ascii_only=ascii_only)
        self.player, self.progress = player, progress
        self.onward: Callable[[], None] = lambda: None  # done first where the reader wants the next lesson
        player.calm = True
        self.page = Page()
        self.stands: str | None = None  # the tensor that the lesson looked at last
        self._lines_of: tuple[tuple[object, ...], list[Line], int] = ((), [], 0)
        self._fresh = False  # whether the page has something that was not drawn yet

    def beside(self) -> Iterable[Widget]:
        """The pane of the lesson."""
        yield Pane(id="lesson")

    def room(self) -> tuple[int, int]:
        """What the pane leaves."""
        width, height = self.size
        room = Room.of(width, height)
        return (width - room.width, height) if room.beside else (width, height - room.height)

    def on_mount(self) -> None:
        """Begin, or go on where the reader left."""
        self.take(self.player.advance)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the lesson computes, keys wait; those that answer are the debugger's where nothing is asked."""
        if self.busy.command == _computing():
            return False
        return super().check_action(action, parameters)

    # -- going through -----------------------------------------------------------------------------

    def take(self, go: Callable[[], Iterator[Event]]) -> None:
        """Let the player go on, beside the screen where that may take a while, and show what comes."""

        def work() -> Found:
            found = [(event, self.session.trace) for event in go()]
            if self.player.ending:
                found += [(event, self.session.trace) for event in self.player.advance()]
            return found

        if self._is_long():
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
            if isinstance(block, Question | Commands)
            for each in (block.then if isinstance(block, Question) else block.lines)
        )

    def shown(self, came: Found | TfstepError) -> None:
        """Put what came on the page and on the board."""
        if isinstance(came, TfstepError):
            self.conclude(came)
            return
        self.page.add(came)
        self._fresh = True
        if self.player.question is None:
            self.page.asked = None
        pointer.point(self)
        self.status = ()
        reached = 0 if self.player.done else self.player.step
        self.progress.reach(self.player.lesson.name, reached, len(self.player.lesson.steps), self.player.done)
        self.redraw()

    def draw(self) -> None:
        """The debugger, and the pane beside it."""
        if self.is_running and self.query(Pane):
            pane, room = self.query_one(Pane), Room.of(*self.size)
            pane.styles.dock = "left" if room.beside else "bottom"
            pane.styles.width = room.width if room.beside else "100%"
            pane.styles.height = "100%" if room.beside else room.height
            kept = (self.page.turns, self.page.tried, self.page.asked is None, room.cells, language())
            if self._lines_of[0] != kept:  # the text is folded anew only where it is another, not at every key
                self._lines_of = (kept, *page_lines(self.page, room.cells))
            _, lines, new = self._lines_of
            pane.put("title", bars.title(self.player, self.page, room))
            pane.text.indent = room.indent
            pane.text.tell([()] * room.above + lines, new + room.above if self._fresh else None)
            pane.put("keys", bars.keys(self, room.width - 2))
            self._fresh = False
        super().draw()

    # -- keys --------------------------------------------------------------------------------------

    def action_go_on(self) -> None:
        """Further in the text; at its end on, or an answer."""
        text = self.query_one(Pane).text
        if not text.at_end:
            self.action_turn(1)
        elif self.page.asked is not None:
            answering.begin(self)
        elif self.player.done:
            self.onward()
            self.exit(NEXT)
        else:
            self.take(self.player.advance)

    def action_turn(self, pages: int) -> None:
        """Scroll the text by most of its height."""
        text = self.query_one(Pane).text
        text.turn(pages * max(1, text.size.height - 2))
        self.redraw()

    def action_give(self, key: str) -> None:
        """A digit: an answer, or its beginning."""
        answering.key(self, key)

    def action_sign(self, sign: str, otherwise: str) -> None:
        """One of > < =: an answer where two numbers are compared, else what the debugger does with it."""
        if self.page.asked is not None and self.page.asked.kind == "order":
            answering.give(self, sign)
        else:
            self.call_later(self.run_action, otherwise)

    def action_hint(self) -> None:
        """The next hint; the help where nothing is asked."""
        if self.page.asked is None:
            self.action_help()
            return
        hint: Hinted | None = self.player.hint()
        if hint is None:
            text = Bilingual(
                "no other hint; `!` shows the answer, F1 all keys", "没有更多提示；! 看答案，F1 看所有按键"
            )
            self.say(line(Span(str(text), "dim")))
        else:
            self.shown([(hint, self.session.trace)])

    def action_reveal(self) -> None:
        """The answer, with its working."""
        if self.page.asked is not None:
            self.take(self.player.reveal)

    def action_step_back(self) -> None:
        """To the beginning of this step, or to the one before."""
        self.take(self.player.back)

    def action_try_next(self) -> None:
        """The next line that one is invited to try."""
        page = self.page
        if not page.tries:
            self.say(line(Span(str(Bilingual("nothing to try here", "这里没有要试的命令")), "dim")))
            return
        command = page.tries[page.tried % len(page.tries)]
        page.tried = page.tried % len(page.tries) + 1
        self.perform(command)

    def action_come_home(self) -> None:
        """Back to the lesson's numbers and place; stops what is running."""
        if self.busy.command:
            self.busy.stop()
            return
        self.shown([(event, self.session.trace) for event in self.player.home()])

    def action_language(self) -> None:
        """The other language, from the beginning of the step."""
        looks.other_language(self)
        lesson = load_lesson(str(self.player.lesson.path), language())
        if len(lesson.steps) == len(self.player.lesson.steps):
            self.player.lesson = lesson
            self.take(lambda: self.player.go(self.page.number - 1))

    def answered(self, kind: str, text: str) -> None:
        """An answer was typed, or what the debugger asked for."""
        super().answered(kind, text)
        if kind == "answer" and text.strip():
            answering.typed(self, text.strip())


def _computing() -> str:
    return str(Bilingual("computing …", "计算中…"))
