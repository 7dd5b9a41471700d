"""Signals that end the program: what runs is left as by an error, so that the terminal is whole and edits are kept."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from textual.app import App

SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name))
FIRST = 128  # the exit status of a program that signal n has ended is this + n, as the shell has it


def is_signal(status: int) -> bool:
    """Whether an exit status is that of a signal."""
    return status - FIRST in SIGNALS


def on_screen(app: App[Any]) -> None:
    """Close a screen at such a signal, from within its own loop. What the user had ignored (nohup) stays ignored."""
    with suppress(NotImplementedError, RuntimeError, ValueError):  # no signals on this system, or in this thread
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                asyncio.get_running_loop().add_signal_handler(number, app.exit, None, FIRST + number)


def catch() -> None:
    """End the program at such a signal by SystemExit, which closes whatever is open on its way out."""
    for number in SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, frame: object) -> NoReturn:
    raise SystemExit(FIRST + number)
