"""The App: turns keys into actions, lets the session run their lines, and hands the state to the widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import PurePath
from threading import Event
from typing import TYPE_CHECKING, ClassVar, TypeVar

from rich.console import RenderableType
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.filter import LineFilter, NoColor
from textual.screen import ModalScreen, Screen
from textual.widget import AwaitMount, Widget

from tfstep.errors import TfstepError
from tfstep.faces import ending, sign
from tfstep.faces.tui.actions import asking, following, hovering, jump, opening, outcome, pointing
from tfstep.faces.tui.actions.table import ACTIONS
from tfstep.faces.tui.keys.bindings import ENTER, bindings, keymap
from tfstep.faces.tui.state.action import Action, key_of_command
from tfstep.faces.tui.state.screen_state import ScreenState, Spot
from tfstep.faces.tui.style import asked, painting
from tfstep.faces.tui.style.painting import Parts
from tfstep.faces.tui.style.palette import DARK, THEMES, theme_of
from tfstep.faces.tui.widgets.board import Board
from tfstep.faces.tui.widgets.prompt import Prompt
from tfstep.faces.tui.work.busy import Busy
from tfstep.faces.tui.work.idle_work import IdleWork
from tfstep.faces.tui.work.signs import Signs
from tfstep.session.results import Help, Quit, Result
from tfstep.text import Bilingual
from tfstep.view.matrix.picker import link_target
from tfstep.view.text.spans import Line, Span, clipped, line

if TYPE_CHECKING:
    from tfstep.commands.language.session import Session
    from tfstep.faces.tui.state.screen import Question
    from tfstep.faces.tui.widgets.drawn import Follow, Hover
    from tfstep.faces.tui.widgets.tree import Timeline
    from tfstep.faces.tui.work.beside import Cancel
    from tfstep.faces.tui.work.cast import Cast
    from tfstep.view.frame.timeline import Row

T = TypeVar("T")


class Base(Screen[None]):
    """What the widgets stand on. The keys that end a prompt are its own, where no keymap takes them away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(ENTER, "app.answer", show=False, priority=True),
        Binding("escape", "app.leave", show=False, priority=True),
    ]


