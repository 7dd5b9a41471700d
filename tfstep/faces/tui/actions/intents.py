"""What the user means by a key beyond plain commands, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tfstep.faces.tui.actions import asking, changing, following, looks, outcome, pointing, showing
from tfstep.text import Bilingual
from tfstep.view.text.spans import Span, line

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger


def _command_palette(app: Debugger) -> None:
    from tfstep.faces.tui.actions.command_palette import command_palette

    command_palette(app)


def _jump(app: Debugger) -> None:
    from tfstep.faces.tui.actions.jump import Jump

    app.jump = Jump(app)


def _tour(app: Debugger) -> None:
    from tfstep.faces.tui.actions import tour

    tour.go_on(app)


def _interrupt(app: Debugger) -> None:
    """Ctrl+C ends nothing here: it stops what runs, else says which key quits."""
    if app.busy.command:
        app.busy.stop()
        return
    shown = next((key.shown for key in app.keys if key.line == "quit"), ":quit")
    app.say(line(Span(shown, "accent"), Span(f" {Bilingual('quits', '退出')}", "dim")))


INTENTS: dict[str, Callable[..., None]] = {
    "head": lambda app, by: pointing.along(app, "head", by),
    "sentence": lambda app, by: pointing.along(app, "batch", by),
    "extreme": pointing.extreme,
    "edit": changing.edit,
    "row": changing.edit_row,
    "whole": changing.edit_all,
    "words": changing.words,
    "model": changing.model_key,
    "picture": outcome.picture,
    "nudge": changing.nudge,
    "nudge_size": changing.nudge_size,
    "variant": changing.variant,
    "gradient": showing.gradient,
    "overlaid": showing.overlaid,
    "difference": showing.difference,
    "drawn": showing.drawn,
    "digits": showing.digits,
    "colours": showing.colours,
    "heads": showing.heads,
    "flip": showing.flip,
    "breakpoint": changing.breakpoint_,
    "factor": following.factor,
    "follow": following.follow,
    "onward": following.onward,
    "go_back": following.go_back,
    "command": asking.command,
    "search": asking.search,
    "language": looks.other_language,
    "theme": looks.next_theme,
    "match": asking.match,
    "everything": _command_palette,
    "jump": _jump,
    "tour": _tour,
    "interrupt": _interrupt,
}
