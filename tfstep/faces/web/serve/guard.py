"""What the process of a visitor may do once its screen is up: compute, and nothing beside it.

The commands that read or write files are refused with the reason; this is the wall behind them. It stands below the
language: whatever asks for a file, a program or a connection is refused by the interpreter itself.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

MEMORY = 2 << 30  # bytes of address space: what is computed, and the libraries
SECONDS = 1200  # of computing, in one session

REFUSED = frozenset({
    "os.remove", "os.rename", "os.link", "os.symlink", "os.mkdir",
    "os.rmdir", "os.chmod", "os.chown", "os.truncate", "os.utime",
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork",
    "os.forkpty", "os.putenv", "shutil.rmtree", "shutil.copyfile", "shutil.move",
    "tempfile.mkstemp", "tempfile.mkdtemp", "subprocess.Popen", "socket.connect", "socket.bind",
    "socket.getaddrinfo", "socket.sendto",
})  # fmt: skip
LISTING = ("os.listdir", "os.scandir")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


def bound(memory: int = MEMORY, seconds: int = SECONDS) -> None:
    """Bound what this process may take, where the system can: beyond it the session ends, and no other one."""
    try:
        import resource
    except ImportError:  # Windows has no such bounds
        return
    for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        with suppress(ValueError, OSError):  # a lower bound is set already
            resource.setrlimit(kind, (most, most))


def guard(readable: Iterable[Path] = ()) -> None:
    """Refuse files, programs and connections from now on, for as long as the process lives.

    What can still be read: the program with its libraries, and the files ``readable``. Raises PermissionError where
    something else is asked for.
    """
    folders = [
        Path(each).resolve() for each in {*sys.path, sys.prefix, sys.base_prefix} if each and Path(each).exists()
    ]
    package = Path(__file__).resolve().parents[3]
    roots = tuple(f"{each}{os.sep}" for each in {package, *(f for f in folders if _is_library(f))})
    files = frozenset(str(each.resolve()) for each in readable)

    def allowed(path: Any) -> bool:
        if isinstance(path, int):
            return True
        there = os.path.realpath(os.fsdecode(path))
        return f"{there}{os.sep}".startswith(roots) or there in files or there in ("/dev/null", "/dev/urandom")

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in REFUSED or (event in LISTING and not allowed(arguments[0] if arguments[0] is not None else ".")):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if event == "open":
            path, mode, flags = arguments
            writes = any(c in (mode or "") for c in "wax+") or bool((flags or 0) & WRITING)
            if not isinstance(path, int) and (writes or not allowed(path)):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fsdecode(path))

    sys.dont_write_bytecode = True
    sys.addaudithook(watch)


def _is_library(folder: Path) -> bool:
    """Whether a folder of the search path holds modules alone: not the folder that the server was started in."""
    return folder != Path.cwd().resolve() and folder != Path.home().resolve() and len(folder.parts) > 1
