"""What the options that every command takes decide; they may stand before or after the command's name."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from shutil import get_terminal_size
from typing import Any, TextIO

from tfstep.text import LANGUAGES, locale_language


class Settings:
    """How to print, and what a model is given to read. ``color`` is auto, always or never."""

    def __init__(self, color: str = "auto") -> None:
        self.color = color
        self.keep = "all"  # what traces keep
        self.reading: dict[str, Any] = {}  # of `opening.reading`, as far as the command line says

    def colored(self, stream: TextIO) -> bool:
        """Whether colour goes to this stream: in auto only to a terminal, and not where ``NO_COLOR`` is set."""
        if self.color != "auto":
            return self.color == "always"
        return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person sits at this stream."""
    return stream is not None and not stream.closed and stream.isatty()


def has_screen() -> bool:
    """Whether a screen can be drawn here and keys be read."""
    return is_terminal(sys.stdin) and is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb"


def columns(stream: TextIO) -> int | None:
    """The columns of a terminal, None for anything that folds no lines."""
    return get_terminal_size().columns if is_terminal(stream) else None


def asked_language(arguments: Sequence[str]) -> str:
    """The language of messages about the command line itself, read from it before it is understood."""
    for k, argument in enumerate(arguments):
        if argument == "--":
            break
        name, equals, value = argument.partition("=")
        if name == "--lang":
            value = value if equals else "".join(arguments[k + 1 : k + 2])
            if value in LANGUAGES:
                return value
    return locale_language()
