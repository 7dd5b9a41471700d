"""What the user means by a key beyond plain commands, by name."""

from __future__ import annotations

from collections.abc import Callable

from tfstep.faces.tui import asking, changing, following, outcome, pointing, showing

INTENTS: dict[str, Callable[..., None]] = {
    "head": lambda app, by: pointing.along(app, "head", by),
    "sentence": lambda app, by: pointing.along(app, "batch", by),
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
    "difference": showing.difference,
    "drawn": showing.drawn,
    "digits": showing.digits,
    "colours": showing.colours,
    "breakpoint": changing.breakpoint_,
    "factor": following.factor,
    "follow": following.follow,
    "go_back": following.go_back,
    "command": asking.command,
    "search": asking.search,
}
