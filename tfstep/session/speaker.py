"""Who says a line: a person, a script or a lesson; and what files it may touch for that."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from tfstep import reach
from tfstep.errors import CommandError
from tfstep.files import typed_path
from tfstep.text import Bilingual


class Speaker(Struct, frozen=True):
    """Who says a line. ``folder`` is that of a script, beneath which it may read; None is nobody's."""

    limited: bool = False
    folder: Path | None = None

    def touches_no_files(self) -> Bilingual | None:
        """Why this one may use no command that touches files, if it may not."""
        if self.limited and self.folder is None:
            return Bilingual("a lesson reads and writes no files", "课程不能读写文件")
        return None

    def check_write(self, path: Path, replace: bool) -> None:
        """A script writes new files in the current folder. Raises CommandError for anything else."""
        if not self.limited or not reach.held():
            return
        if not _in_current_folder(path) or replace or os.path.lexists(path):
            raise CommandError(
                Bilingual(
                    "{path}: a script writes new files, in the current folder; with `--trust` anything",
                    "{path}：脚本只能在当前文件夹写新文件；加 `--trust` 则不限",
                    path=str(path)[:200],
                )
            )

    def check_read(self, path: Path) -> None:
        """A script reads beneath its own folder. Raises CommandError for anything else."""
        if self.limited and self.folder is not None and not reach.may_read(path, self.folder / "script"):
            raise CommandError(reach.too_far(path))


def _in_current_folder(path: Path) -> bool:
    """Whether a file stands, or would stand, in the current folder; ``..`` is not followed."""
    if path.name in ("", ".") or ".." in path.parts:
        return False
    try:
        return path.name == str(path) or path.parent.samefile(".")
    except (OSError, ValueError):  # no such folder; no path at all
        return False


PERSON = Speaker()
LESSON = Speaker(limited=True)


def script(file: str) -> Speaker:
    """The speaker of a script's lines; ``-`` is standard input, whose folder is the current one."""
    return Speaker(True, Path.cwd() if file == "-" else typed_path(file).resolve().parent)
