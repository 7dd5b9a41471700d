"""How far a file may reach: what it names is read beneath its own folder, unless a person has named it or trusts it.

The command line holds files to that; in Python, where a person's own program names every file, nothing is held.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tfstep.files import write_whole
from tfstep.text import Bilingual

LARGEST = 1_000_000  # bytes of what is remembered
MOST = 1000  # files that are remembered

_guarded = False
_named: set[Path] = set()


def hold(on: bool) -> None:
    """Hold files to their own folders from now on, or no longer (``--trust``)."""
    global _guarded
    _guarded = on


def held() -> bool:
    """Whether files are held to their own folders."""
    return _guarded


def allow(folder: Path) -> None:
    """A person has named this folder: what lies in it may be read as long as this program runs."""
    _named.add(_spelled(folder))


def may_read(path: Path, by: Path) -> bool:
    """Whether the file ``by`` may have ``path`` read: it lies beneath its folder, links followed, or was named by a
    person: with ``by`` itself, or on this command line."""
    if not _guarded or Path(os.path.realpath(path)).is_relative_to(os.path.realpath(by.parent)):
        return True
    named = [*_named, *map(Path, _remembered().get(os.path.realpath(by), ()))]
    return any(_spelled(path).is_relative_to(each) for each in named)


def too_far(path: Path) -> Bilingual:
    """What is said of a file that may not be read."""
    return Bilingual(
        "{path} lies outside the folder of the file that names it; `--trust` lets it be read",
        "{path} 在写出它的文件所在文件夹之外；加 `--trust` 才会读取",
        path="".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(path))[:200],
    )


def remember(by: Path, named: Iterable[Path]) -> None:
    """A person has had ``by`` written with these files or folders in it: it may read them later, too.

    Where that cannot be kept, the file will need ``--trust``.
    """
    kept = dict(list(_remembered().items())[-MOST:])
    kept[os.path.realpath(by)] = [str(_spelled(each)) for each in named]
    with suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(kept, ensure_ascii=False, indent=1)
        write_whole(_file(), lambda file: file.write(text.encode("utf-8", "surrogateescape")), private=True)


def _spelled(path: Path) -> Path:
    """A path from the root, links as they are."""
    return Path(os.path.normpath(Path.cwd() / path))


def _remembered() -> dict[str, list[str]]:
    file = _file()
    try:
        if not file.is_file() or file.stat().st_size > LARGEST:
            return {}
        data = json.loads(file.read_bytes().decode("utf-8", "surrogateescape"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(data, dict):
        return {}
    return {
        key: [each for each in files if isinstance(each, str)] for key, files in data.items() if isinstance(files, list)
    }


def _file() -> Path:
    from platformdirs import user_state_path

    return Path(user_state_path("tfstep")) / "named.json"
