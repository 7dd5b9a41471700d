"""Recording one's own run, and taking what was recorded elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from tfstep.compare.recorded.note import Note, RecordingError
from tfstep.compare.recorded.reading import read
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.recorded.source import own_line
from tfstep.text import Bilingual


class Recorder:
    """``with tfstep.recording("mine.safetensors") as r: r.q = q`` keeps arrays in the order in which they are set.

    ``r["q"] = q`` is the same for names that are no Python names; the file is written when the block ends well.
    """

    _recording: Recording
    _path: Path | None

    def __init__(self, path: str | Path | None = None) -> None:
        object.__setattr__(self, "_recording", Recording())
        object.__setattr__(self, "_path", None if path is None else Path(path))

    @property
    def recording(self) -> Recording:
        """What was recorded so far."""
        return self._recording

    def __setattr__(self, name: str, value: object) -> None:
        self._recording.add(name, value, Note(line=own_line(sys._getframe(), name)))

    def __setitem__(self, name: str, value: object) -> None:
        self._recording.add(name, value, Note(line=own_line(sys._getframe(), name)))

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None and self._path is not None:
            self._recording.save(self._path)


def recording(path: str | Path | None = None) -> Recorder:
    """What records one's own run: ``with tfstep.recording("mine.safetensors") as r: r.scores = scores``."""
    return Recorder(path)


def of(given: object) -> Recording:
    """A recording of what was given: one already, a recorder, a mapping of arrays, a file or a folder. The arrays of a
    mapping are not copied.

    Raises RecordingError.
    """
    if isinstance(given, Recording):
        return given
    if isinstance(given, Recorder):
        return given.recording
    if isinstance(given, str | Path):
        return read(Path(given))
    if isinstance(given, Mapping):
        found = Recording()
        for name, value in given.items():
            found.add(str(name), value, copy=False)
        return found
    raise RecordingError(
        Bilingual(
            "{found} is no recording: give a file, a folder of .npy, a mapping of arrays by name, or for a module "
            "tfstep.torch.record(module, x)",
            "{found} 不是记录：请给出文件、.npy 文件夹、以名称为键的数组映射；模块则用 tfstep.torch.record(module, x)",
            found=type(given).__name__,
        )
    )
