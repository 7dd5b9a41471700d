"""A picture in the place of the step: curves, a landscape, bars, shades. Any key leaves it, and does what it does."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.events import Click, Key

from tfstep.faces.tui.widgets.drawn import Drawn
from tfstep.faces.tui.widgets.over import Over
from tfstep.session.results import Result
from tfstep.text import Bilingual
from tfstep.view.result.pictures import picture
from tfstep.view.text.spans import Span, clipped, ends, line

LEAVE = ("escape", "enter", "ctrl+j", "space", "q", "backspace")


class Plot(Over):
    """Draws one result as large as the step's part of the screen; closes with the key that was pressed."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result

    def compose(self) -> ComposeResult:
        """The picture."""
        yield Drawn(id="plot")

    def on_mount(self) -> None:
        """Draw it."""
        self._draw()

    def on_resize(self) -> None:
        """Draw it anew, once the screen beneath is laid out."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        if not self.query("#plot"):  # closed before it was seen
            return
        place = self.app.query_one("#step").region
        drawn = self.query_one("#plot", Drawn)
        drawn.styles.offset = place.offset
        drawn.styles.width, drawn.styles.height = place.width, place.height
        lines = list(picture(self.result, max(20, place.width - 4), max(8, place.height - 3)))
        hint = line(Span(str(Bilingual("any key goes on", "按任意键继续")), "dim"))
        shown = [clipped(each, place.width - 2) for each in lines]
        shown = [(), *shown[: place.height - 2]]
        shown += [()] * (place.height - 1 - len(shown))
        drawn.show([*shown, ends((), hint, place.width - 2)])

    def on_click(self, event: Click) -> None:
        """A click leaves."""
        self.dismiss()

    def on_key(self, event: Key) -> None:
        """Leave; a key of the screen does what it does."""
        event.stop()
        self.dismiss("" if event.key in LEAVE else event.key)
