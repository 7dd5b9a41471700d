"""The pane of a lesson: where one is, the text, the answer that is typed, the keys."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import MouseScrollDown, MouseScrollUp

from tfstep.faces.tui.widgets.drawn import Drawn
from tfstep.faces.tui.widgets.prompt import Prompt
from tfstep.view.text.spans import Line


class Scrolled(Drawn):
    """Lines of which a part is seen: as much of what came last as there is room for."""

    ground = "panel"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.every: list[Line] = []
        self.first = self._wanted = 0

    def tell(self, lines: list[Line], new: int | None) -> None:
        """Show these lines; ``new`` is the first that was not there before, None where the place is kept."""
        self.every = lines
        if new is not None:
            self._wanted = new
        self._settle()

    def turn(self, lines: int) -> None:
        """Scroll by so many lines."""
        self._wanted = max(0, min(self.first + lines, self.last))
        self._settle()

    @property
    def last(self) -> int:
        """The first line that is seen when the end is."""
        return max(0, len(self.every) - max(1, self.size.height))

    @property
    def at_end(self) -> bool:
        """Whether there is nothing further down."""
        return self.first >= self.last

    def on_resize(self) -> None:
        """Show as much as there is room for now."""
        self._settle()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Further down."""
        self.turn(3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Further up."""
        self.turn(-3)

    def _settle(self) -> None:
        self.first = min(self._wanted, self.last)
        self.show(self.every[self.first :])


class Pane(Vertical):
    """Draws what it is given; what is typed is told by its `Prompt`."""

    def compose(self) -> ComposeResult:
        """The title, the text, the prompt, the keys."""
        title, keys = Drawn(id="lesson-title"), Drawn(id="lesson-keys")
        title.ground = keys.ground = "chosen"
        yield title
        yield Scrolled(id="lesson-text")
        yield Prompt(id="reply")
        yield keys

    def on_mount(self) -> None:
        """Nothing is asked yet."""
        self.query_one(Prompt).display = False

    @property
    def text(self) -> Scrolled:
        """The text."""
        return self.query_one(Scrolled)

    @property
    def prompt(self) -> Prompt:
        """Where an answer is typed."""
        return self.query_one(Prompt)

    def put(self, name: str, lines: list[Line]) -> None:
        """Give the title or the keys their lines."""
        drawn = self.query_one(f"#lesson-{name}", Drawn)
        drawn.styles.height = len(lines)
        drawn.show(lines)
