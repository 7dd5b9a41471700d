"""The errors a user can cause, in one family: each says what was asked, what was found, what to do.

Anything that is not a `TfstepError` is a bug of tfstep and shows its traceback.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from difflib import get_close_matches
from heapq import nlargest

from tfstep.text import Bilingual

CLOSE = 100  # names that are compared letter by letter: of more, those that begin and end most alike


class TfstepError(Exception):
    """The user's input is at fault. ``str(error)`` is the message in the chosen language."""

    def __init__(self, message: Bilingual) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


class ScenarioError(TfstepError):
    """A scenario file is wrong: every mistake of the file, each with its ``FILE:LINE:COLUMN``."""


class PathError(TfstepError, KeyError):
    """No tensor has this path, or no cell has these indices; a KeyError as well, for a trace is a mapping by path."""


class EditError(TfstepError):
    """This tensor cannot be given this value."""


class ExpressionError(TfstepError):
    """An expression of the debugger's language is wrong; ``column`` (from 0) says where."""

    def __init__(self, message: Bilingual, column: int = 0) -> None:
        super().__init__(message)
        self.column = column


class CommandError(TfstepError):
    """A command is unknown, or cannot do this here and now."""


class NoCommandError(CommandError):
    """A line that begins with no command; ``unquoted`` says so without repeating it, for what stands in a file that is
    no script is nobody's business."""

    def __init__(self, message: Bilingual, unquoted: Bilingual) -> None:
        super().__init__(message)
        self.unquoted = unquoted


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name out of ``names`` that was probably meant, or None: one that differs in case alone comes first, then in
    case, hyphens and underscores."""
    known = list(names)
    same = [other for other in known if other.casefold() == name.casefold()]
    same = same or [other for other in known if _bare(other) == _bare(name)]
    if not same and len(known) > CLOSE:
        known = nlargest(CLOSE, known, key=lambda other: _shared(name, other) + _shared(name[::-1], other[::-1]))
    found = same or get_close_matches(name, known, n=1, cutoff=0.6)
    return found[0] if found else None


def _bare(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")


def _shared(one: str, other: str) -> int:
    """How many characters two names begin with alike."""
    return next((k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def did_you_mean(name: str, names: Iterable[str]) -> Bilingual:
    """' (did you mean X?)', to stand right behind the name that is wrong, or nothing."""
    return meant(nearest(name, names))


def meant(near: str | None) -> Bilingual:
    """The same of a name that is known to be the one that was meant."""
    return Bilingual(" (did you mean {near}?)", "（是不是想写 {near}？）", near=near) if near else Bilingual("", "")


def refusal(error: OSError) -> Bilingual:
    """Why the system refused a file, in words."""
    known = _REFUSALS.get(error.errno or 0)
    why = error.strerror or str(error) or type(error).__name__
    return known if known is not None else Bilingual("{why}", "{why}", why=why)


_REFUSALS = {
    errno.ENOENT: Bilingual("there is no such file or folder", "没有这个文件或文件夹"),
    errno.EACCES: Bilingual("permission denied", "没有权限"),
    errno.EPERM: Bilingual("not permitted", "不允许这样做"),
    errno.EISDIR: Bilingual("it is a folder", "这是文件夹"),
    errno.ENOTDIR: Bilingual("part of the path is no folder", "路径中有一段不是文件夹"),
    errno.EROFS: Bilingual("nothing can be written there: read-only", "那里是只读的"),
    errno.ENOSPC: Bilingual("no space is left", "空间不足"),
    errno.ENAMETOOLONG: Bilingual("the name is too long", "名字太长"),
    errno.ELOOP: Bilingual("the links go round in a circle", "符号链接成环"),
}
