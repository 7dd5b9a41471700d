"""Files of ours: written whole or not at all; and what a person types as the name of one."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tfstep.errors import CommandError, refusal
from tfstep.text import Bilingual

written: list[Path] = []
"""What was written by now: whoever breaks something off is told."""


def write_whole(path: Path, put: Callable[[BinaryIO], object], *, private: bool = False) -> None:
    """Write a file so that at every moment it is the old one or the new one, whole.

    ``put`` writes to a fresh file beside it, under a name that nobody can foresee; it is synced, given the mode of
    the file that it replaces (for a new one: the owner's alone if ``private``, else what the umask leaves), and
    renamed. A link is followed to what it stands for. A device or a pipe is written to as it is.

    Raises OSError; what was there before is then untouched.
    """
    target = Path(os.path.realpath(path))
    before = None
    with suppress(FileNotFoundError):
        before = target.stat()
    if before is not None and not stat.S_ISREG(before.st_mode):
        with target.open("wb") as device:
            put(device)
        return
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:80]}.", suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            put(file)
            file.flush()
            os.fsync(file.fileno())
        mode = stat.S_IMODE(before.st_mode) if before is not None else 0o600 if private else 0o666 & ~_umask()
        part.chmod(mode)
        part.replace(target)
        written.append(path)
    finally:
        part.unlink(missing_ok=True)
    _sync_folder(target.parent)


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Path]:
    """A folder beside this one under a name that nobody can foresee, to be filled; it becomes this one when all is
    well, and else is gone.

    Raises OSError, for one that is there already, too; what was there is untouched then.
    """
    if folder.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name[:80]}.", suffix=".part", dir=folder.parent))
    try:
        yield part
        part.chmod(0o777 & ~_umask())
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _sync_folder(folder.parent)


def typed_path(text: str) -> Path:
    """The path that a person typed, with ``~`` filled in. Raises CommandError where no such user is known."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise CommandError(
            Bilingual(
                "{path}: there is no such user; write the whole path",
                "{path}：没有这个用户；请写完整路径",
                path=text[:200],
            )
        ) from None


def unwritable(path: Path, error: OSError | ValueError) -> CommandError:
    """The error to raise where a file cannot be written."""
    why = refusal(error) if isinstance(error, OSError) else Bilingual("no name of a file", "不是文件名")
    return CommandError(Bilingual("{path} cannot be written: {why}", "无法写入 {path}：{why}", path=path, why=why))


def _umask() -> int:
    mask = os.umask(0o077)  # there is no way to ask without setting
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make the renaming last through a power cut, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def leads_out(folder: Path, path: Path) -> bool:
    """Whether a path of a folder, its links followed, lies outside: neither in the folder, nor in the cache that the
    hub's own downloads are kept in (``blobs`` beside ``snapshots``)."""
    home, found = folder.resolve(), path.resolve()
    blobs = home.parent.parent / "blobs" if home.parent.name == "snapshots" else None
    return not (found.is_relative_to(home) or (blobs is not None and found.is_relative_to(blobs)))
