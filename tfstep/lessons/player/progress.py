"""How far a reader has come in each lesson, remembered between sittings."""

from __future__ import annotations

import json
from pathlib import Path

from msgspec import Struct

from tfstep.files import write_whole

LARGEST = 1_000_000  # bytes of the file


class Reached(Struct, frozen=True):
    """The step that comes next (from 0), out of how many, and whether the lesson was ended once."""

    step: int
    of: int
    done: bool = False


class Progress:
    """The file of a reader's progress. Where it cannot be read or written, nothing is remembered."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or default_file()
        self._reached = _read(self.file)

    def of(self, lesson: str) -> Reached | None:
        """How far this lesson was read, or None where it was not begun."""
        return self._reached.get(lesson)

    def reach(self, lesson: str, step: int, of: int, done: bool = False) -> None:
        """Remember a step; a lesson that was ended once stays so."""
        before = self._reached.get(lesson)
        self._reached[lesson] = Reached(step, of, done or (before is not None and before.done))
        self._write()

    def _write(self) -> None:
        data = {name: {"step": r.step, "of": r.of, "done": r.done} for name, r in sorted(self._reached.items())}
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(data, ensure_ascii=False, indent=1)
            write_whole(self.file, lambda file: file.write(text.encode("utf-8")), private=True)
        except OSError:  # a home that cannot be written to: the lesson goes on all the same
            return


class Forgetful(Progress):
    """Progress that is nobody's: it begins with nothing and is kept nowhere."""

    def __init__(self) -> None:
        self._reached = {}

    def _write(self) -> None:
        pass


def default_file() -> Path:
    """Where progress is kept."""
    from platformdirs import user_data_path

    return Path(user_data_path("tfstep")) / "progress.json"


def _read(file: Path) -> dict[str, Reached]:
    try:
        if not file.is_file() or file.stat().st_size > LARGEST:
            return {}
        data = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    found = {}
    for name, each in data.items() if isinstance(data, dict) else ():
        if isinstance(each, dict) and all(isinstance(each.get(key), int) for key in ("step", "of", "done")):
            found[str(name)] = Reached(max(0, each["step"]), max(1, each["of"]), bool(each["done"]))
    return found
