"""A progress bar on standard error, where a person looks at it."""

from __future__ import annotations

import sys
import time

from tfstep.faces.cli.settings import is_terminal
from tfstep.view.text.symbols import plain

WIDTH = 30
EVERY = 0.1  # seconds


class Progress:
    """How far a long task is; silent where standard error is no terminal."""

    def __init__(self, total: int) -> None:
        self.total, self._shown, self._drawn = total, is_terminal(sys.stderr), 0.0

    def __call__(self, done: int, note: str) -> None:
        """Draw the bar anew, at most ten times a second and at the end."""
        now = time.monotonic()
        if not self._shown or (done < self.total and now - self._drawn < EVERY):
            return
        self._drawn = now
        filled = WIDTH * done // max(1, self.total)
        sys.stderr.write(
            plain(f"{'█' * filled}{'·' * (WIDTH - filled)} {done}/{self.total} {note}").join(("\r", "\x1b[K"))
        )
        sys.stderr.flush()

    def close(self) -> None:
        """Take the bar away."""
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
