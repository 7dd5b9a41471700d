"""The errors a user can cause, in one family: each says what was asked, what was found, what to do.

Anything that is not a `TfstepError` is a bug of tfstep and shows its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from tfstep.text import Text


class TfstepError(Exception):
    """The user's input is at fault. ``str(error)`` is the message in the chosen language."""

    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


class ScenarioError(TfstepError):
    """A scenario file is wrong: every mistake of the file, each with its ``FILE:LINE:COLUMN``."""


class PathError(TfstepError):
    """No tensor has this path, or no cell has these indices."""


class EditError(TfstepError):
    """This tensor cannot be given this value."""


class ExpressionError(TfstepError):
    """An expression of the debugger's language is wrong; ``column`` (from 0) says where."""

    def __init__(self, message: Text, column: int = 0) -> None:
        super().__init__(message)
        self.column = column


class CommandError(TfstepError):
    """A command is unknown, or cannot do this here and now."""


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name out of ``names`` that was probably meant, or None: one that differs in case alone comes first."""
    known = list(names)
    same = [other for other in known if other.casefold() == name.casefold()]
    found = same or get_close_matches(name, known, n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(name: str, names: Iterable[str]) -> Text:
    """'; did you mean X?', or nothing."""
    near = nearest(name, names)
    return Text("; did you mean {near}?", "；是不是想写 {near}？", near=near) if near else Text("", "")
