"""What somebody's own program computed, array by array in the order of the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from tfstep.address.roles import GRAD
from tfstep.compare.recorded.note import LOST, Note, RecordingError, Setting
from tfstep.compare.recorded.writing import write
from tfstep.text import Bilingual

MOST = 20_000  # arrays of a recording
MOST_CELLS = 1 << 28


class Recording(Struct, eq=False):
    """Arrays by name, in the order of the run; the gradient of NAME stands under ``NAME.grad``.

    ``settings`` are what a module and its submodules are, ``NAME`` the name of its class, and the plain numbers that
    it is made with, ``NAME.eps``; the module itself is ``""``.
    """

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)
    remarks: tuple[Bilingual, ...] = ()
    settings: dict[str, Setting] = field(default_factory=dict)

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

    def add(self, name: str, value: object, note: Note | None = None, copy: bool = True) -> str:
        """Keep one array under its name, or with a number behind it where the name is taken; returns the name. What is
        not copied is kept as something that is only read.

        ``None`` under ``NAME.grad`` says that NAME has no gradient. Raises RecordingError for what is no array of numbers.
        """
        of = name.removesuffix(GRAD)
        if value is None and of != name:
            self.notes[of] = replace(self.note(of), grad=LOST)
            return name
        base, n = name, 1
        while name in self.arrays:
            n += 1
            name = f"{base}#{n}"
        self.arrays[name] = as_array(name, value, copy)
        if note is not None:
            self.notes[name] = replace(note, grad=note.grad or self.note(name).grad)
        if len(self.arrays) > MOST:
            raise RecordingError(
                Bilingual("more than {n} arrays were recorded", "记录的数组超过 {n} 个", n=MOST),
            )
        return name

    def save(self, path: str | Path) -> None:
        """Write ``.safetensors`` or ``.npz``. Raises TfstepError where it cannot be written."""
        write(Path(path), self.arrays, self.notes, self.settings, self.remarks)

    def __repr__(self) -> str:
        return f"<Recording of {len(self)} arrays>"


def as_array(name: str, value: object, copy: bool = True) -> np.ndarray:
    """The numbers of an array of NumPy, PyTorch or JAX, of a list or of a number, copied unless they are only read.

    Raises RecordingError for anything else.
    """
    try:
        found = np.array(_plain(value)) if copy else np.asarray(_plain(value)).view()
        found.flags.writeable = copy
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
    numbers = getattr(value, "numpy", None)  # PyTorch's __array__ is of an older protocol, of which NumPy warns
    return numbers() if callable(numbers) else value


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
