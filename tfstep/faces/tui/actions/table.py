"""The table of the screen's actions, in the order in which help, footer and pages show them.

An action stands beside the function that does it, with its keys, its texts in both languages, and when it is possible.
The bindings, the footer, `?`, the palette, `help COMMAND`, `keys.toml` and the page on keys are made from this table:
another key is one more `Action` in one of these groups, and nothing else.
"""

from __future__ import annotations

from tfstep.faces.tui.actions import (
    asking,
    changing,
    following,
    opening,
    outcome,
    overviews,
    pointing,
    showing,
    stepping,
)
from tfstep.faces.tui.state.action import Action

ACTIONS: tuple[Action, ...] = (
    *stepping.STEPPING,
    *stepping.UPDATES,
    *changing.EDITING,
    *showing.BESIDE,
    showing.THEIRS,
    *changing.ELSEWHERE,
    *pointing.CURSOR,
    *showing.DRAWING,
    *pointing.EXTREMES,
    *showing.WHOLE,
    *overviews.OVERVIEWS,
    outcome.PICTURE,
    *following.FOLLOWING,
    *opening.JUMP,
    *asking.MATCHES,
    *opening.SWITCHES,
)
