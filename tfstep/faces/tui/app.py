"""The App: turns keys into command lines, lets the session run them, and hands the new Frame to the widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import events
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.filter import LineFilter, NoColor
from textual.widget import Widget

from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.faces.tui.actions import asking, following, hovering, looks, outcome, pointing
from tfstep.faces.tui.actions.intents import INTENTS
from tfstep.faces.tui.keys.key import Key, bindings, in_force
from tfstep.faces.tui.keys.table import KEYS
from tfstep.faces.tui.style import painting
from tfstep.faces.tui.style.palette import DARK, THEMES, theme_of
from tfstep.faces.tui.widgets.board import Board
from tfstep.faces.tui.widgets.drawn import Follow, Hover, panel
from tfstep.faces.tui.widgets.prompt import Prompt
from tfstep.faces.tui.widgets.tree import Timeline
from tfstep.faces.tui.work.busy import Busy
from tfstep.faces.tui.work.idle_work import IdleWork
from tfstep.session.results import Help, Quit, Result
from tfstep.view.frame.frame import Camera, Frame
from tfstep.view.frame.view_state import ViewState
from tfstep.view.matrix.picker import link_target
from tfstep.view.text.spans import Line, Span, line

if TYPE_CHECKING:
    from tfstep.faces.tui.actions.jump import Jump
    from tfstep.faces.tui.actions.tour import Tour


class Debugger(App[int]):
    """The screen of one session."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss"]
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None
    BINDINGS: ClassVar = bindings(KEYS)
    keys: ClassVar[tuple[Key, ...]] = KEYS  # what the footer and the help show
    timeline_from: ClassVar[int] = 64  # columns from which there is room for the timeline

    def __init__(self, session: Session, *, colour: bool = True, ascii_only: bool = False) -> None:
        super().__init__()
        self.session = session
        session.key_of = lambda key: in_force(self.keys, KEYS, key)
        self.look = ViewState(ascii=ascii_only)
        self.camera = Camera()
        self.colour = colour
        self.nudge = 0.1
        self.editing = ""  # what the prompt asks a value for
        self.refused: tuple[str, str] | None = None  # what was typed there and why it was not taken
        self.extreme: tuple[str, tuple[int, int] | None, int] = ("", None, 0)  # the matrix, the place in it, its rank
        self.trail: list[following.Mark] = []
        self.status: tuple[Line, ...] = ()
        self._frame: Frame | None = None
        self._waiting = False  # whether a new Frame is still to be drawn
        self.busy = Busy(self)
        self.idle = IdleWork(self)
        self.jump: Jump | None = None
        self.tour: Tour | None = None
        self.hovered: Widget | None = None  # on which the mouse is over something
        self.tall: tuple[tuple[object, ...], int] = ((), 0)  # what was looked at, how tall its explanation was
        self.edge = ((0, 0), 0)  # the room there was, and where in it the explanation began
        for palette in THEMES.values():
            self.register_theme(theme_of(palette))
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        """The bar on top, the timeline beside the step, the status line or the prompt, the footer."""
        yield panel("top", "bar")
        with Horizontal(id="body"):
            yield from self.beside()
            yield Timeline(id="tree")
            with Vertical(id="step"):
                yield panel("heading", "paper")
                yield Board(id="board")
                yield panel("why", "panel")
                yield panel("since", "paper")
        yield panel("card", "chosen")
        yield panel("status", "bar")
        yield Prompt(id="prompt")
        yield panel("footer", "paper")
        yield panel("menu", "panel")

    def beside(self) -> Iterable[Widget]:
        """What else stands in the body, docked to a side of it."""
        return ()

    def room(self) -> tuple[int, int]:
        """The columns and lines that the debugger has for itself."""
        return self.size.width, self.size.height

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without colour, none at all: not even greys."""
        return super().get_line_filters() if self.colour else [NoColor()]

    def on_mount(self) -> None:
        """Draw the first Frame."""
        self.query_one("#prompt").display = False
        self.query_one("#menu").display = False
        self.redraw()
        self.idle.begin()
        self.app_resume_signal.subscribe(self, lambda _: looks.repaint(self))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys are the screen's own only while nothing else is asked.

        They have priority so that each is done before the next is looked at: of keys that arrive in one burst,
        those behind `:` belong to the prompt.
        """
        asked = self.asked is not None
        return len(self.screen_stack) == 1 and self.jump is None and asked == (action in ("answer", "leave"))

    @property
    def asked(self) -> Prompt | None:
        """The prompt in which one types now."""
        return next((prompt for prompt in self.query(Prompt) if prompt.display), None)

    async def action_answer(self) -> None:
        """Enter: the prompt is answered before the next key is looked at, which may be the screen's own."""
        if (prompt := self.asked) is not None:
            self.answered(prompt.kind, await prompt.ended())

    async def action_leave(self) -> None:
        """Escape: nothing is answered."""
        if (prompt := self.asked) is not None:
            await prompt.ended()
            asking.left_prompt(self)

    def on_resize(self) -> None:
        """Divide the screen anew."""
        self.call_after_refresh(self.redraw)

    # -- running -----------------------------------------------------------------------------------

    def perform(self, command: str, refused: Callable[[TfstepError], None] | None = None) -> None:
        """Run one line and show what came of it; an error is a message, or what ``refused`` does with it, and nothing
        has changed."""
        if self.busy.command:
            self.busy.leave() if command == "quit" else self.busy.tell()
        elif self.busy.takes(command):
            self.busy.begin(command)
        else:
            try:
                self.conclude(self.session.run(command))
            except TfstepError as error:
                (refused or self.conclude)(error)

    def conclude(self, came: Result | TfstepError) -> None:
        """Show what came of a command."""
        if isinstance(came, TfstepError):
            self.say(*(line(Span(each, "bad")) for each in str(came).splitlines()))
            return
        outcome.after(self, came)
        if isinstance(came, Quit):
            self.exit(0)
        if isinstance(came, Help) and not came.full:
            self.action_help()
            self.status = ()
        else:
            self.status = outcome.told(self, came)
        self.redraw()

    def tell(self, message: Line) -> None:
        """Put a line in the status line, drawing nothing else."""
        painting.lines(self, "status", [message])

    def say(self, *message: Line) -> None:
        """Put a message in the status line."""
        self.status = message
        self.redraw()

    def look_at(self, **changes: object) -> None:
        """Look differently, and draw."""
        self.look = replace(self.look, **changes)
        self.redraw()

    @property
    def frame(self) -> Frame | None:
        """The picture of the session as it is now; None where there is no screen."""
        if self._frame is None and self.is_running and self.query(Board):
            self._frame = self.camera.frame(self.session, self.look)
        return self._frame

    def redraw(self) -> None:
        """A new Frame, to be drawn once the keys that wait already are done: a held key leaves no queue behind."""
        self._frame = None
        if not self.message_queue_size:
            self.draw()
        elif not self._waiting:
            self._waiting = True
            self.call_later(self.draw)

    def draw(self) -> None:
        """Hand the Frame to every widget."""
        self._waiting = False
        frame = self.frame
        if frame is None:
            return
        painting.paint(self, frame)

    # -- keys that are no command ------------------------------------------------------------------

    def action_run(self, command: str) -> None:
        """Run a line of the debugger's language."""
        self.perform(command)

    def press_key(self, key: Key) -> None:
        """Do what a key does."""
        if key.action == "run":
            self.perform(key.line)
        else:
            self.call_later(self.run_action, key.action)

    def action_stop(self) -> None:
        """Stop the command that is running; else end the tour."""
        if self.busy.command:
            self.busy.stop()
        elif self.tour is not None:
            self.tour = None
            self.redraw()

    def on_unmount(self) -> None:
        """Nothing goes on behind a screen that is gone."""
        self.busy.interrupt()

    def action_help(self) -> None:
        """What one looks at, all keys and commands."""
        from tfstep.faces.tui.widgets.help import Pages

        self.push_screen(Pages(keys=self.keys, app=self))

    def action_focus_next(self) -> None:
        """Tab: the next matrix."""
        pointing.matrix(self, 1)

    def action_focus_previous(self) -> None:
        """Shift+Tab: the matrix before."""
        pointing.matrix(self, -1)

    def action_cursor(self, rows: int, columns: int) -> None:
        """Move the cell cursor."""
        pointing.cursor(self, rows, columns)

    def action_intend(self, name: str, number: int | None = None) -> None:
        """One of the intents, by name."""
        INTENTS[name](self, *(() if number is None else (number,)))

    # -- what widgets say --------------------------------------------------------------------------

    def on_follow(self, event: Follow) -> None:
        """A number, a name, a head, or a key of the footer was clicked."""
        place = link_target(event.link)
        if event.link.startswith("key:"):
            self.press_key(self.keys[int(event.link.removeprefix("key:"))])
        elif place is not None:
            pointing.pick(self, *place)
        else:
            following.go_to(self, event.link)

    def on_hover(self, event: Hover) -> None:
        """The mouse is over a cell, a step, a name, a key; or no longer."""
        hovering.hovered(self, event.place, hovering.told(self, event.link))

    def on_board_pointed(self, event: Board.Pointed) -> None:
        """A cell was clicked."""
        pointing.point(self, event.key, event.row, event.column)

    def on_timeline_chosen(self, event: Timeline.Chosen) -> None:
        """A row of the timeline was clicked."""
        row = event.row
        if row.open is None:
            self.perform(f"goto {row.goto}")
        else:
            folds = {**dict(self.look.folds), row.scope: not row.open}
            self.look_at(folds=tuple(folds.items()))

    def on_key(self, event: events.Key) -> None:
        """While labels are shown, keys spell one."""
        if self.jump is not None:
            event.stop()
            self.jump.typed(event.key)

    def answered(self, kind: str, text: str) -> None:
        """Do what a prompt was for."""
        asking.answered(self, kind, text)

    def on_prompt_typed(self, event: Prompt.Typed) -> None:
        """Show how the line may go on, in a menu above it."""
        asking.offer(self, event)
