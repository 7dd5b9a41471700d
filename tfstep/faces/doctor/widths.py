"""How many columns a terminal really gives to a character: it is drawn, and the terminal is asked where its cursor is."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from msgspec import Struct

SAMPLES = {"爱": 2, "√": 1, "·": 1, "×": 1, "∂": 1, "α": 1, "…": 1, "▸": 1, "●": 1, "█": 1, "▁": 1, "⌫": 1, "ᵀ": 1}
"""Characters of the screen, and the columns that they must take."""

PATIENCE = 1.0  # seconds in which a terminal answers, or does not
_ANSWER = re.compile(rb"\x1b\[(\d+);(\d+)R")


class Measured(Struct, frozen=True):
    """One character: the columns it must take, and those it takes; None where the terminal does not say."""

    character: str
    wanted: int
    found: int | None


def measure() -> list[Measured]:
    """Every sample on the terminal that is there; nothing where there is none, or where it does not answer."""
    try:
        import termios
    except ImportError:  # Windows
        return []
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return []
    found: list[Measured] = []
    with suppress(termios.error, OSError), _raw():
        for character, wanted in SAMPLES.items():
            columns = _columns(character)
            if columns is None:
                return []
            found.append(Measured(character, wanted, columns))
    return found


@contextmanager
def _raw() -> Iterator[None]:
    """Keys and answers reach us at once and are not shown; the terminal is put back as it was."""
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        sys.stdout.write("\r\x1b[K")
        sys.stdout.flush()
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _columns(character: str) -> int | None:
    sys.stdout.write(f"\r{character}\x1b[6n")
    sys.stdout.flush()
    return _cursor_column()


def _cursor_column() -> int | None:
    """The column that the terminal reports, counted from 0."""
    import select

    said, until = b"", time.monotonic() + PATIENCE
    while (left := until - time.monotonic()) > 0:
        if not select.select([sys.stdin], [], [], left)[0]:
            return None
        said += os.read(sys.stdin.fileno(), 64)
        if answer := _ANSWER.search(said):
            return int(answer[2]) - 1
    return None
