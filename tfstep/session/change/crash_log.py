"""The diary: every line of a session on disk as it is run, so that a killed session can be taken up again."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from stat import S_ISREG
from typing import IO, Any, BinaryIO

from msgspec import Struct

from tfstep.errors import refusal
from tfstep.scenario.scenario import Scenario
from tfstep.text import Bilingual

LONGEST = 20_000_000  # bytes of a diary that is read again
_LEFT = {"left": True}  # the last row where the user has left


def key_of(scenario: Scenario) -> str:
    """What tells one scenario's diaries from another's."""
    return str(scenario.path.resolve()) if scenario.path is not None else scenario.name


class Leftover(Struct, frozen=True):
    """The diary of a session that was cut off, or ``left`` with changes that were not saved: its lines, the variant it
    began with, when it was last written. It ``stays`` when it is taken up, where the session that does so keeps none."""

    path: Path
    variant: str
    lines: tuple[str, ...]
    written: float
    left: bool = False
    stays: bool = False


class Diary:
    """The diary of one running session; `end` takes it away again.

    Where it cannot be written (a full disk, a file in the folder's place), that is told once, the rows wait, and every
    further line tries again; that it works again is told, too.
    """

    def __init__(self, folder: Path, scenario: Scenario) -> None:
        self.path = folder / f"{os.getpid()}-{time.time_ns()}.jsonl"
        self._waiting: list[object] = [{"scenario": key_of(scenario), "variant": scenario.variant, "pid": os.getpid()}]
        self._file: BinaryIO | None = None
        self._whole = 0  # bytes on disk that end with a row
        self._broken = False

    def write(self, line: str) -> Bilingual | None:
        """Put a line on disk, before it is run; the first one begins the file. Says where that begins to fail, or works
        again."""
        return self._put(line)

    def amend(self, line: str) -> Bilingual | None:
        """What the line written last has come to: a training that was stopped made fewer updates than it says."""
        return self._put({"instead": line})

    def _put(self, what: object) -> Bilingual | None:
        self._waiting.append(what)
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._file = os.fdopen(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "wb", buffering=0)
                _lock(self._file)
            self._file.seek(self._whole)  # over what a failed write left of a row
            data = "".join(f"{json.dumps(row)}\n" for row in self._waiting).encode()
            while data:
                data = data[self._file.write(data) or 0 :]
            self._file.truncate()
            self._whole = self._file.tell()  # last: where anything fails, the same rows are written there once more
        except OSError as error:
            told, self._broken = self._broken, True
            if told:
                return None
            return Bilingual(
                "what you do is not kept at the moment: {path} cannot be written ({why}); it is tried again with every line",
                "目前无法记下你的操作：无法写入 {path}（{why}）；之后每一行都会再试",
                path=self.path,
                why=refusal(error),
            )
        self._waiting.clear()
        mended, self._broken = self._broken, False
        return Bilingual("what you do is kept again", "又能记下你的操作了") if mended else None

    def leave(self) -> bool:
        """The user has left, and may take this up again. Says whether it is on disk."""
        if self._file is None and len(self._waiting) == 1:
            return False
        self._put(_LEFT)
        return self._close() and not self._waiting

    def end(self) -> None:
        """The session has ended by itself: nothing is to be taken up again."""
        if self._close():
            self.path.unlink(missing_ok=True)

    def _close(self) -> bool:
        """Close the file; says whether there was one."""
        if self._file is None:
            return False
        self._file.close()
        self._file = None
        return True


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
        if not S_ISREG(stat.st_mode) or stat.st_size > LONGEST:
            return None
        rows = [row for row in path.read_text("utf-8", errors="replace").split("\n") if row]
        head = json.loads(rows[0]) if rows else None
        if not isinstance(head, dict) or head.get("scenario") != key:
            return None
        pid = head.get("pid")
        if _runs(path, pid if isinstance(pid, int) and 0 <= pid < 2**31 else 0):
            return None
    except (OSError, ValueError, RecursionError):
        return None
    left = rows[-1] == json.dumps(_LEFT)
    return Leftover(path, str(head.get("variant", "base")), _lines(rows[1:]), stat.st_mtime, left)


def _lines(rows: list[str]) -> tuple[str, ...]:
    """The lines of a diary, each as what it came to; a row that was cut off in the middle counts for nothing."""
    lines: list[str] = []
    for row in rows:
        try:
            said = json.loads(row)
        except (ValueError, RecursionError):
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
