"""Whoever watches work on the command line: a question before what is long, a line on standard error, Ctrl-C."""

from __future__ import annotations

import sys
import time

import click

from tfstep.errors import CommandError
from tfstep.faces.cli.settings import is_terminal
from tfstep.text import Bilingual
from tfstep.view.text.symbols import plain
from tfstep.work import NOTHING, Cost, Watcher

WIDTH = 30
AFTER, EVERY = 0.3, 0.1  # seconds: before the line is first drawn, and between two of them
WORTH = 5.0, 20e6  # seconds and bytes from which it is told what work will take


class Bar(Watcher):
    """How far a long task is; silent where standard error is no terminal. With ``yes`` nothing is asked."""

    def __init__(self, yes: bool = False) -> None:
        super().__init__()
        self.yes, self._shown, self._from, self._drawn = yes, is_terminal(sys.stderr), time.monotonic(), 0.0
        self._told = 0, 0, NOTHING

    def agree(self, cost: Cost) -> None:
        """Ask a person who sits there; without one, `--yes` has to stand on the command line."""
        if cost.large and not self.yes:
            if not (self._shown and is_terminal(sys.stdin)):
                raise CommandError(
                    Bilingual("{cost}; `--yes` begins it", "{cost}；加 `--yes` 才开始", cost=cost.told())
                )
            question = Bilingual("{cost}; begin?", "{cost}；开始吗？", cost=cost.told())
            self.close()
            if not click.confirm(plain(str(question)), err=True):
                raise CommandError(Bilingual("not begun; nothing has changed", "没有开始；什么都没变"))
        elif self._shown and (cost.seconds > WORTH[0] or cost.bytes > WORTH[1]):
            self.close()
            told = Bilingual("{cost}; Ctrl-C stops it", "{cost}；Ctrl-C 停止", cost=cost.told())
            sys.stderr.write(plain(f"{told}\n"))
        self._from = time.monotonic()

    def tell(self, done: int, of: int, note: Bilingual) -> None:
        """Draw the line anew, at most ten times a second."""
        self._told = done, of, note
        self._draw(0.0)

    def within(self, share: float) -> None:
        """Draw it with the share of the present part that is done."""
        self._draw(share)

    def _draw(self, share: float) -> None:
        now, (done, of, note) = time.monotonic(), self._told
        if not self._shown or not of or now - self._from < AFTER or now - self._drawn < EVERY:
            return
        self._drawn = now
        filled = int(WIDTH * min(done + share, of) / of)
        text = plain(f"{'█' * filled}{'·' * (WIDTH - filled)} {done}/{of} {note}")
        sys.stderr.write(text.join(("\r", "\x1b[K")))
        sys.stderr.flush()

    def hush(self) -> None:
        """Say no more: the result is written to the same terminal."""
        self.close()
        self._shown = False

    def close(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._drawn = 0.0
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
