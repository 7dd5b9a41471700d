"""The diary: every line of a session on disk as it is run, so that a killed session can be taken up again."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from tfstep.scenario.scenario import Scenario

LONGEST = 20_000_000  # bytes of a diary that is read again
_LEFT = {"left": True}  # the last row where the user has left


def key_of(scenario: Scenario) -> str:
    """What tells one scenario's diaries from another's."""
    return str(scenario.path.resolve()) if scenario.path is not None else scenario.name


class Leftover(Struct, frozen=True):
    """The diary of a session that was cut off, or ``left`` with changes that were not saved: its lines, the variant it
    began with, when it was last written."""

    path: Path
    variant: str
    lines: tuple[str, ...]
    written: float
    left: bool = False


class Diary:
    """The diary of one running session; `end` takes it away again. Where it cannot be written, there is none."""

    def __init__(self, folder: Path, scenario: Scenario) -> None:
        self.path = folder / f"{os.getpid()}-{time.time_ns()}.jsonl"
        self._head = {"scenario": key_of(scenario), "variant": scenario.variant, "pid": os.getpid()}
        self._file: IO[str] | None = None
        self._broken = False

    def write(self, line: str) -> None:
        """Put a line on disk, before it is run; the first one begins the file."""
        if self._broken:
            return
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("x", encoding="utf-8")
                _lock(self._file)
                self._put(self._head)
            self._put(line)
        except OSError:
            self._broken = True

    def amend(self, line: str) -> None:
        """What the line written last has come to: a training that was stopped made fewer updates than it says."""
        if self._file is None or self._broken:
            return
        try:
            self._put({"instead": line})
        except OSError:
            self._broken = True

    def _put(self, what: object) -> None:
        assert self._file is not None
        self._file.write(json.dumps(what, ensure_ascii=False) + "\n")
        self._file.flush()

    def leave(self) -> bool:
        """The user has left, and may take this up again. Says whether it is on disk."""
        if self._file is None or self._broken:
            return False
        try:
            self._put(_LEFT)
        except OSError:
            return False
        self._file.close()
        self._file = None
        return True

    def end(self) -> None:
        """The session has ended by itself: nothing is to be taken up again."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self.path.unlink(missing_ok=True)


def leftovers(folder: Path, scenario: Scenario) -> list[Leftover]:
    """The diaries of sessions on this scenario that were killed, the latest first, then of those that were left."""
    found = []
    for path in folder.glob("*.jsonl") if folder.is_dir() else ():
        left = _read(path, key_of(scenario))
        if left is not None:
            found.append(left)
    return sorted(found, key=lambda each: (each.left, -each.written))


def _read(path: Path, key: str) -> Leftover | None:
    """One diary, if it is of this scenario and its session runs no more."""
    try:
        stat = path.stat()
        if stat.st_size > LONGEST:
            return None
        rows = path.read_text("utf-8", errors="replace").splitlines()
        head = json.loads(rows[0]) if rows else None
        if not isinstance(head, dict) or head.get("scenario") != key or _runs(path, int(head.get("pid", 0))):
            return None
    except (OSError, ValueError):
        return None
    left = rows[-1] == json.dumps(_LEFT)
    return Leftover(path, str(head.get("variant", "base")), _lines(rows[1:]), stat.st_mtime, left)


def _lines(rows: list[str]) -> tuple[str, ...]:
    """The lines of a diary, each as what it came to; a row that was cut off in the middle counts for nothing."""
    lines: list[str] = []
    for row in rows:
        try:
            said = json.loads(row)
        except ValueError:
            continue
        if isinstance(said, dict) and lines:
            lines[-1] = str(said.get("instead", lines[-1]))
        elif isinstance(said, str) and said:
            lines.append(said)
    return tuple(filter(None, lines))


def _lock(file: IO[Any]) -> bool | None:
    """Lock a file as long as its session runs; says whether that worked, None where files cannot be locked."""
    try:
        import fcntl
    except ImportError:  # there are no such locks on this system
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _runs(path: Path, pid: int) -> bool:
    """Whether the session of a diary is still there: its lock says so, even where another process has its number."""
    with path.open("rb") as file:
        free = _lock(file)
    if free is not None:
        return not free
    if pid <= 0 or pid == os.getpid():
        return pid == os.getpid()
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
