"""What stands on the terminal while the screen is loaded and the first numbers are computed: a frame, at once."""

from __future__ import annotations

import sys

from tfstep.text import Bilingual, printable

_UP, _DOWN = "\x1b[?1049h\x1b[?25l\x1b[2J\x1b[H", "\x1b[?25h\x1b[?1049l"
_is_up = False


def up(name: str) -> None:
    """Show it, where there is a terminal."""
    global _is_up
    if not _is_up and sys.stdout.isatty():
        _is_up = True
        says = Bilingual("computing …", "计算中…")
        sys.stdout.write(f"{_UP} tfstep  {printable(name)[:60]}\r\n\r\n   {says}")
        sys.stdout.flush()


def down() -> None:
    """Take it away, if it is there: the terminal is as it was."""
    global _is_up
    if _is_up:
        _is_up = False
        sys.stdout.write(_DOWN)
        sys.stdout.flush()
