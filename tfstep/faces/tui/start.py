"""Starting the screen on a scenario, and what is said when it breaks down."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

from tfstep.commands.language.session import Session
from tfstep.errors import CommandError
from tfstep.faces import curtain, ending, recovery
from tfstep.faces.ending import is_signal
from tfstep.faces.tui.actions import outcome, tour
from tfstep.faces.tui.actions.table import ACTIONS
from tfstep.faces.tui.app import Debugger
from tfstep.faces.tui.keys.own import with_own_keys
from tfstep.faces.tui.style.palette import TERMINAL
from tfstep.scenario.scenario import Scenario
from tfstep.text import Bilingual
from tfstep.view.text.spans import Span, line
from tfstep.view.text.symbols import plain


class Manner(TypedDict):
    """How a screen draws."""

    colour: bool
    ascii_only: bool


def manner(colour: bool | None) -> Manner:
    """With colour or without (None: as the environment wishes), with all symbols or only those of ASCII."""
    wanted = not os.environ.get("NO_COLOR") if colour is None else colour
    os.environ.pop("NO_COLOR", None)  # the screens' own filter says it better than greys
    return {"colour": wanted, "ascii_only": plain("…") != "…"}


def run(
    scenario: Scenario,
    at: str | None = None,
    scripts: Sequence[Path] = (),
    commands: Sequence[str] = (),
    colour: bool | None = None,
    record: Path | None = None,
) -> int:
    """Show a scenario until the user quits; returns the exit status. ``at`` is the tensor to begin with, ``record``
    where a record of the session is put.

    Raises TfstepError for a place that is not there, and for a record that cannot be written.
    """
    session = Session(scenario)
    begun = None if at is None else session.run(f"goto {at}")
    actions, mistakes = with_own_keys(ACTIONS)
    app = Debugger(session, **manner(colour), actions=actions)
    state = app.state
    if begun is not None:
        outcome.after(state, begun)
    state.status = mistakes
    if app.console.color_system == "standard":  # sixteen colours: those that their owner chose
        app.theme = TERMINAL.name
    if (offer := recovery.begin(session)) is not None:
        state.status = (*state.status, line(Span(str(offer), "accent")))
    if scripts or commands:
        gc.enable()  # what they leave behind is garbage
    outcome.begin(state, scripts, commands)
    if not (at or scripts or commands or state.status) and tour.first_time():
        tour.begin(state)
    if record is not None:
        from tfstep.faces.tui.work.cast import Cast  # nothing else needs it, nor what it draws with

        app.cast = Cast(record, f"tfstep · {session.scenario.name}")
        app.driver_class = app.cast.driver(app.driver_class)
    size = shutil.get_terminal_size()
    curtain.down()
    code = app.run() or 0
    ending.catch()  # again: its loop has put back what it found
    if app.cast is not None:
        try:
            _say(app.cast.save((size.columns, size.lines)))
        except CommandError as error:  # what was done is kept all the same
            _say(error.message)
            code = code or 2
    if app.return_code and not is_signal(app.return_code):
        broke = Bilingual(
            "the screen broke down; what you changed is kept: `tfstep run {name}`, then `recover`",
            "界面意外中止；所做的改动已保存：运行 `tfstep run {name}` 后执行 `recover`",
            name=recovery.scenario_name(session),
        )
        _say(broke)
        return app.return_code
    if (left := recovery.leave(session)) is not None:
        _say(left)
    return app.return_code or code


def _say(text: Bilingual) -> None:
    """Something on the terminal that the screen has left, if it is still there."""
    with suppress(OSError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
