"""Where a command's data goes: lines in colour or without, to standard output or to a file."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from tfstep import work
from tfstep.faces.cli.settings import Settings, columns, is_terminal
from tfstep.faces.cli.watching import Bar
from tfstep.files import unwritable, write_whole
from tfstep.view.text.symbols import plain as fit

if TYPE_CHECKING:
    from tfstep.engine.trace import Trace
    from tfstep.view.text.spans import Line

_STYLES = {  # SGR codes, from the sixteen colours that every terminal has
    "name": "1",
    "accent": "36",
    "dim": "2",
    "negative": "31",
    "good": "32",
    "bad": "1;31",
}


def paint(line: Line, color: bool = True) -> str:
    """A line, with its colours where there is ``color``."""
    return "".join(
        f"\x1b[{_STYLES[part.role]}m{part.text}\x1b[0m"
        if color and part.role in _STYLES and part.text.strip()
        else part.text
        for part in line
    ).rstrip()


class Output:
    """Standard output, or the file that ``-o`` names."""

    def __init__(self, settings: Settings, file: Path | None = None) -> None:
        self.file = None if file == Path("-") else file
        self.color = settings.color == "always" if self.file else settings.colored(sys.stdout)
        self.columns = None if self.file else columns(sys.stdout)
        self.closed = False  # whether nobody takes standard output any more

    def lines(self, lines: Iterable[Line]) -> None:
        """Lines for people."""
        self.text(f"{paint(line, self.color)}\n" for line in lines)

    def text(self, pieces: Iterable[str]) -> None:
        """Text as it is. A file is written when all of it is there. Raises CommandError where it cannot be."""
        if self.file:
            _save(self.file, lambda file: file.writelines(piece.encode("utf-8") for piece in pieces))
            return
        if self.closed:
            return
        try:
            for piece in pieces:
                self._hush()
                sys.stdout.write(piece)
        except BrokenPipeError:
            self._leave()

    def data(self, put: Callable[[BinaryIO], object]) -> None:
        """Bytes, which are not for a terminal. ``put`` writes them, where it may go back to what it has written."""
        if self.file:
            _save(self.file, put)
            return
        whole = io.BytesIO()
        put(whole)
        try:
            sys.stdout.flush()
            sys.stdout.buffer.write(whole.getbuffer())
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            self._leave()

    def _hush(self) -> None:
        """No line about how far the work is among what is written to the same terminal."""
        watcher = work.present()
        if isinstance(watcher, Bar) and is_terminal(sys.stdout):
            watcher.hush()

    def flush(self) -> None:
        """Let what was written be seen now."""
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            self._leave()

    def _leave(self) -> None:
        """Nobody takes it any more; what the command does goes on, for its status is still asked for."""
        self.closed = True
        leave(sys.stdout)


def _save(file: Path, put: Callable[[BinaryIO], object]) -> None:
    try:
        write_whole(file, put)
    except (OSError, ValueError) as error:
        raise unwritable(file, error) from None


def say(message: object, stream: TextIO | None = None) -> None:
    """Something to the user that is not data, on standard error."""
    out = stream or sys.stderr
    if isinstance(watcher := work.present(), Bar):
        watcher.close()  # how far the work is has the line that this is written to
    try:
        for line in str(message).split("\n"):
            out.write(f"{fit(line)}\n")
        out.flush()
    except OSError:  # nobody reads it, or there is no room for it; the exit status still says what came of it
        leave(out)


def leave(stream: TextIO) -> None:
    """Nobody takes what goes to this stream: let what is left of it go nowhere, also at the interpreter's end."""
    with suppress(OSError, ValueError):  # a stream without a descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def say_ours(trace: Trace, name: str) -> None:
    """Where PyTorch, GPT-2 or TransformerLens call a tensor so: what it is called here."""
    from tfstep.families.names import elsewhere, relation_text

    alias = elsewhere(trace.plan, name)
    if alias is not None:
        say(relation_text(alias))