class Debugger(App[int]):
    """The screen of one session."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss"]
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None
    INTERRUPT: ClassVar = Binding("ctrl+c", "interrupt", show=False, priority=True)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(ACTIONS), INTERRUPT]
    shipped: ClassVar[tuple[Action, ...]] = ACTIONS
    timeline_from: ClassVar[int] = 64  # columns from which there is room for the timeline

    def __init__(
        self,
        session: Session,
        *,
        colour: bool = True,
        ascii_only: bool = False,
        actions: Sequence[Action] | None = None,
    ) -> None:
        """``actions`` are those of the class with the keys that the user wants."""
        super().__init__()
        self.state = self.first_state(session, self.shipped if actions is None else actions, ascii_only)
        if actions is not None:
            self.rebind(actions)
        self.session = session
        session.key_of = lambda command: key_of_command(self.state.actions, command)
        self.colour = colour
        self.busy = Busy(self.state, self, self)
        self.idle = IdleWork(self.state, self, self)
        self.cast: Cast | None = None  # what records the session
        self._ran = ""  # the line that was run last
        self._lines: list[str] = []  # pasted commands that are still to be run
        self.leaving = False
        self._waiting = False  # whether a new Frame is still to be drawn
        self._opening: AwaitMount | None = None  # what was opened and may not be there yet
        self.signs = Signs(self) if sign.asked() else None
        for palette in THEMES.values():
            self.register_theme(theme_of(palette))
        self.theme = DARK.name
        self.stylesheet.set_variables(self.get_css_variables())

    def first_state(self, session: Session, actions: Sequence[Action], ascii_only: bool) -> ScreenState:
        """What the screen remembers, at the beginning."""
        return ScreenState(session, actions, ascii_only=ascii_only)

    def rebind(self, actions: Sequence[Action]) -> None:
        """Give the actions other keys; those that are the user's own lines are bound as they are."""
        self.set_keymap(keymap(actions, self.shipped))
        names = {action.name for action in self.shipped}
        for action in actions:
            if action.name not in names:
                keys = ",".join(action.all_keys)
                self._bindings.bind(
                    keys, f"press({action.name!r})", show=False, priority=True
                )  # `bind` has no priority

    def get_default_screen(self) -> Screen[None]:
        """The one with the keys of the prompt."""
        return Base(id="_default")

    def compose(self) -> ComposeResult:
        """The bar on top, the timeline beside the step, the status line or the prompt, the footer."""
        parts = self.parts = Parts()
        yield parts.top
        with Horizontal(id="body"):
            yield from self.at_side()
            yield parts.tree
            with Vertical(id="step"):
                yield from (parts.heading, parts.board, parts.turned, parts.below, parts.why, parts.since)
        yield from (parts.card, parts.status, parts.prompt, parts.footer, parts.menu)

    def at_side(self) -> Iterable[Widget]:
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
        ending.on_screen(self)
        self.parts.prompt.display = self.parts.menu.display = False
        self.redraw()
        self.idle.begin()
        self.app_resume_signal.subscribe(self, lambda _: self.repaint())

    def on_unmount(self) -> None:
        """Nothing goes on behind a screen that is gone."""
        self.busy.interrupt()

    def on_resize(self) -> None:
        """Divide the screen anew."""
        self.call_after_refresh(self._resized)

    def _resized(self) -> None:
        if (self.size.width, self.size.height) != self.state.size:  # the first size is that in which it was drawn
            self.redraw()

    # -- keys --------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys are the screen's own only while nothing else is asked.

        They have priority so that each is done before the next is looked at: of keys that arrive in one burst,
        those behind `:` belong to the prompt.
        """
        typing = self.asked is not None
        return len(self.screen_stack) == 1 and self.state.jump is None and typing == (action in ("answer", "leave"))

    @property
    def asked(self) -> Prompt | None:
        """The prompt in which one types now."""
        return next((prompt for prompt in self.query(Prompt) if prompt.display), None)

    async def action_answer(self) -> None:
        """Enter: the prompt is answered before the next key is looked at, which may be the screen's own."""
        if (prompt := self.asked) is not None:
            kind, text = prompt.kind, await prompt.ended()
            self.left_prompt()
            self.answered(kind, text)
            await self._opened()

    async def action_leave(self) -> None:
        """Escape: nothing is answered."""
        if (prompt := self.asked) is not None:
            await prompt.ended()
            self.left_prompt()

    def answered(self, kind: str, text: str) -> None:
        """Do what a prompt was for."""
        asking.answered(self.state, self, kind, text)

    def left_prompt(self) -> None:
        """The keys are the screen's own again."""
        asked.leave(self.parts, self.state)
        self.set_focus(None)
        self.redraw()

    async def action_press(self, name: str) -> None:
        """A key: do what the action of this name does; what that opens is there before the next key is looked at."""
        action = self.state.action(name)
        if action is not None:
            self.press(action)
            await self._opened()

    async def _opened(self) -> None:
        if (opening := self._opening) is not None:
            self._opening = None
            await opening

    def exit(self, result: int | None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """Leave; what runs beside the screen stops at its next step, for the program waits for it."""
        self.leaving = True
        self.busy.interrupt()
        super().exit(result, return_code, message)

    def action_interrupt(self) -> None:
        """Ctrl+C."""
        opening.interrupt(self.state, self)

    def on_key(self, event: events.Key) -> None:
        """While labels are shown, keys spell one."""
        if self.state.jump is not None:
            event.stop()
            jump.typed(self.state, self, event.key)

    # -- what actions may ask of the screen --------------------------------------------------------

    def press(self, action: Action) -> None:
        """Do what an action does, or say why it can do nothing."""
        if isinstance(action.does, str):
            self.perform(action.does)
        elif (reason := action.why_not(self.state)) is not None:
            self.state.say(reason)
            self.redraw()
        else:
            action.does(self.state, self, *action.given)

    def perform(self, command: str, refused: Callable[[TfstepError], None] | None = None) -> None:
        """Run one line and show what came of it; an error is a message, or what ``refused`` does with it, and nothing
        has changed."""
        self._ran = command
        if self.state.running:
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
            said = [str(came), *([str(_not_run(self._lines))] if self._lines else [])]
            self._lines = []
            self.state.status = tuple(line(Span(each, "bad")) for text in said for each in text.splitlines())
        else:
            if self._lines:
                self.call_later(self._go_on)
            if self.cast is not None and self._ran:
                self.cast.lines.append(self._ran)
            self._ran = ""
            self.state.renew()
            outcome.after(self.state, came)
            if isinstance(came, Quit):
                self.exit(0)
            if isinstance(came, Help) and not came.full:
                opening.show_help(self.state, self)
                self.state.status = ()
            else:
                self.state.status = outcome.told(self.state, self, came)
        self.redraw()

    async def on_prompt_pasted(self, event: Prompt.Pasted) -> None:
        """Several commands were pasted: run one after the other, up to the first that is refused."""
        if (prompt := self.asked) is not None:
            await prompt.ended()
            self.left_prompt()
        self._lines = [*event.lines]
        self._go_on()

    def _go_on(self) -> None:
        if self._lines and not self.state.running:
            self.perform(self._lines.pop(0))

    def redraw(self) -> None:
        """A new Frame, to be drawn once the keys that wait already are done: a held key leaves no queue behind."""
        self.state.renew()
        if not self.message_queue_size:
            self.draw()
        elif not self._waiting:
            self._waiting = True
            self.call_later(self.draw)

    def draw(self) -> None:
        """Hand the state to every widget."""
        self._waiting = False
        if not (self.is_running and self.query(Board)):
            return
        self.state.size = self.size.width, self.size.height
        painting.paint(self.parts, self.state, *self.room(), self.timeline_from)
        self.busy.tell()
        painting.keys(self.parts, self.state, self.asked)
        self.idle.after()
        self._sign()
        if self.cast is not None:
            self.call_after_refresh(self._record, self.cast)

    def _record(self, cast: Cast) -> None:
        cast.drew(self.export_screenshot(title=cast.title), (self.size.width, self.size.height))

    def ask(self, question: Question) -> None:
        """Let something be typed."""
        asked.ask(self.parts, question)
        painting.keys(self.parts, self.state, self.asked)

    def ask_again(self, text: str) -> None:
        """Ask the same once more, with what was typed."""
        asked.ask_again(self.parts, text)
        painting.keys(self.parts, self.state, self.asked)

    def open(self, popup: ModalScreen[str]) -> None:
        """Show something over the screen; where it closes with a key, that key is pressed."""
        self._opening = self.push_screen(popup, self._close)

    def _close(self, key: str | None) -> None:
        if self.state.coming:
            self.call_later(self.redraw)
        found = next((action for action in self.state.actions if key in action.all_keys), None)
        if found is not None:
            self.call_later(self.press, found)

    def beside(self, name: str, work: Callable[[], T], then: Callable[[T | TfstepError], None]) -> None:
        """Do some work beside the screen."""
        self.busy.do(name, work, then)

    def waits(self) -> bool:
        """Whether something runs that has to end first; then that is told."""
        return self.busy.refuses()

    def stop(self) -> None:
        """Stop what runs beside the screen."""
        self.busy.stop()

    def spots(self) -> list[Spot]:
        """Everything that one can go to, as it stands on the screen now."""
        self.draw()
        state, tree, board, why = self.state, self.parts.tree, self.parts.board, self.parts.why
        found: list[Spot] = []
        if tree.display:
            found += [Spot("tree", x, y, partial(self._choose, row)) for x, y, row in tree.spots()]
        for x, y, key, line_, column in board.spots(len(jump.LETTERS) ** 2 // 2):
            found.append(Spot("board", x, y, partial(pointing.point, state, self, key, line_, column)))
        if why.display:
            found += [Spot("why", x, y, partial(following.go_to, state, self, link)) for x, y, link in why.links()]
        return found

    def drawn_as_svg(self, title: str) -> str:
        """The screen as a picture."""
        return self.export_screenshot(title=title)

    def refresh_css(self, animate: bool = True) -> None:
        """Read the style sheets again for other colours; at the start they have just been read for those of `__init__`."""
        if self.screen_stack or self.theme != DARK.name:
            super().refresh_css(animate)

    def next_theme(self) -> str:
        """Other colours; returns what they are called."""
        names = list(THEMES)
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]
        self.repaint()
        return str(THEMES[self.theme].title)

    def to_shell(self) -> None:
        """Back to the shell for a while."""
        self.action_suspend_process()

    def repaint(self) -> None:
        """Every line anew: other colours, or a terminal that showed something else meanwhile."""
        self.refresh(layout=True)
        for widget in self.screen.query("*"):
            widget.refresh()

    # -- what work beside the screen needs of it ---------------------------------------------------

    def every(self, seconds: float, do: Callable[[], None]) -> Cancel:
        """Do something again and again; what is returned ends it."""
        return self.set_interval(seconds, do).stop

    def later(self, seconds: float, do: Callable[[], None]) -> Cancel:
        """Do something after so long; what is returned asks not to."""
        return self.set_timer(seconds, do).stop

    def painted(self, do: Callable[[], None]) -> None:
        """Do something once what was drawn is painted."""
        self.call_after_refresh(do)

    def in_thread(self, work: Callable[[], None]) -> None:
        """Work in a thread of its own."""
        self.run_worker(work, thread=True)

    def from_thread(self, do: Callable[[], None]) -> None:
        """From that thread: do something where the keys are, and wait for it; but not for a screen that is left."""
        done = Event()

        def there() -> None:
            try:
                do()
            finally:
                done.set()

        self.call_later(there)
        while not done.wait(0.05) and self.is_running and not self.leaving:
            pass

    def tell(self, message: Line) -> None:
        """Put a line in the status line, drawing nothing else."""
        self.parts.status.show([message])
        self._sign()

    async def on_event(self, event: events.Event) -> None:
        """Count the keys, for whoever waits until all of them are dealt with."""
        typed = isinstance(event, events.Key) and not event.is_forwarded  # one that is forwarded bubbles up again
        await super().on_event(event)
        if self.signs is not None and typed:
            self.signs.keys += 1
            self._sign()

    def _sign(self) -> None:
        if self.signs is not None:
            self.signs.later(bool(self.state.running) or self.state.coming)

    # -- what widgets say --------------------------------------------------------------------------

    def on_follow(self, event: Follow) -> None:
        """A number, a name, a head, or a key of the footer was clicked."""
        place = link_target(event.link)
        if event.link.startswith("key:"):
            self.call_later(self.action_press, event.link.removeprefix("key:"))
        elif place is not None:
            pointing.pick(self.state, self, *place)
        else:
            following.go_to(self.state, self, event.link)

    def on_hover(self, event: Hover) -> None:
        """The mouse is over a cell, a step, a name, a key; or no longer: it is said in the first line of the status.

        A widget may hear that the mouse left it after another has heard that it came: it has no say then.
        """
        state, place = self.state, event.place.id or ""
        found = hovering.told(state, event.link)
        if found is None and state.hovered != place:
            return
        state.hovered = place if found is not None else ""
        if state.running or not self.parts.status.display or state.jump is not None:
            return
        if found is not None:
            self.tell(clipped(found, self.size.width - 2))
        else:
            self.redraw()

    def on_board_pointed(self, event: Board.Pointed) -> None:
        """A cell was clicked."""
        pointing.point(self.state, self, event.key, event.row, event.column)

    def on_timeline_chosen(self, event: Timeline.Chosen) -> None:
        """A row of the timeline was clicked."""
        self._choose(event.row)

    def _choose(self, row: Row) -> None:
        """Go to a step of the timeline; open or fold a branch."""
        if row.open is None:
            self.perform(f"goto {row.goto}")
        else:
            folds = {**dict(self.state.look.folds), row.scope: not row.open}
            self.state.look_at(folds=tuple(folds.items()))
            self.redraw()

    def on_prompt_typed(self, event: Prompt.Typed) -> None:
        """Show how the line may go on, in a menu above it."""
        asked.offer(self.parts, self.state, event)


def _not_run(lines: Sequence[str]) -> Bilingual:
    return Bilingual(
        "what was pasted behind it was not run: {lines}", "其后粘贴的命令没有运行：{lines}", lines="; ".join(lines)
    )
