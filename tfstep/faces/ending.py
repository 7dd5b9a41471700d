"""Signals that end the program: what runs is left as by an error, so that the terminal is whole and edits are kept."""

from __future__ import annotations

import select
import signal
import sys
import threading
from collections.abc import Callable
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
    """Close a screen at such a signal, from within its own loop. What the user had ignored (nohup) stays ignored; a
    terminal that is gone ends it nevertheless, for nobody can press a key any more."""
    import asyncio  # which the screen has loaded, and no command without one needs

    with suppress(NotImplementedError, RuntimeError, ValueError):  # no signals on this system, or in this thread
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                asyncio.get_running_loop().add_signal_handler(number, app.exit, None, FIRST + number)

    with suppress(NotImplementedError, RuntimeError, ValueError, AttributeError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, getattr(app, "action_interrupt", app.exit))
        asyncio.get_running_loop().add_signal_handler(signal.SIGCONT, _resume, signal.getsignal(signal.SIGCONT), app)
    with suppress(AttributeError, ValueError, OSError):  # no such thing as `poll`, or no terminal to be gone
        loop, number, fileno = asyncio.get_running_loop(), signal.SIGHUP, sys.__stdin__.fileno()  # type: ignore[union-attr]  # None has no fileno, either

        def gone() -> None:
            with suppress(RuntimeError):  # the loop has ended by then
                loop.call_soon_threadsafe(app.exit, None, FIRST + number)

        threading.Thread(target=_wait, args=(fileno, gone), daemon=True, name="terminal-gone").start()


def _resume(drivers: Any, app: App[Any]) -> None:
    """The program goes on. Textual's own handler takes the terminal over, which is right after a suspension alone: after
    a stop from outside it would take the screen's own modes for those to be left behind, and fail outside the loop."""
    if getattr(getattr(drivers, "__self__", None), "_must_signal_resume", False):
        drivers(signal.SIGCONT, None)
    else:
        app.refresh(layout=True)


def _wait(terminal: int, gone: Callable[[], None]) -> None:
    """Sleep until there is no terminal any more, then say so."""
    waiting = select.poll()
    waiting.register(terminal, 0)  # nothing that could be read; that it hung up is always told
    if any(event & (select.POLLHUP | select.POLLERR) for _, event in waiting.poll()):
        gone()


def catch() -> None:
    """End the program at such a signal by SystemExit, which closes whatever is open on its way out."""
    for number in SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, frame: object) -> NoReturn:
    raise SystemExit(FIRST + number)
