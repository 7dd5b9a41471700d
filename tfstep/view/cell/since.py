"""What the numbers are compared with: those before the last edit, or before a line that moved them and was no edit."""

from __future__ import annotations

from tfstep.text import Bilingual

MOVES = ("train", "rewind", "goto")


def moved_by(line: str) -> str:
    """The line, where it trained or went back; nothing where it was an edit."""
    return line if line.startswith(MOVES) else ""


def before_what(since: str) -> Bilingual:
    """Before which line the other numbers stood; ``since`` is what `moved_by` says of it."""
    if since:
        return Bilingual("before `{line}`", "`{line}` 之前", line=since)
    return Bilingual("before the edit", "改动之前")
