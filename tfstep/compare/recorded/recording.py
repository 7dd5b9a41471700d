"""What somebody's own program computed, array by array in the order of the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from msgspec import Struct, field

from tfstep.errors import TfstepError
from tfstep.text import Bilingual

GRAD = ".grad"
MOST = 20_000  # arrays of a recording
MOST_CELLS = 1 << 28


class RecordingError(TfstepError):
    """What was recorded, or its file, cannot be used."""


class Note(Struct, frozen=True):
    """What is known of an array beside its numbers: ``kind`` (tensor, weight, input), where it was computed
    (``FILE:LINE``), by what, and from which arrays."""

    kind: str = "tensor"
    line: str = ""
    op: str = ""
    inputs: tuple[str, ...] = ()


class Recording(Struct, eq=False):
    """Arrays by name, in the order of the run; the gradient of NAME stands under ``NAME.grad``."""

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)
    remarks: tuple[Bilingual, ...] = ()

    def __len__(self) -> int:
        return len(self.arrays)

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __contains__(self, name: object) -> bool:
        return name in self.arrays

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def note(self, name: str) -> Note:
        """What is known of an array."""
        return self.notes.get(name) or Note()

    def add(self, name: str, value: object, note: Note | None = None) -> str:
        """Keep one array under its name, or with a number behind it where the name is taken; returns the name.

        Raises RecordingError for what is no array of numbers.
        """
        base, n = name, 1
        while name in self.arrays:
            n += 1
            name = f"{base}#{n}"
        self.arrays[name] = as_array(name, value)
        if note is not None:
            self.notes[name] = note
        if len(self.arrays) > MOST:
            raise RecordingError(
                Bilingual("more than {n} arrays were recorded", "记录的数组超过 {n} 个", n=MOST),
            )
        return name

    def save(self, path: str | Path) -> None:
        """Write ``.safetensors`` or ``.npz``. Raises TfstepError where it cannot be written."""
        from tfstep.compare.recorded.reading import write

        write(Path(path), self)

    def __repr__(self) -> str:
        return f"<Recording of {len(self)} arrays>"


def as_array(name: str, value: object) -> np.ndarray:
    """The numbers of an array of NumPy, PyTorch or JAX, of a list or of a number, copied.

    Raises RecordingError for anything else.
    """
    try:
        found = np.array(_plain(value))
    except (ValueError, TypeError, RuntimeError) as error:
        raise _no_numbers(name, type(value).__name__, str(error)) from None
    if found.dtype.kind not in "fiub" or found.size > MOST_CELLS:
        raise _no_numbers(name, type(value).__name__, str(found.dtype))
    return found


def _plain(value: Any) -> Any:
    """A tensor of another library as something that NumPy reads, without importing that library."""
    for step in ("detach", "cpu", "resolve_conj", "resolve_neg"):
        call = getattr(value, step, None)
        if callable(call):
            value = call()
    kind = str(getattr(value, "dtype", ""))
    if "bfloat16" in kind or "float8" in kind:
        widen = getattr(value, "float", None)
        value = widen() if callable(widen) else value.astype(np.float32)
    return value


def _no_numbers(name: str, found: str, why: str) -> RecordingError:
    return RecordingError(
        Bilingual(
            "{name} is no array of real numbers but {found} ({why})",
            "{name} 不是实数数组，而是 {found}（{why}）",
            name=name,
            found=found,
            why=why.splitlines()[0][:80] if why else "-",
        )
    )


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
        self._recording.add(name, value)

    def __setitem__(self, name: str, value: object) -> None:
        self._recording.add(name, value)

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
    """A recording of what was given: one already, a recorder, a mapping of arrays, a file or a folder.

    Raises RecordingError.
    """
    from tfstep.compare.recorded.reading import read

    if isinstance(given, Recording):
        return given
    if isinstance(given, Recorder):
        return given.recording
    if isinstance(given, str | Path):
        return read(Path(given))
    if isinstance(given, Mapping):
        found = Recording()
        for name, value in given.items():
            found.add(str(name), value)
        return found
    raise RecordingError(
        Bilingual(
            "{found} is no recording: give a file, a folder of .npy, or a mapping of arrays by name",
            "{found} 不是记录：请给出文件、.npy 文件夹，或以名称为键的数组映射",
            found=type(given).__name__,
        )
    )
